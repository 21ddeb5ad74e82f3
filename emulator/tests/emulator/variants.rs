//! Differences between the checked-in cards.

use std::path::Path;

use kazashi_core::codec::apdu::StatusWord;
use kazashi_emulator::{Application, Card, Ef, Image, Variant, folder};
use x509_cert::der::DateTime;

use crate::support::commands::{send, sign_command};
use crate::support::contents::{certificate, is_issued, transparent, transparent_of};
use crate::support::transcript::{card_information, card_surface, in_jpki_of, play};

#[test]
fn the_embedded_cards_are_the_checked_in_ones() {
    for variant in Variant::ALL {
        let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("images").join(variant.name());
        assert_eq!(Image::of(variant), folder::load(dir).unwrap(), "{variant:?}");
        assert_eq!(Image::of(variant).variant(), variant);
    }
}

#[test]
fn a_variant_is_known_by_its_name() {
    for variant in Variant::ALL {
        assert_eq!(variant.name().parse(), Ok(variant));
    }
    assert!("Normal".parse::<Variant>().is_err());
}

#[test]
fn authorities_of_the_same_names_issued_all_certificates() {
    let ca_names =
        |image: &Image| [0x0002, 0x000B].map(|id| certificate(image, id).tbs_certificate.subject);
    for variant in Variant::ALL {
        let image = Image::of(variant);
        assert_eq!(ca_names(&image), ca_names(&Image::normal()), "{variant:?}");
        assert!(is_issued(&image, 0x000A, &image, 0x000B), "{variant:?}");
        let has_signature_certificate = transparent(&image, 0x0008) == [0x8F, 0x8F, 0x00];
        assert!(
            !has_signature_certificate || is_issued(&image, 0x0001, &image, 0x0002),
            "{variant:?}"
        );
    }
}

#[test]
fn only_a_foreign_root_is_another_root() {
    let normal = Image::normal();
    for variant in Variant::ALL {
        let issued = is_issued(&Image::of(variant), 0x000A, &normal, 0x000B);
        assert_eq!(issued, variant != Variant::ForeignRoot, "{variant:?}");
    }
    assert!(!is_issued(&Image::of(Variant::ForeignRoot), 0x0001, &normal, 0x0002));
}

#[test]
fn another_person_has_other_names_serial_numbers_and_keys() {
    let (normal, other) = (Image::normal(), Image::of(Variant::AnotherPerson));
    for id in [0x0001, 0x000A] {
        let [normal, other] = [&normal, &other].map(|image| certificate(image, id).tbs_certificate);
        assert_ne!(normal.subject, other.subject);
        assert_ne!(normal.serial_number, other.serial_number);
        assert_ne!(normal.subject_public_key_info, other.subject_public_key_info);
    }
}

#[test]
fn only_the_expired_card_is_expired() {
    let now = DateTime::new(2025, 6, 1, 0, 0, 0).unwrap();
    for variant in Variant::ALL {
        let validity = certificate(&Image::of(variant), 0x000A).tbs_certificate.validity;
        let expired = validity.not_after.to_date_time() < now;
        assert_eq!(expired, variant == Variant::Expired, "{variant:?}");
    }
    let signature = certificate(&Image::of(Variant::Expired), 0x0001);
    assert!(signature.tbs_certificate.validity.not_after.to_date_time() < now);
}

#[test]
fn only_the_expired_card_has_a_face_that_is() {
    for variant in Variant::ALL {
        let face = transparent_of(&Image::of(variant), Application::CardSurface, 0x0002).to_vec();
        let expired = face.windows(11).any(|bytes| bytes == b"\xDF\x29\x0820250430");
        let good = face.windows(11).any(|bytes| bytes == b"\xDF\x29\x0820350217");
        assert_eq!((expired, good), (variant == Variant::Expired, variant != Variant::Expired));
    }
}

