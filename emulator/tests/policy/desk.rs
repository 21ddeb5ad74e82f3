//! A card on a reader that fails at times, and another program that uses the same card.

use std::{cell::RefCell, rc::Rc};

use kazashi_core::{
    apdu::{CommandApdu, ResponseApdu, StatusWord},
    error_code::ErrorCode,
    session::{CardTransaction, Ending},
};
use kazashi_emulator::{Application, Card, Contents, Deed, Ef, Image, Variant};
use rsa::{
    Pkcs1v15Sign, RsaPrivateKey,
    pkcs8::DecodePrivateKey,
    sha2::{Digest, Sha256},
};

use crate::{
    page::{
        SELECT_CARD_INFO, SELECT_CARD_MANAGER, SELECT_CARD_SURFACE, SELECT_COMMON, SELECT_JPKI,
    },
    random::Random,
    vectors,
};

/// The desk outlives the transactions on it.
#[derive(Clone)]
pub(crate) struct Desk(Rc<RefCell<State>>);

struct State {
    images: Vec<Image>,
    card: Card,
    /// Whether every PIN is as good as presented, so that the policy alone stands in the way.
    is_open: bool,
    /// How often the reader failed.
    faults: usize,
    random: Random,
    /// What GET RESPONSE can still fetch, and what the card did to have it.
    rest: Option<(Vec<u8>, Option<Deed>)>,
    deeds: Vec<Deed>,
    terminal: RsaPrivateKey,
}

impl Desk {
    pub(crate) fn new(seed: u64) -> Self {
        let images: Vec<_> = Variant::ALL.into_iter().map(image).collect();
        let mut card = Card::new(images[0].clone());
        card.power_on();
        Self(Rc::new(RefCell::new(State {
            images,
            card,
            is_open: false,
            faults: 0,
            random: Random::new(seed),
            rest: None,
            deeds: Vec::new(),
            terminal: RsaPrivateKey::from_pkcs8_pem(&vectors::text("keys/terminal.pem")).unwrap(),
        })))
    }

    /// What the card disclosed and did since this was last asked.
    pub(crate) fn take_deeds(&self) -> Vec<Deed> {
        std::mem::take(&mut self.0.borrow_mut().deeds)
    }

    /// Whether every PIN of this card is as good as presented.
    pub(crate) fn is_open(&self) -> bool {
        self.0.borrow().is_open
    }

    /// How often the reader failed so far.
    pub(crate) fn faults(&self) -> usize {
        self.0.borrow().faults
    }

    /// Sends bytes to the card, past everything that guards it.
    pub(crate) fn send(&self, command: &[u8]) -> (Vec<u8>, StatusWord) {
        self.0.borrow_mut().perform(command)
    }

    /// The institution's answer to a challenge.
    pub(crate) fn answer(&self, challenge: &[u8], statement: [u8; 32]) -> Vec<u8> {
        let digest = Sha256::digest([challenge, &statement].concat());
        self.0.borrow().terminal.sign(Pkcs1v15Sign::new::<Sha256>(), &digest).unwrap()
    }

    /// Another program has the card for a while, and leaves it as it likes. Or the card is another
    /// one afterwards.
    pub(crate) fn meanwhile(&self) {
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
                20 => self.0.borrow_mut().card.reset(),
                21 => self.power_cycle(),
                22 if self.choose(4) == 0 => self.let_terminal_in(),
                23 | 24 => self.present(SELECT_CARD_INFO, b"\x00\x20\x00\x91\x041234"),
                25 => self.present(SELECT_CARD_INFO, b"\x00\x20\x00\x94\x0C123456789018"),
                26 | 27 => {
                    self.present(SELECT_CARD_SURFACE, b"\x00\x20\x00\x92\x0E55021720352285");
                }
                28 => self.present(SELECT_CARD_SURFACE, b"\x00\x20\x00\x93\x0C123456789018"),
                _ => self.swap(),
            }
        }
        self.take_deeds();
    }

    /// Whether another program that takes the card now finds nothing that a PIN opened.
    pub(crate) fn is_clean(&self) -> bool {
        let opened = [
            (SELECT_JPKI, &b"\x00\xB0\x81\x00\x00"[..]),
            (SELECT_JPKI, b"\x80\x2A\x00\x97\x01\x55\x00"),
            (SELECT_JPKI, b"\x80\x2A\x00\x9A\x01\x55\x00"),
            (SELECT_CARD_SURFACE, b"\x00\xB0\x81\x00\x00"),
            (SELECT_CARD_SURFACE, b"\x00\xB0\x82\x00\x00"),
            (SELECT_CARD_INFO, b"\x00\xB0\x81\x00\x00"),
            (SELECT_CARD_INFO, b"\x00\xB0\x83\x00\x00"),
        ];
        for (select, command) in opened {
            self.other(select);
            self.other(command);
        }
        self.take_deeds().is_empty()
    }

    fn choose(&self, n: usize) -> usize {
        self.0.borrow_mut().random.below(n)
    }

    fn other(&self, command: &[u8]) {
        self.send(command);
    }

    fn present(&self, select: &[u8], verify: &[u8]) {
        self.other(select);
        self.other(verify);
    }

    /// Terminal authentication, up to where the card would sign a statement of the other program.
    fn let_terminal_in(&self) {
        self.other(SELECT_JPKI);
        self.other(b"\x00\xA4\x02\x0C\x02\x00\x16");
        for part in vectors::CERTIFICATE_COMMANDS.iter() {
            self.other(part);
        }
        let (challenge, _) = self.send(b"\x00\x84\x00\x00\x20");
        let statement = [0x55; 32];
        let data = [&statement[..], &self.answer(&challenge, statement)].concat();
        self.other(&[&b"\x00\x82\x00\x80\x00\x01\x20"[..], &data].concat());
    }

    fn swap(&self) {
        // Half of the cards are normal ones.
        let at = self.choose(2 * Variant::ALL.len());
        let mut state = self.0.borrow_mut();
        let image = state.images.get(at).unwrap_or(&state.images[0]).clone();
        state.card = Card::new(image);
        state.is_open = state.random.one_in(2);
        drop(state);
        self.power_cycle();
    }

    fn power_cycle(&self) {
        let mut state = self.0.borrow_mut();
        state.card.power_off();
        state.card.power_on();
        state.rest = None;
    }
}

