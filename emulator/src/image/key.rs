use std::fmt;

use rsa::pkcs8::{
    DecodePrivateKey, DecodePublicKey, EncodePrivateKey, EncodePublicKey, LineEnding,
};
use rsa::traits::PublicKeyParts;
use rsa::{RsaPrivateKey, RsaPublicKey};
use zeroize::Zeroizing;

use super::ImageError;

/// An RSA private key. `Debug` shows nothing of it.
#[derive(Clone, PartialEq, Eq)]
pub struct PrivateKey {
    pub(super) path: String,
    rsa: Box<RsaPrivateKey>,
}

/// An RSA public key.
#[derive(Clone, PartialEq, Eq)]
pub struct PublicKey {
    pub(super) path: String,
    rsa: RsaPublicKey,
}

impl PrivateKey {
    /// Reads a key of 2048 bits. `path` is where an image folder keeps it:
    /// `keys/user-authentication.pem`.
    pub fn from_pkcs8_pem(path: impl Into<String>, pem: &str) -> Result<Self, ImageError> {
        let path = path.into();
        match RsaPrivateKey::from_pkcs8_pem(pem) {
            Ok(rsa) => Self::new(path, rsa),
            Err(_) => Err(ImageError::Key { path }),
        }
    }

    /// Takes a key of 2048 bits, and where an image folder is to keep it.
    pub fn new(path: impl Into<String>, rsa: RsaPrivateKey) -> Result<Self, ImageError> {
        let path = path.into();
        if rsa.size() != Self::SIGNATURE_LENGTH {
            return Err(ImageError::Key { path });
        }
        Ok(Self { path, rsa: Box::new(rsa) })
    }

    /// The length of a signature in bytes; all keys of the card are RSA-2048.
    pub(crate) const SIGNATURE_LENGTH: usize = 256;

    pub(crate) fn rsa(&self) -> &RsaPrivateKey {
        &self.rsa
    }

    pub(super) fn to_pkcs8_pem(&self) -> Result<Zeroizing<String>, ImageError> {
        self.rsa
            .to_pkcs8_pem(LineEnding::LF)
            .map_err(|_| ImageError::Key { path: self.path.clone() })
    }
}

impl PublicKey {
    /// Reads a key of 2048 bits. `path` is where an image folder keeps it:
    /// `keys/terminal-authority.pem`.
    pub fn from_public_key_pem(path: impl Into<String>, pem: &str) -> Result<Self, ImageError> {
        let path = path.into();
        match RsaPublicKey::from_public_key_pem(pem) {
            Ok(rsa) => Self::new(path, rsa),
            Err(_) => Err(ImageError::Key { path }),
        }
    }

    /// Takes a key of 2048 bits, and where an image folder is to keep it.
    pub fn new(path: impl Into<String>, rsa: RsaPublicKey) -> Result<Self, ImageError> {
        let path = path.into();
        if rsa.size() != PrivateKey::SIGNATURE_LENGTH {
            return Err(ImageError::Key { path });
        }
        Ok(Self { path, rsa })
    }

    pub(crate) fn rsa(&self) -> &RsaPublicKey {
        &self.rsa
    }

    pub(super) fn to_public_key_pem(&self) -> Result<String, ImageError> {
        self.rsa
            .to_public_key_pem(LineEnding::LF)
            .map_err(|_| ImageError::Key { path: self.path.clone() })
    }
}

impl fmt::Debug for PrivateKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PrivateKey").field("path", &self.path).finish_non_exhaustive()
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PublicKey").field("path", &self.path).finish_non_exhaustive()
    }
}
