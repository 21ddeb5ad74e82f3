//! GET CHALLENGE (card.md 4.4 and 8.2).

use kazashi_emulator::{Card, Image};
use rand_core::{CryptoRng, OsRng, RngCore};

use crate::support::transcript::in_jpki;

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
