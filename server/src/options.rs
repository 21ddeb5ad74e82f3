use std::fmt::Display;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;
use std::{fs, io};

use clap::Args;
use kazashi_core::codec::Base64;
use kazashi_verify::{CvCertificate, CvKey, CvTrust, KeyIdentifier, Trust};
use thiserror::Error;
use zeroize::Zeroizing;

use crate::{
    BridgeError, BridgeKey, PemSigner, Pkcs11Key, Pkcs11Pin, Pkcs11Signer, SignerError,
    TerminalSigner, TerminalStore,
};

mod known_form;
mod origin;

pub use known_form::known_form;
pub use origin::{InvalidOrigin, canonical_origin};

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

/// The reason for which a server cannot do what its [options](VerifierOptions) say.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum OptionsError {
    /// Every authority that was named is over, or not yet valid.
    #[error("no certificate of --authorities is valid today: every card would be refused")]
    AuthoritiesOver,
    /// No authority was named.
    #[error("there are no --authorities: every card would be refused")]
    AuthoritiesMissing,
    /// A bridge could not be enrolled.
    #[error(transparent)]
    Bridge(#[from] BridgeError),
    /// A file cannot be read.
    #[error("{}: {because}", path.display())]
    FileUnreadable {
        /// The file.
        path: PathBuf,
        /// The system's reason.
        because: io::Error,
    },
    /// A file holds something else than it should.
    #[error("{} {because}", path.display())]
    FileUnsuitable {
        /// The file.
        path: PathBuf,
        /// What is wrong with it, after its name.
        because: String,
    },
    /// The institution's key cannot be used.
    #[error(transparent)]
    Signer(#[from] SignerError),
    /// There is a key of the institution and no certificate, or a certificate and no key.
    #[error(
        "the institution's key and its certificates (--terminal-certificate) are of no use \
         without each other"
    )]
    TerminalInPart,
    /// The last certificate is that of another key.
    #[error("the last --terminal-certificate is not that of the institution's key")]
    TerminalOfAnotherKey,
}

/// An institution, as it proves itself to cards.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Terminal {
    /// What signs with the institution's key.
    pub signer: Arc<dyn TerminalSigner>,
    /// The certificates, as pages hand them to cards: each issued by the one before, the last that of
    /// the key.
    pub certificates: Vec<Base64>,
}

impl VerifierOptions {
    /// The authorities whose certificates are believed. Fails if none is valid `now`.
    pub fn trust(&self, now: SystemTime) -> Result<Trust, OptionsError> {
        if self.authorities.is_empty() {
            return Err(OptionsError::AuthoritiesMissing);
        }
        let mut authorities = Vec::new();
        for path in &self.authorities {
            let bytes = read(path)?;
            Trust::from_certificates([&bytes]).map_err(unsuitable(path, &bytes))?;
            authorities.push(bytes);
        }
        let trust = Trust::from_certificates(authorities);
        let trust = trust.expect("each was taken alone");
        if !trust.is_in_force(now) {
            return Err(OptionsError::AuthoritiesOver);
        }
        Ok(match self.accept_test_hierarchy {
            true => trust.accepting_test_hierarchy(),
            false => trust,
        })
    }

    /// The roots of card surfaces besides those that are pinned.
    pub fn card_surface_roots(&self) -> Result<Vec<CvKey>, OptionsError> {
        let roots = self.card_surface_root.iter().map(|(identifier, path)| {
            let bytes = read(path)?;
            CvKey::new(*identifier, &bytes).map_err(unsuitable(path, &bytes))
        });
        roots.collect()
    }

    /// The roots whose card surfaces are believed: those that are pinned, and these.
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

    /// The institution's key with its certificates, if this server has them: both, and of each other.
    pub fn terminal(&self) -> Result<Option<Terminal>, OptionsError> {
        let (signer, certificates) = (self.terminal_signer()?, self.terminal_certificates()?);
        let (signer, last) = match (signer, certificates.last()) {
            (None, None) => return Ok(None),
            (Some(signer), Some(last)) => (signer, last),
            _ => return Err(OptionsError::TerminalInPart),
        };
        if !last.certifies(&signer.modulus()?) {
            return Err(OptionsError::TerminalOfAnotherKey);
        }
        let certificates = certificates.iter().map(|it| it.encode().into()).collect();
        Ok(Some(Terminal { signer, certificates }))
    }

    /// What has the institution's key, if this server has.
    fn terminal_signer(&self) -> Result<Option<Arc<dyn TerminalSigner>>, OptionsError> {
        if let Some(path) = &self.terminal_key {
            let bytes = Zeroizing::new(read(path)?);
            let pem = String::from_utf8_lossy(&bytes);
            let signer = PemSigner::from_pem(&pem).map_err(unsuitable(path, &bytes))?;
            return Ok(Some(Arc::new(signer)));
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
        Ok(Some(Arc::new(signer)))
    }

    /// The institution's certificates: each issued by the one before.
    fn terminal_certificates(&self) -> Result<Vec<CvCertificate>, OptionsError> {
        let (mut certificates, mut issuer) = (Vec::new(), None);
        for path in &self.terminal_certificate {
            let bytes = read(path)?;
            let certificate = CvCertificate::parse(&bytes).map_err(unsuitable(path, &bytes))?;
            if issuer.is_some_and(|issuer| issuer != certificate.issuer()) {
                return Err(OptionsError::FileUnsuitable {
                    path: path.clone(),
                    because: "is not issued by the certificate before it: name them in their order"
                        .to_owned(),
                });
            }
            issuer = Some(certificate.subject());
            certificates.push(certificate);
        }
        Ok(certificates)
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

/// What was wrong with a file: what it is instead, where that can be told.
fn unsuitable<E: Display>(path: &Path, bytes: &[u8]) -> impl FnOnce(E) -> OptionsError {
    move |error| OptionsError::FileUnsuitable {
        path: path.to_owned(),
        because: match known_form(bytes) {
            Some(form) => form.to_owned(),
            None => format!("cannot be taken: {error}"),
        },
    }
}
