use std::fmt;

use thiserror::Error;

/// A server's nonce: the base64 text of at least 32 random bytes, 44 to 128 characters long, issued
/// for one session and one method and used once.
#[derive(Clone, PartialEq, Eq)]
pub struct Nonce(String);

/// The text is no nonce.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("a nonce is 44 to 128 characters of base64")]
#[non_exhaustive]
pub struct MalformedNonce;

impl Nonce {
    /// Reads a nonce: base64 (RFC 4648), in either alphabet.
    pub fn parse(text: &str) -> Result<Self, MalformedNonce> {
        let is_base64 = |c: u8| c.is_ascii_alphanumeric() || b"+/-_=".contains(&c);
        if (44..=128).contains(&text.len()) && text.bytes().all(is_base64) {
            Ok(Self(text.to_owned()))
        } else {
            Err(MalformedNonce)
        }
    }

    /// The text, as the server issued it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Shows nothing: the nonce is an input of a signature.
impl fmt::Debug for Nonce {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Nonce")
    }
}
