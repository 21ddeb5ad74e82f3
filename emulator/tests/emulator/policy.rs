//! The bridge's policy against the software card: pages of all scopes send what they like, another
//! program uses the same card in between, the reader fails at times, and what counts is what the
//! card says it disclosed and did.
//!
//! `KAZASHI_POLICY_APDUS=1000000 cargo test --release -p kazashi-emulator policy -- --nocapture` sends
//! more, and shows the figures.

use std::collections::BTreeMap;
use std::{env, mem};

use kazashi_core::codec::apdu::{CommandApdu, StatusWord};
use kazashi_core::error_code::ErrorCode;
use kazashi_core::guard::session::{Bookmark, Session};
use kazashi_core::guard::verification::Presentation;
use kazashi_core::value::layout::{Key, PinReference};
use kazashi_core::value::{Calendar, Document, Hash, PinValue, PrivateText, Scope, Scopes};
use kazashi_core::wire::{CardAnswer, CardRequest, Failure, PinEntry};
use kazashi_emulator::Deed;
use kazashi_oracles::policy::rules::{self, Doing, Presented};
use rsa::sha2::{Digest, Sha256};

use crate::support::guard::{ask, challenge, memory};

mod desk;
mod page;
mod random;

use desk::Desk;
use page::{Page, Request};
use random::Random;

const NONCE: &str = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";

/// What became of the commands that pages sent.
#[derive(Debug, Default)]
struct Figures {
    sent: usize,
    malformed: usize,
    refused: usize,
    failed: usize,
    allowed: usize,
    ok: usize,
    transactions: usize,
    guarded: BTreeMap<String, usize>,
}

#[test]
fn no_page_causes_what_its_scopes_do_not_allow() {
    let apdus = env::var("KAZASHI_POLICY_APDUS").map_or(100_000, |number| number.parse().unwrap());
    let seed = env::var("KAZASHI_POLICY_SEED").map_or(1, |number| number.parse().unwrap());
    let mut random = Random::new(seed);
    let desk = Desk::new(!seed);
    let mut pages: Vec<_> = (0..4).map(|_| Client::new(&mut random)).collect();
    let mut figures = Figures::default();
    while figures.sent < apdus {
        if random.one_in(2) {
            desk.meanwhile();
        }
        let at = random.below(pages.len());
        if random.one_in(16) {
            pages[at] = Client::new(&mut random);
        }
        pages[at].transaction(&desk, &mut random, &mut figures);
    }
    println!("{figures:#?}");
    assert!(figures.ok * 20 >= figures.sent, "too few commands say 9000: {figures:?}");
    for guarded in [
        "VerifyPin",
        "VerifyBirthDate",
        "VerifyNumberB",
        "ReadAttributes",
        "SignChallenge",
        "SignDocument",
        "TerminalSign",
    ] {
        let done = figures.guarded.get(guarded);
        assert!(done.is_some_and(|&done| done > 0), "no {guarded} succeeded: {figures:?}");
    }
}

#[test]
fn without_the_policy_the_same_pages_cause_all_that_the_rules_forbid() {
    let mut random = Random::new(2);
    let desk = Desk::new(3);
    let mut page = Page::new(Vec::new(), &mut random);
    let mut breaches = BTreeMap::new();
    for _ in 0..20_000 {
        if let Request::Transmit(command) = page.next(&mut random) {
            desk.reader.send(&command);
        }
        for deed in desk.reader.take_deeds() {
            if !rules::allows(&page.scopes, &Doing::Command, &deed) {
                *breaches.entry(name(&deed)).or_insert(0) += 1;
            }
        }
        if random.one_in(40) {
            desk.meanwhile();
        }
    }
    for expected in [
        "read Jpki 0001",
        "read Jpki 0005",
        "read Jpki 000A",
        "read Common 0001",
        "read CardSurface 0001",
        "read CardSurface 0002",
        "read CardSurface 0003",
        "read CardSurface 0005",
        "read CardInformation 0001",
        "read CardInformation 0002",
        "read CardInformation 0003",
        "data object",
        "counter of Jpki 0018",
        "counter of CardSurface 0011",
        "counter of CardSurface 0012",
        "counter of CardInformation 0011",
        "tried Jpki 0018",
        "tried Jpki 001B",
        "tried CardSurface 0011",
        "tried CardSurface 0012",
        "tried CardInformation 0011",
        "changed Jpki 001B",
        "challenge",
        "certificate",
        "signed with Jpki 0017",
        "signed with Jpki 001A",
        "signed with CardSurface 001A",
    ] {
        assert!(breaches.contains_key(expected), "{expected} is not among {breaches:#?}");
    }
}

