//! The four basic attributes on the card (基本4情報; card information input support application).

use kazashi_core::card::card_information::AttributesRecord;
use kazashi_core::codec::card_record;
use kazashi_core::codec::tlv::Tag;
use sha2::{Digest, Sha256};

use crate::{CvCertificate, CvTrust, VerifyError};

/// EF 0003: digests of the individual number and of the attributes, and the signature over both.
const INTEGRITY: Tag = Tag(0xFF30);
const NUMBER_DIGEST: Tag = Tag(0xDF31);
const ATTRIBUTES_DIGEST: Tag = Tag(0xDF32);
const SIGNATURE: Tag = Tag(0xDF33);

/// Verifies that the card's issuer signed the four basic attributes (EF 0002): the CV certificate
/// (EF 0004) under one of the roots, the integrity record (EF 0003) under the CV certificate, and its
/// digest of the attributes. The roots are those of this application:
/// [`CvTrust::pinned_card_information`].
///
/// The integrity record also has a hash of the individual number, from which the digits are found in
/// hours. Whoever calls this must not hand it on. That the card is there is not part of the answer.
pub fn verify_attributes(
    record: &[u8],
    integrity_record: &[u8],
    cv_certificate: &[u8],
    trust: &CvTrust,
) -> Result<AttributesRecord, VerifyError> {
    let malformed = |what| VerifyError::CardRecordMalformed { what };
    let signer = trust.verify(&CvCertificate::parse(cv_certificate)?)?;

    let integrity = card_record::content(integrity_record, INTEGRITY);
    let fields = integrity
        .map(|content| card_record::fields(content, [NUMBER_DIGEST, ATTRIBUTES_DIGEST, SIGNATURE]));
    let Some([Some(number), Some(attributes), Some(signature)]) = fields else {
        return Err(malformed("the integrity record"));
    };
    // Both objects are signed as they stand, with their headers.
    let signed = Sha256::new_with_prefix(number.encoded()).chain_update(attributes.encoded());
    if !signer.public_key().verifies(&signed.finalize().into(), signature.value()) {
        return Err(VerifyError::CardRecordForged);
    }
    let of_record = AttributesRecord::signed_bytes(record)
        .map(Sha256::digest)
        .ok_or(malformed("the basic attributes"))?;
    if of_record.as_slice() != attributes.value() {
        return Err(VerifyError::CardRecordForged);
    }
    AttributesRecord::parse(record).map_err(|_| malformed("the basic attributes"))
}
