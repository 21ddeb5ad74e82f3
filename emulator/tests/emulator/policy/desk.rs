//! A card on a reader that fails at times, and another program that uses the same card.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use kazashi_core::codec::apdu::{CommandApdu, StatusWord};
use kazashi_emulator::reader::{Fault, Reader};
use kazashi_emulator::{Application, Card, Contents, Ef, Image, Variant};
use rsa::sha2::{Digest, Sha256};
use rsa::{Pkcs1v15Sign, RsaPrivateKey};

use super::page::{
    CERTIFICATE_COMMANDS, SELECT_CARD_INFORMATION, SELECT_CARD_MANAGER, SELECT_CARD_SURFACE,
    SELECT_COMMON, SELECT_JPKI,
};
use super::random::Random;
use crate::support::vectors::private_key;

pub(super) struct Desk {
    pub(super) reader: Reader,
    images: Vec<Image>,
    /// Whether every PIN is as good as presented, so that the policy alone stands in the way.
    is_open: Cell<bool>,
    /// How often the reader failed.
    faults: Rc<Cell<usize>>,
    random: RefCell<Random>,
    terminal: RsaPrivateKey,
}

impl Desk {
    pub(super) fn new(seed: u64) -> Self {
        let images: Vec<_> = Variant::ALL.into_iter().map(image).collect();
        let reader = Reader::new(Card::new(images[0].clone()), Random::new(seed));
        let faults = Rc::default();
        reader.set_plan(failing_at_times(Random::new(!seed), Rc::clone(&faults)));
        Self {
            reader,
            images,
            is_open: Cell::new(false),
            faults,
            random: RefCell::new(Random::new(seed)),
            terminal: private_key("terminal.pem"),
        }
    }

    /// Whether every PIN of this card is as good as presented.
    pub(super) fn is_open(&self) -> bool {
        self.is_open.get()
    }

    /// How often the reader failed so far.
    pub(super) fn faults(&self) -> usize {
        self.faults.get()
    }

    /// The institution's answer to a challenge.
    pub(super) fn answer(&self, challenge: &[u8], statement: [u8; 32]) -> Vec<u8> {
        let digest = Sha256::digest([challenge, &statement].concat());
        self.terminal.sign(Pkcs1v15Sign::new::<Sha256>(), &digest).unwrap()
    }

    /// Another program has the card for a while, and leaves it as it likes. Or the card is another
    /// one afterwards.
    pub(super) fn meanwhile(&self) {
        for _ in 0..self.choose(5) {
            match self.choose(30) {
                0..=3 => self.other(SELECT_JPKI),
                4 | 5 => self.other(SELECT_CARD_SURFACE),
                6 => self.other(SELECT_COMMON),
                7 => self.other(SELECT_CARD_MANAGER),
                8..=10 => self.other(b"\x00\x20\x00\x98\x041234"),
                11..=13 => self.other(b"\x00\x20\x00\x9B\x06ABC123"),
                14 | 15 => self.other(b"\x00\x20\x00\x91\x06550217"),
                16 => self.other(b"\x00\x20\x00\x98\x040000"),
                17 | 18 => self.other(b"\x00\xB0\x81\x00\x00"),
                19 => self.other(b"\x00\xA4\x02\x0C\x02\x00\x01"),
                20 => self.reader.card().reset(),
                21 => self.reader.remove(),
                22 if self.choose(4) == 0 => self.let_terminal_in(),
                23 | 24 => self.present(SELECT_CARD_INFORMATION, b"\x00\x20\x00\x91\x041234"),
                25 => self.present(SELECT_CARD_INFORMATION, b"\x00\x20\x00\x94\x0C123456789018"),
                26 | 27 => {
                    self.present(SELECT_CARD_SURFACE, b"\x00\x20\x00\x92\x0E55021720352285");
                }
                28 => self.present(SELECT_CARD_SURFACE, b"\x00\x20\x00\x93\x0C123456789018"),
                _ => self.swap(),
            }
        }
        let _ = self.reader.take_deeds();
    }

