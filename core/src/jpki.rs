//! The application of the Japanese Public Key Infrastructure (公的個人認証AP), card.md 3.1 and 4.

use crate::{
    Document, Error, Nonce,
    apdu::StatusWord,
    command, file,
    flow::{Card, Flow},
    secret::PinValue,
    statement::Statement,
};

pub mod ef;
pub(crate) mod key;
pub(crate) mod signature;

pub use key::{CertificateKind, Key, PinReference, Verified};
pub use signature::{Certificate, Signature, SignedChallenge, SignedDocument};

/// The application's name.
pub const AID: [u8; 10] = [0xD3, 0x92, 0xF0, 0x00, 0x26, 0x01, 0x00, 0x00, 0x00, 0x01];

/// How many tries each PIN has left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct PinStatus {
    /// Of the user authentication key, 0 to 3.
    pub user_authentication: u8,
    /// Of the digital signature key, 0 to 5.
    pub digital_signature: u8,
}

/// Which of its relatives an application of this name belongs to (EF 0006, card.md 3.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TokenLabel {
    /// `JPKIAPICCTOKEN2`: a My Number Card.
    MyNumberCard,
    /// `JPKIAPICCTOKEN`: the older Basic Resident Register Card (住民基本台帳カード).
    BasicResidentRegisterCard,
    /// `JPKIAPGPSETOKEN`: an Android telephone.
    Android,
    /// `JPKIAPIOSTOKEN`: an iPhone.
    Ios,
    /// Any other label.
    Unknown,
}

/// Selects the application, which every command of the flows below takes for granted.
pub fn select() -> Flow<()> {
    Flow::new(async |card| select_application(&card).await)
}

/// Reads the label that tells a My Number Card from older cards and from telephones.
pub fn token_label() -> Flow<TokenLabel> {
    Flow::new(async |card| {
        select_application(&card).await?;
        read_label(&card).await
    })
}

/// Reads both retry counters. Spends no try.
pub fn pin_status() -> Flow<PinStatus> {
    Flow::new(async |card| {
        select_application(&card).await?;
        Ok(PinStatus {
            user_authentication: file::retries_left(&card, ef::USER_AUTHENTICATION_PIN).await?,
            digital_signature: file::retries_left(&card, ef::DIGITAL_SIGNATURE_PASSWORD).await?,
        })
    })
}

/// Reads one of the four certificates; for the digital signature certificate its password is
/// presented first, since it holds name and address. A card without it is not asked for that.
pub fn read_certificate(kind: CertificateKind) -> Flow<Certificate> {
    Flow::new(async move |card| {
        select_application(&card).await?;
        if kind == CertificateKind::DigitalSignature {
            demand_digital_signature(&card).await?;
            card.verify_pin(PinReference::DigitalSignature).await;
        }
        read_certificate_file(&card, kind).await
    })
}

/// Signs in with the user authentication key: reads the certificate, then has the statement over
/// the page's origin and this nonce signed.
pub fn authenticate(nonce: Nonce) -> Flow<SignedChallenge> {
    Flow::new(async move |card| {
        select_application(&card).await?;
        let kind = CertificateKind::UserAuthentication;
        let certificate = read_certificate_file(&card, kind).await?;
        let signature = card.sign_challenge(Key::UserAuthentication, nonce).await;
        Ok(SignedChallenge { certificate, signature })
    })
}

/// Signs a document with the digital signature key. The person is always asked, unless the card has
/// no such key.
pub fn sign(document: Document) -> Flow<SignedDocument> {
    Flow::new(async move |card| {
        select_application(&card).await?;
        demand_digital_signature(&card).await?;
        Ok(card.sign(document).await)
    })
}

/// Reads one retry counter. Run by whoever guards the card; the application is selected.
pub fn retries_left(reference: PinReference) -> Flow<u8> {
    Flow::new(async move |card| file::retries_left(&card, reference.ef()).await)
}

