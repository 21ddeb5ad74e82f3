//! Desk: what a page may have done with the card that it has leased, what is asked of a person
//! before, and what is done then. The bridge and the virtual card both work here.

use crate::card::card_information::AttributesReading;
use crate::card::card_information::AttributesRecord;
use crate::codec::apdu::CommandApdu;
use crate::error_code::ErrorCode;
use crate::guard::policy::File;
use crate::guard::session::Session;
use crate::guard::try_guard::is_wrong;
use crate::guard::verification::{Presentation, Presenting, ReferenceData};
use crate::value::layout::{self, Application, Key, PinReference};
use crate::value::{
    Certificate, Challenge, Document, Method, Nonce, PrintedBirthDate, PrivateText, Scope, Scopes,
    Signature, Statement, StayWord, Testimony, VerificationNumberB,
};
use crate::wire::{CardAnswer, CardRequest, Failure, Integrity, PinEntry};

/// Times that a person may type what cannot be a PIN before the page is told `pin-malformed`.
pub const MAX_ATTEMPTS: usize = 3;

/// The longest signature of an institution, of a key of 4096 bits.
const MAX_TERMINAL_SIGNATURE: usize = 512;

/// Guarded request that an origin may make, with its parts parsed.
#[derive(Debug)]
#[expect(clippy::exhaustive_structs, reason = "whoever guards the card does both")]
pub struct Task {
    /// The value that is presented to the card first.
    pub entry: Option<Entry>,
    /// The work that is done with the card then.
    pub work: Work,
}

/// Where what is presented comes from.
#[derive(Debug)]
#[expect(clippy::exhaustive_enums, reason = "whoever guards the card must know each way")]
pub enum Entry {
    /// The page supplied it.
    Given(Presentation),
    /// A person is asked for it.
    Asked {
        /// Which PIN.
        reference: PinReference,
        /// Its purpose.
        purpose: Purpose,
    },
}

/// Purpose for which a page wants a PIN, as the person is told.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "whoever asks a person must have words for each")]
pub enum Purpose {
    /// To sign in with the user authentication key.
    SignIn,
    /// To read the digital signature certificate, which only its password opens.
    ReadCertificate,
    /// To read the four basic attributes.
    ReadAttributes,
    /// To sign this document with the digital signature key.
    Sign(Document),
}

/// Work with the card, after what was presented for it.
#[derive(Clone, Debug)]
#[expect(clippy::exhaustive_enums, reason = "it is made and done here")]
pub enum Work {
    /// Carry a command of the page, as far as these scopes allow.
    Transmit(CommandApdu, Scopes),
    /// Nothing: what was presented serves what follows in this transaction.
    Present,
    /// Have a key sign a statement.
    SignChallenge(Key, Statement),
    /// Have the card give a challenge, for an institution to sign together with the statement over
    /// this nonce.
    TerminalChallenge(Nonce, Statement),
    /// Bring the institution's signature to the card, and have it sign the statement.
    TerminalSign(Statement, Signature),
    /// Have the digital signature key sign a document.
    SignDocument(Document),
    /// Read the four basic attributes.
    ReadAttributes,
    /// Vouch for what the card signed in this stay, under this lease.
    Vouch,
}

/// Outcome of work with the card.
#[derive(Debug)]
#[expect(clippy::exhaustive_structs, reason = "neither part may be forgotten")]
pub struct Outcome {
    /// For the page.
    pub answer: Result<CardAnswer, Failure>,
    /// The disclosure that must be written down before the page has the answer.
    pub disclosed: Option<Disclosed>,
}

/// Disclosure: what the card gave away, or was given to compare. Never a value.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "a record holds all of it")]
pub struct Disclosed {
    /// The scope that allowed it.
    pub scope: Scope,
    /// The file that was read.
    pub read: Option<File>,
    /// The reference data that something was compared with.
    pub presented: Option<ReferenceData>,
    /// The signature that was made.
    pub signed: Option<Signed>,
    /// How it ended, if not well.
    pub failed: Option<ErrorCode>,
}

