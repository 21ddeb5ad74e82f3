//! The application of the Japanese Public Key Infrastructure (公的個人認証AP), card.md 3.1 and 4.

use std::fmt;

use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::{
    Document, Error, Nonce,
    apdu::StatusWord,
    command, file,
    flow::{Card, Flow},
    secret::PinValue,
    statement::Statement,
};

/// The application's name.
pub const AID: [u8; 10] = [0xD3, 0x92, 0xF0, 0x00, 0x26, 0x01, 0x00, 0x00, 0x00, 0x01];

/// The short identifiers of the elementary files; all lie between 01 and 1E.
pub mod ef {
    /// Digital signature certificate (署名用電子証明書); readable after its password.
    pub const DIGITAL_SIGNATURE_CERTIFICATE: u8 = 0x01;
    /// CA certificate for digital signatures.
    pub const DIGITAL_SIGNATURE_CA_CERTIFICATE: u8 = 0x02;
    /// Token information, a PKCS #11 `CK_TOKEN_INFO`.
    pub const TOKEN_INFORMATION: u8 = 0x06;
    /// Which certificates are there.
    pub const CERTIFICATE_AVAILABILITY: u8 = 0x08;
    /// User authentication certificate (利用者証明用電子証明書); readable without a PIN.
    pub const USER_AUTHENTICATION_CERTIFICATE: u8 = 0x0A;
    /// CA certificate for user authentication.
    pub const USER_AUTHENTICATION_CA_CERTIFICATE: u8 = 0x0B;
    /// User authentication key.
    pub const USER_AUTHENTICATION_KEY: u8 = 0x17;
    /// Digital signature key.
    pub const DIGITAL_SIGNATURE_KEY: u8 = 0x1A;
    /// PIN of the user authentication key.
    pub const USER_AUTHENTICATION_PIN: u8 = 0x18;
    /// Password of the digital signature key.
    pub const DIGITAL_SIGNATURE_PASSWORD: u8 = 0x1B;
}

/// The four certificates that the application holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum CertificateKind {
    /// 利用者証明用電子証明書: says nothing of the holder but tells cards apart.
    UserAuthentication,
    /// The certificate of the CA that issued it.
    UserAuthenticationCa,
    /// 署名用電子証明書: holds name, address, birth date and sex.
    DigitalSignature,
    /// The certificate of the CA that issued it.
    DigitalSignatureCa,
}

/// The keys that sign challenges.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Key {
    /// 利用者証明用の鍵.
    UserAuthentication,
}

/// A PIN by the key that it unlocks. (An EF identifier alone does not name one: 0011 is a PIN in
/// one application and a birth date in another.)
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[expect(clippy::exhaustive_enums, reason = "who asks for a PIN must know how to ask for each")]
pub enum PinReference {
    /// 利用者証明用暗証番号: four digits, three tries.
    UserAuthentication,
    /// 署名用パスワード: 6 to 16 capitals and digits, five tries.
    DigitalSignature,
}

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

/// Says that the card accepted a PIN.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Verified {
    /// The key that is unlocked.
    pub reference: PinReference,
}

impl Verified {
    /// What a driver answers to [`Step::VerifyPin`](crate::flow::Step::VerifyPin) once the card
    /// accepted the PIN.
    #[must_use]
    pub fn new(reference: PinReference) -> Self {
        Self { reference }
    }
}

/// An RSA signature as the card computed it: 256 bytes for its 2048-bit keys.
#[derive(Clone, PartialEq, Eq)]
pub struct Signature(Vec<u8>);

impl Signature {
    /// A signature that came by wire.
    #[must_use]
    pub fn from_bytes(bytes: impl Into<Vec<u8>>) -> Self {
        Self(bytes.into())
    }

    /// The signature, big-endian (RFC 8017, 8.2).
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Signature({} bytes)", self.0.len())
    }
}

/// What [`authenticate`] brings back: the certificate (DER) and the signature over the statement.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SignedChallenge {
    /// The user authentication certificate, DER.
    pub certificate: Certificate,
    /// Over the statement of origin and nonce.
    pub signature: Signature,
}

/// What the digital signature key signed, with the certificate that says whose it is.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SignedDocument {
    /// The digital signature certificate, which holds name and address.
    pub certificate: Certificate,
    /// Over the document's DigestInfo.
    pub signature: Signature,
}

impl SignedDocument {
    /// What a driver answers to [`Step::Sign`](crate::flow::Step::Sign).
    #[must_use]
    pub fn new(certificate: Certificate, signature: Signature) -> Self {
        Self { certificate, signature }
    }
}

/// A certificate as read from the card: DER, unverified.
#[derive(Clone, PartialEq, Eq)]
pub struct Certificate(Zeroizing<Vec<u8>>);

impl Certificate {
    /// The DER encoding, without the filler of the file it stood in.
    #[must_use]
    pub fn as_der(&self) -> &[u8] {
        &self.0
    }

    /// A certificate that came by wire.
    #[must_use]
    pub fn from_der(der: impl Into<Vec<u8>>) -> Self {
        Self(Zeroizing::new(der.into()))
    }

    /// Trims the filler behind the outermost SEQUENCE.
    fn from_file(file: &[u8]) -> Result<Self, Error> {
        let malformed = Error::Malformed { what: "a file that holds no certificate" };
        match crate::tlv::read(file).next() {
            Some(Ok(sequence)) if sequence.tag() == crate::tlv::Tag(0x30) => {
                Ok(Self(Zeroizing::new(sequence.encoded().to_vec())))
            }
            _ => Err(malformed),
        }
    }
}

impl fmt::Debug for Certificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Certificate({} bytes)", self.0.len())
    }
}

impl CertificateKind {
    /// The EF that holds it.
    #[must_use]
    pub fn ef(self) -> u8 {
        match self {
            Self::UserAuthentication => ef::USER_AUTHENTICATION_CERTIFICATE,
            Self::UserAuthenticationCa => ef::USER_AUTHENTICATION_CA_CERTIFICATE,
            Self::DigitalSignature => ef::DIGITAL_SIGNATURE_CERTIFICATE,
            Self::DigitalSignatureCa => ef::DIGITAL_SIGNATURE_CA_CERTIFICATE,
        }
    }
}

impl Key {
    /// The EF that holds it.
    #[must_use]
    pub fn ef(self) -> u8 {
        match self {
            Self::UserAuthentication => ef::USER_AUTHENTICATION_KEY,
        }
    }

    /// The PIN that unlocks it.
    #[must_use]
    pub fn pin_reference(self) -> PinReference {
        match self {
            Self::UserAuthentication => PinReference::UserAuthentication,
        }
    }
}

impl PinReference {
    /// The EF that holds it.
    #[must_use]
    pub fn ef(self) -> u8 {
        match self {
            Self::UserAuthentication => ef::USER_AUTHENTICATION_PIN,
            Self::DigitalSignature => ef::DIGITAL_SIGNATURE_PASSWORD,
        }
    }

    /// The name of the application that it belongs to.
    #[must_use]
    pub fn aid(self) -> &'static [u8] {
        match self {
            Self::UserAuthentication | Self::DigitalSignature => &AID,
        }
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
    Ok(Signature(card.transmit(command).await?.to_vec()))
}

async fn select_application(card: &Card) -> Result<(), Error> {
    match card.transmit(command::select_application(&AID)).await {
        Err(Error::Refused { status: StatusWord::NOT_FOUND, .. }) => {
            Err(Error::ApplicationNotFound)
        }
        response => response.map(drop),
    }
}
