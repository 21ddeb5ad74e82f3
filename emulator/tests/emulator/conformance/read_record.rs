//! READ RECORD (card.md 3.4 and 8.2).

use kazashi_emulator::{Card, Image};

use crate::support::transcript::{in_jpki, play};

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
