use std::fmt::{self, Write};

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use thiserror::Error;
use zeroize::Zeroizing;

/// Bytes, written in hexadecimal: as JSON in capitals. Erased on drop; `Debug` shows their number.
#[derive(Clone, PartialEq, Eq)]
pub struct Hex(Zeroizing<Vec<u8>>);

/// The text is not pairs of hexadecimal digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("bytes are written as pairs of hexadecimal digits")]
#[non_exhaustive]
pub struct MalformedHex;

impl Hex {
    /// The bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// Reads two digits for each byte, in either case.
    pub fn decode(text: &str) -> Result<Self, MalformedHex> {
        let digit = |digit: u8| u8::try_from(char::from(digit).to_digit(16)?).ok();
        let (pairs, []) = text.as_bytes().as_chunks() else { return Err(MalformedHex) };
        let mut bytes = Zeroizing::new(Vec::with_capacity(pairs.len()));
        for &[high, low] in pairs {
            let (high, low) = digit(high).zip(digit(low)).ok_or(MalformedHex)?;
            bytes.push(high << 4 | low);
        }
        Ok(Self(bytes))
    }

    /// Two digits for each byte, in small letters.
    fn digits(&self) -> impl Iterator<Item = char> {
        let digits = self.0.iter().flat_map(|byte| [byte >> 4, byte & 0x0F]);
        digits.filter_map(|digit| char::from_digit(digit.into(), 16))
    }
}

/// In small letters, as names and serial numbers are written.
impl fmt::Display for Hex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.digits().try_for_each(|digit| f.write_char(digit))
    }
}

impl<B: AsRef<[u8]>> From<B> for Hex {
    fn from(bytes: B) -> Self {
        Self(Zeroizing::new(bytes.as_ref().to_vec()))
    }
}

impl Serialize for Hex {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut text = Zeroizing::new(String::with_capacity(2 * self.0.len()));
        text.extend(self.digits().map(|digit| digit.to_ascii_uppercase()));
        serializer.serialize_str(&text)
    }
}

impl<'de> Deserialize<'de> for Hex {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Zeroizing::new(String::deserialize(deserializer)?);
        Self::decode(&text).map_err(D::Error::custom)
    }
}

impl fmt::Debug for Hex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Hex({} bytes)", self.0.len())
    }
}
