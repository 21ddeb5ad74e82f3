//! The bridge's word of a stay: what one card signed from when it was put on the reader until it is
//! taken off. There is exactly one form of bytes, and the bridge signs that.
//!
//! ```text
//! "kazashi-stay:1" 00
//! the bridge's public key (Ed25519)             32 bytes
//! SHA-256(origin)                               32
//! the stay                                      16
//! how many statements                            1
//! for each: length of the method's name          1
//!           the method's name
//!           SHA-256(nonce)                      32
//!           SHA-256(signature)                  32
//! length of the challenge, 0 if there is none    1
//! if there is one: SHA-256(nonce)               32
//!                  the challenge
//! the bridge's signature over all of this       64
//! ```
//!
//! Signatures are named by their digests, and not by their nonces alone: a page can have two cards
//! sign the same nonce in two stays, and bring the one's signature with the word for the other.

use std::fmt;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use thiserror::Error;

use crate::codec::Base64;
use crate::value::{Method, StayName};

const TAG: &[u8] = b"kazashi-stay:1\0";

/// What whoever guards a card knows of its stay, and may vouch for.
#[derive(Clone, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "the form is fixed by its tag")]
pub struct Testimony {
    /// The stay.
    pub stay: StayName,
    /// The statements that this card signed in this stay, under one lease, in their order.
    pub statements: Vec<SignedStatement>,
    /// The challenge that the card gave for an institution to sign.
    pub challenge: Option<Challenge>,
}

/// Statement that a card signed, by digests.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct SignedStatement {
    method: Method,
    nonce: [u8; 32],
    signature: [u8; 32],
}

/// Challenge that a card gave, and the digest of the nonce that it was asked for with.
#[derive(Clone, PartialEq, Eq)]
pub struct Challenge {
    nonce: [u8; 32],
    bytes: Vec<u8>,
}

/// The bridge's word. What it says is true if a bridge that is trusted signed it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "Base64", try_from = "Base64")]
pub struct StayWord {
    testimony: Testimony,
    origin: [u8; 32],
    bridge: [u8; 32],
    /// As they were signed, and then the signature.
    bytes: Vec<u8>,
}

/// The bytes are no word of a stay.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("not the word of a bridge for a stay")]
#[non_exhaustive]
pub struct MalformedStayWord;

impl SignedStatement {
    /// The statement of this method over this nonce, with the card's signature.
    #[must_use]
    pub fn new(method: Method, nonce: &str, signature: &[u8]) -> Self {
        Self::of_digest(method, Sha256::digest(nonce).into(), signature)
    }

    /// The same, of the digest of the nonce.
    pub(crate) fn of_digest(method: Method, nonce: [u8; 32], signature: &[u8]) -> Self {
        Self { method, nonce, signature: Sha256::digest(signature).into() }
    }

    /// Whether both are of the same method and nonce, whoever signed them.
    #[must_use]
    pub fn states_the_same(&self, other: &Self) -> bool {
        (self.method, self.nonce) == (other.method, other.nonce)
    }
}

impl Challenge {
    /// The challenge that a card gave when it was asked for one with this nonce.
    #[must_use]
    pub fn new(nonce: &str, bytes: Vec<u8>) -> Self {
        Self { nonce: Sha256::digest(nonce).into(), bytes }
    }

    /// The challenge, if it was asked for with this nonce.
    #[must_use]
    pub fn for_nonce(&self, nonce: &str) -> Option<&[u8]> {
        (self.nonce == *Sha256::digest(nonce)).then_some(&self.bytes)
    }
}

impl StayWord {
    /// The most statements that a word holds.
    pub const MAX_STATEMENTS: usize = 16;

    const SIGNATURE_LENGTH: usize = 64;