impl State {
    fn perform(&mut self, command: &[u8]) -> (Vec<u8>, StatusWord) {
        let rest = self.rest.take();
        if let ([0x00, 0xC0, 0x00, 0x00, ne], Some((rest, deed))) = (command, rest) {
            self.deeds.extend(deed.clone());
            let ne = if *ne == 0 { 256 } else { usize::from(*ne) };
            return self.hand_over(rest, ne, deed);
        }
        let mut response = self.card.transmit(command, &mut self.random);
        let status = StatusWord(u16::from_be_bytes(*response.last_chunk().unwrap()));
        response.truncate(response.len() - 2);
        let deed = self.card.deed().cloned();
        self.deeds.extend(deed.clone());
        if self.is_open && status == StatusWord::OK && command.get(1..3) == Some(&[0xA4, 0x04]) {
            self.present_all(command);
            self.card.transmit(command, &mut self.random);
        }
        // Some readers hand over a response in parts.
        if status == StatusWord::OK && self.random.one_in(8) {
            let now = self.random.below(response.len() + 1);
            return self.hand_over(response, now, deed);
        }
        (response, status)
    }

    /// Presents what this application knows. To select it again keeps that (card.md 2).
    fn present_all(&mut self, selected: &[u8]) {
        let values: [(&[u8], u8, &[u8]); 7] = [
            (SELECT_JPKI, 0x18, b"1234"),
            (SELECT_JPKI, 0x1B, b"ABC123"),
            (SELECT_CARD_SURFACE, 0x11, b"550217"),
            (SELECT_CARD_SURFACE, 0x12, b"55021720352285"),
            (SELECT_CARD_SURFACE, 0x13, b"123456789018"),
            (SELECT_CARD_INFO, 0x11, b"1234"),
            (SELECT_CARD_INFO, 0x14, b"123456789018"),
        ];
        let is_of = |select: &[u8]| selected.get(5..15) == select.get(5..);
        for (_, file, value) in values.into_iter().filter(|(select, ..)| is_of(select)) {
            let select = [0x00, 0xA4, 0x02, 0x0C, 0x02, 0x00, file];
            if self.card.transmit(&select, &mut self.random) == [0x90, 0x00] {
                let nc = u8::try_from(value.len()).unwrap();
                let verify = [&[0x00, 0x20, 0x00, 0x80, nc], value].concat();
                self.card.transmit(&verify, &mut self.random);
            }
        }
    }

    fn hand_over(
        &mut self,
        mut response: Vec<u8>,
        now: usize,
        deed: Option<Deed>,
    ) -> (Vec<u8>, StatusWord) {
        let rest = response.split_off(now.min(response.len()));
        if rest.is_empty() {
            return (response, StatusWord::OK);
        }
        let left = u8::try_from(rest.len()).unwrap_or(0x00);
        self.rest = Some((rest, deed));
        (response, StatusWord(u16::from_be_bytes([0x61, left])))
    }
}

/// As the bridge has the card within a transaction: nobody else speaks to it, but it can fail.
impl CardTransaction for Desk {
    fn transmit(&mut self, command: &CommandApdu) -> Result<ResponseApdu, ErrorCode> {
        let command = command.to_bytes();
        // More often where more depends on it.
        let fails = match command.get(1..3) {
            Some([0xA4, 0x04] | [0xC0, 0x00]) => self.choose(16) == 0,
            _ => self.choose(64) == 0,
        };
        if !fails {
            let (data, status) = self.send(&command);
            return Ok(ResponseApdu::new(data, status));
        }
        self.0.borrow_mut().faults += 1;
        // The card performs the command, or it never comes so far: a reader does not say 61XX then.
        let kind = self.choose(8);
        let performs = kind == 0 || self.choose(2) == 0;
        let data = if performs { self.send(&command).0 } else { Vec::new() };
        let status = match kind {
            0 => 0x6110,
            1 => 0x6282,
            2 => 0x6581,
            3 => 0x6A82,
            4 => 0x6C10,
            5 => 0x6F00,
            6 => return Err(ErrorCode::CommunicationError),
            _ => {
                self.0.borrow_mut().card.reset();
                return Err(ErrorCode::CommunicationError);
            }
        };
        Ok(ResponseApdu::new(data, StatusWord(status)))
    }

    fn end(self: Box<Self>, ending: Ending) {
        if ending == Ending::UnpowerCard {
            self.power_cycle();
        }
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
