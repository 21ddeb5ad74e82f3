//! The bridge's identity: a key pair of its own. A relying party's server knows by it whose word it is
//! that one card did something in one stay; an institution's signs for no challenge without.

use std::path::{Path, PathBuf};
use std::{fmt, io};

use ed25519_dalek::pkcs8::spki::der::pem::LineEnding;
use ed25519_dalek::pkcs8::{DecodePrivateKey, EncodePrivateKey};
use ed25519_dalek::{Signer, SigningKey};
use hmac::{Hmac, Mac};
use kazashi_core::value::{StayWord, Testimony};
use rand_core::OsRng;
use sha2::Sha256;
use thiserror::Error;
use zeroize::Zeroizing;

use crate::access::Origin;
use crate::sys::private_file;

/// The file of the private key: PKCS #8 PEM, readable for its owner only.
const FILE: &str = "bridge-key.pem";

/// The bridge's Ed25519 key (RFC 8032). Erased on drop; `Debug` shows nothing of it.
pub(crate) struct Identity(SigningKey);

/// The reason why the bridge has no key.
#[derive(Debug, Error)]
pub(crate) enum IdentityError {
    #[error("{}", path.display())]
    Io { path: PathBuf, source: io::Error },
    #[error("{} holds no Ed25519 private key in PKCS #8 PEM", path.display())]
    Malformed { path: PathBuf },
}

impl Identity {
    /// Reads the key from the state folder. The first time, makes it.
    pub(crate) fn load_or_create(state: &Path) -> Result<Self, IdentityError> {
        let path = state.join(FILE);
        let pem = private_file::create_folder(state)
            .and_then(|()| private_file::read_or_create(&path, new_key))
            .map_err(|source| IdentityError::Io { path: path.clone(), source })?;
        let key = str::from_utf8(&pem).ok().and_then(|pem| SigningKey::from_pkcs8_pem(pem).ok());
        key.map(Self).ok_or(IdentityError::Malformed { path })
    }

    /// The public key, by which an institution's server knows this bridge.
    pub(crate) fn public_key(&self) -> [u8; 32] {
        self.0.verifying_key().to_bytes()
    }

    /// Vouches for what a card on one of this bridge's readers did for a page of this origin.
    pub(crate) fn vouch(&self, origin: &Origin, testimony: Testimony) -> StayWord {
        let sign = |bytes: &[u8]| self.0.sign(bytes).to_bytes();
        StayWord::give(testimony, origin.as_str(), self.public_key(), sign)
    }

    /// A secret for another use, which says nothing of this one's.
    pub(crate) fn derive(&self, purpose: &str) -> Zeroizing<[u8; 32]> {
        let mut mac =
            Hmac::<Sha256>::new_from_slice(self.0.as_bytes()).expect("HMAC takes any key");
        mac.update(purpose.as_bytes());
        Zeroizing::new(mac.finalize().into_bytes().into())
    }
}

fn new_key() -> Zeroizing<Vec<u8>> {
    let pem = SigningKey::generate(&mut OsRng).to_pkcs8_pem(LineEnding::LF);
    Zeroizing::new(pem.expect("a new key can be written").as_bytes().to_vec())
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Identity")
    }
}

#[cfg(test)]
mod tests {
    use super::{FILE, Identity, IdentityError};
    use crate::sys::is_for_its_owner_only;

    #[test]
    fn the_key_is_made_once() {
        let state = tempfile::tempdir().unwrap();
        let folder = state.path().join("kazashi");
        let first = Identity::load_or_create(&folder).unwrap();
        let second = Identity::load_or_create(&folder).unwrap();
        assert_eq!(first.public_key(), second.public_key());
        assert!(is_for_its_owner_only(&folder.join(FILE)));
    }

    #[test]
    fn a_damaged_key_is_not_replaced() {
        let state = tempfile::tempdir().unwrap();
        std::fs::write(state.path().join(FILE), "no key").unwrap();
        let refused = Identity::load_or_create(state.path()).unwrap_err();
        assert!(matches!(refused, IdentityError::Malformed { .. }));
        assert_eq!(std::fs::read_to_string(state.path().join(FILE)).unwrap(), "no key");
    }
}
