//! COMPUTE DIGITAL SIGNATURE (card.md 4.3), judged by the public keys in certificates and records.

use kazashi_emulator::{Card, Image};
use rand_core::OsRng;
use rsa::sha2::{Digest, Sha256};
use rsa::{Pkcs1v15Sign, Pss, RsaPublicKey};

use crate::support::contents;
use crate::support::transcript::{in_jpki, play};

const MESSAGE: &[u8] = b"shown to the card";

/// The DigestInfo of SHA-256 up to the digest.
const DIGEST_INFO: [u8; 19] = [
    0x30, 0x31, 0x30, 0x0D, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01, 0x05,
    0x00, 0x04, 0x20,
];

#[test]
fn both_keys_sign_a_digest_info() {
    let digest = Sha256::digest(MESSAGE);
    let digest_info = [&DIGEST_INFO[..], &digest].concat();
    let mut card = verified();
    for (p2, certificate) in [(0x97, 0x000A), (0x9A, 0x0001)] {
        let signature = sign(&mut card, 0x00, p2, &digest_info);
        let key = public_key(certificate);
        key.verify(Pkcs1v15Sign::new::<Sha256>(), &digest, &signature).unwrap();
    }
}

#[test]
fn the_selected_key_signs() {
    let mut card = verified();
    play(&mut card, "> 00A4020C 02 001A\n< 9000");
    let signature = sign(&mut card, 0x00, 0x80, MESSAGE);
    public_key(0x0001).verify(Pkcs1v15Sign::new_unprefixed(), MESSAGE, &signature).unwrap();
}

#[test]
fn each_scheme_gives_its_own_signature() {
    let digest = Sha256::digest(MESSAGE);
    let key = public_key(0x000A);
    let mut card = verified();
    let mut sign = |p1, data: &[u8]| sign(&mut card, p1, 0x97, data);

    let verbatim = sign(0x00, MESSAGE);
    key.verify(Pkcs1v15Sign::new_unprefixed(), MESSAGE, &verbatim).unwrap();
    let bare_digest = sign(0x01, MESSAGE);
    key.verify(Pkcs1v15Sign::new_unprefixed(), &digest, &bare_digest).unwrap();
    for signature in [sign(0x02, &digest), sign(0x03, MESSAGE)] {
        key.verify(Pkcs1v15Sign::new::<Sha256>(), &digest, &signature).unwrap();
    }
    for signature in [sign(0x04, &digest), sign(0x05, MESSAGE)] {
        key.verify(Pss::new::<Sha256>(), &digest, &signature).unwrap();
    }
}

#[test]
fn one_pin_serves_for_several_signatures() {
    let mut card = verified();
    assert_eq!(sign(&mut card, 0x00, 0x97, MESSAGE), sign(&mut card, 0x00, 0x97, MESSAGE));
}

#[test]
fn a_key_signs_after_its_own_pin_only() {
    in_jpki(
        "> 802A0097 01 00 00
         < 6982
         > 802A009A 01 00 00
         < 6982
         > 00200098 04 31323334
         < 9000
         > 802A009A 01 00 00
         < 6982
         > 802A0097 01 00 00
         < ... 9000",
    );
}

#[test]
fn signing_refuses_wrong_parameters_and_files() {
    play(
        &mut verified(),
        "> 802A0080 01 00 00
         < 6986
         > 802A0697 01 00 00
         < 6A86
         > 802A0017 01 00 00
         < 6A86
         > 802A009D 01 00 00
         < 6A82
         > 802A008A 01 00 00
         < 6981
         > 802A0098 01 00 00
         < 6981
         > 002A9E9A 01 00 00
         < 6D00",
    );
}

#[test]
fn signing_refuses_data_of_the_wrong_length() {
    let mut card = verified();
    play(
        &mut card,
        "> 802A0097 00
         < 6700
         > 802A0097 01 00
         < 6700
         > 802A0097 01 00 FF
         < 6700
         > 802A0297 01 00 00
         < 6985
         > 802A0497 01 00 00
         < 6985",
    );
    let answer = |card: &mut Card, p1, length| {
        let command = command(p1, 0x97, &vec![0x55; length]);
        card.transmit(&command, &mut OsRng).len()
    };
    assert_eq!(answer(&mut card, 0x00, 245), 258);
    assert_eq!(answer(&mut card, 0x00, 246), 2);
    assert_eq!(answer(&mut card, 0x03, 255), 258);
}

/// The card with the JPKI application selected and both PINs presented.
fn verified() -> Card {
    in_jpki(
        "> 00200098 04 31323334
         < 9000
         > 0020009B 06 414243313233
         < 9000
         > 00A4040C 0A D392F000260100000001
         < 9000",
    )
}

