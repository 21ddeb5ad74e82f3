//! The card surface application (券面事項確認AP; card.md 3.3, 4.6 and 4.8).

use kazashi_emulator::{Application, Card, Contents, Ef, Image, Variant};
use rand_core::OsRng;
use rsa::sha2::{Digest, Sha256};
use rsa::{Pkcs1v15Sign, RsaPublicKey};

use crate::commands::{command, digest_info};
use crate::contents::{is_signed, key_in, objects_in, transparent_of};
use crate::transcript::play;
use crate::vectors::{cv_certificate, drawn, private_key};

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
fn the_numbers_have_ten_tries_each() {
    for (p2, wrong, right) in [
        ("92", "0E 3535303231373230333530303030", "0E 3535303231373230333532323835"),
        ("93", "0C 313131313131313131313138", "0C 313233343536373839303138"),
    ] {
        let mut card = in_card_surface(&format!("> 002000{p2}\n< 63CA"));
        play(&mut card, &format!("> 002000{p2} {wrong}\n< 63C9\n> 002000{p2} {right}\n< 9000"));
        for left in (0..10).rev() {
            play(&mut card, &format!("> 002000{p2} {wrong}\n< 63C{left}\n> 00B0820001\n< 6982"));
        }
        play(&mut card, &format!("> 002000{p2} {right}\n< 6984\n> 002000{p2}\n< 63C0"));
        play(&mut card, "> 00200091\n< 63CA");
    }
}

#[test]
fn a_number_of_another_length_costs_a_try_and_one_too_long_for_any_does_not() {
    in_card_surface(
        "> 00200092 06 353530323137
         < 63C9
         > 00200092 11 3535303231373230333532323835 303030
         < 6700
         > 00200092
         < 63C9",
    );
}

#[test]
fn the_numbers_stay_presented_until_another_application() {
    let read = "> 00B0820002\n< FF20 9000";
    let mut card = in_card_surface(PRESENT_B);
    play(&mut card, read);
    play(&mut card, SELECT);
    play(&mut card, read);
    play(&mut card, "! reset");
    play(&mut card, SELECT);
    play(&mut card, read);
    for another in ["00A4040C 0A D3921000310001010408", "00A4040C 07 A0000001510000"] {
        play(&mut card, &format!("> {another}\n< 9000"));
        play(&mut card, SELECT);
        play(&mut card, "> 00B0820002\n< 6982");
        play(&mut card, PRESENT_B);
    }
    play(&mut card, "! power");
    play(&mut card, SELECT);
    play(&mut card, "> 00B0820002\n< 6982");
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
fn a_file_that_nothing_is_known_to_open_stays_closed() {
    let ef = Ef { application: Application::CardSurface, id: 0x0007 };
    let mut card = Card::new(Image::normal().with(ef, Contents::Transparent(vec![0xFF; 16])));
    play(&mut card, SELECT);
    for opener in ["> 00200091 06 353530323137\n< 9000", PRESENT_A, PRESENT_B] {
        play(&mut card, opener);
    }
    play(&mut card, "> 00B0870001\n< 6982");
}

#[test]
fn the_face_is_signed_but_for_expiry_and_security_code() {
    for variant in Variant::ALL {
        let image = Image::of(variant);
        let face = objects_in(file(&image, 0x0002));
        let tags: Vec<_> = face.iter().map(|object| object.tag).collect();
        assert_eq!(
            tags,
            [0xDF21, 0xDF22, 0xDF23, 0xDF24, 0xDF25, 0xDF26, 0xDF27, 0xDF28, 0xDF29, 0xDF2A]
        );
        for (object, offset) in face[1..].iter().zip(face[0].value.chunks(2)) {
            assert_eq!(object.at, usize::from(u16::from_be_bytes([offset[0], offset[1]])));
        }
        assert_eq!(face[3].value, &file(&image, 0x0001)[21..286], "{variant:?}: the card's key");

        let digest = |range: std::ops::Range<usize>| {
            Sha256::digest(
                face[range].iter().flat_map(|object| object.encoded).copied().collect::<Vec<_>>(),
            )
        };
        let signed = [
            &b"\x30\x71\x30\x0D\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x01\x05\x00\x04\x60"[..],
            &digest(1..4),
            &digest(4..6),
            &digest(6..7),
        ];
        let records = key_in(file(&image, 0x0004), 5 + 5 + 32);
        let scheme = Pkcs1v15Sign::new_unprefixed();
        records.verify(scheme, &signed.concat(), face[7].value).unwrap();
    }
}

#[test]
fn the_length_of_a_picture_is_in_two_bytes_from_128_on() {
    let image = Image::normal();
    let face = objects_in(file(&image, 0x0002));
    assert_eq!(face[4].encoded[..5], *b"\xDF\x25\x82\x00\xB9", "the name's");
    assert_eq!(face[9].encoded[..3], *b"\xDF\x2A\x74", "the security code's");
}

#[test]
fn the_face_shows_what_is_drawn_of_its_holder() {
    for (variant, person, birth_date, sex) in [
        (Variant::Normal, "hanako", "19800217", "2"),
        (Variant::AnotherPerson, "taro", "19950217", "1"),
    ] {
        let image = Image::of(variant);
        let face = objects_in(file(&image, 0x0002));
        assert_eq!((face[1].value, face[2].value), (birth_date.as_bytes(), sex.as_bytes()));
        for (at, picture) in
            [(4, "name.png"), (5, "address.png"), (6, "photo.jp2"), (9, "security-code.png")]
        {
            assert_eq!(face[at].value, drawn(&format!("{person}-{picture}")), "{person} {picture}");
        }
        let number = objects_in(file(&image, 0x0005));
        assert_eq!(number[0].value, drawn(&format!("{person}-individual-number.png")));
    }
}

#[test]
fn the_picture_of_the_number_is_signed_with_the_cards_key() {
    for variant in Variant::ALL {
        let image = Image::of(variant);
        let bytes = file(&image, 0x0005);
        let number = objects_in(bytes);
        assert_eq!(number[1].value, &file(&image, 0x0001)[21..286], "{variant:?}");
        let records = key_in(file(&image, 0x0004), 5 + 5 + 32);
        let signed = &bytes[number[0].at..number[2].at];
        assert!(is_signed(&records, signed, number[2].value), "{variant:?}");
    }
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

const PRESENT_A: &str = "> 00200093 0C 313233343536373839303138\n< 9000";
const PRESENT_B: &str = "> 00200092 0E 3535303231373230333532323835\n< 9000";
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