    /// Gives the word of the bridge with this public key, to a page of this origin.
    pub fn give(
        testimony: Testimony,
        origin: &str,
        bridge: [u8; 32],
        sign: impl FnOnce(&[u8]) -> [u8; 64],
    ) -> Self {
        let origin: [u8; 32] = Sha256::digest(origin).into();
        let mut bytes = [TAG, &bridge, &origin, &testimony.stay.to_bytes()].concat();
        bytes.push(length(testimony.statements.len()));
        for SignedStatement { method, nonce, signature } in &testimony.statements {
            bytes.push(length(method.name().len()));
            bytes.extend([method.name().as_bytes(), nonce, signature].concat());
        }
        match &testimony.challenge {
            None => bytes.push(0),
            Some(Challenge { nonce, bytes: challenge }) => {
                bytes.push(length(challenge.len()));
                bytes.extend([nonce.as_slice(), challenge].concat());
            }
        }
        let signature = sign(&bytes);
        bytes.extend(signature);
        Self { testimony, origin, bridge, bytes }
    }

    /// Reads a word.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, MalformedStayWord> {
        Self::read(bytes).ok_or(MalformedStayWord)
    }

    fn read(bytes: &[u8]) -> Option<Self> {
        let mut rest = bytes.strip_prefix(TAG)?;
        let bridge = take(&mut rest)?;
        let origin = take(&mut rest)?;
        let stay = StayName::from_bytes(take(&mut rest)?);
        let [count] = take(&mut rest)?;
        let count = usize::from(count);
        if count > Self::MAX_STATEMENTS {
            return None;
        }
        let statement = |_| {
            let [length] = take(&mut rest)?;
            let method = str::from_utf8(split(&mut rest, length)?).ok()?;
            let method = Method::named(method)?;
            Some(SignedStatement { method, nonce: take(&mut rest)?, signature: take(&mut rest)? })
        };
        let statements = (0..count).map(statement).collect::<Option<_>>()?;
        let challenge = match take(&mut rest)? {
            [0] => None,
            [length] => {
                let nonce = take(&mut rest)?;
                Some(Challenge { nonce, bytes: split(&mut rest, length)?.to_vec() })
            }
        };
        let testimony = Testimony { stay, statements, challenge };
        let is_whole = rest.len() == Self::SIGNATURE_LENGTH;
        is_whole.then(|| Self { testimony, origin, bridge, bytes: bytes.to_vec() })
    }

    /// The bytes, with the signature.
    #[must_use]
    pub fn to_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The bytes that are signed, and the signature over them.
    #[must_use]
    pub fn signed(&self) -> (&[u8], &[u8]) {
        self.bytes.split_at(self.bytes.len() - Self::SIGNATURE_LENGTH)
    }

    /// The public key of the bridge that is said to have given it.
    #[must_use]
    pub fn bridge(&self) -> &[u8; 32] {
        &self.bridge
    }

    /// Whether it was given to a page of this origin.
    #[must_use]
    pub fn is_for_origin(&self, origin: &str) -> bool {
        self.origin == *Sha256::digest(origin)
    }

    /// What it says.
    #[must_use]
    pub fn testimony(&self) -> &Testimony {
        &self.testimony
    }
}

fn length(length: usize) -> u8 {
    u8::try_from(length).expect("statements are few, names and challenges are short")
}

/// Takes so many bytes as the type has.
fn take<const N: usize>(rest: &mut &[u8]) -> Option<[u8; N]> {
    let (taken, others) = rest.split_first_chunk()?;
    *rest = others;
    Some(*taken)
}

fn split<'a>(rest: &mut &'a [u8], length: u8) -> Option<&'a [u8]> {
    let (taken, others) = rest.split_at_checked(length.into())?;
    *rest = others;
    Some(taken)
}

impl From<StayWord> for Base64 {
    fn from(word: StayWord) -> Self {
        word.bytes.into()
    }
}

impl TryFrom<Base64> for StayWord {
    type Error = MalformedStayWord;

    fn try_from(text: Base64) -> Result<Self, MalformedStayWord> {
        Self::from_bytes(text.as_bytes())
    }
}

/// Shows nothing: what it holds tells one signature from another.
impl fmt::Debug for StayWord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("StayWord")
    }
}

impl fmt::Debug for Testimony {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Testimony")
    }
}

impl fmt::Debug for SignedStatement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SignedStatement({})", self.method.name())
    }
}

impl fmt::Debug for Challenge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Challenge")
    }
}
