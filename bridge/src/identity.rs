//! Who this bridge is: a key pair of its own. An institution's server signs only for challenges that
//! an enrolled bridge vouches for.

use std::{
    fmt, io,
    path::{Path, PathBuf},
};

use directories::ProjectDirs;
use ed25519_dalek::{
    Signer, SigningKey,
    pkcs8::{DecodePrivateKey, EncodePrivateKey, spki::der::pem::LineEnding},
};
use kazashi_core::{Nonce, terminal::TerminalRequest};
use rand_core::OsRng;
use thiserror::Error;
use zeroize::Zeroizing;

use crate::{origin::Origin, private_file};

/// The file of the private key: PKCS #8 PEM, readable for its owner only.
const FILE: &str = "bridge-key.pem";

/// The bridge's Ed25519 key (RFC 8032). Erased on drop; `Debug` shows nothing of it.
pub(crate) struct Identity(SigningKey);

/// Why the bridge has no key.
#[derive(Debug, Error)]
pub(crate) enum IdentityError {
    #[error(
        "the operating system names no folder for the state of programs: give one with --state"
    )]
    NoFolder,
    #[error("{}", path.display())]
    Io { path: PathBuf, source: io::Error },
    #[error("{} holds no Ed25519 private key in PKCS #8 PEM", path.display())]
    Malformed { path: PathBuf },
}

/// Where the bridge keeps what must outlive it, unless it is told otherwise.
pub(crate) fn default_state_folder() -> Result<PathBuf, IdentityError> {
    let folders = ProjectDirs::from("", "", "kazashi").ok_or(IdentityError::NoFolder)?;
    Ok(folders.state_dir().unwrap_or(folders.data_local_dir()).to_owned())
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

    /// Vouches that a card on one of this bridge's readers gave the challenge, for a page of this
    /// origin that presented this nonce.
    pub(crate) fn vouch(
        &self,
        origin: &Origin,
        nonce: &Nonce,
        challenge: Vec<u8>,
    ) -> TerminalRequest {
        let bytes = TerminalRequest::signed_bytes(origin.as_str(), nonce.as_str(), &challenge);
        TerminalRequest {
            signature: self.0.sign(&bytes).to_vec().into(),
            bridge: self.public_key().into(),
            challenge: challenge.into(),
        }
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

    #[test]
    fn the_key_is_made_once() {
        let state = tempfile::tempdir().unwrap();
        let folder = state.path().join("kazashi");
        let first = Identity::load_or_create(&folder).unwrap();
        let second = Identity::load_or_create(&folder).unwrap();
        assert_eq!(first.public_key(), second.public_key());
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let mode = std::fs::metadata(folder.join(FILE)).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600);
        }
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
