//! Records of the card information input support application (券面事項入力補助AP; card.md 3.2, 4.6
//! and 4.8).

use kazashi_emulator::{Application, Image, Variant};
use rsa::RsaPublicKey;
use rsa::sha2::{Digest, Sha256};

use crate::support::contents::{is_signed, key_in, objects_in, transparent_of};
use crate::support::vectors::{cv_certificate, private_key};

#[test]
fn the_attributes_are_those_of_the_holder() {
    for (variant, name, address, birth_date, sex) in [
        (Variant::Normal, "架空　花子", "東京都清瀬市架空一丁目２番地３", "19800217", "2"),
        (Variant::AnotherPerson, "架空　太郎", "東京都清瀬市架空四丁目５番地６", "19950217", "1"),
    ] {
        let image = Image::of(variant);
        let bytes = file(&image, 0x0002);
        let attributes = objects_in(bytes);
        let texts: Vec<_> = attributes[1..]
            .iter()
            .map(|object| (object.tag, std::str::from_utf8(object.value).unwrap()))
            .collect();
        let expected = [(0xDF22, name), (0xDF23, address), (0xDF24, birth_date), (0xDF25, sex)];
        assert_eq!(texts, expected);
        assert_eq!(attributes[0].tag, 0xDF21);
        for (object, offset) in attributes[1..].iter().zip(attributes[0].value.chunks(2)) {
            assert_eq!(object.at, usize::from(u16::from_be_bytes([offset[0], offset[1]])));
        }
        let filler = &bytes[attributes[4].at + attributes[4].encoded.len()..];
        assert_eq!(filler, b"\xFF\xFF");
    }
}

#[test]
fn the_integrity_record_holds_the_digests_of_number_and_attributes_and_is_signed() {
    for variant in Variant::ALL {
        let image = Image::of(variant);
        let number = file(&image, 0x0001);
        assert_eq!(number.len(), 17);
        assert_eq!((&number[..3], &number[15..]), (&b"\xFF\x10\x0C"[..], &b"\xFF\xFF"[..]));

        let bytes = file(&image, 0x0003);
        assert_eq!(&bytes[..5], b"\xFF\x30\x82\x01\x4B");
        let record = objects_in(bytes);
        let attributes = objects_in(file(&image, 0x0002));
        let attributes: Vec<u8> =
            attributes[1..].iter().flat_map(|object| object.encoded).copied().collect();
        assert_eq!(record[0].value, &*Sha256::digest(number), "{variant:?}");
        assert_eq!(record[1].value, &*Sha256::digest(attributes), "{variant:?}");

        let certificate = file(&image, 0x0004);
        let records = key_in(certificate, 5 + 5 + 32);
        let signed = &bytes[record[0].at..record[2].at];
        assert!(is_signed(&records, signed, record[2].value), "{variant:?}");

        let foreign = variant == Variant::ForeignRoot;
        let [root, other] = ["card-info-authority.pem", "foreign-ca.pem"]
            .map(|name| RsaPublicKey::from(private_key(name)))
            .map(|root| is_signed(&root, &certificate[10..307], &certificate[312..]));
        assert_eq!((root, other), (!foreign, foreign), "{variant:?}");
    }
}

#[test]
fn its_public_key_is_signed() {
    for variant in Variant::ALL {
        let image = Image::of(variant);
        let bytes = file(&image, 0x0007);
        assert_eq!(bytes.len(), 536);
        let key = objects_in(bytes);
        let records = key_in(file(&image, 0x0004), 5 + 5 + 32);
        assert!(is_signed(&records, key[0].encoded, key[1].value), "{variant:?}");
    }
}

#[test]
fn its_information_has_lengths_that_are_longer_than_needed() {
    let bytes = file(&Image::normal(), 0x0005).to_vec();
    assert_eq!(bytes.len(), 164);
    assert_eq!(&bytes[..12], b"\xFF\x40\x82\x00\x9F\xDF\x41\x04\x01\x03\x0E\x01");
    assert_eq!(&bytes[12..31], b"\xDF\x42\x109000034\x08\x05001\0\0\0\0");
    assert_eq!(&bytes[31..36], b"\xDF\x43\x82\x00\x80");
}

#[test]
fn its_certificates_are_those_of_the_vectors() {
    let (normal, foreign) = (Image::normal(), Image::of(Variant::ForeignRoot));
    assert_eq!(file(&normal, 0x0004), cv_certificate("card-info.cv"));
    assert_eq!(file(&foreign, 0x0004), cv_certificate("foreign-card-info.cv"));
}

fn file(image: &Image, id: u16) -> &[u8] {
    transparent_of(image, Application::CardInformation, id)
}
