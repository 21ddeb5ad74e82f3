//! CHANGE REFERENCE DATA (card.md 4.2 and 8.2).

use crate::support::transcript::card_information::{PRESENT_A, PRESENT_B};
use crate::support::transcript::{in_card_information, in_card_surface, in_jpki, play};

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
fn a_new_pin_is_a_change_too() {
    let mut card = in_jpki("> 00200098 04 31323334\n< 9000\n> 00240198 04 31323334\n< 9000");
    assert!(card.take_changed());
}

#[test]
fn keys_and_pins_are_not_readable_and_the_date_of_birth_does_not_change() {
    in_card_surface(
        "> 00B0910001
         < 6981
         > 00B09A0001
         < 6981
         > 00240191 06 303730323137
         < 6982
         > 00200091 06 353530323137
         < 9000
         > 00240191 06 303730323137
         < 6A80",
    );
}

#[test]
fn the_numbers_do_not_change() {
    in_card_surface(
        "> 00200092 0E 3535303231373230333532323835
         < 9000
         > 00240192 0E 3535303231373230333532323836
         < 6A80
         > 00B0920001
         < 6981",
    );
}

#[test]
fn only_its_pin_changes_and_to_four_digits_only() {
    let mut card = in_card_information(
        "> 00240191 04 35363738
         < 6982
         > 00200091 04 31323334
         < 9000
         > 00240191 05 3536373839
         < 6A80
         > 00240191 04 3536373A
         < 6A80
         > 00240191 04 35363738
         < 9000
         > 00200091 04 31323334
         < 63C2
         > 00200091 04 35363738
         < 9000",
    );
    play(&mut card, PRESENT_A);
    play(&mut card, "> 00240194 0C 313131313131313131313138\n< 6A80");
    play(&mut card, PRESENT_B);
    play(&mut card, "> 00240195 0E 3535303231373230333532323836\n< 6A80");
}
