//! Data objects: BER-TLV (ISO/IEC 7816-4:2020, 6.3; ISO/IEC 8825-1) and SIMPLE-TLV (6.2), as the
//! card writes them.
//!
//! The card pads its files with `00` or `FF` behind the last object and writes some lengths in more
//! bytes than needed (card.md 3.2, EF 0005), so both are read; what is written here is minimal.

use std::fmt;

use thiserror::Error;

/// A BER-TLV tag, its bytes read as one big-endian number: `7F21` is `Tag(0x7F21)`. At most four
/// bytes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(clippy::exhaustive_structs, reason = "a number with a name")]
pub struct Tag(pub u32);

/// One BER-TLV data object. The value borrows from the file it was read from.
///
/// `Debug` shows the tag and the length only.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Tlv<'a> {
    tag: Tag,
    value: &'a [u8],
    encoded: &'a [u8],
}

/// Why bytes are no data objects.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum MalformedTlv {
    /// The bytes end within a tag, a length or a value.
    #[error("a data object ends too early")]
    Truncated,
    /// A tag of more than four bytes.
    #[error("a tag has more than four bytes")]
    LongTag,
    /// A length that is indefinite, reserved, or of more than four bytes.
    #[error("a length is not in the definite form of at most four bytes")]
    UnsupportedLength,
}

impl<'a> Tlv<'a> {
    /// The tag.
    #[must_use]
    pub fn tag(&self) -> Tag {
        self.tag
    }

    /// The value.
    #[must_use]
    pub fn value(&self) -> &'a [u8] {
        self.value
    }

    /// The whole object as it stood in the file, tag and length with it: what the card's records
    /// sign.
    #[must_use]
    pub fn encoded(&self) -> &'a [u8] {
        self.encoded
    }
}

impl fmt::Debug for Tag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02X}", self.0)
    }
}

impl fmt::Debug for Tlv<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} L={}", self.tag, self.value.len())
    }
}

/// The BER-TLV objects that stand one behind the other, up to the end or to the filler. Ends after
/// the first error.
#[must_use]
pub fn read(bytes: &[u8]) -> Objects<'_> {
    Objects { rest: bytes }
}

/// Finds the first object of this tag; objects before it are skipped whole.
pub fn find(bytes: &[u8], tag: Tag) -> Result<Option<Tlv<'_>>, MalformedTlv> {
    for object in read(bytes) {
        let object = object?;
        if object.tag == tag {
            return Ok(Some(object));
        }
    }
    Ok(None)
}

/// The iterator of [`read`].
#[derive(Clone, Debug)]
pub struct Objects<'a> {
    rest: &'a [u8],
}

impl<'a> Iterator for Objects<'a> {
    type Item = Result<Tlv<'a>, MalformedTlv>;

    fn next(&mut self) -> Option<Self::Item> {
        // No object begins with `00`, nor with `FF` but for the card's private tags `FF10` to
        // `FF50`: filler.
        if let [] | [0x00, ..] | [0xFF] | [0xFF, 0x00 | 0xFF, ..] = self.rest {
            return None;
        }
        let object = read_one(self.rest);
        self.rest = match &object {
            Ok((_, rest)) => rest,
            Err(_) => &[],
        };
        Some(object.map(|(tlv, _)| tlv))
    }
}

fn read_one(bytes: &[u8]) -> Result<(Tlv<'_>, &[u8]), MalformedTlv> {
    let (tag, rest) = read_tag(bytes)?;
    let (length, rest) = read_length(rest)?;
    let (value, rest) = rest.split_at_checked(length).ok_or(MalformedTlv::Truncated)?;
    let encoded = bytes.get(..bytes.len() - rest.len()).ok_or(MalformedTlv::Truncated)?;
    Ok((Tlv { tag, value, encoded }, rest))
}

/// Length of the object at the start, tag and length included, as its own length says, if its tag is
/// one of these. Of the value nothing needs to be there.
#[must_use]
pub fn encoded_length(bytes: &[u8], is_one: impl FnOnce(Tag) -> bool) -> Option<usize> {
    let (tag, rest) = read_tag(bytes).ok()?;
    let (length, rest) = read_length(rest).ok()?;
    is_one(tag).then(|| (bytes.len() - rest.len()).checked_add(length))?
}

fn read_tag(bytes: &[u8]) -> Result<(Tag, &[u8]), MalformedTlv> {
    let (&first, mut rest) = bytes.split_first().ok_or(MalformedTlv::Truncated)?;
    let mut tag = u32::from(first);
    if first & 0x1F != 0x1F {
        return Ok((Tag(tag), rest));
    }
    loop {
        let (&next, after) = rest.split_first().ok_or(MalformedTlv::Truncated)?;
        if tag > 0x00FF_FFFF {
            return Err(MalformedTlv::LongTag);
        }
        tag = tag << 8 | u32::from(next);
        rest = after;
        if next & 0x80 == 0 {
            return Ok((Tag(tag), rest));
        }
    }
}

fn read_length(bytes: &[u8]) -> Result<(usize, &[u8]), MalformedTlv> {
    let (&first, rest) = bytes.split_first().ok_or(MalformedTlv::Truncated)?;
    if first < 0x80 {
        return Ok((usize::from(first), rest));
    }
    let count = usize::from(first & 0x7F);
    if !(1..=4).contains(&count) {
        return Err(MalformedTlv::UnsupportedLength);
    }
    let (digits, rest) = rest.split_at_checked(count).ok_or(MalformedTlv::Truncated)?;
    let length = digits.iter().fold(0, |length, &digit| length << 8 | usize::from(digit));
    Ok((length, rest))
}

/// Writes one object with the shortest length that fits.
#[must_use]
pub fn write(tag: Tag, value: &[u8]) -> Vec<u8> {
    let mut bytes = without_leading_zeros(&tag.0.to_be_bytes()).to_vec();
    let length = value.len().to_be_bytes();
    match without_leading_zeros(&length) {
        [] => bytes.push(0),
        &[short @ 0..0x80] => bytes.push(short),
        digits => {
            bytes.push(0x80 | digits.iter().fold(0, |count, _| count + 1));
            bytes.extend_from_slice(digits);
        }
    }
    bytes.extend_from_slice(value);
    bytes
}

fn without_leading_zeros(digits: &[u8]) -> &[u8] {
    let zeros = digits.iter().take_while(|&&digit| digit == 0).count();
    digits.get(zeros..).unwrap_or_default()
}

/// Reads the SIMPLE-TLV object at the start (ISO/IEC 7816-4:2020, 6.2): tag, value, and what
/// follows.
///
/// The record EFs of the common application are written so (card.md 3.4).
pub fn read_simple(bytes: &[u8]) -> Result<(u8, &[u8], &[u8]), MalformedTlv> {
    let (length, tag, rest) = match *bytes {
        [tag, 0xFF, high, low, ref rest @ ..] => (u16::from_be_bytes([high, low]), tag, rest),
        [_, 0xFF, ..] => return Err(MalformedTlv::Truncated),
        [tag, length, ref rest @ ..] => (u16::from(length), tag, rest),
        _ => return Err(MalformedTlv::Truncated),
    };
    let (value, rest) =
        rest.split_at_checked(usize::from(length)).ok_or(MalformedTlv::Truncated)?;
    Ok((tag, value, rest))
}
