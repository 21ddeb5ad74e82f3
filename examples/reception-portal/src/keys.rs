//! What is derived from the pairwise key, each for one purpose: HMAC-SHA-256 over a label.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, Mac};
use kazashi_verify::{PairwiseKey, VerifyError};
use sha2::Sha256;
use zeroize::Zeroizing;

/// The pairwise key, and the keys that come of it. With another one, every visitor is a stranger.
pub(crate) struct Keys {
    /// Gives each person a subject that means nothing to others.
    pub(crate) pairwise: PairwiseKey,
    /// Tags certificates for the gate, which may have it: it opens nothing else.
    pub(crate) gate: Zeroizing<[u8; 32]>,
    /// Digests requests and addresses, so that what is stored of them cannot be guessed at.
    digests: Zeroizing<[u8; 32]>,
    /// By which a database knows its pairwise key.
    pub(crate) fingerprint: String,
}

impl Keys {
    /// Takes at least 32 random bytes.
    pub(crate) fn new(bytes: &[u8]) -> Result<Self, VerifyError> {
        Ok(Self {
            pairwise: PairwiseKey::new(bytes)?,
            gate: Zeroizing::new(mac(bytes, b"kazashi-portal-gate:1\0")),
            digests: Zeroizing::new(mac(bytes, b"kazashi-portal-digests:1\0")),
            fingerprint: URL_SAFE_NO_PAD.encode(mac(bytes, b"kazashi-portal-fingerprint:1\0")),
        })
    }

    /// How the gate knows a certificate (DER) while it cannot ask.
    pub(crate) fn gate_tag(&self, certificate: &[u8]) -> String {
        URL_SAFE_NO_PAD.encode(mac(&*self.gate, certificate))
    }

    /// Stands for something that is not to be stored.
    pub(crate) fn digest(&self, what: &[u8]) -> String {
        URL_SAFE_NO_PAD.encode(mac(&*self.digests, what))
    }
}

fn mac(key: &[u8], message: &[u8]) -> [u8; 32] {
    let mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes a key of any length");
    mac.chain_update(message).finalize().into_bytes().into()
}
