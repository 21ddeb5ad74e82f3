//! A page that tries things: a grammar of commands that knows what it selected last.

use std::collections::VecDeque;
use std::sync::LazyLock;

use kazashi_core::value::Scope;
use kazashi_core::value::layout::{Key, PinReference};

use super::random::Random;
use crate::support::commands::load_commands;
use crate::support::vectors::cv_certificate;

pub(super) const SELECT_CARD_MANAGER: &[u8] = b"\x00\xA4\x04\x0C\x07\xA0\x00\x00\x01\x51\x00\x00";
pub(super) const SELECT_JPKI: &[u8] =
    b"\x00\xA4\x04\x0C\x0A\xD3\x92\xF0\x00\x26\x01\x00\x00\x00\x01";
pub(super) const SELECT_CARD_SURFACE: &[u8] =
    b"\x00\xA4\x04\x0C\x0A\xD3\x92\x10\x00\x31\x00\x01\x01\x04\x02";
pub(super) const SELECT_COMMON: &[u8] =
    b"\x00\xA4\x04\x0C\x0A\xD3\x92\x10\x00\x31\x00\x01\x01\x01\x00";
pub(super) const SELECT_CARD_INFORMATION: &[u8] =
    b"\x00\xA4\x04\x0C\x0A\xD3\x92\x10\x00\x31\x00\x01\x01\x04\x08";
const SELECTS: [&[u8]; 6] = [
    SELECT_JPKI,
    SELECT_CARD_SURFACE,
    SELECT_COMMON,
    SELECT_CARD_MANAGER,
    SELECT_CARD_INFORMATION,
    // 住基AP (card.md 2), which this card is without.
    b"\x00\xA4\x04\x0C\x0A\xD3\x92\x10\x00\x31\x00\x01\x01\x04\x01",
];

/// The commands that bring both certificates of a terminal to the card.
pub(super) static CERTIFICATE_COMMANDS: LazyLock<Vec<Vec<u8>>> = LazyLock::new(|| {
    let certificates = ["terminal-intermediate.cv", "terminal.cv"];
    certificates.into_iter().flat_map(|name| load_commands(&cv_certificate(name))).collect()
});

/// What the page asks of the bridge next.
#[derive(Clone, Debug)]
pub(super) enum Request {
    Transmit(Vec<u8>),
    /// Has the person asked for the PIN, who knows it or not; the transaction ends for the dialog.
    AskPin(PinReference),
    VerifyPin {
        reference: PinReference,
        of_page: bool,
        correct: bool,
    },
    VerifyBirthDate {
        correct: bool,
    },
    VerifyNumberB {
        correct: bool,
    },
    ReadAttributes {
        of_page: bool,
        correct: bool,
    },
    SignChallenge {
        key: Key,
        with_pin: bool,
    },
    SignDocument,
    TerminalChallenge,
    TerminalSign,
}

/// A page and what it was granted.
pub(super) struct Page {
    pub(super) origin: String,
    pub(super) scopes: Vec<Scope>,
    /// The card's challenge, for which the institution was not asked yet.
    pub(super) challenge: Vec<u8>,
    /// What it is in the middle of.
    plan: VecDeque<Request>,
    /// The files of the application that it believes to be current.
    files: &'static [u8],
}

const JPKI_FILES: &[u8] = &[
    0x01, 0x02, 0x05, 0x06, 0x08, 0x09, 0x0A, 0x0A, 0x0A, 0x0B, 0x10, 0x16, 0x17, 0x18, 0x19, 0x1A,
    0x1B, 0x1C, 0x1E,
];
const CARD_SURFACE_FILES: &[u8] = &[0x01, 0x02, 0x03, 0x04, 0x05, 0x11, 0x12, 0x13, 0x1A];
const CARD_INFORMATION_FILES: &[u8] =
    &[0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0x08, 0x11, 0x12, 0x13, 0x14, 0x15];
const OTHER_FILES: &[u8] = &[0x01, 0x02, 0x04, 0x0A, 0x11, 0x1C];

