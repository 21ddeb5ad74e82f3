//! Who holds the card, in a form that only one relying party can link.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, Mac};
use sha2::Sha256;
use zeroize::Zeroizing;

use crate::VerifyError;

/// The secret with which a relying party turns certificates into identifiers of its own.
///
/// Keep it as long as the accounts: with another key, every holder is a stranger. Whoever has it
/// and a certificate can compute the identifier, so it belongs where passwords are kept. Erased on
/// drop; `Debug` shows nothing of it.
#[derive(Clone)]
pub struct PairwiseKey(Zeroizing<Box<[u8]>>);

impl PairwiseKey {
    /// Takes at least 32 random bytes, or fails with [`VerifyError::PairwiseKeyTooShort`].
    pub fn new(bytes: &[u8]) -> Result<Self, VerifyError> {
        match bytes.len() {
            0..32 => Err(VerifyError::PairwiseKeyTooShort { length: bytes.len() }),
            _ => Ok(Self(Zeroizing::new(bytes.into()))),
        }
    }

    /// HMAC-SHA256 over the SubjectPublicKeyInfo, in base64url without padding.
    pub(crate) fn subject(&self, public_key_info: &[u8]) -> String {
        #[expect(clippy::expect_used, reason = "HMAC takes a key of any length (RFC 2104, 3)")]
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.0).expect("a key of any length");
        mac.update(public_key_info);
        URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes())
    }
}

impl fmt::Debug for PairwiseKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PairwiseKey")
    }
}
