//! The card surface application (券面事項確認AP), card.md 3.3 and 6.2: what is printed on the card,
//! and a key that shows that the card is there.

use std::fmt;

use serde::Serialize;

use crate::{
    BirthDate, Error, Nonce, VerificationNumberB,
    apdu::StatusWord,
    command, file,
    flow::{Card, Flow, Question},
    jpki::{self, Signature},
    key::Key,
    statement::Statement,
    terminal::Base64,
};

/// The application's name.
pub const AID: [u8; 10] = [0xD3, 0x92, 0x10, 0x00, 0x31, 0x00, 0x01, 0x01, 0x04, 0x02];

/// The short identifiers of the elementary files (card.md 3.3).
pub mod ef {
    /// Age record (生年月日): birth date and public key, signed; readable after the birth date.
    pub const AGE_RECORD: u8 = 0x01;
    /// Card face (券面): what is printed on the card, mostly as pictures; readable after verification
    /// number B.
    pub const CARD_FACE: u8 = 0x02;
    /// Card-verifiable certificate of the key that signed the records.
    pub const CV_CERTIFICATE: u8 = 0x04;
    /// The birth date, presented like a PIN.
    pub const BIRTH_DATE: u8 = 0x11;
    /// Verification number B (照合番号B), presented like a PIN; ten tries.
    pub const VERIFICATION_NUMBER_B: u8 = 0x12;
}

/// Where the birth date comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "a page knows it, or its server does")]
pub enum BirthDateSource {
    /// It is known.
    Known(BirthDate),
    /// The relying party's server is asked, and shown what was read of the certificate.
    Server,
}

/// How much of the user authentication certificate a presence proof holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "the two things that a verifier takes")]
pub enum CertificateReading {
    /// All of it.
    Whole,
    /// Its first 256 bytes: issuer and serial number, by which a relying party finds the certificate
    /// that it kept when it enrolled the holder.
    Head,
}

/// What proves that the card is there: presence proof (かざし利用).
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Presence {
    /// The user authentication certificate, or its head.
    pub certificate: Vec<u8>,
    /// How much of it that is.
    pub reading: CertificateReading,
    /// EF 0001, which holds the public key of the signature.
    pub age_record: Vec<u8>,
    /// EF 0004, which holds the public key of the age record.
    pub cv_certificate: Vec<u8>,
    /// Of the card surface key, over the presence statement of origin and nonce.
    pub signature: Signature,
}

/// Proves that the card is there without a PIN: reads the user authentication certificate, presents
/// the birth date, reads the age record, and has the presence statement signed.
///
/// Each of these commands is public; that かざし利用 puts them together so is inferred (card.md 6.2).
/// A wrong birth date costs a try.
pub fn prove_presence(
    nonce: Nonce,
    birth_date: BirthDateSource,
    reading: CertificateReading,
) -> Flow<Presence> {
    Flow::new(async move |card| {
        let certificate = jpki::read_user_authentication_certificate(&card, reading).await?;
        let birth_date = match birth_date {
            BirthDateSource::Known(birth_date) => birth_date,
            BirthDateSource::Server => ask(&card, &certificate).await?,
        };
        select_application(&card).await?;
        card.verify_birth_date(birth_date).await;
        let age_record = file::read(&card, ef::AGE_RECORD).await?.to_vec();
        let cv_certificate = file::read(&card, ef::CV_CERTIFICATE).await?.to_vec();
        let signature = card.sign_challenge(Key::CardSurface, nonce).await;
        Ok(Presence { certificate, reading, age_record, cv_certificate, signature })
    })
}

/// What is read of the face of a card, and the proof that this card is there.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct CardFaceReading {
    /// EF 0002: birth date, sex, public key of the signature, and name, address and photo as pictures.
    pub record: Vec<u8>,
    /// EF 0004, which holds the public key of the record.
    pub cv_certificate: Vec<u8>,
    /// Of the card surface key, over the presence statement of origin and nonce.
    pub signature: Signature,
}

/// Reads the card face (券面) of a card whose verification number B is known, and has the presence
/// statement signed.
///
/// A wrong number costs a try.
pub fn read_card_face(nonce: Nonce, number: VerificationNumberB) -> Flow<CardFaceReading> {
    Flow::new(async move |card| {
        select_application(&card).await?;
        card.verify_number_b(number).await;
        let record = file::read(&card, ef::CARD_FACE).await?.to_vec();
        let cv_certificate = file::read(&card, ef::CV_CERTIFICATE).await?.to_vec();
        let signature = card.sign_challenge(Key::CardSurface, nonce).await;
        Ok(CardFaceReading { record, cv_certificate, signature })
    })
}

/// Has the card surface key sign a statement. Run by whoever guards the card; the application is
/// selected.
pub(crate) fn sign_statement(statement: &Statement) -> Flow<Signature> {
    let command = command::compute_digital_signature(0x00, &statement.digest_info());
    Flow::new(async move |card| Ok(Signature::from_bytes(card.transmit(command).await?.to_vec())))
}

async fn ask(card: &Card, certificate: &[u8]) -> Result<BirthDate, Error> {
    let answer = card.ask(Question::BirthDate { certificate: certificate.to_vec() }).await;
    let text = str::from_utf8(&answer).map_err(|_| Error::BirthDateMalformed)?;
    BirthDate::parse(text).map_err(|_| Error::BirthDateMalformed)
}

async fn select_application(card: &Card) -> Result<(), Error> {
    match card.transmit(command::select_application(&AID)).await {
        Err(Error::Refused { status: StatusWord::NOT_FOUND, .. }) => Err(Error::ApplicationAbsent),
        response => response.map(drop),
    }
}

/// A presence proof as a page hands it to its server.
///
/// It holds a certificate and a birth date: it belongs in the body of one POST, never in a URL, a
/// log or a store.
#[derive(Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PresenceProof {
    format: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    unverified_certificate: Option<Base64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    certificate_head: Option<Base64>,
    age_record: Base64,
    cv_certificate: Base64,
    signature: Base64,
    app_version: String,
}

impl PresenceProof {
    /// The proof of a presence. `app_version` names the bridge that had it signed.
    #[must_use]
    pub fn new(presence: &Presence, app_version: impl Into<String>) -> Self {
        let certificate = || Some(presence.certificate.clone().into());
        let (unverified_certificate, certificate_head) = match presence.reading {
            CertificateReading::Whole => (certificate(), None),
            CertificateReading::Head => (None, certificate()),
        };
        Self {
            format: "kazashi-presence:1",
            unverified_certificate,
            certificate_head,
            age_record: presence.age_record.clone().into(),
            cv_certificate: presence.cv_certificate.clone().into(),
            signature: presence.signature.as_bytes().into(),
            app_version: app_version.into(),
        }
    }
}

impl fmt::Debug for Presence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Presence").field("reading", &self.reading).finish_non_exhaustive()
    }
}

impl fmt::Debug for CardFaceReading {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CardFaceReading").finish_non_exhaustive()
    }
}

impl fmt::Debug for PresenceProof {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PresenceProof").field("format", &self.format).finish_non_exhaustive()
    }
}
