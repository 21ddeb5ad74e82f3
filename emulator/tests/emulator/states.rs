//! States and status words, command by command (card.md 2, 3.6, 4 and 8.2). The APDUs are written
//! by hand.

use kazashi_emulator::{Application, Card, Contents, Ef, Image, Pin};
use proptest::collection::vec;
use proptest::prelude::*;
use rand_core::{CryptoRng, OsRng, RngCore};

use crate::transcript::{in_jpki, play};

#[test]
fn an_application_is_selected_by_its_name() {
    let mut card = Card::new(Image::normal());
    play(
        &mut card,
        "> 00A4040C 0A D392F000260100000001
         < 9000
         > 00A40400 0A D392F000260100000001 00
         < 6F0C 840A D392F000260100000001 9000
         > 00A40400 0A D392F000260100000001
         < 9000
         > 00A4040C 07 A0000001510000
         < 9000
         > 00A40400 07 A0000001510000 00
         < 6F09 8407 A0000001510000 9000",
    );
}

#[test]
fn an_application_is_found_by_the_beginning_of_its_name() {
    in_jpki(
        "> 00A40400 05 D392F00026 00
         < 6F0C 840A D392F000260100000001 9000
         > 00A40400 04 D392F000 00
         < 6700",
    );
}

#[test]
fn an_unknown_application_is_not_found_and_changes_nothing() {
    in_jpki(
        "> 00B0820004
         < ... 9000
         > 00A4040C 0A D3921000310001010401
         < 6A82
         > 00A4040C 0B D392F00026010000000100
         < 6A82
         > 00B0000004
         < ... 9000",
    );
}

#[test]
fn a_card_without_an_application_does_not_find_it() {
    let select = "> 00A4040C 0A D392F000260100000001\n< 6A82";
    play(&mut Card::new(Image::empty(Image::normal().variant())), select);
}

#[test]
fn select_refuses_what_the_card_does_not_know() {
    in_jpki(
        "> 00A4040D 0A D392F000260100000001
         < 6A86
         > 00A4020002 0018
         < 6A86
         > 00A4080C 02 0018
         < 6A86
         > 00A4020C 01 18
         < 6700
         > 00A4020C
         < 6700
         > 00A4040C
         < 6700",
    );
}

#[test]
fn an_elementary_file_is_selected_by_its_identifier() {
    in_jpki(
        "> 00A4020C 02 000A
         < 9000
         > 00A4020C 02 001D
         < 6A82
         > 00A4020C 02 3F00
         < 6A82",
    );
}

#[test]
fn a_file_that_is_not_found_leaves_the_current_one() {
    in_jpki(
        "> 00A4020C 02 0008
         < 9000
         > 00A4020C 02 001D
         < 6A82
         > 00B0000003
         < 8F8F00 9000",
    );
}

#[test]
fn there_is_no_master_file() {
    let mut card = Card::new(Image::normal());
    play(
        &mut card,
        "> 00A40000
         < 6A86
         > 00A4000C 02 3F00
         < 6A82
         > 00A4040C 0A D392F000260100000001
         < 9000
         > 00A4020C 02 0008
         < 9000
         > 00A40000
         < 9000
         > 00B0000003
         < 8F8F00 9000
         > 00A4000C 02 3F00
         < 6A82",
    );
}

#[test]
fn the_card_manager_has_no_files() {
    let mut card = Card::new(Image::normal());
    play(
        &mut card,
        "> 00A4020C 02 000A
         < 6A82
         > 00B08A0004
         < 6A82
         > 00B0000004
         < 6986
         > 00200098
         < 6A82
         > 00200080
         < 6986",
    );
}

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
fn the_card_manager_gives_data_objects() {
    let mut card = Card::new(Image::normal());
    play(
        &mut card,
        "> 00CA00F0 00
         < 3133323231 9000
         > 00CA00F2 08
         < 3230333530323137 9000
         > 00CA0045 00
         < 4B415A41534849303030303031 9000
         > 00CA5F51 00
         < E000FF8131FE4514 9000
         > 00CA7F21 00
         < 6A88
         > 00CA00F2 07
         < 6700
         > 00CA00F2
         < 6700
         > 00CA00F2 01 00 00
         < 6700",
    );
}

#[test]
fn a_large_data_object_needs_an_extended_length() {
    let image = Image::normal().with_data_object(0x00F8, [0x4D; 300]);
    play(
        &mut Card::new(image),
        "> 00CA00F8 00
         < 6700
         > 00CA00F8 000000
         < 4D4D ... 4D 9000",
    );
}

#[test]
fn an_application_gives_no_data_object_but_the_atr() {
    in_jpki(
        "> 00CA00F0 00
         < 6A88
         > 00CA5F51 00
         < E000FF8131FE4514 9000",
    );
}