#[test]
fn neither_a_blocked_pin_nor_one_never_set_has_a_try() {
    for variant in [Variant::Blocked, Variant::WithoutPins] {
        in_jpki_of(
            Image::of(variant),
            "> 00200098
             < 63C0
             > 00200098 04 31323334
             < 6984
             > 0020009B
             < 63C0
             > 0020009B 06 414243313233
             < 6984
             > 00B08A0004
             < 3082 ... 9000",
        );
        let mut card = Card::new(Image::of(variant));
        play(
            &mut card,
            "> 00A4040C 0A D3921000310001010408
             < 9000
             > 00200091
             < 63C0
             > 00200091 04 31323334
             < 6984",
        );
    }
}

#[test]
fn what_is_printed_on_the_card_has_no_try_on_a_blocked_card_only() {
    for variant in Variant::ALL {
        let left = if variant == Variant::Blocked { 0 } else { 10 };
        let pins: Vec<_> = Image::of(variant).pins().map(|(ef, pin)| (ef, pin.clone())).collect();
        for (application, id) in [
            (Application::CardSurface, 0x0011),
            (Application::CardSurface, 0x0012),
            (Application::CardSurface, 0x0013),
            (Application::CardInformation, 0x0014),
            (Application::CardInformation, 0x0015),
        ] {
            let (_, pin) = pins.iter().find(|(ef, _)| *ef == Ef { application, id }).unwrap();
            assert_eq!(pin.retries_left(), left, "{variant:?} {application:?} {id:04X}");
        }
    }
}

#[test]
fn a_pin_that_was_never_set_has_no_value() {
    let values =
        |variant| Image::of(variant).pins().map(|(_, pin)| pin.value().is_some()).collect();
    let (never_set, blocked): (Vec<_>, Vec<_>) =
        (values(Variant::WithoutPins), values(Variant::Blocked));
    // In the order of the files: what is printed on the card is not for the holder to set, and one
    // key reference is unused on all cards.
    assert_eq!(never_set, [false, false, true, true, true, false, false, true, true]);
    assert_eq!(blocked, [true, true, true, true, true, true, false, true, true]);
}

#[test]
fn without_a_signature_certificate_its_files_are_empty_and_its_key_is_away() {
    in_jpki_of(
        Image::of(Variant::WithoutSignatureCertificate),
        "> 00B0880003
         < 008F00 9000
         > 0020009B 06 414243313233
         < 9000
         > 00B0810004
         < 00000000 9000
         > 802A009A 01 00 00
         < 6A82",
    );
}

#[test]
fn the_short_card_refuses_extended_length_fields() {
    in_jpki_of(
        Image::of(Variant::Short),
        "> 00A4020C 02 000A
         < 9000
         > 00B00000 000000
         < 6700
         > 00B00000 000004
         < 6700
         > 00200080 000004 31323334
         < 6700
         > 00B00000 04
         < 3082 ... 9000",
    );
}

#[test]
fn the_short_card_refuses_short_identifiers_and_spends_no_try() {
    in_jpki_of(
        Image::of(Variant::Short),
        "> 00B08A0004
         < 6A86
         > 00200098
         < 6A86
         > 00200098 04 30303030
         < 6A86
         > 802A0097 01 00 00
         < 6A86
         > 00A4020C 02 0018
         < 9000
         > 00200080
         < 63C3
         > 00200080 04 31323334
         < 9000
         > 00A4020C 02 0017
         < 9000
         > 802A0080 01 00 00
         < ... 9000",
    );
}

#[test]
fn the_short_card_has_the_card_information_too() {
    let mut card = Card::new(Image::of(Variant::Short));
    play(&mut card, card_information::SELECT);
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

#[test]
fn the_short_card_has_the_card_surface_too() {
    let mut card = Card::new(Image::of(Variant::Short));
    play(&mut card, card_surface::SELECT);
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
    assert_eq!(send(&mut card, &sign_command(0x00, 0x00, [0x77; 32])), StatusWord::OK);
}
