//! Records of the card surface application (券面事項確認AP; card.md 3.3, 4.6 and 4.8).

use kazashi_emulator::{Application, Image, Variant};
use rsa::sha2::{Digest, Sha256};
use rsa::{Pkcs1v15Sign, RsaPublicKey};

use crate::support::contents::{is_signed, key_in, objects_in, transparent_of};
use crate::support::vectors::{cv_certificate, drawn, private_key};

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

fn file(image: &Image, id: u16) -> &[u8] {
    transparent_of(image, Application::CardSurface, id)
}
