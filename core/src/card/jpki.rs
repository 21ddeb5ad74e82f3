//! The application of the Japanese Public Key Infrastructure (公的個人認証AP), card.md 3.1 and 4.

use crate::card::terminal::{self, TerminalCertificate};
use crate::codec::apdu::{CommandApdu, StatusWord};
use crate::flow::{Card, Error, Flow, Question, command, file};
use crate::value::layout::{self, Application, Key, PinReference};
use crate::value::{Certificate, CertificateKind, Document, Nonce, Signature, Statement, Token};
use crate::wire::{CardAnswer, CardRequest, PinEntry};

/// The PINs of the application.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct PinStatus {
    /// Of the user authentication key, which has three tries.
    pub user_authentication: Retries,
    /// Of the digital signature key, which has five.
    pub digital_signature: Retries,
}

/// How a PIN stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Retries {
    /// How many tries are left.
    pub left: u8,
    /// Whether it was ever set.
    ///
    /// A card without PINs (顔認証マイナンバーカード) counts its tries as a blocked one does, and how
    /// to tell the two apart is not public. Taken for never set are: the password, where there is no
    /// digital signature certificate; and the PIN, where besides neither of them has tries left.
    pub set: bool,
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

/// How much of the user authentication certificate is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "the two things that a verifier takes")]
pub enum CertificateReading {
    /// All of it.
    Whole,
    /// Its first 256 bytes: issuer and serial number, by which a relying party finds the certificate
    /// that it kept when it enrolled the holder.
    Head,
}

/// Result of [`authenticate`]: the certificate (DER) and the signature
/// over the statement.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SignedChallenge {
    /// The user authentication certificate, DER.
    pub certificate: Certificate,
    /// Over the statement of origin and nonce.
    pub signature: Signature,
}

/// Signature of the digital signature key, with the certificate that says whose it is.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SignedDocument {
    /// The digital signature certificate, which holds name and address.
    pub certificate: Certificate,
    /// Over the document's DigestInfo.
    pub signature: Signature,
}

impl SignedChallenge {
    /// The token that a page hands to its server. `app_version` names the bridge that had it signed.
    #[must_use]
    pub fn token(&self, app_version: impl Into<String>) -> Token {
        Token::new(&self.certificate, &self.signature, app_version)
    }
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
        let pin = file::retries_left(&card, layout::jpki::USER_AUTHENTICATION_PIN).await?;
        let password = file::retries_left(&card, layout::jpki::DIGITAL_SIGNATURE_PASSWORD).await?;
        let has_signature_certificate = password > 0 || has_digital_signature(&card).await?;
        Ok(PinStatus {
            user_authentication: Retries {
                left: pin,
                set: pin > 0 || password > 0 || has_signature_certificate,
            },
            digital_signature: Retries { left: password, set: has_signature_certificate },
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
            let reference = PinReference::DigitalSignature;
            card.verify(CardRequest::VerifyPin { reference, value: None }).await?;
        }
        read_certificate_file(&card, kind).await
    })
}

/// Signs in with the user authentication key: has the statement over the page's origin and this nonce
/// signed. The certificate comes with the signature, so that a wrong PIN discloses neither.
pub fn authenticate(nonce: Nonce) -> Flow<SignedChallenge> {
    Flow::new(async move |card| {
        select_application(&card).await?;
        let (key, nonce) = (Key::UserAuthentication, nonce.as_str().to_owned());
        let pin = Some(PinEntry::default());
        let sign = CardRequest::SignChallenge { key, nonce, pin };
        match card.guard(sign).await {
            CardAnswer::Signed { signature, certificate: Some(certificate) } => {
                Ok(SignedChallenge {
                    certificate: Certificate::from_der(certificate.as_bytes()),
                    signature: Signature::from_bytes(signature.as_bytes()),
                })
            }
            _ => Err(Error::Unanswered),
        }
    })
}

