//! The card surface application (券面事項確認AP), card.md 3.3 and 6.2: what is printed on the card,
//! and a key that shows that the card is there.

use std::fmt;

use crate::card::jpki::{self, CertificateReading};
use crate::codec::apdu::StatusWord;
use crate::flow::{Card, Error, Flow, Question, command, file};
use crate::value::layout::{self, Application, Key};
use crate::value::{Calendar, Nonce, PrintedBirthDate, Signature, Statement, VerificationNumberB};
use crate::wire::CardRequest;

pub use crate::value::PresenceProof;

/// Where the birth date comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "a page knows it, or its server does")]
pub enum BirthDateSource {
    /// It is known.
    Known(PrintedBirthDate),
    /// The relying party's server is asked, and shown what was read of the certificate.
    Server,
}

/// Evidence that the card is there: presence proof (かざし利用).
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
        card.verify((&birth_date).into()).await?;
        let age_record = file::read(&card, layout::card_surface::AGE_RECORD).await?.to_vec();
        let cv_certificate =
            file::read(&card, layout::card_surface::CV_CERTIFICATE).await?.to_vec();
        let signature = sign_challenge(&card, &nonce).await?;
        Ok(Presence { certificate, reading, age_record, cv_certificate, signature })
    })
}

/// Face of a card as it is read, and the proof that this card is there.
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
        card.verify(number.into()).await?;
        let record = file::read(&card, layout::card_surface::CARD_FACE).await?.to_vec();
        let cv_certificate =
            file::read(&card, layout::card_surface::CV_CERTIFICATE).await?.to_vec();
        let signature = sign_challenge(&card, &nonce).await?;
        Ok(CardFaceReading { record, cv_certificate, signature })
    })
}

async fn sign_challenge(card: &Card, nonce: &Nonce) -> Result<Signature, Error> {
    let (key, nonce) = (Key::CardSurface, nonce.as_str().to_owned());
    card.sign(CardRequest::SignChallenge { key, nonce, pin: None }).await
}

/// Has the card surface key sign a statement. Run by whoever guards the card; the application is
/// selected.
pub(crate) fn sign_statement(statement: &Statement) -> Flow<Signature> {
    let command = command::compute_digital_signature(0x00, &statement.digest_info());
    Flow::new(async move |card| Ok(Signature::from_bytes(card.transmit(command).await?.to_vec())))
}

async fn ask(card: &Card, certificate: &[u8]) -> Result<PrintedBirthDate, Error> {
    let answer = card.ask_server(Question::BirthDate { certificate: certificate.to_vec() }).await;
    let text = str::from_utf8(&answer).map_err(|_| Error::BirthDateMalformed)?;
    let (date, calendar) = match text.split_once(' ') {
        Some((date, name)) => (date, Calendar::named(name).ok_or(Error::BirthDateMalformed)?),
        None => (text, Calendar::default()),
    };
    PrintedBirthDate::parse(date, calendar).map_err(|_| Error::BirthDateMalformed)
}

async fn select_application(card: &Card) -> Result<(), Error> {
    match card.transmit(Application::CardSurface.select()).await {
        Err(Error::Refused { status: StatusWord::NOT_FOUND, .. }) => Err(Error::ApplicationAbsent),
        response => response.map(drop),
    }
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
            format: Self::FORMAT.into(),
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
