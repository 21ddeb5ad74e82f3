//! Contents of the files of an issued card (card.md 3).

use std::collections::BTreeMap;

use kazashi_core::codec::tlv::{self, Tag};

use super::cv_certificate::CvKey;
use super::{Holder, IssueError};
use crate::{Contents, Variant};

pub(super) mod card_information;
pub(super) mod card_surface;

const MUNICIPALITY: &str = "13221";

/// The size of a file for a certificate. Known of EF 0002 only.
const CERTIFICATE_FILE: usize = 1_900;
/// The same of one that has a name and an address in it.
const DIGITAL_SIGNATURE_CERTIFICATE_FILE: usize = 2_000;

/// Until when a card is good, `YYYYMMDD`. The user certificates of those that are good run longer,
/// for tests to last.
pub(super) fn expiry(variant: Variant) -> &'static str {
    match variant {
        Variant::Expired => "20250430",
        _ => "20350217",
    }
}

/// A certificate in its file.
pub(super) fn certificate(der: &[u8]) -> Result<Contents, IssueError> {
    filled(der, CERTIFICATE_FILE)
}

/// A digital signature certificate in its file; no bytes, if none was issued.
pub(super) fn digital_signature_certificate(der: &[u8]) -> Result<Contents, IssueError> {
    filled(der, DIGITAL_SIGNATURE_CERTIFICATE_FILE)
}

/// A file of this size, filled up with zeros.
fn filled(der: &[u8], size: usize) -> Result<Contents, IssueError> {
    let mut bytes = der.to_vec();
    if bytes.len() > size {
        return Err(IssueError::TooLarge);
    }
    bytes.resize(size, 0x00);
    Ok(Contents::Transparent(bytes))
}

/// Which certificates are there: for digital signatures, for user authentication; the third byte is
/// not known.
pub(super) fn availability(digital_signature: bool) -> Contents {
    let digital_signature = if digital_signature { 0x8F } else { 0x00 };
    Contents::Transparent(vec![digital_signature, 0x8F, 0x00])
}

/// A file of which nothing is known.
pub(super) fn unknown() -> Contents {
    Contents::Transparent(vec![0xFF; 16])
}

/// A `CK_TOKEN_INFO` of PKCS #11, big-endian (card.md 3.1).
pub(super) fn token_information() -> Contents {
    let mut info = Vec::new();
    info.extend_from_slice(format!("{:<32}", "JPKIAPICCTOKEN2").as_bytes());
    // The manufacturer, model and serial number of real cards are not public.
    info.extend_from_slice(format!("{:<32}", "KAZASHI EMULATOR").as_bytes());
    info.extend_from_slice(&[b' '; 16]);
    info.extend_from_slice(&[b' '; 16]);
    // Flags; the most sessions and those open, twice; the longest PIN and the shortest.
    for number in [0x0000_040D_u32, 1, 0, 1, 0, 16, 6] {
        info.extend_from_slice(&number.to_be_bytes());
    }
    // Nothing is said of the memory.
    info.extend_from_slice(&[0xFF; 16]);
    info.extend_from_slice(b"03"); // hardware
    info.extend_from_slice(b"01"); // firmware
    info.extend_from_slice(&[b'9'; 16]); // no clock
    Contents::Transparent(info)
}

/// The data objects of GET DATA (card.md 3.0), without those that hold CV certificates.
pub(super) fn data_objects(holder: &Holder, expiry: &str) -> [(u16, Vec<u8>); 6] {
    // 7 digits, 08 05, 3 digits, 4 bytes; a first digit of 9 is neither of the real hierarchies.
    let key_identifier = b"9000020\x08\x05000\0\0\0\0".to_vec();
    // Names GlobalPlatform, and nothing of what the card can do.
    let recognition_data = b"\x66\x0B\x73\x09\x06\x07\x2A\x86\x48\x86\xFC\x6B\x01".to_vec();
    [
        (0x0042, key_identifier.clone()),
        (0x0045, card_number(holder).into_bytes()),
        (0x0066, recognition_data),
        (0x00F0, MUNICIPALITY.into()),
        (0x00F2, expiry.into()),
        (0x00F7, key_identifier),
    ]
}

/// Record 1 of the common application, in SIMPLE-TLV (card.md 3.4).
pub(super) fn common_record(holder: &Holder, expiry: &str) -> Contents {
    let value = format!("00{}{MUNICIPALITY}{expiry}", card_number(holder));
    let record = [&[0x01, 0x1C], value.as_bytes()].concat();
    Contents::Records(BTreeMap::from([(1, record)]))
}

/// 13 characters, whose form is not public.
fn card_number(holder: &Holder) -> String {
    format!("KAZASHI{:06}", holder.number)
}

/// A file of one object that ends with the signature over the objects before.
fn signed_record(tag: Tag, signed: &[u8], signature: Tag, records: &CvKey) -> Vec<u8> {
    tlv::write(tag, &[signed, &tlv::write(signature, &records.sign(signed))].concat())
}

/// A picture in its object: from 128 bytes on, the card writes the length in two more bytes, even
/// where one would do (card.md 3.3).
fn picture(tag: Tag, bytes: &[u8]) -> Vec<u8> {
    let [.., high, low] = tag.0.to_be_bytes();
    match u8::try_from(bytes.len()) {
        Ok(length @ 0x80..) => [&[high, low, 0x82, 0x00, length], bytes].concat(),
        _ => tlv::write(tag, bytes),
    }
}

/// A file of one object that begins with where the tag of each of the others in it is, in two bytes
/// from the beginning of the file.
fn record_with_offsets(tag: Tag, offsets: Tag, objects: &[Vec<u8>]) -> Vec<u8> {
    let write =
        |table: &[u8]| tlv::write(tag, &[tlv::write(offsets, table), objects.concat()].concat());
    // The length does not depend on what the table says.
    let without_offsets = write(&vec![0; 2 * objects.len()]);
    let mut at = without_offsets.len() - objects.concat().len();
    let mut table = Vec::new();
    for object in objects {
        // A card has no file that would be too long for this.
        table.extend_from_slice(&u16::try_from(at).unwrap_or(u16::MAX).to_be_bytes());
        at += object.len();
    }
    write(&table)
}