#[test]
fn the_common_application_has_a_record() {
    let record = "011C 30304B415A41534849303030303031 3133323231 3230333530323137";
    play(
        &mut Card::new(Image::normal()),
        &format!(
            "> 00A4040C 0A D3921000310001010100
             < 9000
             > 00B20104 00
             < 6986
             > 00B2010C 00
             < {record} 9000
             > 00B20104 1E
             < {record} 9000
             > 00B20104 02
             < 011C 9000"
        ),
    );
}

#[test]
fn read_record_refuses_what_is_not_there() {
    play(
        &mut Card::new(Image::normal()),
        "> 00A4040C 0A D3921000310001010100
         < 9000
         > 00B2020C 00
         < 6A83
         > 00B2000C 00
         < 6A83
         > 00B20114 00
         < 6A82
         > 00B2010D 00
         < 6A86
         > 00B201FC 00
         < 6A86
         > 00B2010C
         < 6700
         > 00B2010C 01 00 00
         < 6700",
    );
}

#[test]
fn records_and_bytes_are_read_by_their_own_commands() {
    in_jpki(
        "> 00B20144 00
         < 6981
         > 00A4040C 0A D3921000310001010100
         < 9000
         > 00B0810000
         < 6981",
    );
}

#[test]
fn verify_without_data_asks_for_the_retry_counter() {
    in_jpki(
        "> 00A4020C 02 0018
         < 9000
         > 00200080
         < 63C3
         > 0020008000
         < 63C3
         > 0020009B
         < 63C5
         > 00200080
         < 63C5",
    );
}

#[test]
fn the_retry_counter_is_told_even_after_the_pin() {
    in_jpki(
        "> 00200098 04 31323334
         < 9000
         > 00200098
         < 63C3",
    );
}

#[test]
fn a_wrong_pin_reports_the_retry_counter() {
    in_jpki(
        "> 00A4020C 02 0018
         < 9000
         > 00200080 04 30303030
         < 63C2
         > 00200080
         < 63C2",
    );
}

#[test]
fn each_pin_has_its_own_counter() {
    in_jpki(
        "> 00200098 04 30303030
         < 63C2
         > 0020009B 06 303030303030
         < 63C4
         > 00200098
         < 63C2",
    );
}

#[test]
fn a_correct_pin_restores_the_counter() {
    in_jpki(
        "> 00200098 04 30303030
         < 63C2
         > 00200098 04 31323334
         < 9000
         > 00200098
         < 63C3",
    );
}

#[test]
fn a_blocked_pin_answers_6984_to_any_value_and_63c0_to_the_query() {
    in_jpki(
        "> 00200098 04 30303030
         < 63C2
         > 00200098 04 30303030
         < 63C1
         > 00200098 04 30303030
         < 63C0
         > 00200098 04 30303030
         < 6984
         > 00200098 04 31323334
         < 6984
         > 00200098
         < 63C0
         ! power
         > 00A4040C 0A D392F000260100000001
         < 9000
         > 00200098 04 31323334
         < 6984",
    );
}

#[test]
fn a_wrong_pin_takes_back_what_a_correct_one_gave() {
    in_jpki(
        "> 0020009B 06 414243313233
         < 9000
         > 0020009B 06 414243313234
         < 63C4
         > 00B0810004
         < 6982",
    );
}

#[test]
fn verify_refuses_what_is_no_pin() {
    in_jpki(
        "> 00200080
         < 6986
         > 0020009D
         < 6A82
         > 0020008A
         < 6981
         > 00200097
         < 6981
         > 00200100
         < 6A86
         > 00200000
         < 6A86
         > 00200018
         < 6A86
         > 00200098 11 3132333435363738393031323334353637
         < 6700
         > 00200098
         < 63C3",
    );
}

#[test]
fn another_application_forgets_the_pins() {
    in_jpki(
        "> 0020009B 06 414243313233
         < 9000
         > 00A4040C 07 A0000001510000
         < 9000
         > 00A4040C 0A D392F000260100000001
         < 9000
         > 00B0810004
         < 6982",
    );
}

#[test]
fn the_same_application_and_a_failed_select_remember_the_pins() {
    in_jpki(
        "> 0020009B 06 414243313233
         < 9000
         > 00A4040C 0A D392F000260100000001
         < 9000
         > 00B0000004
         < 6986
         > 00A4040C 0A D3921000310001010401
         < 6A82
         > 00B0810004
         < 3082 ... 9000",
    );
}

#[test]
fn a_warm_reset_leaves_the_application_but_remembers_the_pins() {
    in_jpki(
        "> 0020009B 06 414243313233
         < 9000
         ! reset
         > 00B0810004
         < 6A82
         > 00A4040C 0A D392F000260100000001
         < 9000
         > 00B0810004
         < 3082 ... 9000",
    );
}

