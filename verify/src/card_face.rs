//! The card face (券面; card surface application, EF 0002): what is printed on the card, as the card
//! itself keeps it.

use std::fmt;

use kazashi_core::codec::card_record;
use kazashi_core::codec::tlv::{self, Tag, Tlv};
use kazashi_core::value::{BirthDate, Sex};
use sha2::{Digest, Sha256};

use crate::VerifyError;
use crate::public_key::{MODULUS_LENGTH, PublicKey};

const RECORD: Tag = Tag(0xFF20);
const BIRTH_DATE: Tag = Tag(0xDF22);
const SEX: Tag = Tag(0xDF23);
const PUBLIC_KEY: Tag = Tag(0xDF24);
const NAME: Tag = Tag(0xDF25);
const ADDRESS: Tag = Tag(0xDF26);
const PHOTO: Tag = Tag(0xDF27);
const SIGNATURE: Tag = Tag(0xDF28);
const EXPIRY: Tag = Tag(0xDF29);
const SECURITY_CODE: Tag = Tag(0xDF2A);

/// READ BINARY has 15 bits for the offset: no file is longer.
const MAX_LENGTH: usize = 0x7FFF;

/// The record of the card face, taken apart. Nothing in it is verified: see
/// [`CardFaceProof`](crate::CardFaceProof).
///
/// The images borrow from the file. `Debug` shows nothing of the holder.
#[derive(Clone)]
pub struct CardFaceRecord<'a> {
    encoded_attributes: Vec<u8>,
    attributes: CardFaceAttributes,
    name: Tlv<'a>,
    address: Tlv<'a>,
    photo: Tlv<'a>,
    signature: Tlv<'a>,
    expiry: BirthDate,
    security_code: Tlv<'a>,
}

impl<'a> CardFaceRecord<'a> {
    /// Reads the file, or fails with [`VerifyError::CardRecordMalformed`].
    pub fn parse(file: &'a [u8]) -> Result<Self, VerifyError> {
        Self::read(file).ok_or(VerifyError::CardRecordMalformed { what: "the card face" })
    }

    fn read(file: &'a [u8]) -> Option<Self> {
        if file.len() > MAX_LENGTH {
            return None;
        }
        let [birth_date, sex, public_key, name, address, photo, signature, expiry, security_code] =
            card_record::fields(
                card_record::content(file, RECORD)?,
                [
                    BIRTH_DATE,
                    SEX,
                    PUBLIC_KEY,
                    NAME,
                    ADDRESS,
                    PHOTO,
                    SIGNATURE,
                    EXPIRY,
                    SECURITY_CODE,
                ],
            );
        let encoded_attributes =
            [birth_date?.encoded(), sex?.encoded(), public_key?.encoded()].concat();
        Some(Self {
            attributes: CardFaceAttributes::parse(&encoded_attributes)?,
            encoded_attributes,
            name: name?,
            address: address?,
            photo: photo?,
            signature: signature?,
            // The same form, and as little reason to show nothing else of the card.
            expiry: BirthDate::from_record(expiry?.value()),
            security_code: security_code?,
        })
    }

    /// The date of birth.
    #[must_use]
    pub fn birth_date(&self) -> &BirthDate {
        &self.attributes.birth_date
    }

    /// The sex.
    #[must_use]
    pub fn sex(&self) -> Sex {
        self.attributes.sex
    }

    /// The name, drawn: PNG.
    #[must_use]
    pub fn name(&self) -> &'a [u8] {
        self.name.value()
    }

    /// The address, drawn: PNG.
    #[must_use]
    pub fn address(&self) -> &'a [u8] {
        self.address.value()
    }

    /// The photograph: JPEG 2000.
    #[must_use]
    pub fn photo(&self) -> &'a [u8] {
        self.photo.value()
    }

    /// The day on which the card expires, as `YYYYMMDD`, with zeros for what cannot be read. Outside
    /// the signature.
    #[must_use]
    pub fn expiry(&self) -> &[u8] {
        self.expiry.digits()
    }

    /// The security code, drawn: PNG. Outside the signature.
    #[must_use]
    pub fn security_code(&self) -> &'a [u8] {
        self.security_code.value()
    }

    /// The objects of birth date, sex and public key, as they stand in the file.
    pub(crate) fn encoded_attributes(&self) -> &[u8] {
        &self.encoded_attributes
    }

    pub(crate) fn images_digest(&self) -> [u8; 32] {
        let name = Sha256::new_with_prefix(self.name.encoded());
        name.chain_update(self.address.encoded()).finalize().into()
    }

    pub(crate) fn photo_digest(&self) -> [u8; 32] {
        Sha256::digest(self.photo.encoded()).into()
    }

    pub(crate) fn signature(&self) -> &'a [u8] {
        self.signature.value()
    }
}

impl fmt::Debug for CardFaceRecord<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CardFaceRecord")
    }
}

/// The holder's attributes that the record has as text, and the public key of the card.
#[derive(Clone)]
pub(crate) struct CardFaceAttributes {
    pub(crate) birth_date: BirthDate,
    pub(crate) sex: Sex,
    pub(crate) public_key: PublicKey,
    pub(crate) modulus: [u8; MODULUS_LENGTH],
}

impl CardFaceAttributes {
    /// Reads the three objects, behind which there is nothing.
    pub(crate) fn parse(bytes: &[u8]) -> Option<Self> {
        let [birth_date, sex, key] = all(bytes, [BIRTH_DATE, SEX, PUBLIC_KEY])?;
        let [exponent, modulus] = all(key.value(), [Tag(0x90), Tag(0x91)])?;
        let modulus: [u8; MODULUS_LENGTH] = modulus.value().try_into().ok()?;
        (exponent.value() == [0x01, 0x00, 0x01]).then_some(Self {
            birth_date: BirthDate::from_record(birth_date.value()),
            sex: Sex::from_record(sex.value())?,
            public_key: PublicKey::from_modulus(&modulus)?,
            modulus,
        })
    }
}

/// The objects that fill the bytes, if these are their tags.
fn all<const N: usize>(bytes: &[u8], tags: [Tag; N]) -> Option<[Tlv<'_>; N]> {
    let objects: Vec<_> = tlv::read(bytes).collect::<Result<_, _>>().ok()?;
    let length: usize = objects.iter().map(|object| object.encoded().len()).sum();
    let objects: [Tlv<'_>; N] = objects.try_into().ok()?;
    (length == bytes.len() && objects.map(|object| object.tag()) == tags).then_some(objects)
}
