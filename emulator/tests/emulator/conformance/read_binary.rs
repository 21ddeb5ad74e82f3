//! READ BINARY (card.md 3.0, 4.1 and 8.2), and what each file is read after.

use kazashi_emulator::{Application, Contents, Ef, Image};
use rand_core::OsRng;

use crate::support::terminal::SELECT_0016;
use crate::support::transcript::{in_jpki, play};

#[test]
fn a_file_is_read_from_an_offset() {
    in_jpki(
        "> 00A4020C 02 0006
         < 9000
         > 00B000000F
         < 4A504B494150494343544F4B454E32 9000
         > 00B0000B04
         < 4B454E32 9000
         > 00B0008F01
         < 31 9000",
    );
}

#[test]
fn reading_ends_at_the_end_of_the_file() {
    in_jpki(
        "> 00A4020C 02 0008
         < 9000
         > 00B00000 00
         < 8F8F00 9000
         > 00B00001 00
         < 8F00 9000
         > 00B00000 000000
         < 8F8F00 9000
         > 00B00003 00
         < 6B00
         > 00B07FFF 00
         < 6B00",
    );
}

#[test]
fn a_whole_file_is_read_with_an_extended_length() {
    let mut card = in_jpki("");
    let response = card.transmit(b"\x00\xB0\x8A\x00\x00\x00\x00", &mut OsRng);
    let ef = Ef { application: Application::Jpki, id: 0x000A };
    let Some(Contents::Transparent(bytes)) = Image::normal().contents(ef).cloned() else {
        panic!("EF 000A holds a certificate");
    };
    assert_eq!(bytes.len(), 1900);
    assert_eq!(response, [&bytes[..], &[0x90, 0x00]].concat());
}

#[test]
fn a_short_identifier_makes_the_file_current() {
    in_jpki(
        "> 00B0880103
         < 8F00 9000
         > 00B0000001
         < 8F 9000
         > 00B09D0001
         < 6A82
         > 00B0800001
         < 6A86
         > 00B0A80001
         < 6A86",
    );
}

#[test]
fn read_binary_needs_a_length_a_file_and_no_data() {
    in_jpki(
        "> 00B0000001
         < 6986
         > 00B08800
         < 6700
         > 00B08800 01 00 01
         < 6700",
    );
}

#[test]
fn keys_and_pins_are_not_readable() {
    in_jpki(
        "> 00B0970001
         < 6981
         > 00B0980001
         < 6981
         > 00B09B0001
         < 6981",
    );
}

#[test]
fn the_signature_certificate_is_read_after_its_password_only() {
    in_jpki(
        "> 00A4020C 02 0001
         < 9000
         > 00B0000004
         < 6982
         > 00200098 04 31323334
         < 9000
         > 00B0810004
         < 6982
         > 0020009B 06 414243313233
         < 9000
         > 00B0810004
         < 3082 ... 9000",
    );
}

#[test]
fn the_other_certificates_are_free() {
    in_jpki(
        "> 00B0820004
         < 3082 ... 9000
         > 00B08A0004
         < 3082 ... 9000
         > 00B08B0004
         < 3082 ... 9000",
    );
}

#[test]
fn no_pin_opens_the_protected_file() {
    in_jpki(
        "> 00200098 04 31323334
         < 9000
         > 0020009B 06 414243313233
         < 9000
         > 00A4020C 02 0009
         < 9000
         > 00B0000001
         < 6982",
    );
}

#[test]
fn no_reader_of_the_authoritys_file_learns_its_key() {
    play(
        &mut in_jpki(SELECT_0016),
        "> 00B0000001
         < 6981
         > 00200080
         < 6981
         > 802A0080 01 55 00
         < 6981",
    );
}

/// Files of the card surface application (card.md 3.3).
mod card_surface {
    use kazashi_emulator::{Application, Card, Contents, Ef, Image};

    use crate::support::contents::transparent_of;
    use crate::support::transcript::card_surface::{PRESENT_A, PRESENT_B, SELECT};
    use crate::support::transcript::{in_card_surface, play};

    #[test]
    fn the_age_record_is_read_after_the_date_of_birth_only() {
        let card = in_card_surface(
            "> 00A4020C 02 0001
             < 9000
             > 00B0000005
             < 6982
             > 00200091 06 353530323137
             < 9000
             > 00B0810010
             < FF1082021E DF1108 3139383030323137 9000",
        );
        assert!(!{ card }.take_changed());
    }

