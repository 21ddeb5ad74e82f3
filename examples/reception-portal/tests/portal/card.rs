//! A visitor's card at the desk's reader: the emulator, and the flows of core, guarded as by the
//! bridge.

use std::cell::RefCell;
use std::rc::Rc;

use ed25519_dalek::Signer;
use kazashi_core::apdu::{CommandApdu, ResponseApdu};
use kazashi_core::card_surface::{
    BirthDateSource, CertificateReading, PresenceProof, prove_presence, read_card_face,
};
use kazashi_core::error_code::ErrorCode;
use kazashi_core::flow::{Flow, Question, Step};
use kazashi_core::jpki::{self, CertificateKind};
use kazashi_core::key::{PinReference, Verified};
use kazashi_core::policy::{Scope, Scopes};
use kazashi_core::secret::PinValue;
use kazashi_core::session::{CardTransaction, Ending, Session};
use kazashi_core::terminal::{TerminalCertificate, TerminalRequest};
use kazashi_core::token::Token;
use kazashi_core::verification::Presentation;
use kazashi_core::{Abilities, BirthDate, Nonce, VerificationNumberB};
use kazashi_emulator::{Card as EmulatedCard, Image, Variant};
use kazashi_verify::{CardFaceProof, CardFaceRecord};
use rand_core::OsRng;
use serde_json::{Value, json};

use crate::ORIGIN;
use crate::client::Client;
use crate::server::{bridge_key, vectors};

const APP_VERSION: &str = "https://kazashi.example/bridge/0.1.0";

