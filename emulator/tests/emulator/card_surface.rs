//! The card surface application (券面事項確認AP; card.md 3.3, 4.6 and 4.8).

use kazashi_emulator::{Application, Card, Contents, Ef, Image, Variant};
use rand_core::OsRng;
use rsa::sha2::{Digest, Sha256};
use rsa::{BigUint, Pkcs1v15Sign, RsaPublicKey};

use crate::commands::{command, digest_info};
use crate::contents::transparent_of;
use crate::transcript::play;
use crate::vectors::{cv_certificate, private_key};

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
fn an_issued_date_of_birth_has_ten_tries() {
    let mut card = in_card_surface("> 00200091\n< 63CA");
    for left in (0..10).rev() {
        play(&mut card, &format!("> 00200091 06 303030303030\n< 63C{left}"));
    }
    play(
        &mut card,
        "> 00200091 06 353530323137
         < 6984
         > 00200091
         < 63C0
         > 00B0810001
         < 6982",
    );
}

#[test]
fn the_date_of_birth_has_the_year_of_the_era() {
    in_card_surface("> 00200091 06 383030323137\n< 63C9");
    let mut card = Card::new(Image::of(Variant::AnotherPerson));
    play(&mut card, SELECT);
    play(&mut card, "> 00200091 06 303730323137\n< 9000");
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
    assert_eq!(file(&Image::normal(), 0x0003).len(), 320);
}

#[test]
fn the_key_signs_without_a_pin() {
    let image = Image::normal();
    let key = key_in(file(&image, 0x0001), 5 + 11 + 5);
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

#[test]
fn pins_open_their_own_application_only() {
    let mut card = in_card_surface(
        "> 00200091 06 353530323137
         < 9000
         > 00A4040C 0A D392F000260100000001
         < 9000
         > 802A0097 01 55 00
         < 6982
         > 00200098 04 31323334
         < 9000",
    );
    play(&mut card, SELECT);
    play(&mut card, "> 00B0810001\n< 6982");
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
fn files_whose_pins_are_not_emulated_stay_closed() {
    in_card_surface("> 00A4020C 02 0002\n< 6A82");
    let ef = Ef { application: Application::CardSurface, id: 0x0002 };
    let mut card = Card::new(Image::normal().with(ef, Contents::Transparent(vec![0xFF; 16])));
    play(&mut card, SELECT);
    play(
        &mut card,
        "> 00200091 06 353530323137
         < 9000
         > 00B0820001
         < 6982",
    );
}

#[test]
fn the_short_card_has_it_too() {
    let mut card = Card::new(Image::of(Variant::Short));
    play(&mut card, SELECT);
    play(
        &mut card,
        "> 00A4020C 02 0011
         < 9000
         > 00200080 06 353530323137
         < 9000
         > 00A4020C 02 0001
         < 9000
         > 00B0000002
         < FF10 9000
         > 00B002221F
         < ... 9000",
    );
    sign(&mut card, 0x00);
}

#[test]
fn the_record_of_each_card_is_signed_and_so_is_the_key_that_signed_it() {
    for variant in Variant::ALL {
        let image = Image::of(variant);
        let (record, certificate) = (file(&image, 0x0001), file(&image, 0x0004));
        assert_eq!((record.len(), certificate.len()), (547, 568), "{variant:?}");

        let records = key_in(certificate, 5 + 5 + 32);
        // Date and key as they stand there, tags and lengths with them.
        assert!(is_signed(&records, &record[5..286], &record[291..]), "{variant:?}");

        let foreign = variant == Variant::ForeignRoot;
        let [root, other] = ["card-surface-authority.pem", "foreign-ca.pem"]
            .map(|name| RsaPublicKey::from(private_key(name)))
            .map(|root| is_signed(&root, &certificate[10..307], &certificate[312..]));
        assert_eq!((root, other), (!foreign, foreign), "{variant:?}");
    }
}

#[test]
fn another_person_has_another_record() {
    let (normal, other) = (Image::normal(), Image::of(Variant::AnotherPerson));
    let [normal, other] = [&normal, &other].map(|image| file(image, 0x0001));
    assert_eq!(&other[5..16], b"\xDF\x11\x0819950217");
    assert_ne!(key_in(normal, 21), key_in(other, 21));
}

#[test]
fn the_files_of_the_cards_are_those_of_the_vectors() {
    let (normal, foreign) = (Image::normal(), Image::of(Variant::ForeignRoot));
    assert_eq!(file(&normal, 0x0001), cv_certificate("age-record.bin"));
    assert_eq!(file(&normal, 0x0004), cv_certificate("card-surface.cv"));
    assert_eq!(file(&foreign, 0x0004), cv_certificate("foreign-card-surface.cv"));
}

const SELECT: &str = "> 00A4040C 0A D3921000310001010402\n< 9000";

fn in_card_surface(transcript: &str) -> Card {
    let mut card = Card::new(Image::normal());
    play(&mut card, SELECT);
    play(&mut card, transcript);
    card
}

fn sign(card: &mut Card, p2: u8) -> Vec<u8> {
    let command = command(&[0x80, 0x2A, 0x00, p2], &digest_info([0x77; 32]), Some(0));
    let response = card.transmit(&command, &mut OsRng);
    let (signature, status) = response.split_last_chunk::<2>().unwrap();
    assert_eq!(*status, [0x90, 0x00], "P2 {p2:02X}");
    signature.to_vec()
}

fn file(image: &Image, id: u16) -> &[u8] {
    transparent_of(image, Application::CardSurface, id)
}

/// The key whose exponent and modulus begin here.
fn key_in(bytes: &[u8], at: usize) -> RsaPublicKey {
    let modulus = bytes[at..].strip_prefix(b"\x90\x03\x01\x00\x01\x91\x82\x01\x00").unwrap();
    RsaPublicKey::new(BigUint::from_bytes_be(&modulus[..256]), BigUint::from(65_537_u32)).unwrap()
}

fn is_signed(key: &RsaPublicKey, message: &[u8], signature: &[u8]) -> bool {
    key.verify(Pkcs1v15Sign::new::<Sha256>(), &Sha256::digest(message), signature).is_ok()
}
