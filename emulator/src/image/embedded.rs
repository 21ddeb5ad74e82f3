//! The checked-in images, which the library carries with it.

use std::borrow::Cow;

use super::Variant;
use super::files::Files;

macro_rules! files {
    ($folder:literal, $($path:literal),* $(,)?) => {
        Files::from([$((
            Cow::from($path),
            Cow::from(&include_bytes!(concat!("../../images/", $folder, "/", $path))[..]),
        )),*])
    };
}

macro_rules! card_without_signature_certificate {
    ($folder:literal $(, $path:literal)*) => {
        files![
            $folder,
            "card.toml",
            "card-info/0001.bin",
            "card-info/0002.bin",
            "card-info/0003.bin",
            "card-info/0004.bin",
            "card-info/0005.bin",
            "card-info/0007.bin",
            "card-info/0008.bin",
            "card-surface/0001.bin",
            "card-surface/0002.bin",
            "card-surface/0003.bin",
            "card-surface/0004.bin",
            "card-surface/0005.bin",
            "card-surface/0006.bin",
            "common/0001.1.bin",
            "jpki/0001.bin",
            "jpki/0002.bin",
            "jpki/0006.bin",
            "jpki/0008.bin",
            "jpki/0009.bin",
            "jpki/000A.bin",
            "jpki/000B.bin",
            "keys/card-info.pem",
            "keys/card-surface.pem",
            "keys/terminal-authority.pem",
            "keys/user-authentication.pem",
            $($path),*
        ]
    };
}

macro_rules! card {
    ($folder:literal) => {
        card_without_signature_certificate![$folder, "keys/digital-signature.pem"]
    };
}

/// The files of the checked-in card of this variant.
pub(super) fn files(variant: Variant) -> Files<'static> {
    match variant {
        Variant::Normal => card!("normal"),
        Variant::AnotherPerson => card!("another-person"),
        Variant::WithoutPins => card_without_signature_certificate!("without-pins"),
        Variant::Blocked => card!("blocked"),
        Variant::WithoutSignatureCertificate => {
            card_without_signature_certificate!("without-signature-certificate")
        }
        Variant::Expired => card!("expired"),
        Variant::ForeignRoot => card!("foreign-root"),
        Variant::Short => card!("short"),
    }
}