/// Kind of a signature.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "a record has a name for each")]
pub enum Signed {
    /// Of a key over a statement.
    Statement(Key, Method),
    /// Of the digital signature key over a document.
    Document,
}

/// Whoever guards the card, as far as it knows more than the card: who it is itself, and whom it
/// trusts.
pub trait Notary {
    /// Vouches for what a card did in one stay, to a page of the origin that had it done.
    fn vouch(&self, testimony: Testimony) -> StayWord;

    /// Tells whether the municipality wrote the attributes. What shows it stays here.
    fn integrity(&self, reading: &AttributesReading) -> Integrity;
}

/// Judges what a page of this origin asks for, under these scopes.
pub fn admit(request: CardRequest, scopes: &Scopes, origin: &str) -> Result<Task, ErrorCode> {
    let (entry, work) = match request {
        CardRequest::Transmit { command } => {
            let command = CommandApdu::from_bytes(command.as_bytes()).map_err(|_| INVALID)?;
            (None, Work::Transmit(command, scopes.clone()))
        }
        CardRequest::VerifyPin { reference, value } => {
            scopes.require(Scope::of_pin(reference))?;
            let purpose = match reference {
                PinReference::UserAuthentication => Purpose::SignIn,
                PinReference::DigitalSignature => Purpose::ReadCertificate,
                // It opens the individual number too: never without what it is asked for.
                PinReference::CardInformation => return Err(INVALID),
            };
            (Some(pin(reference, purpose, PinEntry { value }, scopes)?), Work::Present)
        }
        CardRequest::VerifyBirthDate { birth_date, calendar } => {
            scopes.require(ReferenceData::BirthDate.scope())?;
            let birth_date = PrintedBirthDate::parse(birth_date.as_str(), calendar)?;
            (Some(Entry::Given(Presentation::of_birth_date(birth_date))), Work::Present)
        }
        CardRequest::VerifyNumberB { birth_date, calendar, expiry_year, security_code } => {
            scopes.require(ReferenceData::VerificationNumberB.scope())?;
            let birth_date = PrintedBirthDate::parse(birth_date.as_str(), calendar)?;
            let [year, code] = [&expiry_year, &security_code].map(PrivateText::as_str);
            let number = VerificationNumberB::parse(birth_date, year, code)?;
            (Some(Entry::Given(Presentation::of_number_b(number))), Work::Present)
        }
        CardRequest::SignChallenge { key, nonce, pin: entry } => {
            scopes.require(Scope::of_key(key))?;
            let nonce = parse_nonce(&nonce)?;
            let entry = match (key.pin_reference(), entry) {
                (Some(reference), Some(entry)) => {
                    Some(pin(reference, Purpose::SignIn, entry, scopes)?)
                }
                _ => None,
            };
            let statement = Statement::new(key.method(), origin, nonce.as_str());
            (entry, Work::SignChallenge(key, statement))
        }
        CardRequest::TerminalRequest { nonce } => {
            scopes.require(Scope::AuthenticatePinless)?;
            let nonce = parse_nonce(&nonce)?;
            let statement = Statement::new(Method::Terminal, origin, nonce.as_str());
            (None, Work::TerminalChallenge(nonce, statement))
        }
        CardRequest::TerminalSign { nonce, signature } => {
            scopes.require(Scope::AuthenticatePinless)?;
            let nonce = parse_nonce(&nonce)?;
            let statement = Statement::new(Method::Terminal, origin, nonce.as_str());
            if signature.as_bytes().len() > MAX_TERMINAL_SIGNATURE {
                return Err(INVALID);
            }
            let signature = Signature::from_bytes(signature.as_bytes());
            (None, Work::TerminalSign(statement, signature))
        }
        CardRequest::Sign { title, hash, digest } => {
            scopes.require(Scope::Sign)?;
            let document = Document::new(title, hash, digest.as_bytes()).map_err(|_| INVALID)?;
            let purpose = Purpose::Sign(document.clone());
            let entry = Entry::Asked { reference: PinReference::DigitalSignature, purpose };
            (Some(entry), Work::SignDocument(document))
        }
        CardRequest::ReadAttributes { pin: entry } => {
            let reference = PinReference::CardInformation;
            scopes.require(Scope::of_pin(reference))?;
            let entry = entry.unwrap_or_default();
            let entry = pin(reference, Purpose::ReadAttributes, entry, scopes)?;
            (Some(entry), Work::ReadAttributes)
        }
        CardRequest::Vouch => {
            // Whoever may have nothing signed that a word could hold has no use for one.
            let signing = [Scope::Authenticate, Scope::AuthenticatePinless, Scope::CardPresence];
            if !signing.into_iter().any(|scope| scopes.allow(scope)) {
                return Err(ErrorCode::NotPermitted);
            }
            (None, Work::Vouch)
        }
    };
    Ok(Task { entry, work })
}

