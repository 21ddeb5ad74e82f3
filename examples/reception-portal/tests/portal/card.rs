//! A visitor's card at the desk's reader: the emulator, and the flows of core, guarded as by the
//! bridge.

use ed25519_dalek::Signer;
use kazashi_core::card::card_information::AttributesReading;
use kazashi_core::card::card_surface::{
    BirthDateSource, PresenceProof, prove_presence, read_card_face,
};
use kazashi_core::card::jpki::{self, CertificateReading};
use kazashi_core::card::terminal::TerminalCertificate;
use kazashi_core::codec::Base64;
use kazashi_core::flow::{Abilities, Flow, Question, Step};
use kazashi_core::guard::desk::{self, Entry, Notary, Task, Work};
use kazashi_core::guard::session::{Bookmark, Session};
use kazashi_core::guard::stay_memory::StayMemory;
use kazashi_core::guard::verification::{Presentation, Presenting};
use kazashi_core::value::layout::PinReference;
use kazashi_core::value::{
    Calendar, CertificateKind, Nonce, PinValue, PrintedBirthDate, Scope, Scopes, StayName,
    StayWord, Testimony, VerificationNumberB,
};
use kazashi_core::wire::{CardAnswer, Integrity};
use kazashi_emulator::reader::Reader;
use kazashi_emulator::{Card as EmulatedCard, Image, Variant};
use kazashi_verify::{CardFaceProof, CardFaceRecord};
use rand_core::{OsRng, RngCore};
use serde_json::{Value, json};

use crate::ORIGIN;
use crate::server::{bridge_key, vectors};

const APP_VERSION: &str = "https://kazashi.example/bridge/0.1.0";

#[derive(Clone)]
pub(crate) struct Card {
    reader: Reader,
    origin: &'static str,
    stay: StayMemory,
}

impl Card {
    /// Hanako's: born 1980-02-17.
    pub(crate) fn hanako() -> Self {
        Self::of(Variant::Normal)
    }

    /// Taro's: born 1995-02-17.
    pub(crate) fn taro() -> Self {
        Self::of(Variant::AnotherPerson)
    }

    pub(crate) fn of(variant: Variant) -> Self {
        let card = EmulatedCard::new(Image::of(variant));
        Self { reader: Reader::new(card, OsRng), origin: ORIGIN, stay: new_stay() }
    }

    /// The same card, put on the reader again.
    pub(crate) fn again(&self) -> Self {
        Self { stay: new_stay(), ..self.clone() }
    }

    /// The same card, at the page of somebody else.
    pub(crate) fn elsewhere(&self) -> Self {
        Self { origin: "https://elsewhere.example", ..self.again() }
    }

    /// The user authentication certificate, DER in base64.
    pub(crate) fn certificate(&self) -> String {
        let flow = jpki::read_certificate(CertificateKind::UserAuthentication);
        let certificate = self.perform(flow, None);
        let der = Base64::from(certificate.as_der().to_vec());
        json!(der).as_str().unwrap().to_owned()
    }

    pub(crate) fn token(&self, nonce: &str) -> Value {
        let signed = self.perform(jpki::authenticate(Nonce::parse(nonce).unwrap()), None);
        json!(signed.token(APP_VERSION))
    }

    pub(crate) fn proof(&self, nonce: &str, birth_date: &str) -> Value {
        let source = BirthDateSource::Known(printed(birth_date));
        let nonce = Nonce::parse(nonce).unwrap();
        let flow = prove_presence(nonce, source, CertificateReading::Whole);
        json!(PresenceProof::new(&self.perform(flow, None), APP_VERSION))
    }