/// What the bridge keeps of one page.
struct Client {
    page: Page,
    scopes: Scopes,
    bookmark: Bookmark,
}

impl Client {
    fn new(random: &mut Random) -> Self {
        // Raw commands are for developers: where many pages may send them, little else is shown.
        let scopes = Scope::ALL
            .iter()
            .copied()
            .filter(|&scope| random.one_in(if scope == Scope::RawApdu { 12 } else { 3 }));
        let scopes: Vec<_> = scopes.collect();
        Self {
            scopes: scopes.iter().copied().collect(),
            page: Page::new(scopes, random),
            bookmark: Bookmark::default(),
        }
    }

    /// One transaction, as the bridge's worker has them.
    fn transaction(&mut self, desk: &Desk, random: &mut Random, figures: &mut Figures) {
        let card = Box::new(desk.reader.transaction());
        let faults = desk.faults();
        // Whatever was wrong before may be tried again: the try guard is not what is judged here.
        let session = Session::open(card, self.bookmark, memory());
        assert_eq!(desk.reader.take_deeds(), [], "while it begins");
        let Ok(mut session) = session else { return };
        // What another program presented is forgotten, unless the reader failed just then.
        let mut presented = Presented::none(desk.is_open() || desk.faults() > faults);
        figures.transactions += 1;
        for _ in 0..random.below(40) {
            let request = self.page.next(random);
            let (doing, done) = self.serve(&request, &mut session, desk);
            for deed in desk.reader.take_deeds() {
                let is_allowed = rules::allows(&self.page.scopes, &doing, &deed);
                assert!(
                    is_allowed && presented.allows(&doing, &deed),
                    "{request:02X?} of an origin with {:?} caused {deed:02X?}",
                    self.page.scopes
                );
            }
            figures.count(&request, done);
            if session.is_finished() {
                break;
            }
        }
        // The bridge may be killed as well; whoever has the card next begins by cleaning it.
        if random.one_in(20) {
            self.bookmark = Bookmark::default();
            mem::forget(session);
            return;
        }
        self.bookmark = session.close();
        assert_eq!(desk.reader.take_deeds(), [], "while it ends");
        let stays_clean = desk.is_open() || !random.one_in(4) || desk.is_clean();
        assert!(stays_clean, "what a PIN opened stays open");
    }

    /// Does what the bridge's connection does for a request.
    fn serve(
        &mut self,
        request: &Request,
        session: &mut Session<'_>,
        desk: &Desk,
    ) -> (Doing, Result<StatusWord, Failure>) {
        let origin = self.page.origin.clone();
        let nonce = || NONCE.to_owned();
        let (doing, asked, correct) = match *request {
            Request::AskPin(reference) => {
                let done = self.scopes.require(Scope::of_pin(reference)).map_err(Failure::from);
                let done = done.and_then(|()| session.before_dialog(reference));
                return (Doing::Pin(ef(reference)), done.map(|_| StatusWord::OK));
            }
            Request::Transmit(ref command) => {
                let command = (&command[..]).into();
                (Doing::Command, CardRequest::Transmit { command }, true)
            }
            Request::VerifyPin { reference, of_page, correct } => {
                let value = of_page.then(|| PrivateText::new(typed(reference, correct)));
                (Doing::Pin(ef(reference)), CardRequest::VerifyPin { reference, value }, correct)
            }
            Request::VerifyBirthDate { correct } => {
                let birth_date = if correct { "1980-02-17" } else { "1980-02-18" };
                let birth_date = PrivateText::new(birth_date);
                let asked = CardRequest::VerifyBirthDate { birth_date, calendar: Calendar::Era };
                (Doing::Pin(rules::BIRTH_DATE), asked, correct)
            }
            Request::VerifyNumberB { correct } => {
                let asked = CardRequest::VerifyNumberB {
                    birth_date: PrivateText::new("1980-02-17"),
                    calendar: Calendar::Era,
                    expiry_year: PrivateText::new("2035"),
                    security_code: PrivateText::new(if correct { "2285" } else { "2286" }),
                };
                (Doing::Pin(rules::VERIFICATION_NUMBER_B), asked, correct)
            }
            Request::ReadAttributes { of_page, correct } => {
                let pin = typed(PinReference::CardInformation, correct);
                let value = of_page.then(|| PrivateText::new(pin));
                let asked = CardRequest::ReadAttributes { pin: Some(PinEntry { value }) };
                (Doing::Attributes, asked, correct)
            }
            Request::SignChallenge { key, with_pin } => {
                let pin = with_pin.then(PinEntry::default);
                let asked = CardRequest::SignChallenge { key, nonce: nonce(), pin };
                let (key, prefix) = match key {
                    Key::CardSurface => (rules::CARD_SURFACE_KEY, &b"kazashi-presence:1\0"[..]),
                    _ => (rules::USER_AUTHENTICATION_KEY, &b""[..]),
                };
                let data = [&rules::SHA_256[..], &statement(prefix, &origin)].concat();
                (Doing::Statement { key, data }, asked, true)
            }
            Request::SignDocument => {
                let document = Document::new("Contract", Hash::Sha256, [0x77; 32]).unwrap();
                let data = [&rules::SHA_256[..], &[0x77; 32]].concat();
                (Doing::Document { data }, document.into(), true)
            }
            Request::TerminalChallenge => {
                (Doing::Challenge, CardRequest::TerminalRequest { nonce: nonce() }, true)
            }
            Request::TerminalSign => {
                let statement = statement(b"kazashi-terminal:1\0", &origin);
                let answer = match mem::take(&mut self.page.challenge) {
                    challenge if challenge.is_empty() => vec![0x55; 256],
                    challenge => desk.answer(&challenge, statement),
                };
                let asked = CardRequest::TerminalSign { nonce: nonce(), signature: answer.into() };
                (Doing::Terminal { statement }, asked, true)
            }
        };
        let person = |reference| {
            let value = PinValue::parse(reference, typed(reference, correct)).unwrap();
            Presentation::of_person(value, 1)
        };
        let done = ask(session, asked, &self.scopes, &origin, person);
        let status = done.map(|answer| match answer {
            CardAnswer::Response { response } => {
                StatusWord(u16::from_be_bytes(*response.as_bytes().last_chunk().unwrap()))
            }
            CardAnswer::Vouched { word } => {
                self.page.challenge = challenge(&word, &nonce());
                StatusWord::OK
            }
            _ => StatusWord::OK,
        });
        (doing, status)
    }
}

