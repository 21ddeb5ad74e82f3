use std::time::SystemTime;

use async_trait::async_trait;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use kazashi_core::error_code::ErrorCode;
use kazashi_core::value::{Method, Nonce};
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

    /// Looks for a nonce that this account may redeem late: one given to a [desk](crate::Role::Desk) of the
    /// same account, of which the time or the session is over, and not yet
    /// [`Lifetimes::late`](crate::Lifetimes). `session` is the one in which the account asks now.
    async fn late_nonce(
        &self,
        session: &SessionId,
        account: &str,
        method: Method,
        nonce: &str,
        now: SystemTime,
    ) -> Result<LateNonce, NonceError>;

    /// Takes such a nonce back, as [`take_nonce`](Self::take_nonce) does: one who tries succeeds.
    async fn take_late_nonce(
        &self,
        session: &SessionId,
        account: &str,
        method: Method,
        nonce: &str,
        now: SystemTime,
    ) -> Result<(), NonceError>;
}

/// A nonce that is redeemed late.
///
/// A card that signed for it did so after it was issued, and before its signature came. That this was
/// within the nonce's time is shown by nothing but the word of the page that kept the signature.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct LateNonce {
    /// When it was given out.
    pub issued_at: SystemTime,
    /// The end of its time.
    pub expires_at: SystemTime,
}

/// The reason for which a nonce was not taken.
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

impl NonceError {
    /// The row of the table of errors that speaks of this one: a stable name for programs, and
    /// words for the person at the desk.
    #[must_use]
    pub fn code(&self) -> ErrorCode {
        match self {
            Self::NotGood => ErrorCode::NonceExpired,
            Self::Store(error) => error.code(),
        }
    }
}

/// A new nonce.
pub(crate) fn random() -> Nonce {
    Nonce::parse(&STANDARD.encode(secret::random())).expect("32 bytes are 44 characters of base64")
}
