#![no_main]
//! The policy in front of the software card. The input is a script: two bytes that say what the
//! origin was granted, then steps, each a byte that says what happens and how long the command is
//! that follows it. What counts is what the card says it disclosed and did.

use std::{cell::RefCell, rc::Rc, sync::LazyLock};

use kazashi_core::{
    Abilities,
    apdu::{CommandApdu, ResponseApdu, StatusWord},
    error_code::ErrorCode,
    policy::{Scope, Scopes},
    session::{CardTransaction, Ending, Session},
};
use kazashi_emulator::{Card, Deed, Image};
use libfuzzer_sys::fuzz_target;
use rand_core::{CryptoRng, RngCore, impls};

use crate::rules::Doing;

#[path = "../../emulator/tests/policy/rules.rs"]
#[expect(dead_code, reason = "a test uses the rest")]
mod rules;

const SCOPES: [Scope; 11] = [
    Scope::Events,
    Scope::Reader,
    Scope::UserCertificate,
    Scope::Authenticate,
    Scope::AuthenticatePinless,
    Scope::CardPresence,
    Scope::Sign,
    Scope::PagePin,
    Scope::RawApdu,
    Scope::CardFace,
    Scope::Attributes,
];

static CARD: LazyLock<Card> = LazyLock::new(|| Card::new(Image::normal()));

fuzz_target!(|script: &[u8]| {
    let Some((granted, mut steps)) = script.split_first_chunk() else { return };
    let granted = u16::from_be_bytes(*granted);
    let scopes: Vec<_> = SCOPES
        .into_iter()
        .enumerate()
        .filter(|(bit, _)| granted >> bit & 1 == 1)
        .map(|(_, scope)| scope)
        .collect();
    let granted: Scopes = scopes.iter().copied().collect();
    let desk = Desk(Rc::new(RefCell::new(State { card: CARD.clone(), fault: None })));

    let mut page_application = None;
    while !steps.is_empty() {
        let card = Box::new(desk.clone());
        let Ok(mut session) = Session::open(card, page_application, Abilities::default()) else {
            return;
        };
        // Another program speaks between transactions only.
        let mut between = Vec::new();
        while let Some((&step, rest)) = steps.split_first() {
            let length = usize::from(step & 0x1F).min(rest.len());
            let (command, rest) = rest.split_at(length);
            steps = rest;
            match step >> 5 {
                // The reader answers this instead, whether or not the card came to know of it.
                0 => desk.0.borrow_mut().fault = command.first_chunk().copied(),
                1 => {
                    between = command.to_vec();
                    break;
                }
                _ => {}
            }
            if let Ok(command) = CommandApdu::from_bytes(command) {
                let _ = session.transmit(&command, &granted);
                if let Some(deed) = desk.deed() {
                    assert!(
                        rules::allows(&scopes, &Doing::Command, &deed),
                        "{command:?} of an origin with {scopes:?} caused {deed:?}"
                    );
                }
            }
            if session.is_finished() {
                break;
            }
        }
        page_application = session.close();
        desk.0.borrow_mut().card.transmit(&between, &mut Zeros);
    }
});

#[derive(Clone)]
struct Desk(Rc<RefCell<State>>);

struct State {
    card: Card,
    fault: Option<[u8; 3]>,
}

impl Desk {
    fn deed(&self) -> Option<Deed> {
        self.0.borrow().card.deed().cloned()
    }
}

impl CardTransaction for Desk {
    fn transmit(&mut self, command: &CommandApdu) -> Result<ResponseApdu, ErrorCode> {
        let mut state = self.0.borrow_mut();
        let fault = state.fault.take();
        // No deed of the command before this one.
        state.card.transmit(&[], &mut Zeros);
        let mut response = Vec::new();
        // A reader says 9000 and 61XX only of what was performed.
        let performs = |[choice, sw1, _]: [u8; 3]| choice & 1 == 1 || matches!(sw1, 0x61 | 0x90);
        if fault.is_none_or(performs) {
            response = state.card.transmit(&command.to_bytes(), &mut Zeros);
            state.present_all(command);
        }
        match fault {
            None => ResponseApdu::from_bytes(&response).map_err(|_| ErrorCode::CommunicationError),
            Some([choice, ..]) if choice & 2 == 2 => Err(ErrorCode::CommunicationError),
            Some([_, sw1, sw2]) => {
                Ok(ResponseApdu::new([], StatusWord(u16::from_be_bytes([sw1, sw2]))))
            }
        }
    }

    fn end(self: Box<Self>, ending: Ending) {
        if ending == Ending::UnpowerCard {
            self.0.borrow_mut().card.power_off();
        }
    }
}

impl State {
    /// Every PIN is as good as presented once its application is selected, so that the policy alone
    /// stands in the way.
    fn present_all(&mut self, command: &CommandApdu) {
        let (Some(_), [_, 0xA4, 0x04, _]) = (command.data().first(), command.header()) else {
            return;
        };
        let verify: &[&[u8]] = match command.data() {
            [0xD3, 0x92, 0x10, .., 0x08] => &[b"\x00\x20\x00\x91\x041234"],
            _ => &[
                b"\x00\x20\x00\x98\x041234",
                b"\x00\x20\x00\x9B\x06ABC123",
                b"\x00\x20\x00\x91\x06550217",
                b"\x00\x20\x00\x92\x0E55021720352285",
            ],
        };
        for verify in verify {
            self.card.transmit(verify, &mut Zeros);
        }
        self.card.transmit(&command.to_bytes(), &mut Zeros);
    }
}

/// Challenges need not be random here.
struct Zeros;

impl RngCore for Zeros {
    fn next_u32(&mut self) -> u32 {
        0
    }

    fn next_u64(&mut self) -> u64 {
        0
    }

    fn fill_bytes(&mut self, dest: &mut [u8]) {
        impls::fill_bytes_via_next(self, dest);
    }

    fn try_fill_bytes(&mut self, dest: &mut [u8]) -> Result<(), rand_core::Error> {
        self.fill_bytes(dest);
        Ok(())
    }
}

impl CryptoRng for Zeros {}