impl Page {
    pub(super) fn new(scopes: Vec<Scope>, random: &mut Random) -> Self {
        Self {
            origin: format!("https://{}.example", random.byte()),
            scopes,
            challenge: Vec::new(),
            plan: VecDeque::new(),
            files: JPKI_FILES,
        }
    }

    pub(super) fn next(&mut self, random: &mut Random) -> Request {
        if self.plan.is_empty() && random.one_in(8) {
            self.plan.extend(plan(random));
        }
        // It interrupts itself, to do more than its plan was granted for.
        let request = match self.plan.pop_front() {
            Some(request) if !random.one_in(12) => request,
            _ => Request::Transmit(self.command(random)),
        };
        if let Request::Transmit(command) = &request {
            self.remember(command);
        }
        request
    }

    fn remember(&mut self, command: &[u8]) {
        if let [_, 0xA4, 0x04, _, _, aid @ ..] = command {
            self.files = match aid {
                [0xD3, 0x92, 0xF0, ..] => JPKI_FILES,
                [0xD3, 0x92, 0x10, 0x00, 0x31, 0x00, 0x01, 0x01, 0x04, 0x02, ..] => {
                    CARD_SURFACE_FILES
                }
                [0xD3, 0x92, 0x10, 0x00, 0x31, 0x00, 0x01, 0x01, 0x04, 0x08, ..] => {
                    CARD_INFORMATION_FILES
                }
                _ => OTHER_FILES,
            };
        }
    }

    fn command(&self, random: &mut Random) -> Vec<u8> {
        match random.below(20) {
            0..=8 => self.sensible(random),
            9..=13 => altered(self.sensible(random), random),
            14..=17 => self.forbidden(random),
            18 => altered(self.forbidden(random), random),
            _ => {
                let length = random.pick(&[0, 3, 4, 5, 6, 7, 8, 9, 12, 16, 60, 261, 270]);
                random.bytes(length)
            }
        }
    }

    /// What flows send, in every form of it.
    fn sensible(&self, random: &mut Random) -> Vec<u8> {
        let file = random.pick(self.files);
        match random.below(16) {
            0 | 1 => match random.below(6) {
                0..=2 => SELECT_JPKI.to_vec(),
                3 | 4 => SELECT_CARD_SURFACE.to_vec(),
                _ => SELECT_CARD_MANAGER.to_vec(),
            },
            2 => with_fci(random.pick(&SELECTS[..2])),
            3 | 4 => vec![0x00, 0xA4, 0x02, 0x0C, 0x02, 0x00, file],
            5..=9 => read_binary(0x80 | file, random.pick(&[0x00, 0x00, 0x04, 0xFF]), random),
            10..=12 => read_binary(random.pick(&[0x00, 0x00, 0x01, 0x06]), random.byte(), random),
            13 => vec![0x00, 0x20, 0x00, 0x80 | file],
            14 => vec![0x00, 0x20, 0x00, 0x80],
            _ => vec![0x00, 0xC0, 0x00, 0x00, random.pick(&[0x00, 0x10, 0xFF])],
        }
    }

