//! The virtual bridge's word for a card's challenge.

use ed25519_dalek::{Signer, SigningKey};
use kazashi_core::{Nonce, terminal::TerminalRequest};

/// The private key (Ed25519, RFC 8032) of `virtualBridgeKey` in `js/src/testing.ts`. Everybody knows
/// it: it vouches for nothing.
const KEY: &[u8; 32] = b"kazashi-testing: a public secret";

/// Vouches that a card gave the challenge, for a page of this origin that presented this nonce.
pub(crate) fn vouch(origin: &str, nonce: &Nonce, challenge: Vec<u8>) -> TerminalRequest {
    let key = SigningKey::from_bytes(KEY);
    let bytes = TerminalRequest::signed_bytes(origin, nonce.as_str(), &challenge);
    TerminalRequest {
        signature: key.sign(&bytes).to_vec().into(),
        bridge: key.verifying_key().to_bytes().into(),
        challenge: challenge.into(),
    }
}
