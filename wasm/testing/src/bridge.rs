//! The virtual bridge's word for what a card did.

use ed25519_dalek::{Signer, SigningKey};
use kazashi_core::value::{StayWord, Testimony};

/// The private key (Ed25519, RFC 8032) of `virtualBridgeKey` in `js/src/testing.ts`. Everybody knows
/// it: it vouches for nothing.
const KEY: &[u8; 32] = b"kazashi-testing: a public secret";

/// Vouches for what a card did, to a page of this origin.
pub(crate) fn vouch(origin: &str, testimony: Testimony) -> StayWord {
    let key = SigningKey::from_bytes(KEY);
    let sign = |bytes: &[u8]| key.sign(bytes).to_bytes();
    StayWord::give(testimony, origin, key.verifying_key().to_bytes(), sign)
}