    /// What no page may send.
    fn forbidden(&self, random: &mut Random) -> Vec<u8> {
        let file = random.pick(self.files);
        let p2 = random.pick(&[0x80, 0x80 | file]);
        let pin: &[u8] = random.pick(&[b"1234", b"ABC123", b"550217", b"55021720352285", b"0000"]);
        let nc = u8::try_from(pin.len()).unwrap();
        match random.below(20) {
            0..=2 => [&[0x00, 0x20, 0x00, p2, nc], pin].concat(),
            3 => [&[0x00, 0x24, 0x01, p2, nc], pin].concat(),
            4 => vec![0x00, 0x2C, random.pick(&[0x00, 0x01, 0x03]), p2],
            5 | 6 => self.sign(random.pick(&[0x00, p2]), random),
            7 => vec![0x00, 0x2A, 0x9E, 0x9A, 0x01, 0x55, 0x00],
            8 => vec![0x00, 0x88, 0x00, p2, 0x01, 0x55, 0x00],
            9 => vec![0x00, 0x84, 0x00, 0x00, random.pick(&[0x00, 0x08, 0x20])],
            10 => [&[0x00, 0x82, 0x00, 0x80, 0x00, 0x01, 0x20], &random.bytes(288)[..]].concat(),
            11 => {
                let [high, low] =
                    random.pick(&[[0x00, 0x42], [0x00, 0x45], [0x00, 0xF0], [0x5F, 0x51]]);
                vec![0x00, 0xCA, high, low, 0x00]
            }
            12 => vec![0x00, 0xB2, 0x01, random.pick(&[0x04, file << 3 | 0x04]), 0x00],
            13 => random.pick(&SELECTS[2..]).to_vec(),
            14 => with_fci(SELECT_COMMON),
            15 => vec![0x00, 0x70, 0x00, 0x00, 0x01],
            16 => [&[0x00, 0xC2, 0x00, 0x00, 5 + nc, 0x00, 0x20, 0x00, p2, nc], pin].concat(),
            17 => vec![0x00, random.pick(&[0xD6, 0xB1, 0xCB, 0x0E, 0xA2]), 0x80 | file, 0x00, 0x01],
            18 => vec![0x80, random.pick(&[0x32, 0x54, 0xAE, 0xFC]), 0x00, p2],
            _ => vec![0x00, 0xA4, random.pick(&[0x00, 0x01, 0x03, 0x08, 0x09]), 0x00],
        }
    }

    fn sign(&self, p2: u8, random: &mut Random) -> Vec<u8> {
        let p1 = random.pick(&[0x00, 0x02, 0x05]);
        [&[0x80, 0x2A, p1, p2, 0x20], &[0x55; 32][..], &[0x00]].concat()
    }
}

/// Several requests that make sense together.
fn plan(random: &mut Random) -> Vec<Request> {
    let transmit = |command: &[u8]| Request::Transmit(command.to_vec());
    let read = |p1| Request::Transmit(vec![0x00, 0xB0, p1, 0x00, 0x00, 0x00, 0x00]);
    let of_page = random.one_in(2);
    let correct = !random.one_in(6);
    let (pin, password) = (PinReference::UserAuthentication, PinReference::DigitalSignature);
    match random.below(18) {
        0 | 1 => vec![transmit(SELECT_JPKI), read(0x8A)],
        2 => vec![
            transmit(SELECT_JPKI),
            read(0x8A),
            Request::AskPin(pin),
            Request::SignChallenge { key: Key::UserAuthentication, with_pin: true },
        ],
        3 | 4 => vec![
            transmit(SELECT_JPKI),
            Request::VerifyPin { reference: pin, of_page, correct },
            Request::SignChallenge { key: Key::UserAuthentication, with_pin: false },
            transmit(b"\x00\xC0\x00\x00\x00"),
            transmit(b"\x80\x2A\x00\x97\x01\x55\x00"),
        ],
        5 => vec![
            transmit(SELECT_JPKI),
            Request::VerifyPin { reference: password, of_page, correct },
            read(0x81),
            transmit(b"\x80\x2A\x00\x9A\x01\x55\x00"),
            transmit(b"\x00\x24\x01\x9B\x06ABC123"),
        ],
        6 => vec![Request::AskPin(password), Request::SignDocument, read(0x81)],
        7 => vec![
            transmit(SELECT_CARD_SURFACE),
            Request::VerifyBirthDate { correct },
            read(0x81),
            read(0x84),
            Request::SignChallenge { key: Key::CardSurface, with_pin: false },
        ],
        14 | 15 => vec![
            transmit(SELECT_CARD_SURFACE),
            Request::VerifyNumberB { correct },
            read(0x82),
            read(0x84),
            read(0x85),
            Request::SignChallenge { key: Key::CardSurface, with_pin: false },
        ],
        // What the PIN opens besides: the individual number, and its hash.
        16 => vec![
            Request::AskPin(PinReference::CardInformation),
            Request::ReadAttributes { of_page, correct },
            transmit(SELECT_CARD_INFORMATION),
            read(0x81),
            read(0x83),
        ],
        17 => vec![
            transmit(SELECT_CARD_INFORMATION),
            Request::VerifyPin { reference: PinReference::CardInformation, of_page, correct },
            read(0x81),
            read(0x82),
            read(0x83),
        ],
        // Which application is it?
        8 | 9 => vec![transmit(SELECT_CARD_SURFACE), transmit(SELECT_JPKI), read(0x81), read(0x84)],
        10 => vec![transmit(SELECT_JPKI), transmit(SELECT_CARD_SURFACE), read(0x81), read(0x82)],
        11 => {
            let name = random.pick(&SELECTS[..3]);
            let nc = 5 + random.below(5);
            let mut prefix = name[..5 + nc].to_vec();
            prefix[4] = nc.to_le_bytes()[0];
            vec![Request::Transmit(prefix), read(0x82), read(0x84), read(0x8A)]
        }
        _ => {
            let parts = CERTIFICATE_COMMANDS.iter().cloned().map(Request::Transmit);
            [transmit(SELECT_JPKI), transmit(b"\x00\xA4\x02\x0C\x02\x00\x16")]
                .into_iter()
                .chain(parts)
                .chain([Request::TerminalChallenge, Request::TerminalSign])
                .collect()
        }
    }
}

