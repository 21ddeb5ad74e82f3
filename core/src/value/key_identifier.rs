use std::fmt::{self, Write};

use thiserror::Error;

use crate::codec::Hex;

/// The name of a key in card-verifiable certificates: 7 digits, `08 05`, 3 digits, 4 bytes (card.md
/// 4.8).
///
/// `Display` shows the digits: `5000023/001`.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct KeyIdentifier([u8; 16]);

/// The bytes are no name of a key in card-verifiable certificates.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("a key identifier is 7 digits, 08 05, 3 digits and 4 bytes")]
#[non_exhaustive]
pub struct MalformedKeyIdentifier;

impl KeyIdentifier {
    /// Takes the 16 bytes.
    pub const fn from_bytes(bytes: &[u8; 16]) -> Result<Self, MalformedKeyIdentifier> {
        let [number @ .., 0x08, 0x05, v1, v2, v3, _, _, _, _] = bytes else {
            return Err(MalformedKeyIdentifier);
        };
        match are_digits(number) && are_digits(&[*v1, *v2, *v3]) {
            true => Ok(Self(*bytes)),
            false => Err(MalformedKeyIdentifier),
        }
    }

    /// Reads the 16 bytes from hexadecimal.
    pub fn from_hexadecimal(text: &str) -> Result<Self, MalformedKeyIdentifier> {
        let bytes = Hex::decode(text).map_err(|_| MalformedKeyIdentifier)?;
        Self::from_bytes(bytes.as_bytes().try_into().map_err(|_| MalformedKeyIdentifier)?)
    }

    /// The 16 bytes in hexadecimal.
    #[must_use]
    pub fn to_hexadecimal(&self) -> String {
        Hex::from(self.0).to_string()
    }

    /// The 16 bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }

    /// Whether it belongs to the cards that people carry: the first digit is 5. All others are of
    /// test hierarchies.
    #[must_use]
    pub fn is_production(&self) -> bool {
        self.0.starts_with(b"5")
    }
}

const fn are_digits(mut bytes: &[u8]) -> bool {
    while let [first, rest @ ..] = bytes {
        if !first.is_ascii_digit() {
            return false;
        }
        bytes = rest;
    }
    true
}

impl fmt::Display for KeyIdentifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [number @ .., _, _, v1, v2, v3, _, _, _, _] = self.0;
        number.into_iter().chain([b'/', v1, v2, v3]).try_for_each(|c| f.write_char(char::from(c)))
    }
}

impl fmt::Debug for KeyIdentifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
