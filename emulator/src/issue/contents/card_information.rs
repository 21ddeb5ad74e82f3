//! 券面事項入力補助AP (card.md 3.2).

use kazashi_core::codec::tlv::{self, Tag};
use rsa::RsaPublicKey;
use sha2::{Digest, Sha256};

use super::{record_with_offsets, signed_record};
use crate::issue::Holder;
use crate::issue::cv_certificate::{CvKey, public_key_object};
use crate::{Contents, PrivateKey};

/// Behind the individual number, and here behind the attributes too, of whose file the size is not
/// public.
const FILLER: [u8; 2] = [0xFF; 2];

/// The individual number, the attributes, and the record that holds their digests, signed.
pub(in crate::issue) fn attributes(holder: &Holder, records: &CvKey) -> [Contents; 3] {
    let number = tlv::write(Tag(0xFF10), holder.individual_number.as_bytes());
    let number = [&number[..], &FILLER].concat();
    let objects = [
        tlv::write(Tag(0xDF22), holder.name.as_bytes()),
        tlv::write(Tag(0xDF23), holder.address.as_bytes()),
        tlv::write(Tag(0xDF24), holder.birth_date.to_digits().as_bytes()),
        tlv::write(Tag(0xDF25), holder.sex.as_bytes()),
    ];
    let attributes = record_with_offsets(Tag(0xFF20), Tag(0xDF21), &objects);
    let digests = [
        tlv::write(Tag(0xDF31), &Sha256::digest(&number)),
        tlv::write(Tag(0xDF32), &Sha256::digest(objects.concat())),
    ];
    let integrity = signed_record(Tag(0xFF30), &digests.concat(), Tag(0xDF33), records);
    [number, [&attributes[..], &FILLER].concat(), integrity].map(Contents::Transparent)
}

/// The words of the application about itself. Two of its lengths are longer than they need to be, as on
/// the card.
pub(in crate::issue) fn information() -> Contents {
    let objects = [
        tlv::write(Tag(0xDF41), &[0x01, 0x03, 0x0E, 0x01]),
        tlv::write(Tag(0xDF42), b"9000034\x08\x05001\0\0\0\0"),
        // Of what it holds nothing is known.
        [&b"\xDF\x43\x82\x00\x80"[..], &[0xFF; 128]].concat(),
    ];
    Contents::Transparent([&b"\xFF\x40\x82\x00\x9F"[..], &objects.concat()].concat())
}

/// The public half of the application's key, signed.
pub(in crate::issue) fn public_key(key: &PrivateKey, records: &CvKey) -> Contents {
    let key = public_key_object(&RsaPublicKey::from(key.rsa()));
    let signed = tlv::write(Tag(0xDF51), &key);
    Contents::Transparent(signed_record(Tag(0xFF50), &signed, Tag(0xDF52), records))
}
