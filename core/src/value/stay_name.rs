use std::fmt;

use crate::codec::Hex;

/// Name of one stay of a card on a reader, from when it is put there until it is taken off: random,
/// and never used again. It says nothing of the card.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct StayName([u8; 16]);

impl StayName {
    /// The name of these bytes, which are random.
    #[must_use]
    pub fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// The bytes.
    #[must_use]
    pub fn to_bytes(self) -> [u8; 16] {
        self.0
    }
}

/// In hexadecimal, as pages know it.
impl fmt::Display for StayName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Hex::from(self.0).fmt(f)
    }
}

impl fmt::Debug for StayName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "StayName({self})")
    }
}