/// Presents a PIN. Run by whoever guards the card; the application is selected.
///
/// The counter is read first: with fewer than `at_least` tries left nothing is presented, so a try
/// is never spent that the person did not know of.
pub fn verify_pin(value: PinValue, at_least: u8) -> Flow<Verified> {
    Flow::new(async move |card| {
        let reference = value.reference();
        match file::retries_left(&card, reference.ef()).await? {
            0 => return Err(Error::PinBlocked),
            retries_left if retries_left < at_least => {
                return Err(Error::TooFewRetries { retries_left });
            }
            _ => {}
        }
        let p2 = file::name(&card, reference.ef()).await?.unwrap_or(0x80);
        let command = command::verify(p2, value.as_bytes());
        let ins = command.ins();
        match card.exchange(command).await.status() {
            StatusWord::OK => Ok(Verified { reference }),
            status if status.is_blocked() => Err(Error::PinBlocked),
            status => match status.retries_left() {
                Some(0) => Err(Error::PinBlocked),
                Some(retries_left) => Err(Error::PinIncorrect { retries_left }),
                None => Err(Error::Refused { ins, status }),
            },
        }
    })
}

/// Has the card sign a statement. Run by whoever guards the card, after [`verify_pin`]; the
/// application is selected.
pub fn sign_statement(key: Key, statement: &Statement) -> Flow<Signature> {
    let digest_info = statement.digest_info();
    Flow::new(async move |card| compute_signature(&card, key.ef(), &digest_info).await)
}

/// Has the digital signature key sign a document, and reads its certificate. Run by whoever guards
/// the card, after the person consented and [`verify_pin`]; the application is selected.
pub fn sign_document(document: &Document) -> Flow<SignedDocument> {
    let digest_info = document.digest_info();
    Flow::new(async move |card| {
        let kind = CertificateKind::DigitalSignature;
        let certificate = read_certificate_file(&card, kind).await?;
        let signature = compute_signature(&card, ef::DIGITAL_SIGNATURE_KEY, &digest_info).await?;
        Ok(SignedDocument { certificate, signature })
    })
}

async fn read_certificate_file(card: &Card, kind: CertificateKind) -> Result<Certificate, Error> {
    let read = file::read(card, kind.ef()).await;
    match read.and_then(|file| Certificate::from_file(&file)) {
        // Older cards and telephones have an application of the same name. To ask each card what it
        // is would cost a command, so only one that fails is asked.
        Err(error @ (Error::Refused { .. } | Error::Malformed { .. }))
            if kind == CertificateKind::UserAuthentication =>
        {
            match read_label(card).await {
                Ok(TokenLabel::MyNumberCard) | Err(_) => Err(error),
                Ok(_) => Err(Error::ApplicationNotFound),
            }
        }
        result => result,
    }
}

async fn read_label(card: &Card) -> Result<TokenLabel, Error> {
    let file = file::read(card, ef::TOKEN_INFORMATION).await?;
    let label = file.get(..32).ok_or(Error::Malformed { what: "a short token label" })?;
    Ok(match label.trim_ascii_end() {
        b"JPKIAPICCTOKEN2" => TokenLabel::MyNumberCard,
        b"JPKIAPICCTOKEN" => TokenLabel::BasicResidentRegisterCard,
        b"JPKIAPGPSETOKEN" => TokenLabel::Android,
        b"JPKIAPIOSTOKEN" => TokenLabel::Ios,
        _ => TokenLabel::Unknown,
    })
}

/// Children's cards and some others have no digital signature certificate: nobody should be asked
/// for its password. EF 0008 begins with 8F if it is there, and with 00 if it is not.
async fn demand_digital_signature(card: &Card) -> Result<(), Error> {
    match *file::read(card, ef::CERTIFICATE_AVAILABILITY).await?.as_slice() {
        [0x00, ..] => Err(Error::CertificateAbsent),
        _ => Ok(()),
    }
}

async fn compute_signature(card: &Card, ef: u8, digest_info: &[u8]) -> Result<Signature, Error> {
    let p2 = file::name(card, ef).await?.unwrap_or(0x80);
    let command = command::compute_digital_signature(p2, digest_info);
    Ok(Signature::from_bytes(card.transmit(command).await?.to_vec()))
}

async fn select_application(card: &Card) -> Result<(), Error> {
    match card.transmit(command::select_application(&AID)).await {
        Err(Error::Refused { status: StatusWord::NOT_FOUND, .. }) => {
            Err(Error::ApplicationNotFound)
        }
        response => response.map(drop),
    }
}