/// What the page supplies, or the person types.
fn typed(reference: PinReference, correct: bool) -> &'static str {
    match (reference, correct) {
        (PinReference::UserAuthentication | PinReference::CardInformation, true) => "1234",
        (PinReference::UserAuthentication | PinReference::CardInformation, false) => "0000",
        (PinReference::DigitalSignature, true) => "ABC123",
        (PinReference::DigitalSignature, false) => "ABC124",
    }
}

impl Figures {
    fn count(&mut self, request: &Request, done: Result<StatusWord, Failure>) {
        let Request::Transmit(command) = request else {
            let name = format!("{request:?}");
            let name = name.split([' ', '(']).next().unwrap_or_default().to_owned();
            *self.guarded.entry(name).or_default() += usize::from(done.is_ok());
            return;
        };
        self.sent += 1;
        match done {
            Ok(status) => {
                self.allowed += 1;
                self.ok += usize::from(status == StatusWord::OK);
            }
            Err(_) if CommandApdu::from_bytes(command).is_err() => self.malformed += 1,
            Err(failure) if failure.code == ErrorCode::NotPermitted => self.refused += 1,
            Err(_) => self.failed += 1,
        }
    }
}

/// What the origin's statement of a method is, by hand.
fn statement(prefix: &[u8], origin: &str) -> [u8; 32] {
    let parts = [prefix, &Sha256::digest(origin), &Sha256::digest(NONCE)];
    Sha256::digest(parts.concat()).into()
}

fn ef(reference: PinReference) -> kazashi_emulator::Ef {
    match reference {
        PinReference::UserAuthentication => rules::PIN,
        PinReference::DigitalSignature => rules::PASSWORD,
        PinReference::CardInformation => rules::CARD_INFORMATION_PIN,
    }
}

fn name(deed: &Deed) -> String {
    let ef = |ef: kazashi_emulator::Ef| format!("{:?} {:04X}", ef.application, ef.id);
    match *deed {
        Deed::FileRead(file) => format!("read {}", ef(file)),
        Deed::DataObjectRead(_) => "data object".to_owned(),
        Deed::RetryCounterTold(pin) => format!("counter of {}", ef(pin)),
        Deed::PinTried { ef: pin, .. } => format!("tried {}", ef(pin)),
        Deed::PinChanged(pin) => format!("changed {}", ef(pin)),
        Deed::ChallengeGiven => "challenge".to_owned(),
        Deed::CertificatePartTaken(_) => "certificate".to_owned(),
        Deed::TerminalAccepted { .. } => "terminal".to_owned(),
        Deed::Signed { key, .. } => format!("signed with {}", ef(key)),
    }
}
