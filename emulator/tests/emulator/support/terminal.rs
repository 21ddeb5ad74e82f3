//! Terminal that shows itself to the card (card.md 6.1): its chain, its key, and its answers.

use kazashi_core::codec::apdu::StatusWord;
use kazashi_emulator::{Card, Image};
use rand_core::OsRng;

use super::commands::{EXTERNAL_AUTHENTICATE, command, load_commands, response, send};
use super::transcript::{in_jpki_of, play};
use super::vectors::{cv_certificate, private_key};

pub(crate) const SELECT_0016: &str = "> 00A4020C 02 0016\n< 9000";

pub(crate) const OK: StatusWord = StatusWord::OK;
pub(crate) const VERIFICATION_FAILED: StatusWord = StatusWord(0x6300);
pub(crate) const WRONG_LENGTH: StatusWord = StatusWord(0x6700);
pub(crate) const NOT_PERMITTED: StatusWord = StatusWord(0x6982);
pub(crate) const OUT_OF_ORDER: StatusWord = StatusWord(0x6985);
pub(crate) const WRONG_DATA: StatusWord = StatusWord(0x6A80);

pub(crate) const STATEMENT: [u8; 32] = [0x51; 32];

/// A card that holds the chain of the terminal.
pub(crate) fn trusting(image: Image) -> Card {
    let mut card = in_jpki_of(image, SELECT_0016);
    load_chain(&mut card);
    card
}

pub(crate) fn load_chain(card: &mut Card) {
    play(card, SELECT_0016);
    load(card, "terminal-intermediate.cv");
    load(card, "terminal.cv");
}

pub(crate) fn load(card: &mut Card, name: &str) {
    assert_eq!(parts(card, name), (OK, OK), "{name}");
}

/// What the card says to body and signature.
pub(crate) fn parts(card: &mut Card, name: &str) -> (StatusWord, StatusWord) {
    let [body, signature] = load_commands(&cv_certificate(name));
    (send(card, &body), send(card, &signature))
}

pub(crate) fn authenticate(card: &mut Card, statement: [u8; 32]) -> StatusWord {
    authenticate_as(card, "terminal.pem", statement)
}

pub(crate) fn authenticate_as(card: &mut Card, name: &str, statement: [u8; 32]) -> StatusWord {
    let challenge = challenge(card);
    external_authenticate(card, &response(&private_key(name), &challenge, statement))
}

pub(crate) fn challenge(card: &mut Card) -> Vec<u8> {
    let response = card.transmit(b"\x00\x84\x00\x00\x20", &mut OsRng);
    assert_eq!(response.len(), 34);
    response[..32].to_vec()
}

pub(crate) fn external_authenticate(card: &mut Card, data: &[u8]) -> StatusWord {
    send(card, &command(&EXTERNAL_AUTHENTICATE, data, None))
}
