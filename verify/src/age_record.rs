//! The age record (card surface application, EF 0001): a birth date and the public key of the card,
//! signed together.

use kazashi_core::value::BirthDate;
use sha2::{Digest, Sha256};

use crate::public_key::{MODULUS_LENGTH, PublicKey, RSA_KEY_HEADER};
use crate::{CvKey, PairwiseKey, VerifyError};

const RECORD_HEADER: [u8; 5] = [0xFF, 0x10, 0x82, 0x02, 0x1E];
const BIRTH_DATE_HEADER: [u8; 3] = [0xDF, 0x11, 0x08];
const KEY_HEADER: [u8; 5] = [0xDF, 0x12, 0x82, 0x01, 0x09];
const SIGNATURE_HEADER: [u8; 5] = [0xDF, 0x13, 0x82, 0x01, 0x00];

/// The content of a record whose signature was verified.
pub(crate) struct AgeRecord {
    pub(crate) birth_date: BirthDate,
    pub(crate) public_key: PublicKey,
    modulus: [u8; MODULUS_LENGTH],
}

impl AgeRecord {
    /// Reads the 547 bytes of the record, and verifies them under the key that signs the records of
    /// this card.
    pub(crate) fn verified(bytes: &[u8], signer: &CvKey) -> Result<Self, VerifyError> {
        let malformed = |what| VerifyError::PresenceProofMalformed { what };
        let Parts { signed, birth_date, modulus, signature } =
            Parts::read(bytes).ok_or(malformed("the age record"))?;
        // Both objects are signed as they stand, with their headers.
        if !signer.public_key().verifies(&Sha256::digest(signed).into(), signature) {
            return Err(VerifyError::CardRecordForged);
        }
        Ok(Self {
            birth_date: BirthDate::from_record(birth_date),
            public_key: PublicKey::from_modulus(modulus)
                .ok_or(malformed("the key in the age record"))?,
            modulus: *modulus,
        })
    }

    /// The card surface key as an enrolment keeps it.
    pub(crate) fn pairwise_key(&self, key: &PairwiseKey) -> String {
        key.card_surface_key(&self.modulus)
    }
}

struct Parts<'a> {
    signed: &'a [u8],
    birth_date: &'a [u8; 8],
    modulus: &'a [u8; MODULUS_LENGTH],
    signature: &'a [u8],
}

impl<'a> Parts<'a> {
    fn read(bytes: &'a [u8]) -> Option<Self> {
        let objects = bytes.strip_prefix(&RECORD_HEADER)?;
        let (birth_date, rest) = objects.strip_prefix(&BIRTH_DATE_HEADER)?.split_first_chunk()?;
        let key = rest.strip_prefix(&KEY_HEADER)?.strip_prefix(&RSA_KEY_HEADER)?;
        let (modulus, rest) = key.split_first_chunk()?;
        let signed = objects.get(..objects.len() - rest.len())?;
        let signature = rest.strip_prefix(&SIGNATURE_HEADER)?;
        (signature.len() == MODULUS_LENGTH).then_some(Self {
            signed,
            birth_date,
            modulus,
            signature,
        })
    }
}
