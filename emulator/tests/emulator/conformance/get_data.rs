//! GET DATA (card.md 3.0 and 8.2).

use kazashi_emulator::{Card, Image};

use crate::support::transcript::{in_jpki, play};

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
