use std::path::Path;
use std::{fmt, fs};

use rand_core::OsRng;
use rsa::RsaPrivateKey;
use rsa::pkcs1v15::SigningKey;
use rsa::pkcs8::DecodePrivateKey;
use rsa::sha2::Sha256;
use rsa::signature::{RandomizedSigner, SignatureEncoding};
use rsa::traits::PublicKeyParts;
use zeroize::Zeroizing;

use crate::{SignerError, TerminalSigner};

/// A key in a PEM file: for development. Whoever copies the file can unlock every card that trusts
/// the institution, so in production the key belongs inside an HSM (`Pkcs11Signer`).
pub struct PemSigner(SigningKey<Sha256>);

impl PemSigner {
    /// Reads a file in PKCS#8, `-----BEGIN PRIVATE KEY-----`.
    pub fn from_file(path: impl AsRef<Path>) -> Result<Self, SignerError> {
        let pem = fs::read_to_string(path)
            .map(Zeroizing::new)
            .map_err(|because| SignerError::FileUnreadable { because })?;
        Self::from_pem(&pem)
    }

    /// Takes the text of such a file.
    pub fn from_pem(pem: &str) -> Result<Self, SignerError> {
        match RsaPrivateKey::from_pkcs8_pem(pem) {
            Ok(key) if key.n().bits() == 2048 => Ok(Self(SigningKey::new(key))),
            _ => Err(SignerError::KeyUnsuitable),
        }
    }
}

impl TerminalSigner for PemSigner {
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, SignerError> {
        // With random numbers: blinded, so that the time it takes says little about the key
        // (RUSTSEC-2023-0071).
        self.0
            .try_sign_with_rng(&mut OsRng, message)
            .map(|signature| signature.to_vec())
            .map_err(|error| SignerError::Failed { because: error.to_string() })
    }

    fn modulus(&self) -> Result<Vec<u8>, SignerError> {
        let key: &RsaPrivateKey = self.0.as_ref();
        Ok(key.n().to_bytes_be())
    }
}

impl fmt::Debug for PemSigner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PemSigner")
    }
}
