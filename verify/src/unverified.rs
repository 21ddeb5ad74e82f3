//! Tokens and proofs as they come from a page, which may send anything in their place.

use std::ops::RangeInclusive;

use kazashi_core::codec::TextFields;
use kazashi_core::value::{PresenceProof, Token};
use serde::Deserialize;
use serde::de::{DeserializeOwned, IgnoredAny};

use crate::VerifyError;

/// The bytes of a text: Web eID's own bounds.
const SIZE: RangeInclusive<usize> = 100..=10_000;

/// A token or proof, as a page hands it to its server. Nothing in it is verified.
pub trait Unverified: DeserializeOwned {
    /// Reads JSON text of 100 to 10,000 bytes.
    fn from_json(json: &[u8]) -> Result<Self, VerifyError>;

    /// The error for what is none.
    fn malformed(what: &'static str) -> VerifyError;
}

impl Unverified for Token {
    fn from_json(json: &[u8]) -> Result<Self, VerifyError> {
        if !SIZE.contains(&json.len()) {
            return Err(VerifyError::TokenSize { length: json.len() });
        }
        // In fields that are not read, the parser would not look (RFC 8259, 8.1).
        if str::from_utf8(json).is_err() {
            return Err(Self::malformed("not UTF-8"));
        }
        serde_json::from_slice(json)
            .map_err(|_| Self::malformed("not JSON with the fields of a token"))
    }

    fn malformed(what: &'static str) -> VerifyError {
        VerifyError::TokenMalformed { what }
    }
}

impl Unverified for PresenceProof {
    fn from_json(json: &[u8]) -> Result<Self, VerifyError> {
        from_text_fields(json)
    }

    fn malformed(what: &'static str) -> VerifyError {
        VerifyError::PresenceProofMalformed { what }
    }
}

/// Reads what has texts for fields, and tells what is wrong with them.
pub(crate) fn from_text_fields<T>(json: &[u8]) -> Result<T, VerifyError>
where
    T: Unverified + TryFrom<TextFields, Error = &'static str>,
{
    if !SIZE.contains(&json.len()) {
        return Err(T::malformed("100 to 10000 bytes are accepted"));
    }
    let fields: TextFields = serde_json::from_slice(json)
        .map_err(|_| T::malformed("not a JSON object whose fields are text"))?;
    T::try_from(fields).map_err(T::malformed)
}

/// A token or proof in the body of a request. Whatever else a page sends in its place is refused in
/// its turn, by the code for what is malformed, and leaves the rest of the body readable.
///
/// ```
/// # use kazashi_verify::{ErrorCode, Submitted, Token};
/// #[derive(serde::Deserialize)]
/// struct SignIn {
///     nonce: String,
///     token: Submitted<Token>,
/// }
///
/// let SignIn { token, .. } = serde_json::from_str(r#"{ "nonce": "AA==", "token": {} }"#)?;
/// assert_eq!(token.read().unwrap_err().code(), ErrorCode::TokenMalformed);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, Deserialize)]
#[serde(from = "Sent<T>", bound(deserialize = "T: Unverified"))]
pub struct Submitted<T>(Option<T>);

#[derive(Deserialize)]
#[serde(untagged)]
enum Sent<T> {
    Readable(T),
    Unreadable(IgnoredAny),
}

impl<T> From<Sent<T>> for Submitted<T> {
    fn from(sent: Sent<T>) -> Self {
        match sent {
            Sent::Readable(it) => Self(Some(it)),
            Sent::Unreadable(_) => Self(None),
        }
    }
}

impl<T: Unverified> Submitted<T> {
    /// The token or proof, if it can be read.
    pub fn read(&self) -> Result<&T, VerifyError> {
        self.0.as_ref().ok_or(T::malformed("it cannot be read"))
    }
}
