use std::fmt;
use std::time::SystemTime;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::{Signature, VerifyingKey};
use thiserror::Error;

use crate::StoreError;

/// The public key of a bridge, Ed25519 (RFC 8032).
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct BridgeKey(VerifyingKey);

/// The bytes are no public key of Ed25519, or one of the few under which anybody can sign.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("not a public key of Ed25519 in 32 bytes")]
#[non_exhaustive]
pub struct MalformedBridgeKey;

impl BridgeKey {
    /// Reads the base64 text that `kazashi-bridge` shows, and that is stored.
    pub fn parse(text: &str) -> Result<Self, MalformedBridgeKey> {
        Self::from_bytes(&STANDARD.decode(text).map_err(|_| MalformedBridgeKey)?)
    }

    /// Takes the 32 bytes.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, MalformedBridgeKey> {
        let bytes = bytes.try_into().map_err(|_| MalformedBridgeKey)?;
        match VerifyingKey::from_bytes(bytes) {
            Ok(key) if !key.is_weak() => Ok(Self(key)),
            _ => Err(MalformedBridgeKey),
        }
    }

    pub(crate) fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        Signature::from_slice(signature)
            .is_ok_and(|signature| self.0.verify_strict(message, &signature).is_ok())
    }
}

/// Base64, as [`parse`](BridgeKey::parse) reads it.
impl fmt::Display for BridgeKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&STANDARD.encode(self.0.as_bytes()))
    }
}

impl fmt::Debug for BridgeKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "BridgeKey({self})")
    }
}

/// A bridge that is or was enrolled.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Bridge {
    /// Its public key.
    pub key: BridgeKey,
    /// The administrator's name for it: the workstation.
    pub name: String,
    /// Since when it is believed.
    pub enrolled_at: SystemTime,
    /// Since when it is no longer, if its key was withdrawn.
    pub revoked_at: Option<SystemTime>,
}

/// The reason for which a bridge was not enrolled or revoked.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum BridgeError {
    /// This key was enrolled before; perhaps it is revoked, and stays so.
    #[error("this bridge was enrolled before")]
    KnownAlready,
    /// No bridge with this key was enrolled.
    #[error("no bridge with this key was enrolled")]
    NotEnrolled,
    /// The store gave no answer.
    #[error(transparent)]
    Store(#[from] StoreError),
}