/// Signs a document with the digital signature key. The person is always asked, unless the card has
/// no such key.
pub fn sign(document: Document) -> Flow<SignedDocument> {
    Flow::new(async move |card| {
        select_application(&card).await?;
        demand_digital_signature(&card).await?;
        match card.guard(document.into()).await {
            CardAnswer::DocumentSigned { signature, certificate } => Ok(SignedDocument {
                certificate: Certificate::from_der(certificate.as_bytes()),
                signature: Signature::from_bytes(signature.as_bytes()),
            }),
            _ => Err(Error::Unanswered),
        }
    })
}

/// Signs in without a PIN, as an institution that the card trusts: terminal authentication
/// (特定機関認証).
///
/// Its certificates are brought to the card, from the one that the key in EF 0016 verifies to the
/// terminal's own. Then the card gives a challenge, the institution's server signs it together with
/// the statement, and the card signs that statement. Only the form of the first certificate's two
/// commands is public; the rest is [our own extension](crate::card::terminal).
pub fn authenticate_pinless(
    nonce: Nonce,
    certificates: Vec<TerminalCertificate>,
) -> Flow<SignedChallenge> {
    Flow::new(async move |card| {
        select_application(&card).await?;
        let kind = CertificateKind::UserAuthentication;
        let certificate = read_certificate_file(&card, kind).await?;
        load_certificates(&card, &certificates).await?;
        let nonce = nonce.as_str().to_owned();
        let challenge = CardRequest::TerminalRequest { nonce: nonce.clone() };
        let CardAnswer::Vouched { word } = card.guard(challenge).await else {
            return Err(Error::Unanswered);
        };
        let signature = card.ask_server(Question::TerminalSignature(word)).await.into();
        let signature = card.sign(CardRequest::TerminalSign { nonce, signature }).await?;
        Ok(SignedChallenge { certificate, signature })
    })
}

async fn load_certificates(card: &Card, certificates: &[TerminalCertificate]) -> Result<(), Error> {
    if !card.abilities().extended_length() {
        return Err(Error::NoExtendedLength);
    }
    match card.transmit(command::select_file(layout::jpki::TERMINAL_AUTHORITY)).await {
        Err(Error::Refused { status: StatusWord::NOT_FOUND, .. }) => {
            return Err(Error::TerminalUnsupported);
        }
        selected => selected?,
    };
    let published = (terminal::CERTIFICATE_BODY, terminal::CERTIFICATE_SIGNATURE);
    let profile = terminal::PROFILE;
    let ours = (profile.certificate_body, profile.certificate_signature);
    let headers = std::iter::once(published).chain(std::iter::repeat(ours));
    for (certificate, (body, signature)) in certificates.iter().zip(headers) {
        load(card, certificate.load_body(body)).await?;
        load(card, certificate.load_signature(signature)).await?;
    }
    Ok(())
}

async fn load(card: &Card, command: CommandApdu) -> Result<(), Error> {
    match card.exchange(command).await.status() {
        StatusWord::OK => Ok(()),
        StatusWord::WRONG_LENGTH => Err(Error::NoExtendedLength),
        StatusWord::INS_NOT_SUPPORTED | StatusWord::CLA_NOT_SUPPORTED | StatusWord::WRONG_P1_P2 => {
            Err(Error::TerminalUnsupported)
        }
        status => Err(Error::TerminalRefused { status }),
    }
}

/// Has the card give a challenge for an institution. Run by whoever guards the card, after its
/// certificates were accepted; the application is selected.
pub fn terminal_challenge() -> Flow<Vec<u8>> {
    let length = terminal::PROFILE.challenge_length;
    Flow::new(async move |card| {
        let challenge = card.transmit(command::get_challenge(length)).await?;
        if challenge.len() != usize::from(length) {
            return Err(Error::Malformed { what: "a challenge of another length" });
        }
        Ok(challenge.to_vec())
    })
}

