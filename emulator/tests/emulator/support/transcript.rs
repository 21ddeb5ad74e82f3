//! Transcripts: commands, and the answers that must come back.

use kazashi_emulator::{Card, Image};
use rand_core::OsRng;

pub(crate) const SELECT_JPKI: &str = "> 00A4040C 0A D392F000260100000001\n< 9000";

/// The card surface application, and what it is shown.
pub(crate) mod card_surface {
    pub(crate) const SELECT: &str = "> 00A4040C 0A D3921000310001010402\n< 9000";
    pub(crate) const PRESENT_A: &str = "> 00200093 0C 313233343536373839303138\n< 9000";
    pub(crate) const PRESENT_B: &str = "> 00200092 0E 3535303231373230333532323835\n< 9000";
}

/// The card information input support application, and what it is shown.
pub(crate) mod card_information {
    pub(crate) const SELECT: &str = "> 00A4040C 0A D3921000310001010408\n< 9000";
    pub(crate) const PRESENT_PIN: &str = "> 00200091 04 31323334\n< 9000";
    pub(crate) const PRESENT_A: &str = "> 00200094 0C 313233343536373839303138\n< 9000";
    pub(crate) const PRESENT_B: &str = "> 00200095 0E 3535303231373230333532323835\n< 9000";
}

/// Plays a transcript with the normal card in which the JPKI application was selected.
pub(crate) fn in_jpki(transcript: &str) -> Card {
    in_jpki_of(Image::normal(), transcript)
}

/// The same with another card.
pub(crate) fn in_jpki_of(image: Image, transcript: &str) -> Card {
    selected(image, SELECT_JPKI, transcript)
}

/// The same with the normal card in which the card surface application was selected.
pub(crate) fn in_card_surface(transcript: &str) -> Card {
    selected(Image::normal(), card_surface::SELECT, transcript)
}

/// The same with the normal card in which the card information application was selected.
pub(crate) fn in_card_information(transcript: &str) -> Card {
    selected(Image::normal(), card_information::SELECT, transcript)
}

fn selected(image: Image, select: &str, transcript: &str) -> Card {
    let mut card = Card::new(image);
    play(&mut card, select);
    play(&mut card, transcript);
    card
}

/// Plays a transcript: `> command`, `< response`, both in hexadecimal; `...` in a response is any
/// bytes; `! power` is a power cycle, `! reset` a warm reset.
pub(crate) fn play(card: &mut Card, transcript: &str) {
    let mut response = Vec::new();
    for line in transcript.lines().map(str::trim).filter(|line| !line.is_empty()) {
        match line.split_once(' ') {
            Some((">", command)) => response = card.transmit(&bytes(command), &mut OsRng),
            Some(("<", expected)) => assert!(
                matches(&response, expected),
                "expected {expected}, got {} in:\n{transcript}",
                hex(&response)
            ),
            Some(("!", "power")) => {
                card.power_off();
                card.power_on();
            }
            Some(("!", "reset")) => card.reset(),
            _ => panic!("not a line of a transcript: {line}"),
        }
    }
}

pub(crate) fn bytes(hex: &str) -> Vec<u8> {
    let digits: Vec<_> = hex.chars().filter(|c| !c.is_whitespace()).collect();
    let pair = |pair: &[char]| u8::from_str_radix(&pair.iter().collect::<String>(), 16).unwrap();
    digits.chunks(2).map(pair).collect()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02X}")).collect()
}

fn matches(response: &[u8], expected: &str) -> bool {
    match expected.split_once("...") {
        None => response == bytes(expected),
        Some((start, end)) => {
            let (start, end) = (bytes(start), bytes(end));
            response.len() >= start.len() + end.len()
                && response.starts_with(&start)
                && response.ends_with(&end)
        }
    }
}
