//! The checked-in card against card.md 1.1 and 3.1, and against the certificates beside it.

use kazashi_emulator::{Image, Pin};

use crate::support::contents;
use crate::support::vectors::certificate;

#[test]
fn it_answers_to_reset_as_the_contact_card_does() {
    assert_eq!(Image::normal().atr(), b"\x3B\xE0\x00\xFF\x81\x31\xFE\x45\x14");
}

#[test]
fn its_certificates_are_those_of_the_vectors_with_filler_behind() {
    for (id, name) in [
        (0x0001, "digital-signature.der"),
        (0x0002, "digital-signature-ca.der"),
        (0x000A, "user-authentication.der"),
        (0x000B, "user-authentication-ca.der"),
    ] {
        let der = certificate(name);
        let bytes = transparent(id);
        let (certificate, filler) = bytes.split_at(der.len());
        assert_eq!(certificate, der, "{name}");
        assert!(filler.len() > 2 && filler.iter().all(|&byte| byte == 0x00), "{name}");
    }
    assert_eq!(transparent(0x0002).len(), 1900);
}

#[test]
fn its_token_information_is_that_of_a_card() {
    let info = transparent(0x0006);
    assert_eq!(info.len(), 160);
    assert_eq!(&info[..32], b"JPKIAPICCTOKEN2                 ");
    assert_eq!(&info[96..100], b"\x00\x00\x04\x0D");
    assert_eq!(&info[116..124], b"\x00\x00\x00\x10\x00\x00\x00\x06");
    assert_eq!(&info[140..], b"03019999999999999999");
}

#[test]
fn both_its_certificates_are_available() {
    assert_eq!(transparent(0x0008), b"\x8F\x8F\x00");
}

#[test]
fn its_pins_have_all_their_tries() {
    let image = Image::normal();
    let pins: Vec<_> = image.pins().map(|(ef, pin)| (ef.to_string(), pin.clone())).collect();
    let set = [
        ("jpki/0018", "1234", 3),
        ("jpki/001B", "ABC123", 5),
        ("card-surface/0011", "550217", 10),
        ("card-surface/0012", "55021720352285", 10),
        ("card-surface/0013", "123456789018", 10),
        ("card-info/0011", "1234", 3),
        ("card-info/0014", "123456789018", 10),
        ("card-info/0015", "55021720352285", 10),
    ];
    let mut expected =
        set.map(|(ef, value, retries)| (ef.to_owned(), Pin::new(value, retries).unwrap())).to_vec();
    expected.insert(6, ("card-info/0012".to_owned(), Pin::without_value(0, 3).unwrap()));
    assert_eq!(pins, expected);
}

#[test]
fn debug_shows_no_pin_no_key_and_no_file() {
    let shown = format!("{:?}", Image::normal());
    assert!(shown.contains("retries_left: 3"), "{shown}");
    assert!(shown.contains("Transparent(160 bytes)"), "{shown}");
    for secret in ["1234", "ABC123", "550217", "2285", "JPKIAPICCTOKEN2", "primes", "exponent"] {
        assert!(!shown.contains(secret), "{shown}");
    }
}

fn transparent(id: u16) -> Vec<u8> {
    contents::transparent(&Image::normal(), id).to_vec()
}