fn sign(card: &mut Card, p1: u8, p2: u8, data: &[u8]) -> Vec<u8> {
    let response = card.transmit(&command(p1, p2, data), &mut OsRng);
    let (signature, status) = response.split_last_chunk::<2>().unwrap();
    assert_eq!(*status, [0x90, 0x00]);
    signature.to_vec()
}

fn command(p1: u8, p2: u8, data: &[u8]) -> Vec<u8> {
    let lc = u8::try_from(data.len()).unwrap();
    [&[0x80, 0x2A, p1, p2, lc][..], data, &[0x00]].concat()
}

fn public_key(certificate: u16) -> RsaPublicKey {
    contents::public_key(&Image::normal(), certificate)
}

/// Key of the card surface application (card.md 3.3).
mod card_surface {
    use kazashi_emulator::{Application, Card, Contents, Ef, Image, Variant};
    use rand_core::OsRng;
    use rsa::Pkcs1v15Sign;
    use rsa::sha2::Sha256;

    use crate::support::commands::{command, digest_info};
    use crate::support::contents::{key_in, transparent_of};
    use crate::support::transcript::card_surface::SELECT;
    use crate::support::transcript::{in_card_surface, play};

    #[test]
    fn the_key_signs_without_a_pin() {
        let image = Image::normal();
        let key = key_in(transparent_of(&image, Application::CardSurface, 0x0001), 5 + 11 + 5);
        let mut card = in_card_surface("");
        for p2 in [0x00, 0x9A, 0x80, 0x00] {
            let signed = sign(&mut card, p2);
            key.verify(Pkcs1v15Sign::new::<Sha256>(), &[0x77; 32], &signed).unwrap();
        }
    }

    #[test]
    fn the_default_key_leaves_the_current_file() {
        let mut card = in_card_surface("> 00A4020C 02 0004\n< 9000");
        sign(&mut card, 0x00);
        play(&mut card, "> 00B0000002\n< 7F21 9000");
    }

    #[test]
    fn no_other_application_has_a_default_key() {
        let mut card = Card::new(Image::normal());
        let sign = "> 802A0000 01 55 00\n< 6A86";
        play(&mut card, sign);
        for aid in ["D392F000260100000001", "D3921000310001010100"] {
            play(&mut card, &format!("> 00A4040C 0A {aid}\n< 9000\n{sign}"));
        }
    }

    #[test]
    fn the_default_key_of_a_card_without_it_is_not_found() {
        let ef = Ef { application: Application::CardSurface, id: 0x0004 };
        let image = Image::empty(Variant::Normal).with(ef, Contents::Transparent(vec![0x7F]));
        let mut card = Card::new(image);
        play(&mut card, SELECT);
        play(&mut card, "> 802A0000 01 55 00\n< 6A82");
    }

    fn sign(card: &mut Card, p2: u8) -> Vec<u8> {
        let command = command(&[0x80, 0x2A, 0x00, p2], &digest_info([0x77; 32]), Some(0));
        let response = card.transmit(&command, &mut OsRng);
        let (signature, status) = response.split_last_chunk::<2>().unwrap();
        assert_eq!(*status, [0x90, 0x00], "P2 {p2:02X}");
        signature.to_vec()
    }
}

/// Key of the card information input support application (card.md 3.2).
mod card_information {
    use kazashi_emulator::{Application, Card, Image, Variant};
    use rand_core::OsRng;
    use rsa::Pkcs1v15Sign;
    use rsa::sha2::Sha256;

    use crate::support::commands::{command, digest_info};
    use crate::support::contents::{key_in, transparent_of};
    use crate::support::transcript::card_information::SELECT;
    use crate::support::transcript::play;

    #[test]
    fn its_key_signs_without_a_pin_and_is_the_one_in_its_record() {
        for variant in Variant::ALL {
            let image = Image::of(variant);
            let key = key_in(transparent_of(&image, Application::CardInformation, 0x0007), 10);
            let of_surface = key_in(transparent_of(&image, Application::CardSurface, 0x0001), 21);
            assert_ne!(key, of_surface, "{variant:?}");
            let mut card = Card::new(image);
            play(&mut card, SELECT);
            let command = command(&[0x80, 0x2A, 0x00, 0x00], &digest_info([0x77; 32]), Some(0));
            let response = card.transmit(&command, &mut OsRng);
            let (signature, status) = response.split_last_chunk::<2>().unwrap();
            assert_eq!(*status, [0x90, 0x00], "{variant:?}");
            key.verify(Pkcs1v15Sign::new::<Sha256>(), &[0x77; 32], signature).unwrap();
        }
    }
}
