use std::fmt;
use std::time::SystemTime;

use async_trait::async_trait;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use kazashi_core::error_code::ErrorCode;
use thiserror::Error;
use zeroize::Zeroizing;

use crate::{StoreError, secret};

/// Keeps sessions. Of an id it keeps the SHA-256 only.
#[async_trait]
pub trait SessionStore: Send + Sync {
    /// Begins a session of a [guest](Role::Guest).
    async fn create_session(&self, now: SystemTime) -> Result<SessionId, StoreError>;

    /// Looks a session up; nothing, when there is none or it is over.
    async fn find_session(
        &self,
        id: &SessionId,
        now: SystemTime,
    ) -> Result<Option<Session>, StoreError>;

    /// Says who it is from here on, and gives the session a new id and a new lifetime: an id that
    /// somebody planted before (session fixation), and nonces issued under it, are worth nothing.
    async fn authenticate(
        &self,
        id: &SessionId,
        role: &Role,
        now: SystemTime,
    ) -> Result<SessionId, SessionError>;

    /// Ends a session, if it is there.
    async fn delete_session(&self, id: &SessionId) -> Result<(), StoreError>;
}

/// The name of a session to its owner: 256 random bits, for a cookie (`HttpOnly`, `Secure`,
/// `SameSite=Strict`). `Debug` shows nothing of it; erased on drop.
#[derive(Clone)]
pub struct SessionId(Zeroizing<String>);

impl SessionId {
    /// Reads the text of a cookie; nothing, if no id looks like that.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
        (bytes.len() == 32).then(|| Self(Zeroizing::new(text.to_owned())))
    }

    /// The text for the cookie: 43 characters of base64url.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The session's name to the store, and in the [record](crate::TerminalRecord) of a desk. It
    /// opens nothing: the application may note it beside the account that signed in.
    #[must_use]
    pub fn digest(&self) -> String {
        secret::digest(&self.0)
    }

    pub(crate) fn random() -> Self {
        Self(Zeroizing::new(URL_SAFE_NO_PAD.encode(secret::random())))
    }
}

impl fmt::Debug for SessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SessionId")
    }
}

/// A session that is not over.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Session {
    /// The one whom it is of.
    pub role: Role,
}

/// The one whom a session is of. `Debug` names the role only.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Role {
    /// Somebody.
    Guest,
    /// The holder of a card, signed in with it.
    Holder {
        /// The pairwise identifier.
        subject: String,
    },
    /// Staff at a desk, signed in by the application's own means. Alone has terminal challenges
    /// signed.
    Desk {
        /// The application's name for who it is.
        account: String,
    },
}

impl fmt::Debug for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Guest => "Guest",
            Self::Holder { .. } => "Holder",
            Self::Desk { .. } => "Desk",
        })
    }
}

/// The reason for which nobody was authenticated.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum SessionError {
    /// There is no such session, or it is over.
    #[error("there is no such session, or it is over")]
    NotFound,
    /// The store gave no answer.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl SessionError {
    /// The row of the table of errors that speaks of this one, as [`NonceError`](crate::NonceError)
    /// has it: without a session, there is no nonce in it either.
    #[must_use]
    pub fn code(&self) -> ErrorCode {
        match self {
            Self::NotFound => ErrorCode::NonceExpired,
            Self::Store(error) => error.code(),
        }
    }
}
