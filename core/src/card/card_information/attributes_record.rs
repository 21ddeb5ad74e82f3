use std::fmt;

use zeroize::Zeroizing;

use crate::codec::card_record;
use crate::codec::tlv::{self, Tag};
use crate::flow::Error;
use crate::value::{BirthDate, Sex};

/// The record of the four basic attributes (基本4情報): card information input support application,
/// EF 0002 (card.md 3.2). Nothing of it is verified.
///
/// Erased on drop; `Debug` shows nothing of it.
#[derive(Clone, PartialEq, Eq)]
pub struct AttributesRecord {
    name: Zeroizing<Box<str>>,
    address: Zeroizing<Box<str>>,
    birth_date: BirthDate,
    sex: Sex,
}

impl AttributesRecord {
    const TAG: Tag = Tag(0xFF20);
    const OFFSETS: Tag = Tag(0xDF21);
    const NAME: Tag = Tag(0xDF22);
    const ADDRESS: Tag = Tag(0xDF23);
    const BIRTH_DATE: Tag = Tag(0xDF24);
    const SEX: Tag = Tag(0xDF25);

    /// Reads the file, or fails with [`Error::Malformed`].
    pub fn parse(file: &[u8]) -> Result<Self, Error> {
        Self::read(file).ok_or(Error::Malformed { what: "unreadable basic attributes" })
    }

    fn read(file: &[u8]) -> Option<Self> {
        let content = card_record::content(file, Self::TAG)?;
        let tags = [Self::NAME, Self::ADDRESS, Self::BIRTH_DATE, Self::SEX];
        let [name, address, birth_date, sex] = card_record::fields(content, tags);
        let text = |value| str::from_utf8(value).ok();
        Some(Self {
            name: Zeroizing::new(text(name?.value())?.into()),
            address: Zeroizing::new(text(address?.value())?.into()),
            birth_date: BirthDate::from_record(birth_date?.value()),
            sex: Sex::from_record(sex?.value())?,
        })
    }

    /// Bytes of which the integrity record (EF 0003) has a digest: all that follows the table of offsets,
    /// as it stands in the file (card.md 3.2).
    #[must_use]
    pub fn signed_bytes(file: &[u8]) -> Option<&[u8]> {
        let content = card_record::content(file, Self::TAG)?;
        let offsets = tlv::read(content).next()?.ok()?;
        (offsets.tag() == Self::OFFSETS).then(|| content.get(offsets.encoded().len()..))?
    }

    /// The name (氏名): family name and given name, with an ideographic space (U+3000) between.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The address (住所).
    #[must_use]
    pub fn address(&self) -> &str {
        &self.address
    }

    /// The date of birth (生年月日).
    #[must_use]
    pub fn birth_date(&self) -> &BirthDate {
        &self.birth_date
    }

    /// The sex (性別).
    #[must_use]
    pub fn sex(&self) -> Sex {
        self.sex
    }
}

impl fmt::Debug for AttributesRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AttributesRecord")
    }
}

#[cfg(test)]
mod tests {
    use super::AttributesRecord;
    use crate::flow::Error;
    use crate::value::Sex;

    const FILE: &[u8] = b"\xFF\x20\x29\xDF\x21\x08\0\x0E\0\x17\0\x1D\0\x28\
        \xDF\x22\x06\xE8\x8A\xB1\xE5\xAD\x90\xDF\x23\x03\xE6\x9D\xB1\
        \xDF\x24\x0819800217\xDF\x25\x012\xFF\xFF";

    #[test]
    fn a_record_says_who_the_holder_is_to_who_asks() {
        let record = AttributesRecord::parse(FILE).unwrap();
        assert_eq!(record.name(), "花子");
        assert_eq!(record.address(), "東");
        assert_eq!(record.birth_date().digits(), b"19800217");
        assert_eq!(record.sex(), Sex::Female);
        assert_eq!(format!("{record:?}"), "AttributesRecord");
    }

    #[test]
    fn a_birth_date_that_is_not_known_whole_is_told_as_far_as_it_is() {
        for (date, digits) in [
            (b"19450300", b"19450300"),
            (b"19450000", b"19450000"),
            (b"00000000", b"00000000"),
            (b"194503  ", b"19450300"),
        ] {
            let mut file = FILE.to_vec();
            file[32..40].copy_from_slice(date);
            let record = AttributesRecord::parse(&file).unwrap();
            assert_eq!((record.name(), record.birth_date().digits()), ("花子", &digits[..]));
        }
    }

    #[test]
    fn what_is_signed_follows_the_offsets() {
        assert_eq!(AttributesRecord::signed_bytes(FILE), FILE.get(14..FILE.len() - 2));
        let mut without_offsets = FILE.to_vec();
        without_offsets[4] = 0x20;
        assert_eq!(AttributesRecord::signed_bytes(&without_offsets), None);
    }

    #[test]
    fn what_is_no_such_record_is_refused() {
        let malformed = Err(Error::Malformed { what: "unreadable basic attributes" });
        for length in 0..FILE.len() - 2 {
            assert_eq!(AttributesRecord::parse(&FILE[..length]), malformed, "{length} bytes");
        }
        // The name is no text, the sex not known.
        for (at, byte) in [(17, 0xFF), (43, b'4')] {
            let mut file = FILE.to_vec();
            file[at] = byte;
            assert_eq!(AttributesRecord::parse(&file), malformed, "{byte:02X} at {at}");
        }
    }
}
