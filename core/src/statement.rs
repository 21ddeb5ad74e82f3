//! What the card signs for a web origin: one form for each method, so that none passes for another
//! (design 5).
//!
//! The page hands over a nonce; the origin is put in by whoever guards the card and knows it. Both
//! are hashed apart, so that no bytes can move from one to the other.

use sha2::{Digest, Sha256};

use crate::{Hash, digest_info};

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

impl Method {
    /// What it is called in records.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Pin => "pin",
            Self::Terminal => "terminal",
            Self::Presence => "presence",
        }
    }
}

/// The SHA-256 digest that goes to the card within a DigestInfo (RFC 8017, 9.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Statement {
    digest: [u8; 32],
}

impl Statement {
    /// The statement that a page of `origin` (scheme, host and port as browsers write them)
    /// presented `nonce`.
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
    pub fn digest_info(&self) -> Vec<u8> {
        digest_info::of(Hash::Sha256, &self.digest)
    }
}