#[derive(Clone)]
pub(crate) struct Card {
    card: Rc<RefCell<EmulatedCard>>,
    origin: &'static str,
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
        let mut card = EmulatedCard::new(Image::of(variant));
        card.power_on();
        Self { card: Rc::new(RefCell::new(card)), origin: ORIGIN }
    }

    /// The same card, at the page of somebody else.
    pub(crate) fn elsewhere(&self) -> Self {
        Self { origin: "https://elsewhere.example", ..self.clone() }
    }

    /// The user authentication certificate, DER in base64.
    pub(crate) fn certificate(&self) -> String {
        let flow = jpki::read_certificate(CertificateKind::UserAuthentication);
        let certificate = self.perform(flow, None);
        let der = kazashi_core::terminal::Base64::from(certificate.as_der().to_vec());
        json!(der).as_str().unwrap().to_owned()
    }

    pub(crate) fn token(&self, nonce: &str) -> Value {
        let signed = self.perform(jpki::authenticate(Nonce::parse(nonce).unwrap()), None);
        json!(Token::new(&signed, APP_VERSION))
    }

    pub(crate) fn proof(&self, nonce: &str, birth_date: &str) -> Value {
        let source = BirthDateSource::Known(BirthDate::parse(birth_date).unwrap());
        let nonce = Nonce::parse(nonce).unwrap();
        let flow = prove_presence(nonce, source, CertificateReading::Whole);
        json!(PresenceProof::new(&self.perform(flow, None), APP_VERSION))
    }

    pub(crate) fn face(&self, nonce: &str, [birth_date, year, code]: [&str; 3]) -> Value {
        let number = VerificationNumberB::parse(birth_date, year, code).unwrap();
        let flow = read_card_face(Nonce::parse(nonce).unwrap(), number);
        let reading = self.perform(flow, None);
        let record = CardFaceRecord::parse(&reading.record).unwrap();
        let signature = reading.signature.as_bytes();
        json!(CardFaceProof::new(&record, &reading.cv_certificate, signature, APP_VERSION))
    }

    /// A token without the PIN, for which the portal signs.
    pub(crate) fn terminal_token(&self, nonce: &str, desk: &mut Client) -> Value {
        let chain = ["terminal-intermediate.cv", "terminal.cv"].map(|name| {
            let file = std::fs::read(vectors().join("cv-certificates").join(name)).unwrap();
            TerminalCertificate::parse(&file).unwrap()
        });
        let flow = jpki::authenticate_pinless(Nonce::parse(nonce).unwrap(), chain.to_vec());
        json!(Token::new(&self.perform(flow, Some(desk)), APP_VERSION))
    }

    fn perform<T>(&self, flow: Flow<T>, mut desk: Option<&mut Client>) -> T {
        let scopes =
            [Scope::Authenticate, Scope::AuthenticatePinless, Scope::CardPresence, Scope::CardFace];
        let scopes: Scopes = scopes.into_iter().collect();
        let abilities = Abilities::default();
        let mut session = Session::open(Box::new(self.clone()), None, abilities.clone()).unwrap();
        let mut nonce_of_terminal = None;
        let mut step = flow.start_with(&abilities).unwrap();
        let output = loop {
            step = match step {
                Step::Done(output) => break output,
                Step::Transmit(command, waiting) => {
                    waiting.resume(session.transmit(&command, &scopes).unwrap())
                }
                Step::VerifyPin(reference, waiting) => {
                    session.present(pin(reference)).unwrap();
                    waiting.resume(Verified::new(reference))
                }
                Step::SignChallenge(key, nonce, waiting) => {
                    if let Some(reference) = key.pin_reference() {
                        session.present(pin(reference)).unwrap();
                    }
                    waiting.resume(session.sign_challenge(key, self.origin, &nonce).unwrap())
                }
                Step::VerifyBirthDate(birth_date, waiting) => {
                    session.present(Presentation::of_birth_date(birth_date)).unwrap();
                    waiting.resume(())
                }
                Step::VerifyNumberB(number, waiting) => {
                    session.present(Presentation::of_number_b(number)).unwrap();
                    waiting.resume(())
                }
                Step::TerminalChallenge(nonce, waiting) => {
                    let challenge = session.terminal_challenge(self.origin, &nonce).unwrap();
                    let request = vouch(self.origin, &nonce, challenge);
                    nonce_of_terminal = Some(nonce);
                    waiting.resume(request)
                }
                Step::Ask(Question::TerminalSignature(request), waiting) => {
                    let nonce = nonce_of_terminal.as_ref().unwrap().as_str();
                    let body = json!({ "nonce": nonce, "request": request });
                    let desk = desk.as_mut().unwrap();
                    let answer = desk.post("/api/desk/terminal-signature", &body).expect(200);
                    let signature = &answer["signature"];
                    let signature: kazashi_core::terminal::Base64 =
                        serde_json::from_value(signature.clone()).unwrap();
                    waiting.resume(signature.as_bytes().to_vec())
                }
                Step::TerminalSign(answer, waiting) => {
                    let nonce = &answer.nonce;
                    let signed = session.sign_as_terminal(self.origin, nonce, &answer.signature);
                    waiting.resume(signed.unwrap())
                }
                _ => panic!("the portal asks nothing else of a card"),
            }
            .unwrap();
        };
        session.close();
        output
    }
}

/// What the bridge on the workstation says of a card's challenge.
pub(crate) fn vouch(origin: &str, nonce: &Nonce, challenge: Vec<u8>) -> TerminalRequest {
    let signed = TerminalRequest::signed_bytes(origin, nonce.as_str(), &challenge);
    TerminalRequest {
        signature: bridge_key().sign(&signed).to_vec().into(),
        bridge: bridge_key().verifying_key().to_bytes().into(),
        challenge: challenge.into(),
    }
}

fn pin(reference: PinReference) -> Presentation {
    Presentation::of_person(PinValue::parse(reference, "1234").unwrap(), 3)
}

impl CardTransaction for Card {
    fn transmit(&mut self, command: &CommandApdu) -> Result<ResponseApdu, ErrorCode> {
        let response = self.card.borrow_mut().transmit(&command.to_bytes(), &mut OsRng);
        ResponseApdu::from_bytes(&response).map_err(|_| ErrorCode::CommunicationError)
    }

    fn end(self: Box<Self>, ending: Ending) {
        if ending == Ending::UnpowerCard {
            let mut card = self.card.borrow_mut();
            card.power_off();
            card.power_on();
        }
    }
}