const INVALID: ErrorCode = ErrorCode::InvalidRequest;

/// A PIN from the page, if it may supply one, or from the person.
fn pin(
    reference: PinReference,
    purpose: Purpose,
    entry: PinEntry,
    scopes: &Scopes,
) -> Result<Entry, ErrorCode> {
    match entry.value {
        Some(text) => Ok(Entry::Given(Presentation::of_page(reference, &text, scopes)?)),
        None => Ok(Entry::Asked { reference, purpose }),
    }
}

fn parse_nonce(text: &str) -> Result<Nonce, ErrorCode> {
    Nonce::parse(text).map_err(|_| INVALID)
}

impl Session<'_> {
    /// Presents what was given for the work, and does it. What was presented serves this work alone,
    /// unless the work is only to present it.
    pub fn perform(
        &mut self,
        work: Work,
        presenting: Option<Presenting>,
        notary: &dyn Notary,
    ) -> Outcome {
        let presented = presenting.as_ref().map(Presenting::reference);
        let serves_what_follows = matches!(work, Work::Present);
        // First of all: with a card that has no such certificate nobody signs in, and no try is spent.
        let (certificate, accepted) = match self.certificate_for(&work) {
            Ok(certificate) => {
                (certificate, presenting.map_or(Ok(()), |given| self.try_presenting(given)))
            }
            Err(failure) => (None, Err(failure)),
        };
        let done = accepted.and_then(|()| self.work(work, certificate, presented, notary));
        // With too few tries left a person may be asked, who thinks: the card is not held meanwhile.
        let is_too_few = accepted.is_err_and(|failure| failure.code == ErrorCode::TooFewRetries);
        if is_too_few || presented.is_some() && !serves_what_follows {
            self.finish();
        }
        match done {
            Ok((answer, disclosed)) => Outcome { answer: Ok(answer), disclosed },
            Err(failure) => {
                // Of what the card was not asked to compare there is nothing to write down.
                let compared = accepted.err().is_none_or(is_wrong);
                let disclosed = presented.filter(|_| compared).map(|reference| Disclosed {
                    failed: Some(failure.code),
                    ..Disclosed::after(reference)
                });
                Outcome { answer: Err(failure), disclosed }
            }
        }
    }

    /// Reads the certificate that goes with a signature. Whoever signs in shows both.
    fn certificate_for(&mut self, work: &Work) -> Result<Option<Certificate>, Failure> {
        match work {
            Work::SignChallenge(Key::UserAuthentication, _) => {
                self.user_authentication_certificate().map(Some)
            }
            _ => Ok(None),
        }
    }

    fn work(
        &mut self,
        work: Work,
        certificate: Option<Certificate>,
        presented: Option<ReferenceData>,
        notary: &dyn Notary,
    ) -> Result<(CardAnswer, Option<Disclosed>), Failure> {
        Ok(match work {
            Work::Transmit(command, scopes) => {
                let response = self.transmit(&command, &scopes)?;
                let reading = self.reading().filter(|_| !response.data().is_empty());
                let disclosed = reading.map(|reading| Disclosed {
                    read: Some(reading.file),
                    ..Disclosed::under(reading.scope)
                });
                (CardAnswer::Response { response: (&**response.to_bytes()).into() }, disclosed)
            }
            Work::Present => (CardAnswer::Verified, presented.map(Disclosed::after)),
            Work::SignChallenge(key, statement) => {
                let signature = self.sign_challenge(key, &statement)?;
                let signed = Signed::Statement(key, key.method());
                let disclosed = Disclosed::signed(signed, Scope::of_key(key), presented);
                let file = layout::jpki::USER_AUTHENTICATION_CERTIFICATE;
                let read = certificate.as_ref().map(|_| File::new(Application::Jpki, file));
                let answer = CardAnswer::signed(&signature, certificate.as_ref());
                (answer, disclosed.map(|disclosed| Disclosed { read, ..disclosed }))
            }
            Work::TerminalChallenge(nonce, statement) => {
                let testimony = self.testimony()?;
                let challenge = self.terminal_challenge(statement)?;
                let challenge = Some(Challenge::new(nonce.as_str(), challenge));
                (CardAnswer::vouched(&notary.vouch(Testimony { challenge, ..testimony })), None)
            }
            Work::TerminalSign(statement, signature) => {
                let signature = self.sign_as_terminal(&statement, &signature)?;
                let signed = Signed::Statement(Key::UserAuthentication, Method::Terminal);
                let scope = Scope::AuthenticatePinless;
                (CardAnswer::signed(&signature, None), Disclosed::signed(signed, scope, presented))
            }
            Work::SignDocument(document) => {
                let signed = self.sign_document(&document)?;
                let file = layout::jpki::DIGITAL_SIGNATURE_CERTIFICATE;
                let read = Some(File::new(Application::Jpki, file));
                let disclosed = Disclosed::signed(Signed::Document, Scope::Sign, presented);
                let answer = CardAnswer::DocumentSigned {
                    signature: signed.signature.as_bytes().into(),
                    certificate: signed.certificate.as_der().into(),
                };
                (answer, disclosed.map(|disclosed| Disclosed { read, ..disclosed }))
            }
            Work::ReadAttributes => {
                let reading = self.read_attributes()?;
                let attributes = AttributesRecord::parse(&reading.record)?;
                let file = layout::card_information::BASIC_ATTRIBUTES;
                let read = Some(File::new(Application::CardInformation, file));
                let answer = CardAnswer::Attributes {
                    name: PrivateText::new(attributes.name()),
                    address: PrivateText::new(attributes.address()),
                    birth_date: PrivateText::of_birth_date(attributes.birth_date()),
                    sex: attributes.sex(),
                    integrity: notary.integrity(&reading),
                };
                let disclosed = Disclosed { presented, ..Disclosed::under(Scope::Attributes) };
                (answer, Some(Disclosed { read, ..disclosed }))
            }
            Work::Vouch => (CardAnswer::vouched(&notary.vouch(self.testimony()?)), None),
        })
    }
}

impl Disclosed {
    fn under(scope: Scope) -> Self {
        Self { scope, read: None, presented: None, signed: None, failed: None }
    }

    fn after(reference: ReferenceData) -> Self {
        Self { presented: Some(reference), ..Self::under(reference.scope()) }
    }

    fn signed(signed: Signed, scope: Scope, presented: Option<ReferenceData>) -> Option<Self> {
        Some(Self { presented, signed: Some(signed), ..Self::under(scope) })
    }
}

impl Signed {
    /// Name of the key in records.
    #[must_use]
    pub fn key(self) -> &'static str {
        match self {
            Self::Statement(key, _) => key.name(),
            Self::Document => "digital-signature",
        }
    }

    /// Name in records of how the holder let the key sign.
    #[must_use]
    pub fn method(self) -> &'static str {
        match self {
            Self::Statement(_, method) => method.name(),
            Self::Document => "document",
        }
    }
}
