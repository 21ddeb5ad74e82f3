//! The card information input support application (券面事項入力補助AP; card.md 3.2, 4.6 and 4.8).

use kazashi_emulator::{Application, Card, Contents, Ef, Image, Variant};
use rand_core::OsRng;
use rsa::sha2::{Digest, Sha256};
use rsa::{Pkcs1v15Sign, RsaPublicKey};

use crate::commands::{command, digest_info};
use crate::contents::{is_signed, key_in, objects_in, transparent_of};
use crate::transcript::play;
use crate::vectors::{cv_certificate, private_key};

const SELECT: &str = "> 00A4040C 0A D3921000310001010408\n< 9000";
const PRESENT_PIN: &str = "> 00200091 04 31323334\n< 9000";
const PRESENT_A: &str = "> 00200094 0C 313233343536373839303138\n< 9000";
const PRESENT_B: &str = "> 00200095 0E 3535303231373230333532323835\n< 9000";

#[test]
fn the_pin_opens_both_number_and_attributes_and_each_number_one() {
    // Which of EF 0001 to 0008 each opens; EF 0006 is not there.
    for (opener, opened) in [
        ("", [false, false, false, true, true, false, false]),
        (PRESENT_PIN, [true, true, true, true, true, true, true]),
        (PRESENT_A, [true, false, true, true, true, true, true]),
        (PRESENT_B, [false, true, true, true, true, true, true]),
    ] {
        let mut card = in_card_info(opener);
        for (id, opened) in [1, 2, 3, 4, 5, 7, 8].into_iter().zip(opened) {
            let status = if opened { "... 9000" } else { "6982" };
            play(&mut card, &format!("> 00B08{id}0001\n< {status}"));
        }
        play(&mut card, "> 00B0860001\n< 6A82");
    }
}

#[test]
fn number_and_attributes_together_open_what_each_opens() {
    let mut card = in_card_info(PRESENT_A);
    play(&mut card, PRESENT_B);
    play(&mut card, "> 00B0810002\n< FF10 9000\n> 00B0820002\n< FF20 9000");
}

#[test]
fn each_opener_has_its_own_counter() {
    for (p2, tries, wrong, right) in [
        ("91", 3, "04 30303030", "04 31323334"),
        ("94", 10, "0C 313131313131313131313138", "0C 313233343536373839303138"),
        ("95", 10, "0E 3535303231373230333530303030", "0E 3535303231373230333532323835"),
    ] {
        let mut card = in_card_info(&format!("> 002000{p2}\n< 63C{tries:X}"));
        play(&mut card, &format!("> 002000{p2} {right}\n< 9000\n> 00B0830001\n< FF 9000"));
        for left in (0..tries).rev() {
            play(&mut card, &format!("> 002000{p2} {wrong}\n< 63C{left:X}"));
            play(&mut card, "> 00B0830001\n< 6982");
        }
        play(&mut card, &format!("> 002000{p2} {right}\n< 6984\n> 002000{p2}\n< 63C0"));
        let others: Vec<_> =
            card.image().pins().filter(|(_, pin)| pin.retries_left() == 0).collect();
        assert_eq!(others.len(), 2, "this one, and the one that no card uses");
    }
}

#[test]
fn one_key_reference_is_unused_on_all_cards() {
    in_card_info(
        "> 00200092
         < 63C0
         > 00200092 04 31323334
         < 6984
         > 00240192 04 35363738
         < 6982",
    );
}

#[test]
fn what_was_presented_stays_so_until_another_application() {
    let (open, closed) = ("> 00B0820002\n< FF20 9000", "> 00B0820002\n< 6982");
    let mut card = in_card_info(PRESENT_PIN);
    play(&mut card, open);
    play(&mut card, SELECT);
    play(&mut card, open);
    play(&mut card, "! reset");
    play(&mut card, SELECT);
    play(&mut card, open);
    for another in ["00A4040C 0A D392F000260100000001", "00A4040C 07 A0000001510000"] {
        play(&mut card, &format!("> {another}\n< 9000"));
        play(&mut card, SELECT);
        play(&mut card, closed);
        play(&mut card, PRESENT_PIN);
    }
    play(&mut card, "! power");
    play(&mut card, SELECT);
    play(&mut card, closed);
}

#[test]
fn its_pin_is_another_than_that_of_the_certificates() {
    let mut card = in_card_info(
        "> 00200091 04 30303030
         < 63C2
         > 00A4040C 0A D392F000260100000001
         < 9000
         > 00200098
         < 63C3
         > 00200098 04 31323334
         < 9000",
    );
    play(&mut card, SELECT);
    play(&mut card, "> 00B0820001\n< 6982\n> 00200091\n< 63C2");
}

#[test]
fn only_its_pin_changes_and_to_four_digits_only() {
    let mut card = in_card_info(
        "> 00240191 04 35363738
         < 6982
         > 00200091 04 31323334
         < 9000
         > 00240191 05 3536373839
         < 6A80
         > 00240191 04 3536373A
         < 6A80
         > 00240191 04 35363738
         < 9000
         > 00200091 04 31323334
         < 63C2
         > 00200091 04 35363738
         < 9000",
    );
    play(&mut card, PRESENT_A);
    play(&mut card, "> 00240194 0C 313131313131313131313138\n< 6A80");
    play(&mut card, PRESENT_B);
    play(&mut card, "> 00240195 0E 3535303231373230333532323836\n< 6A80");
}

#[test]
fn keys_and_pins_are_not_readable() {
    let mut card = in_card_info(PRESENT_PIN);
    for id in ["91", "92", "93", "94", "95"] {
        play(&mut card, &format!("> 00B0{id}0001\n< 6981"));
    }
}

#[test]
fn secure_messaging_is_not_emulated() {
    in_card_info("> 08B0820000\n< 6882\n> 80AE0000 01 55\n< 6D00");
}

#[test]
fn a_file_that_nothing_is_known_to_open_stays_closed() {
    let ef = Ef { application: Application::CardInfo, id: 0x0010 };
    let mut card = Card::new(Image::normal().with(ef, Contents::Transparent(vec![0xFF; 16])));
    play(&mut card, SELECT);
    for opener in [PRESENT_PIN, PRESENT_A, PRESENT_B] {
        play(&mut card, opener);
    }
    play(&mut card, "> 00B0900001\n< 6982");
}

#[test]
fn its_key_signs_without_a_pin_and_is_the_one_in_its_record() {
    for variant in Variant::ALL {
        let image = Image::of(variant);
        let key = key_in(file(&image, 0x0007), 10);
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

#[test]
fn the_short_card_has_it_too() {
    let mut card = Card::new(Image::of(Variant::Short));
    play(&mut card, SELECT);
    play(
        &mut card,
        "> 00A4020C 02 0011
         < 9000
         > 00200080 04 31323334
         < 9000
         > 00A4020C 02 0002
         < 9000
         > 00B0000002
         < FF20 9000",
    );
}

fn in_card_info(transcript: &str) -> Card {
    let mut card = Card::new(Image::normal());
    play(&mut card, SELECT);
    play(&mut card, transcript);
    card
}

fn file(image: &Image, id: u16) -> &[u8] {
    transparent_of(image, Application::CardInfo, id)
}
