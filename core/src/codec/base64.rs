use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use thiserror::Error;

use crate::codec::TextFields;

/// Bytes, written in base64 (RFC 4648, 4). `Debug` shows their number.
#[derive(Clone, PartialEq, Eq)]
pub struct Base64(Vec<u8>);

/// The text is not base64 in the standard alphabet, with padding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("not base64")]
#[non_exhaustive]
pub struct MalformedBase64;

impl Base64 {
    /// The bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// Reads the text.
    pub fn decode(text: impl AsRef<[u8]>) -> Result<Self, MalformedBase64> {
        STANDARD.decode(text).map(Self).map_err(|_| MalformedBase64)
    }
}

impl<B: Into<Vec<u8>>> From<B> for Base64 {
    fn from(bytes: B) -> Self {
        Self(bytes.into())
    }
}

impl fmt::Debug for Base64 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Base64({} bytes)", self.0.len())
    }
}

impl Serialize for Base64 {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&STANDARD.encode(&self.0))
    }
}

impl<'de> Deserialize<'de> for Base64 {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::decode(String::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}

/// Base64 in a field of a token, which has no more bytes than the [fields](TextFields) of a proof.
pub(crate) fn short<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Base64, D::Error> {
    let text = String::deserialize(deserializer)?;
    if text.len() > TextFields::MAX_LENGTH {
        return Err(D::Error::custom("too long"));
    }
    Base64::decode(text).map_err(D::Error::custom)
}
