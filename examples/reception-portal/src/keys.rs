//! What is derived from the pairwise key, each for one purpose: HMAC-SHA-256 over a label.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, Mac};
use kazashi_verify::{PairwiseKey, VerifyError};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

/// What a hidden digest begins with, where it is stored.
pub(crate) const HIDDEN: &str = "2:";

/// The pairwise key, and the keys that come of it. With another one, every visitor is a stranger.
pub(crate) struct Keys {
    /// Gives each person a subject that means nothing to others.
    pub(crate) pairwise: PairwiseKey,
    /// Of which the gates of each event have one of their own.
    gates: Zeroizing<[u8; 32]>,
    /// Hides what is stored of certificates for the gates.
    masks: Zeroizing<[u8; 32]>,
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
            gates: Zeroizing::new(mac(bytes, b"kazashi-portal-gates:1\0")),
            masks: Zeroizing::new(mac(bytes, b"kazashi-portal-gate-masks:1\0")),
            digests: Zeroizing::new(mac(bytes, b"kazashi-portal-digests:1\0")),
            fingerprint: URL_SAFE_NO_PAD.encode(mac(bytes, b"kazashi-portal-fingerprint:1\0")),
        })
    }

    /// The key by which the gates of an event know certificates while they cannot ask. It opens
    /// nothing else, and each `generation` is another.
    pub(crate) fn gate(&self, event: &str, generation: i64) -> Zeroizing<[u8; 32]> {
        Zeroizing::new(mac(&*self.gates, format!("{event}\0{generation}").as_bytes()))
    }

    /// What is stored of the certificate (DER) of somebody whom gates are to know: its digest, which
    /// nobody can tell from another one without the pairwise key.
    pub(crate) fn hidden(&self, subject: &str, certificate: &[u8]) -> String {
        let hidden = self.masked(subject, Sha256::digest(certificate).into());
        format!("{HIDDEN}{}", URL_SAFE_NO_PAD.encode(hidden))
    }

    /// How gates with this key know the certificate that is so hidden. Nothing, if it was stored by
    /// a version that had one key for all gates.
    pub(crate) fn gate_tag(&self, gate: &[u8; 32], subject: &str, hidden: &str) -> Option<String> {
        let hidden = URL_SAFE_NO_PAD.decode(hidden.strip_prefix(HIDDEN)?).ok()?;
        let digest = self.masked(subject, hidden.try_into().ok()?);
        Some(URL_SAFE_NO_PAD.encode(mac(gate, &digest)))
    }

    /// Hides a digest, or shows it again.
    fn masked(&self, subject: &str, mut digest: [u8; 32]) -> [u8; 32] {
        for (byte, mask) in digest.iter_mut().zip(mac(&*self.masks, subject.as_bytes())) {
            *byte ^= mask;
        }
        digest
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hidden_certificate_is_known_by_each_gate_in_another_way() {
        let keys = Keys::new(&[7; 32]).unwrap();
        let hidden = keys.hidden("somebody", b"certificate");
        let tag = |event, generation, subject| {
            keys.gate_tag(&keys.gate(event, generation), subject, &hidden)
        };
        let digest: [u8; 32] = Sha256::digest(b"certificate").into();
        let expected = URL_SAFE_NO_PAD.encode(mac(&*keys.gate("spring", 0), &digest));
        assert_eq!(tag("spring", 0, "somebody"), Some(expected));
        assert_ne!(tag("spring", 0, "somebody"), tag("spring", 1, "somebody"));
        assert_ne!(tag("spring", 0, "somebody"), tag("autumn", 0, "somebody"));
        assert_ne!(tag("spring", 0, "somebody"), tag("spring", 0, "somebody else"));
        assert_ne!(hidden, keys.hidden("somebody else", b"certificate"));
        assert!(!hidden.contains(&URL_SAFE_NO_PAD.encode(digest)));
    }

    #[test]
    fn what_an_earlier_version_stored_of_a_certificate_is_no_tag() {
        let keys = Keys::new(&[7; 32]).unwrap();
        let gate = keys.gate("spring", 0);
        for stored in ["", "2:", "2:x", &URL_SAFE_NO_PAD.encode([1; 32])] {
            assert_eq!(keys.gate_tag(&gate, "somebody", stored), None);
        }
    }
}
