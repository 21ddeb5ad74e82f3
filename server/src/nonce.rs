use std::time::SystemTime;

use async_trait::async_trait;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use kazashi_core::Nonce;
use kazashi_core::statement::Method;
use thiserror::Error;

use crate::{SessionId, StoreError, secret};

/// Keeps nonces: each for one session and one method, good for one use within its
/// [lifetime](crate::Lifetimes).
///
/// A nonce for [`Method::Terminal`] goes through three states: issued, signed
/// ([`TerminalStore::admit`](crate::TerminalStore::admit)), taken. It can be taken only once it was
/// signed, so that a token by terminal authentication is one for which this server signed; and
/// being of its method, it is never good for a PIN.
#[async_trait]
pub trait NonceStore: Send + Sync {
    /// Gives out a nonce: the base64 text of 32 random bytes.
    async fn issue_nonce(
        &self,
        session: &SessionId,
        method: Method,
        now: SystemTime,
    ) -> Result<Nonce, StoreError>;

    /// Takes a nonce back, before the token over it is verified. Of all who try, at once or later,
    /// in whatever process, one succeeds.
    ///
    /// After [`StoreError::Unavailable`] the nonce counts as taken: perhaps it is.
    async fn take_nonce(
        &self,
        session: &SessionId,
        method: Method,
        nonce: &str,
        now: SystemTime,
    ) -> Result<(), NonceError>;
}

/// Why a nonce was not taken.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum NonceError {
    /// It was taken before, is over, was issued to another session or for another method or by
    /// somebody else, or no terminal challenge was signed for it.
    #[error("the nonce is not, or no longer, good for this session and method")]
    NotGood,
    /// The store gave no answer.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A new nonce.
pub(crate) fn random() -> Nonce {
    Nonce::parse(&STANDARD.encode(secret::random())).expect("32 bytes are 44 characters of base64")
}