#[test]
fn the_card_manager_forgets_the_pins_after_a_warm_reset_too() {
    in_jpki(
        "> 0020009B 06 414243313233
         < 9000
         ! reset
         > 00A4040C 07 A0000001510000
         < 9000
         > 00A4040C 0A D392F000260100000001
         < 9000
         > 00B0810004
         < 6982",
    );
}

#[test]
fn a_card_without_power_forgets_the_pins() {
    in_jpki(
        "> 0020009B 06 414243313233
         < 9000
         ! power
         > 00A4040C 0A D392F000260100000001
         < 9000
         > 00B0810004
         < 6982",
    );
}

#[test]
fn a_new_pin_replaces_the_old_one_that_was_verified() {
    in_jpki(
        "> 00240198 04 34333231
         < 6982
         > 00200098 04 31323334
         < 9000
         > 00240198 04 34333231
         < 9000
         > 00200098 04 31323334
         < 63C2
         > 00200098 04 34333231
         < 9000",
    );
}

#[test]
fn a_new_pin_must_have_the_form_of_one() {
    in_jpki(
        "> 00200098 04 31323334
         < 9000
         > 0020009B 06 414243313233
         < 9000
         > 00240198 05 3132333435
         < 6A80
         > 00240198 04 31323341
         < 6A80
         > 00240198
         < 6700
         > 0024019B 06 616263313233
         < 6A80
         > 0024019B 05 4142433132
         < 6A80
         > 0024019B 06 5A5A5A393939
         < 9000
         > 00240098 08 3132333434333231
         < 6A86
         > 0024018A 04 31323334
         < 6981",
    );
}

#[test]
fn a_challenge_is_as_long_as_asked_for_wherever_one_stands() {
    let lengths = |card: &mut Card| {
        [&b"\x00\x84\x00\x00\x08"[..], b"\x00\x84\x00\x00\x00", b"\x00\x84\x00\x00\x00\x01\x00"]
            .map(|command| card.transmit(command, &mut OsRng).len() - 2)
    };
    assert_eq!(lengths(&mut Card::new(Image::normal())), [8, 256, 256]);
    assert_eq!(lengths(&mut in_jpki("")), [8, 256, 256]);
}

#[test]
fn a_challenge_is_made_of_the_random_bytes_given() {
    let response = in_jpki("").transmit(b"\x00\x84\x00\x00\x04", &mut Counting(7));
    assert_eq!(response, [7, 8, 9, 10, 0x90, 0x00]);
}

#[test]
fn get_challenge_refuses_other_forms() {
    in_jpki(
        "> 00840000
         < 6700
         > 00840001 08
         < 6A86
         > 00840000 01 00 08
         < 6700
         > 00840000 000101
         < 6985",
    );
}

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

#[test]
fn a_change_of_counters_is_told_once() {
    let mut card = in_jpki("> 00200098 04 31323334\n< 9000");
    assert!(!card.take_changed(), "the counter was full already");
    play(&mut card, "> 00200098 04 30303030\n< 63C2");
    assert!(card.take_changed());
    assert!(!card.take_changed());
    play(&mut card, "> 00200098 04 31323334\n< 9000");
    assert!(card.take_changed());
    let retries_left: Vec<_> = card.image().pins().map(|(_, pin)| pin.retries_left()).collect();
    assert_eq!(retries_left[..2], [3, 5]);
}

#[test]
fn a_new_pin_is_a_change_too() {
    let mut card = in_jpki("> 00200098 04 31323334\n< 9000\n> 00240198 04 31323334\n< 9000");
    assert!(card.take_changed());
}

#[test]
fn a_card_starts_with_the_counters_of_its_image() {
    let ef = Ef { application: Application::Jpki, id: 0x0018 };
    let pin = Pin::with_retries_left("1234", 1, 3).unwrap();
    let mut card = Card::new(Image::normal().with(ef, Contents::Pin(pin)));
    play(
        &mut card,
        "> 00A4040C 0A D392F000260100000001
         < 9000
         > 00200098
         < 63C1",
    );
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

/// Anything but random: 7, 8, 9.
struct Counting(u8);

impl RngCore for Counting {
    fn next_u32(&mut self) -> u32 {
        rand_core::impls::next_u32_via_fill(self)
    }

    fn next_u64(&mut self) -> u64 {
        rand_core::impls::next_u64_via_fill(self)
    }

    fn fill_bytes(&mut self, bytes: &mut [u8]) {
        for byte in bytes {
            *byte = self.0;
            self.0 = self.0.wrapping_add(1);
        }
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), rand_core::Error> {
        self.fill_bytes(bytes);
        Ok(())
    }
}

impl CryptoRng for Counting {}