    pub(crate) fn face(&self, nonce: &str, [birth_date, year, code]: [&str; 3]) -> Value {
        let number = VerificationNumberB::parse(printed(birth_date), year, code).unwrap();
        let flow = read_card_face(Nonce::parse(nonce).unwrap(), number);
        let reading = self.perform(flow, None);
        let record = CardFaceRecord::parse(&reading.record).unwrap();
        let signature = reading.signature.as_bytes();
        json!(CardFaceProof::new(&record, &reading.cv_certificate, signature, APP_VERSION))
    }

    /// The bridge's word for what the card signed in this stay.
    pub(crate) fn word(&self) -> Value {
        let mut session = self.open();
        let answer = session.perform(Work::Vouch, None, self).answer.unwrap();
        session.close();
        let CardAnswer::Vouched { word } = answer else { panic!("{answer:?}") };
        json!(word)
    }

    /// A token without the PIN, for which somebody signs, who is given the bridge's word.
    pub(crate) fn terminal_token(
        &self,
        nonce: &str,
        sign: &mut dyn FnMut(&Value) -> Base64,
    ) -> Value {
        let chain = ["terminal-intermediate.cv", "terminal.cv"].map(|name| {
            let file = std::fs::read(vectors().join("cv-certificates").join(name)).unwrap();
            TerminalCertificate::parse(&file).unwrap()
        });
        let flow = jpki::authenticate_pinless(Nonce::parse(nonce).unwrap(), chain.to_vec());
        json!(self.perform(flow, Some(sign)).token(APP_VERSION))
    }

    fn open(&self) -> Session<'_> {
        Session::open(Box::new(self.reader.transaction()), Bookmark::default(), self.stay.clone())
            .unwrap()
    }

    fn perform<T>(&self, flow: Flow<T>, mut sign: Option<&mut dyn FnMut(&Value) -> Base64>) -> T {
        let scopes =
            [Scope::Authenticate, Scope::AuthenticatePinless, Scope::CardPresence, Scope::CardFace];
        let scopes: Scopes = scopes.into_iter().collect();
        let abilities = Abilities::default();
        let mut session = self.open();
        let mut step = flow.start_with(&abilities).unwrap();
        let output = loop {
            step = match step {
                Step::Done(output) => break output,
                Step::Transmit(command, waiting) => {
                    waiting.resume(session.transmit(&command, &scopes).unwrap())
                }
                Step::Guard(request, waiting) => {
                    let Task { entry, work } = desk::admit(request, &scopes, self.origin).unwrap();
                    let presenting = entry.map(|entry| match entry {
                        Entry::Given(presentation) => presentation,
                        Entry::Asked { reference, .. } => pin(reference),
                    });
                    let presenting = presenting.map(Presenting::Known);
                    waiting.resume(session.perform(work, presenting, self).answer.unwrap())
                }
                Step::AskServer(Question::TerminalSignature(word), waiting) => {
                    let sign = sign.as_mut().unwrap();
                    waiting.resume(sign(&json!(word)).as_bytes().to_vec())
                }
                _ => panic!("the portal asks nothing else of a card"),
            }
            .unwrap();
        };
        session.close();
        output
    }
}

impl Notary for Card {
    fn vouch(&self, testimony: Testimony) -> StayWord {
        let key = bridge_key();
        let sign = |bytes: &[u8]| key.sign(bytes).to_bytes();
        StayWord::give(testimony, self.origin, key.verifying_key().to_bytes(), sign)
    }

    fn integrity(&self, _: &AttributesReading) -> Integrity {
        panic!("the portal asks no such thing of a card")
    }
}

fn new_stay() -> StayMemory {
    let mut name = [0; 16];
    OsRng.fill_bytes(&mut name);
    StayMemory::new(StayName::from_bytes(name), [7; 32].into())
}

fn pin(reference: PinReference) -> Presentation {
    Presentation::of_person(PinValue::parse(reference, "1234").unwrap(), 3)
}

/// A birth date as cards have it.
fn printed(birth_date: &str) -> PrintedBirthDate {
    PrintedBirthDate::parse(birth_date, Calendar::Era).unwrap()
}
