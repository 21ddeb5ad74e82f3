use std::fmt;

use thiserror::Error;
use zeroize::Zeroizing;

use super::StatusWord;

/// A response APDU: up to 65,536 bytes of data and a status word (ISO/IEC 7816-4:2020, 5.2).
///
/// The data may be personal: it is erased on drop, and `Debug` shows its length only.
#[derive(Clone, PartialEq, Eq)]
pub struct ResponseApdu {
    data: Zeroizing<Vec<u8>>,
    status: StatusWord,
}

/// The bytes are shorter than a status word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("a response APDU has at least the two bytes of its status word")]
#[non_exhaustive]
pub struct MalformedResponse;

impl ResponseApdu {
    /// A response of data and status word.
    #[must_use]
    pub fn new(data: impl Into<Vec<u8>>, status: StatusWord) -> Self {
        Self { data: Zeroizing::new(data.into()), status }
    }

    /// Reads the bytes that a reader hands over.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, MalformedResponse> {
        let (data, &status) = bytes.split_last_chunk::<2>().ok_or(MalformedResponse)?;
        Ok(Self::new(data, StatusWord(u16::from_be_bytes(status))))
    }

    /// The bytes as they travel: data, SW1, SW2.
    #[must_use]
    pub fn to_bytes(&self) -> Zeroizing<Vec<u8>> {
        // Reserved at once: a vector that grows would leave copies of the data behind.
        let mut bytes = Zeroizing::new(Vec::with_capacity(self.data.len() + 2));
        bytes.extend_from_slice(&self.data);
        bytes.extend_from_slice(&self.status.to_bytes());
        bytes
    }

    /// The data field.
    #[must_use]
    pub fn data(&self) -> &[u8] {
        &self.data
    }

    /// SW1-SW2.
    #[must_use]
    pub fn status(&self) -> StatusWord {
        self.status
    }
}

/// Shows the length of the data and the status word, never the data.
impl fmt::Debug for ResponseApdu {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Nr={} {}", self.data.len(), self.status)
    }
}
