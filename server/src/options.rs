use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use clap::Args;
use kazashi_core::terminal::Base64;
use kazashi_verify::{CvKey, CvTrust, KeyIdentifier, Trust, VerifyError};
use thiserror::Error;

use crate::{
    BridgeError, BridgeKey, PemSigner, Pkcs11Key, Pkcs11Pin, Pkcs11Signer, SignerError,
    TerminalDesk, TerminalStore,
};

// No comment of documentation: clap would make it the description of the whole program.
#[derive(Args, Debug)]
#[expect(missing_docs, reason = "see above; `crate` says what it is for")]
pub struct VerifierOptions {
    /// CA certificates of JPKI, PEM or DER
    #[arg(long, value_name = "FILE")]
    authorities: Vec<PathBuf>,
    /// A root of the card surface besides the published ones: its identifier in hexadecimal, and a
    /// file with its public key, PEM or DER
    #[arg(long, value_name = "IDENTIFIER=FILE", value_parser = card_surface_root)]
    card_surface_root: Vec<(KeyIdentifier, PathBuf)>,
    /// Accept cards of test hierarchies, such as the virtual card. Anybody can have one made
    #[arg(long)]
    accept_test_hierarchy: bool,

    /// A bridge whose word is taken for a card's challenge: the name of its workstation, and what
    /// `kazashi-bridge enrol` prints there
    #[arg(long, value_name = "NAME=KEY", value_parser = bridge)]
    bridge: Vec<(String, BridgeKey)>,
    /// The institution's certificates for cards: first the one that the card's own key verifies,
    /// last that of the institution's key
    #[arg(long, value_name = "FILE")]
    terminal_certificate: Vec<PathBuf>,
    /// The institution's key in a file (PKCS#8, PEM): for development
    #[arg(long, value_name = "FILE", conflicts_with = "pkcs11_module")]
    terminal_key: Option<PathBuf>,
    /// The PKCS#11 module of the HSM that has the institution's key
    #[arg(long, value_name = "FILE", requires_all = ["pkcs11_token", "pkcs11_key"])]
    pkcs11_module: Option<PathBuf>,
    /// The label of the HSM's token. Its PIN is in the environment variable KAZASHI_PKCS11_PIN
    #[arg(long, value_name = "LABEL")]
    pkcs11_token: Option<String>,
    /// The label of the key on that token
    #[arg(long, value_name = "LABEL")]
    pkcs11_key: Option<String>,
}

/// Why a server cannot do what its [options](VerifierOptions) say.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum OptionsError {
    /// A bridge could not be enrolled.
    #[error(transparent)]
    Bridge(#[from] BridgeError),
    /// A file cannot be read.
    #[error("{}: {because}", path.display())]
    FileUnreadable {
        /// The file.
        path: PathBuf,
        /// What the system said.
        because: io::Error,
    },
    /// The institution's key cannot be used.
    #[error(transparent)]
    Signer(#[from] SignerError),
    /// A certificate or a root is none to trust.
    #[error(transparent)]
    Verify(#[from] VerifyError),
}

impl VerifierOptions {
    /// Whose certificates are believed.
    pub fn trust(&self) -> Result<Trust, OptionsError> {
        let authorities = self.authorities.iter().map(|path| read(path));
        let trust = Trust::from_certificates(authorities.collect::<Result<Vec<_>, _>>()?)?;
        Ok(match self.accept_test_hierarchy {
            true => trust.accepting_test_hierarchy(),
            false => trust,
        })
    }

    /// The roots of card surfaces besides those that are pinned.
    pub fn card_surface_roots(&self) -> Result<Vec<CvKey>, OptionsError> {
        let roots = self.card_surface_root.iter();
        roots.map(|(identifier, path)| Ok(CvKey::new(*identifier, &read(path)?)?)).collect()
    }

    /// Whose card surfaces are believed: of those that are pinned, and of these roots.
    #[must_use]
    pub fn cv_trust(&self, roots: &[CvKey]) -> CvTrust {
        let trust = roots.iter().cloned().fold(CvTrust::pinned(), CvTrust::with_root);
        match self.accept_test_hierarchy {
            true => trust.accepting_test_hierarchy(),
            false => trust,
        }
    }

    /// Whether cards of test hierarchies are accepted.
    #[must_use]
    pub fn accepts_test_hierarchy(&self) -> bool {
        self.accept_test_hierarchy
    }

    /// Enrols the bridges that the store does not know yet.
    pub async fn enrol_bridges(
        &self,
        store: &dyn TerminalStore,
        now: SystemTime,
    ) -> Result<(), OptionsError> {
        for (name, key) in &self.bridge {
            match store.enrol_bridge(name, key, now).await {
                Err(BridgeError::KnownAlready) => {}
                enrolled => enrolled?,
            }
        }
        Ok(())
    }

    /// The desk that signs for the institution, if this server has its key.
    pub fn terminal_desk(
        &self,
        store: Arc<dyn TerminalStore>,
        origin: &str,
    ) -> Result<Option<TerminalDesk>, OptionsError> {
        if let Some(path) = &self.terminal_key {
            return Ok(Some(TerminalDesk::new(store, PemSigner::from_file(path)?, origin)));
        }
        let Self {
            pkcs11_module: Some(module),
            pkcs11_token: Some(token),
            pkcs11_key: Some(key),
            ..
        } = self
        else {
            return Ok(None);
        };
        let signer = Pkcs11Signer::open(Pkcs11Key {
            module: module.clone(),
            token: token.clone(),
            key: key.clone(),
            pin: Pkcs11Pin::Environment("KAZASHI_PKCS11_PIN".into()),
        })?;
        Ok(Some(TerminalDesk::new(store, signer, origin)))
    }

    /// The institution's certificates, as pages hand them to cards.
    pub fn terminal_certificates(&self) -> Result<Vec<Base64>, OptionsError> {
        self.terminal_certificate.iter().map(|path| Ok(read(path)?.into())).collect()
    }
}

fn card_surface_root(text: &str) -> Result<(KeyIdentifier, PathBuf), String> {
    let (identifier, path) = text.split_once('=').ok_or("a root is IDENTIFIER=FILE")?;
    let identifier = KeyIdentifier::from_hexadecimal(identifier);
    Ok((identifier.map_err(|_| "not an identifier of a root")?, path.into()))
}

fn bridge(text: &str) -> Result<(String, BridgeKey), String> {
    let (name, key) = text.split_once('=').ok_or("a bridge is NAME=KEY")?;
    Ok((name.to_owned(), BridgeKey::parse(key).map_err(|error| error.to_string())?))
}

fn read(path: &Path) -> Result<Vec<u8>, OptionsError> {
    fs::read(path)
        .map_err(|because| OptionsError::FileUnreadable { path: path.to_owned(), because })
}
