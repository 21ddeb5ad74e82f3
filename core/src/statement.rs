//! What the card signs for a web origin: one form for each method, so that none passes for another (design 5).
//!
//! The page hands over a nonce; the origin is put in by whoever guards the card and knows it. Both are hashed apart, so
//! that no bytes can move from one to the other.

use sha2::{Digest, Sha256};

/// How the holder let the card sign.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Method {
    /// The PIN of the user authentication key was presented. The bytes are those of Web eID.
    Pin,
    /// Terminal authentication (特定機関認証): an institution proved itself to the card.
    Terminal,
    /// Card presence (かざし利用): the card surface key, for which no PIN is asked.
    Presence,
}

/// The SHA-256 digest that goes to the card within a DigestInfo (RFC 8017, 9.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Statement {
    digest: [u8; 32],
}

/// `DigestInfo ::= SEQUENCE { SHA-256, OCTET STRING of 32 bytes }` up to the digest (RFC 8017, 9.2, note 1).
const SHA_256_DIGEST_INFO: [u8; 19] = [
    0x30, 0x31, 0x30, 0x0D, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01, 0x05,
    0x00, 0x04, 0x20,
];

impl Statement {
    /// The statement that a page of `origin` (scheme, host and port as browsers write them) presented `nonce`.
    #[must_use]
    pub fn new(method: Method, origin: &str, nonce: &str) -> Self {
        let mut hash = Sha256::new();
        match method {
            Method::Pin => {}
            Method::Terminal => hash.update(b"kazashi-terminal:1\0"),
            Method::Presence => hash.update(b"kazashi-presence:1\0"),
        }
        hash.update(Sha256::digest(origin));
        hash.update(Sha256::digest(nonce));
        Self { digest: hash.finalize().into() }
    }

    /// The 32 bytes that the signature is over.
    #[must_use]
    pub fn digest(&self) -> [u8; 32] {
        self.digest
    }

    /// The 51 bytes that the card pads and signs.
    #[must_use]
    pub fn digest_info(&self) -> [u8; 51] {
        let mut bytes = [0; 51];
        let (prefix, digest) = bytes.split_at_mut(SHA_256_DIGEST_INFO.len());
        prefix.copy_from_slice(&SHA_256_DIGEST_INFO);
        digest.copy_from_slice(&self.digest);
        bytes
    }
}