    /// Whether another program that takes the card now finds nothing that a PIN opened.
    pub(super) fn is_clean(&self) -> bool {
        let opened = [
            (SELECT_JPKI, &b"\x00\xB0\x81\x00\x00"[..]),
            (SELECT_JPKI, b"\x80\x2A\x00\x97\x01\x55\x00"),
            (SELECT_JPKI, b"\x80\x2A\x00\x9A\x01\x55\x00"),
            (SELECT_CARD_SURFACE, b"\x00\xB0\x81\x00\x00"),
            (SELECT_CARD_SURFACE, b"\x00\xB0\x82\x00\x00"),
            (SELECT_CARD_INFORMATION, b"\x00\xB0\x81\x00\x00"),
            (SELECT_CARD_INFORMATION, b"\x00\xB0\x83\x00\x00"),
        ];
        for (select, command) in opened {
            self.other(select);
            self.other(command);
        }
        self.reader.take_deeds().is_empty()
    }

    fn choose(&self, n: usize) -> usize {
        self.random.borrow_mut().below(n)
    }

    fn other(&self, command: &[u8]) {
        self.reader.send(command);
    }

    fn present(&self, select: &[u8], verify: &[u8]) {
        self.other(select);
        self.other(verify);
    }

    /// Terminal authentication, up to where the card would sign a statement of the other program.
    fn let_terminal_in(&self) {
        self.other(SELECT_JPKI);
        self.other(b"\x00\xA4\x02\x0C\x02\x00\x16");
        for part in CERTIFICATE_COMMANDS.iter() {
            self.other(part);
        }
        let challenge = self.reader.send(b"\x00\x84\x00\x00\x20");
        let statement = [0x55; 32];
        let data = [&statement[..], &self.answer(challenge.data(), statement)].concat();
        self.other(&[&b"\x00\x82\x00\x80\x00\x01\x20"[..], &data].concat());
    }

    fn swap(&self) {
        // Half of the cards are normal ones.
        let image = self.images.get(self.choose(2 * Variant::ALL.len()));
        let image = image.unwrap_or(&self.images[0]).clone();
        self.is_open.set(self.choose(2) == 0);
        self.reader.swap(if self.is_open() { Card::opened(image) } else { Card::new(image) });
    }
}

/// Fails more often where more depends on it, and hands over some responses in parts.
fn failing_at_times(
    mut random: Random,
    faults: Rc<Cell<usize>>,
) -> impl FnMut(usize, &CommandApdu) -> Option<Fault> {
    let mut is_reset = false;
    move |_, command| {
        if std::mem::take(&mut is_reset) {
            return Some(Fault::Reset);
        }
        let one_in = match command.header() {
            [_, 0xA4, 0x04, _] | [_, 0xC0, 0x00, _] => 16,
            _ => 64,
        };
        if !random.one_in(one_in) {
            let bound = random.pick(&[1, 16, 256, 2048]);
            return random.one_in(8).then(|| Fault::InParts(random.below(bound)));
        }
        faults.set(faults.get() + 1);
        let status = match random.below(8) {
            // A reader says 61XX only of what was performed.
            0 => return Some(Fault::Misreported(StatusWord(0x6110))),
            1 => 0x6282,
            2 => 0x6581,
            3 => 0x6A82,
            4 => 0x6C10,
            5 => 0x6F00,
            kind => {
                is_reset = kind == 7;
                return Some(random.pick(&[Fault::CommandLost, Fault::ResponseLost]));
            }
        };
        let status = StatusWord(status);
        Some(random.pick(&[Fault::Refused(status), Fault::Misreported(status)]))
    }
}

/// A card with more files than are known, so that there is more to read than anyone may.
fn image(variant: Variant) -> Image {
    let unknown = [0x0005, 0x0010, 0x0019, 0x001C, 0x001E];
    let unknown = unknown.map(|id| Ef { application: Application::Jpki, id });
    // Of the same identifiers as what may be read elsewhere, should an application be mistaken.
    let mistaken = [0x0002, 0x0004, 0x000A].map(|id| Ef { application: Application::Common, id });
    let files = unknown.into_iter().chain(mistaken);
    files
        .fold(Image::of(variant), |image, ef| image.with(ef, Contents::Transparent(vec![0xFF; 16])))
}
