//! PINs and passwords, which a person types to unlock a key. Parsed before use, so that a slip of the keyboard never
//! burns a try; erased on drop; never shown.

use std::fmt;

use thiserror::Error;
use zeroize::Zeroizing;

use crate::value::layout::PinReference;

/// The PIN (暗証番号) of the user authentication key, or of the card information input support
/// application: four digits.
#[derive(Clone, PartialEq, Eq)]
pub struct Pin(Zeroizing<Box<[u8]>>);

/// The password (署名用パスワード) of the digital signature key: 6 to 16 capitals and digits.
#[derive(Clone, PartialEq, Eq)]
pub struct Password(Zeroizing<Box<[u8]>>);

/// A PIN or password together with what it unlocks.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum PinValue {
    /// For the user authentication key.
    UserAuthentication(Pin),
    /// For the digital signature key.
    DigitalSignature(Password),
    /// For the card information input support application.
    CardInformation(Pin),
}

/// Input that cannot be right, so that the card is not asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum MalformedPin {
    /// Not four digits.
    #[error("a PIN is four digits")]
    Pin,
    /// Not 6 to 16 letters and digits.
    #[error("a password is 6 to 16 letters and digits")]
    Password,
}

impl Pin {
    /// Reads four digits, ASCII or full-width (as a Japanese input method writes them).
    pub fn parse(text: &str) -> Result<Self, MalformedPin> {
        four_digits(text).map(Self).ok_or(MalformedPin::Pin)
    }
}

impl Password {
    /// Reads 6 to 16 letters and digits, ASCII or full-width. Small letters become capitals: the
    /// card knows no others (card.md 4.2).
    pub fn parse(text: &str) -> Result<Self, MalformedPin> {
        let bytes = normalize(text).ok_or(MalformedPin::Password)?;
        if (6..=16).contains(&bytes.len()) && bytes.iter().all(u8::is_ascii_alphanumeric) {
            Ok(Self(bytes))
        } else {
            Err(MalformedPin::Password)
        }
    }
}

impl PinValue {
    /// Reads what was typed for this key.
    pub fn parse(reference: PinReference, text: &str) -> Result<Self, MalformedPin> {
        match reference {
            PinReference::UserAuthentication => Pin::parse(text).map(Self::UserAuthentication),
            PinReference::DigitalSignature => Password::parse(text).map(Self::DigitalSignature),
            PinReference::CardInformation => Pin::parse(text).map(Self::CardInformation),
        }
    }

    /// The key that it unlocks.
    #[must_use]
    pub fn reference(&self) -> PinReference {
        match self {
            Self::UserAuthentication(_) => PinReference::UserAuthentication,
            Self::DigitalSignature(_) => PinReference::DigitalSignature,
            Self::CardInformation(_) => PinReference::CardInformation,
        }
    }

    /// The bytes that the card compares.
    pub(crate) fn as_bytes(&self) -> &[u8] {
        match self {
            Self::UserAuthentication(Pin(bytes))
            | Self::CardInformation(Pin(bytes))
            | Self::DigitalSignature(Password(bytes)) => bytes,
        }
    }
}

/// Four digits, ASCII or full-width, as ASCII.
pub(crate) fn four_digits(text: &str) -> Option<Zeroizing<Box<[u8]>>> {
    normalize(text).filter(|bytes| bytes.len() == 4 && bytes.iter().all(u8::is_ascii_digit))
}

/// Full-width forms to ASCII, small letters to capitals. `None` for anything else, and for more
/// than the 16 characters that any PIN of this card has.
fn normalize(text: &str) -> Option<Zeroizing<Box<[u8]>>> {
    const MAX: usize = 16;
    let mut bytes = Zeroizing::new([0; MAX]);
    let mut length = 0;
    for c in text.chars() {
        let ascii = match c {
            '\u{FF01}'..='\u{FF5E}' => char::from_u32(u32::from(c) - 0xFEE0)?,
            _ => c,
        };
        *bytes.get_mut(length)? =
            u8::try_from(ascii.to_ascii_uppercase()).ok().filter(u8::is_ascii)?;
        length += 1;
    }
    bytes.get(..length).map(|bytes| Zeroizing::new(bytes.into()))
}

impl fmt::Debug for Pin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Pin")
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password")
    }
}

#[cfg(test)]
mod tests;