    #[test]
    fn certificate_and_information_are_free() {
        in_card_surface(
            "> 00A4020C 02 0004
             < 9000
             > 00B000000A
             < 7F21820233 5F4E820129 9000
             > 00B0022F 00
             < ... 9000
             > 00B00238 01
             < 6B00
             > 00B083001F
             < FF3082013B DF310406030E01 DF3210 39303030303234 0805 303031 00000000 9000
             > 00B0000001
             < FF 9000",
        );
        assert_eq!(transparent_of(&Image::normal(), Application::CardSurface, 0x0003).len(), 320);
    }

    #[test]
    fn each_number_opens_its_own_files() {
        // Which of EF 0001 to 0006 each of EF 0011 to 0013 opens.
        for (opener, opened) in [
            ("", [false, false, true, true, false, false]),
            ("> 00200091 06 353530323137\n< 9000", [true, false, true, true, false, false]),
            (PRESENT_B, [false, true, true, true, false, true]),
            (PRESENT_A, [false, true, true, true, true, true]),
        ] {
            let mut card = in_card_surface(opener);
            for (id, opened) in (1..).zip(opened) {
                let status = if opened { "... 9000" } else { "6982" };
                play(&mut card, &format!("> 00B08{id}0001\n< {status}"));
            }
        }
    }

    #[test]
    fn a_file_that_nothing_is_known_to_open_stays_closed() {
        let ef = Ef { application: Application::CardSurface, id: 0x0007 };
        let mut card = Card::new(Image::normal().with(ef, Contents::Transparent(vec![0xFF; 16])));
        play(&mut card, SELECT);
        for opener in ["> 00200091 06 353530323137\n< 9000", PRESENT_A, PRESENT_B] {
            play(&mut card, opener);
        }
        play(&mut card, "> 00B0870001\n< 6982");
    }
}

/// Files of the card information input support application (card.md 3.2).
mod card_information {
    use kazashi_emulator::{Application, Card, Contents, Ef, Image};

    use crate::support::transcript::card_information::{PRESENT_A, PRESENT_B, PRESENT_PIN, SELECT};
    use crate::support::transcript::{in_card_information, play};

    #[test]
    fn the_pin_opens_both_number_and_attributes_and_each_number_one() {
        // Which of EF 0001 to 0008 each opens; EF 0006 is not there.
        for (opener, opened) in [
            ("", [false, false, false, true, true, false, false]),
            (PRESENT_PIN, [true, true, true, true, true, true, true]),
            (PRESENT_A, [true, false, true, true, true, true, true]),
            (PRESENT_B, [false, true, true, true, true, true, true]),
        ] {
            let mut card = in_card_information(opener);
            for (id, opened) in [1, 2, 3, 4, 5, 7, 8].into_iter().zip(opened) {
                let status = if opened { "... 9000" } else { "6982" };
                play(&mut card, &format!("> 00B08{id}0001\n< {status}"));
            }
            play(&mut card, "> 00B0860001\n< 6A82");
        }
    }

    #[test]
    fn number_and_attributes_together_open_what_each_opens() {
        let mut card = in_card_information(PRESENT_A);
        play(&mut card, PRESENT_B);
        play(&mut card, "> 00B0810002\n< FF10 9000\n> 00B0820002\n< FF20 9000");
    }

    #[test]
    fn keys_and_pins_are_not_readable() {
        let mut card = in_card_information(PRESENT_PIN);
        for id in ["91", "92", "93", "94", "95"] {
            play(&mut card, &format!("> 00B0{id}0001\n< 6981"));
        }
    }

    #[test]
    fn a_file_that_nothing_is_known_to_open_stays_closed() {
        let ef = Ef { application: Application::CardInformation, id: 0x0010 };
        let mut card = Card::new(Image::normal().with(ef, Contents::Transparent(vec![0xFF; 16])));
        play(&mut card, SELECT);
        for opener in [PRESENT_PIN, PRESENT_A, PRESENT_B] {
            play(&mut card, opener);
        }
        play(&mut card, "> 00B0900001\n< 6982");
    }
}
