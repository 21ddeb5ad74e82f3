//! Statements that the card signs for a web origin: one form for each method, so that none passes for another.
//!
//! The page hands over a nonce; the origin is put in by whoever guards the card and knows it. Both
//! are hashed apart, so that no bytes can move from one to the other.

use std::fmt;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::value::{Hash, Signature, SignedStatement, digest_info};

macro_rules! methods {
    ($($(#[doc = $doc:literal])+ $name:ident $text:literal $prefix:literal;)+) => {
        /// Way in which the holder let the card sign.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[non_exhaustive]
        pub enum Method {
            $($(#[doc = $doc])+ #[serde(rename = $text)] $name,)+
        }

        impl Method {
            /// Every method, in the order of the table.
            pub const ALL: &[Self] = &[$(Self::$name,)+];

            /// The method of this [name](Self::name).
            #[must_use]
            pub fn named(name: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|method| method.name() == name)
            }

            /// The name, as servers and records have it.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self { $(Self::$name => $text,)+ }
            }

            /// Way of signing in English, for documentation.
            #[must_use]
            pub fn en(self) -> &'static str {
                match self { $(Self::$name => concat!($($doc),+).trim_ascii(),)+ }
            }

            /// Bytes that keep its statements apart from those of the others.
            fn prefix(self) -> &'static [u8] {
                match self { $(Self::$name => $prefix,)+ }
            }
        }
    };
}

methods! {
    /// The PIN of the user authentication key was presented. The bytes are those of Web eID.
    Pin "pin" b"";
    /// Terminal authentication (特定機関認証): an institution proved itself to the card.
    Terminal "terminal" b"kazashi-terminal:1\0";
    /// Card presence (かざし利用): the card surface key, for which no PIN is asked.
    Presence "presence" b"kazashi-presence:1\0";
}

/// The SHA-256 digest that goes to the card within a DigestInfo (RFC 8017, 9.2).
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Statement {
    method: Method,
    /// Of the nonce.
    nonce: [u8; 32],
    digest: [u8; 32],
}

impl Statement {
    /// The statement that a page of `origin` (scheme, host and port as browsers write them)
    /// presented `nonce`.
    #[must_use]
    pub fn new(method: Method, origin: &str, nonce: &str) -> Self {
        let nonce = Sha256::digest(nonce).into();
        let mut hash = Sha256::new();
        hash.update(method.prefix());
        hash.update(Sha256::digest(origin));
        hash.update(nonce);
        Self { method, nonce, digest: hash.finalize().into() }
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

    /// Itself together with the card's signature, as whoever guards the card remembers it.
    pub(crate) fn signed(&self, signature: &Signature) -> SignedStatement {
        SignedStatement::of_digest(self.method, self.nonce, signature.as_bytes())
    }
}

/// Shows the method only: the rest is an input of a signature.
impl fmt::Debug for Statement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Statement({})", self.method.name())
    }
}