fn with_fci(select: &[u8]) -> Vec<u8> {
    let mut select = [select, &[0x00]].concat();
    select[3] = 0x00;
    select
}

fn read_binary(p1: u8, p2: u8, random: &mut Random) -> Vec<u8> {
    let header = [0x00, 0xB0, p1, p2];
    match random.below(4) {
        0 => [&header[..], &[0x00, 0x00, 0x00]].concat(),
        1 => [&header[..], &[0x00, 0x01, random.byte()]].concat(),
        2 => [&header[..], &[random.byte()]].concat(),
        _ => [&header[..], &[0x00]].concat(),
    }
}

/// The same command with something about it changed.
fn altered(mut command: Vec<u8>, random: &mut Random) -> Vec<u8> {
    let at = random.below(command.len());
    match random.below(14) {
        0 => command[at] = random.byte(),
        1 => command[at] ^= 1 << random.below(8),
        // Chaining, secure messaging, other channels, other classes.
        2 | 3 => {
            command[0] = random.pick(&[
                0x01, 0x02, 0x03, 0x04, 0x08, 0x0C, 0x10, 0x1C, 0x40, 0x60, 0x80, 0x84, 0x88, 0x8C,
                0x90, 0xA0, 0xC0, 0xFF,
            ]);
        }
        4 => command[1] ^= 0x01,
        5 => command[2] = random.pick(&[0x00, 0x01, 0x04, 0x7F, 0x80, 0x9F, 0xA0, 0xC0, 0xFF]),
        6 => command[3] = random.pick(&[0x00, 0x01, 0x02, 0x04, 0x08, 0x0C, 0x80, 0x9F, 0xFF]),
        7 => command.push(random.pick(&[0x00, 0x01, 0xFF])),
        8 => command.extend([0x00, 0x00]),
        9 => command.truncate(at.max(1)),
        // A name that is a prefix, or longer than the name.
        10 if command.len() > 9 => {
            let dropped = 1 + random.below(command.len() - 9);
            command.truncate(command.len() - dropped);
            command[4] = (command.len() - 5).to_le_bytes()[0];
        }
        11 if command.len() > 5 => {
            command[4] = command[4].wrapping_add(1);
            command.push(random.byte());
        }
        // The extended form.
        12 if command.len() > 5 => {
            command.splice(4..4, [0x00, 0x00]);
        }
        _ => {
            if let Some(length) = command.get_mut(4) {
                *length = random.pick(&[0x00, 0x01, 0x7F, 0xFF]);
            }
        }
    }
    command
}