/// Brings the institution's signature over challenge and statement to the card, and has the user
/// authentication key sign that statement. Run by whoever guards the card, after
/// [`terminal_challenge`]; the application is selected.
pub fn sign_as_terminal(statement: &Statement, signature: &Signature) -> Flow<Signature> {
    let authenticate = terminal::external_authenticate(statement, signature.as_bytes());
    let digest_info = statement.digest_info();
    Flow::new(async move |card| {
        match card.exchange(authenticate).await.status() {
            StatusWord::OK => {}
            status => return Err(Error::TerminalRefused { status }),
        }
        compute_signature(&card, layout::jpki::USER_AUTHENTICATION_KEY, &digest_info).await
    })
}

/// Has the user authentication key sign a statement. Run by whoever guards the card, after its PIN
/// was [presented](crate::guard::verification::present); the application is selected.
pub fn sign_statement(statement: &Statement) -> Flow<Signature> {
    let digest_info = statement.digest_info();
    Flow::new(async move |card| {
        compute_signature(&card, layout::jpki::USER_AUTHENTICATION_KEY, &digest_info).await
    })
}

/// Reads the user authentication certificate. Run by whoever guards the card; the application is
/// selected.
pub(crate) fn user_authentication_certificate() -> Flow<Certificate> {
    Flow::new(async |card| read_certificate_file(&card, CertificateKind::UserAuthentication).await)
}

/// Has the digital signature key sign a document, and reads its certificate. Run by whoever guards
/// the card, after the person consented and the password was
/// [presented](crate::guard::verification::present); the application is selected.
pub fn sign_document(document: &Document) -> Flow<SignedDocument> {
    let digest_info = document.digest_info();
    Flow::new(async move |card| {
        let kind = CertificateKind::DigitalSignature;
        let certificate = read_certificate_file(&card, kind).await?;
        let signature =
            compute_signature(&card, layout::jpki::DIGITAL_SIGNATURE_KEY, &digest_info).await?;
        Ok(SignedDocument { certificate, signature })
    })
}

const NO_CERTIFICATE: Error = Error::Malformed { what: "a file that holds no certificate" };

async fn read_certificate_file(card: &Card, kind: CertificateKind) -> Result<Certificate, Error> {
    let read = file::read(card, kind.ef()).await;
    match read.and_then(|file| Certificate::from_file(&file).ok_or(NO_CERTIFICATE)) {
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
    let file = file::read(card, layout::jpki::TOKEN_INFORMATION).await?;
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
/// for its password.
async fn demand_digital_signature(card: &Card) -> Result<(), Error> {
    match has_digital_signature(card).await? {
        true => Ok(()),
        false => Err(Error::CertificateAbsent),
    }
}

/// EF 0008 begins with 8F if the digital signature certificate is there, and with 00 if it is not.
async fn has_digital_signature(card: &Card) -> Result<bool, Error> {
    Ok(!file::read(card, layout::jpki::CERTIFICATE_AVAILABILITY).await?.starts_with(&[0x00]))
}

/// Selects the application and reads the user authentication certificate, or its head.
pub(crate) async fn read_user_authentication_certificate(
    card: &Card,
    reading: CertificateReading,
) -> Result<Vec<u8>, Error> {
    select_application(card).await?;
    match reading {
        CertificateReading::Whole => {
            let kind = CertificateKind::UserAuthentication;
            Ok(read_certificate_file(card, kind).await?.as_der().to_vec())
        }
        CertificateReading::Head => {
            Ok(file::read_head(card, layout::jpki::USER_AUTHENTICATION_CERTIFICATE).await?.to_vec())
        }
    }
}

async fn compute_signature(card: &Card, ef: u8, digest_info: &[u8]) -> Result<Signature, Error> {
    let p2 = file::name(card, ef).await?.unwrap_or(0x80);
    let command = command::compute_digital_signature(p2, digest_info);
    Ok(Signature::from_bytes(card.transmit(command).await?.to_vec()))
}

async fn select_application(card: &Card) -> Result<(), Error> {
    match card.transmit(Application::Jpki.select()).await {
        Err(Error::Refused { status: StatusWord::NOT_FOUND, .. }) => {
            Err(Error::ApplicationNotFound)
        }
        response => response.map(drop),
    }
}
