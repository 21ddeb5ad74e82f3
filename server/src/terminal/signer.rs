use std::fmt;
use std::sync::Arc;

use thiserror::Error;

/// Has the institution's key, and signs with it.
///
/// It blocks, as PKCS#11 does and as a big computation does; [`TerminalDesk`](crate::TerminalDesk)
/// calls it where blocking is allowed (`tokio::task::spawn_blocking`).
pub trait TerminalSigner: fmt::Debug + Send + Sync + 'static {
    /// Signs by RSASSA-PKCS1-v1_5 with SHA-256 (RFC 8017, 8.2).
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, SignerError>;

    /// The modulus of the public key (RSA), its first byte first and not zero.
    fn modulus(&self) -> Result<Vec<u8>, SignerError>;

    /// Whether the key could be used now, without using it. For whoever watches over a server.
    fn check(&self) -> Result<(), SignerError> {
        Ok(())
    }
}

impl<T: TerminalSigner + ?Sized> TerminalSigner for Arc<T> {
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, SignerError> {
        (**self).sign(message)
    }

    fn modulus(&self) -> Result<Vec<u8>, SignerError> {
        (**self).modulus()
    }

    fn check(&self) -> Result<(), SignerError> {
        (**self).check()
    }
}

/// The reason for which the key could not be used. No variant holds a PIN or a key.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum SignerError {
    /// The PEM file cannot be read.
    #[error("the key file cannot be read: {because}")]
    FileUnreadable {
        /// The system's reason.
        because: std::io::Error,
    },
    /// The PEM holds no private key of RSA in PKCS#8, or one of another length than 2048 bits.
    #[error("the key is not a PKCS#8 key of RSA with 2048 bits")]
    KeyUnsuitable,
    /// The PKCS#11 module cannot be loaded.
    #[error("the PKCS#11 module cannot be loaded: {because}")]
    ModuleUnusable {
        /// The reason of the loader or the module.
        because: String,
    },
    /// No token, or no private key on it, has the configured label; or several have.
    #[error("there is not exactly one {what} with the configured label")]
    NotFound {
        /// The thing that was sought.
        what: &'static str,
    },
    /// The token refused the PIN. It is not presented again by this program: that would block it.
    #[error("the token refused the PIN")]
    PinRefused,
    /// The file or environment variable that should hold the PIN is not there.
    #[error("the PIN of the token cannot be read from where it should be")]
    PinUnreadable,
    /// The key could not be used.
    #[error("the key could not be used: {because}")]
    Failed {
        /// The token's reason.
        because: String,
    },
}
