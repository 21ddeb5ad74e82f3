//! 券面事項確認AP (card.md 3.3 and 4.8).

use kazashi_core::codec::tlv::{self, Tag};
use rsa::RsaPublicKey;
use sha2::{Digest, Sha256};

use super::{MUNICIPALITY, picture, record_with_offsets, signed_record};
use crate::issue::cv_certificate::{CvKey, public_key_object};
use crate::issue::{Holder, IssueError};
use crate::{Contents, PrivateKey};

/// The DigestInfo of the card face, up to the digests: SHA-256, and three of them.
const THREE_DIGESTS: [u8; 19] =
    *b"\x30\x71\x30\x0D\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x01\x05\x00\x04\x60";

/// The age record: a date of birth and the card's key, signed.
pub(in crate::issue) fn age_record(holder: &Holder, key: &PrivateKey, records: &CvKey) -> Contents {
    let signed = [
        tlv::write(Tag(0xDF11), holder.birth_date.to_digits().as_bytes()),
        tlv::write(Tag(0xDF12), &public_key(key)),
    ];
    Contents::Transparent(signed_record(Tag(0xFF10), &signed.concat(), Tag(0xDF13), records))
}

/// The card's face: what is printed on it, and the card's key. The last two objects are behind the
/// signature and not under it.
pub(in crate::issue) fn card_face(
    holder: &Holder,
    expiry: &str,
    key: &PrivateKey,
    records: &CvKey,
) -> Result<Contents, IssueError> {
    let attributes = [
        tlv::write(Tag(0xDF22), holder.birth_date.to_digits().as_bytes()),
        tlv::write(Tag(0xDF23), holder.sex.as_bytes()),
        tlv::write(Tag(0xDF24), &public_key(key)),
    ];
    let writing =
        [picture(Tag(0xDF25), holder.face.name), picture(Tag(0xDF26), holder.face.address)];
    let photo = [picture(Tag(0xDF27), holder.face.photo)];
    let digests = [attributes.concat(), writing.concat(), photo.concat()].map(Sha256::digest);
    let signature = records.sign_digest_info(&[&THREE_DIGESTS[..], &digests.concat()].concat())?;
    let others = [
        tlv::write(Tag(0xDF28), &signature),
        tlv::write(Tag(0xDF29), expiry.as_bytes()),
        picture(Tag(0xDF2A), holder.face.security_code),
    ];
    let objects: Vec<_> = [&attributes[..], &writing, &photo, &others].concat();
    Ok(Contents::Transparent(record_with_offsets(Tag(0xFF20), Tag(0xDF21), &objects)))
}

/// The picture of the individual number, and the card's key, signed.
pub(in crate::issue) fn individual_number_image(
    holder: &Holder,
    key: &PrivateKey,
    records: &CvKey,
) -> Contents {
    let signed = [
        picture(Tag(0xDF41), holder.face.individual_number),
        tlv::write(Tag(0xDF42), &public_key(key)),
    ];
    Contents::Transparent(signed_record(Tag(0xFF40), &signed.concat(), Tag(0xDF43), records))
}

/// The words of the application about itself.
pub(in crate::issue) fn information() -> Contents {
    // An identifier, and 256 bytes of which nothing is known.
    let unknown = [&b"9900025\x08\x05001\0\0\0\0"[..], &[0xFF; 256]].concat();
    let objects = [
        tlv::write(Tag(0xDF31), &[0x06, 0x03, 0x0E, 0x01]),
        tlv::write(Tag(0xDF32), b"9000024\x08\x05001\0\0\0\0"),
        tlv::write(Tag(0xDF33), &[0x00]),
        tlv::write(Tag(0xDF34), MUNICIPALITY.as_bytes()),
        tlv::write(Tag(0xDF35), &unknown),
    ];
    Contents::Transparent(tlv::write(Tag(0xFF30), &objects.concat()))
}

fn public_key(key: &PrivateKey) -> Vec<u8> {
    public_key_object(&RsaPublicKey::from(key.rsa()))
}
