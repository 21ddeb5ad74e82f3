//! Commands that the card does not know, bytes that are none, and whatever else comes.

use proptest::collection::vec;
use proptest::prelude::*;
use rand_core::OsRng;

use crate::support::transcript::{in_card_information, in_jpki};

#[test]
fn unknown_instructions_and_classes_are_refused() {
    in_jpki(
        "> 00FF0000
         < 6D00
         > 002C0098 04 31323334
         < 6D00
         > 80A4040C 0A D392F000260100000001
         < 6D00
         > 01A4040C 0A D392F000260100000001
         < 6881
         > 40A4040C 0A D392F000260100000001
         < 6881
         > 08A4040C 0A D392F000260100000001
         < 6882
         > 0CB0000004
         < 6882
         > 10A4040C 0A D392F000260100000001
         < 6884
         > 20A4040C 0A D392F000260100000001
         < 6E00
         > A0A40000 02 3F00
         < 6E00
         > FFCA000000
         < 6E00",
    );
}

#[test]
fn the_command_of_telephones_is_of_wrong_length() {
    in_jpki("> 80FC0000\n< 6700");
}

#[test]
fn bytes_that_are_no_command_are_of_wrong_length() {
    in_jpki(
        "> 00
         < 6700
         > 00A404
         < 6700
         > 00A4040C 0A D392
         < 6700
         > 00A4040C 00 D392
         < 6700",
    );
    assert_eq!(in_jpki("").transmit(b"", &mut OsRng), [0x67, 0x00]);
}

proptest! {
    #[test]
    fn any_bytes_get_an_answer(commands in vec(vec(any::<u8>(), 0..300), 1..8)) {
        let mut card = in_jpki("");
        for command in commands {
            prop_assert!(card.transmit(&command, &mut OsRng).len() >= 2);
        }
    }

    #[test]
    fn any_command_gets_an_answer_of_at_most_the_length_asked_for(
        commands in vec(command(), 1..20)
    ) {
        let mut card = in_jpki("");
        for (header, data, ne) in commands {
            let lc = u8::try_from(data.len()).unwrap();
            let command = match lc {
                0 => [&header[..], &[ne]].concat(),
                _ => [&header[..], &[lc], &data, &[ne]].concat(),
            };
            let asked_for = if ne == 0 { 256 } else { usize::from(ne) };
            let length = card.transmit(&command, &mut OsRng).len();
            prop_assert!((2..=asked_for + 2).contains(&length) || header[1] == 0xA4);
        }
    }
}

/// Commands that get past the first checks: known instructions, likely parameters.
fn command() -> impl Strategy<Value = ([u8; 4], Vec<u8>, u8)> {
    let cla = prop_oneof![Just(0x00), Just(0x80)];
    let ins = prop::sample::select(vec![0x20, 0x24, 0x2A, 0x82, 0x84, 0xA2, 0xA4, 0xB0]);
    let p1 = prop_oneof![0x00..=0x05_u8, 0x80..=0x9F_u8];
    let p2 = prop_oneof![Just(0x00), Just(0x0C), 0x80..=0x9F_u8];
    let data = prop_oneof![
        vec(any::<u8>(), 0..40),
        Just(b"1234".to_vec()),
        Just(b"ABC123".to_vec()),
        (0x00..=0x1F_u8).prop_map(|id| vec![0x00, id]),
    ];
    (cla, ins, p1, p2, data, any::<u8>())
        .prop_map(|(cla, ins, p1, p2, data, ne)| ([cla, ins, p1, p2], data, ne))
}

#[test]
fn secure_messaging_is_not_emulated() {
    in_card_information("> 08B0820000\n< 6882\n> 80AE0000 01 55\n< 6D00");
}
