//! SELECT (card.md 2 and 8.2).

use kazashi_emulator::{Card, Image};

use crate::support::transcript::{in_jpki, play};

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
