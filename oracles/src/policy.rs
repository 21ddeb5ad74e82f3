//! The policy in front of the emulated card. What counts is what the card says that it disclosed and
//! did.

use std::sync::LazyLock;

use kazashi_core::codec::apdu::{CommandApdu, StatusWord};
use kazashi_core::guard::session::{Bookmark, Session};
use kazashi_core::guard::stay_memory::StayMemory;
use kazashi_core::value::{Scope, Scopes, StayName};
use kazashi_emulator::reader::{Fault, Reader};
use kazashi_emulator::{Card, Image};
use rand_core::{CryptoRng, RngCore, impls};

use rules::Doing;

pub mod rules;

/// Every PIN counts as presented, so that the policy alone stands in the way.
static CARD: LazyLock<Card> = LazyLock::new(|| Card::opened(Image::normal()));

/// Scripts of a page that tries things: two bytes of which the bits set, from the
/// lowest on, say which scopes the origin was granted, then steps,
/// each a byte that says what happens and how long the command is that follows it.
pub fn policy(script: &[u8]) {
    let Some((granted, mut steps)) = script.split_first_chunk() else { return };
    let granted = u16::from_be_bytes(*granted);
    let scopes: Vec<_> = Scope::ALL
        .iter()
        .enumerate()
        .filter(|(bit, _)| granted >> bit & 1 == 1)
        .map(|(_, scope)| *scope)
        .collect();
    let granted: Scopes = scopes.iter().copied().collect();
    let reader = Reader::new(CARD.clone(), Zeros);

    let mut bookmark = Bookmark::default();
    let memory = StayMemory::new(StayName::from_bytes([0; 16]), [0; 32].into());
    while !steps.is_empty() {
        let card = Box::new(reader.transaction());
        let Ok(mut session) = Session::open(card, bookmark, memory.clone()) else {
            return;
        };
        // Another program speaks between transactions only.
        let mut between: &[u8] = &[];
        while let Some((&step, rest)) = steps.split_first() {
            let length = usize::from(step & 0x1F).min(rest.len());
            let (command, rest) = rest.split_at(length);
            steps = rest;
            match (step >> 5, command) {
                (0, &[choice, sw1, sw2, ..]) => reader.fail_next(fault(choice, sw1, sw2)),
                (1, _) => {
                    between = command;
                    break;
                }
                _ => {}
            }
            if let Ok(command) = CommandApdu::from_bytes(command) {
                let _ = session.transmit(&command, &granted);
                for deed in reader.take_deeds() {
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
        bookmark = session.close();
        reader.send(between);
    }
}

/// The reader answers this instead, whether or not the card came to know of the command.
fn fault(choice: u8, sw1: u8, sw2: u8) -> Fault {
    let status = StatusWord(u16::from_be_bytes([sw1, sw2]));
    // A reader says 9000 and 61XX only of what was performed.
    let performs = choice & 1 == 1 || matches!(sw1, 0x61 | 0x90);
    match (performs, choice & 2 == 2) {
        (true, true) => Fault::ResponseLost,
        (true, false) => Fault::Misreported(status),
        (false, true) => Fault::CommandLost,
        (false, false) => Fault::Refused(status),
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
