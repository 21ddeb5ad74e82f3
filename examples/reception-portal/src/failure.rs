use axum::Json;
use axum::extract::rejection::JsonRejection;
use axum::http::StatusCode;
use axum::http::header::RETRY_AFTER;
use axum::response::{IntoResponse, Response};
use kazashi_core::error_code::ErrorCode;
use kazashi_server::{NonceError, SessionError, StoreError, TerminalError};
use kazashi_verify::VerifyError;
use serde_json::json;
use tracing::{error, info};

use crate::store::rate::RateError;

/// Why a request failed: a code that the page has words for, of Kazashi's (`docs/errors.md`) or one
/// of those below.
#[derive(Debug)]
pub(crate) struct Failure {
    status: StatusCode,
    code: &'static str,
    /// In how many seconds it is worth trying again.
    retry_after: Option<u64>,
}

impl Failure {
    pub(crate) const SIGNED_OUT: Self = Self::new(StatusCode::UNAUTHORIZED, "signed-out");
    /// Signed in, but not as who may do this; or the request does not come from the portal's page.
    pub(crate) const FORBIDDEN: Self = Self::new(StatusCode::FORBIDDEN, "forbidden");
    pub(crate) const WRONG_PASSWORD: Self = Self::new(StatusCode::FORBIDDEN, "wrong-password");
    pub(crate) const NOT_FOUND: Self = Self::new(StatusCode::NOT_FOUND, "not-found");
    /// The institution's key does not sign.
    pub(crate) const TERMINAL_NOT_SIGNED: Self =
        Self::new(StatusCode::FORBIDDEN, "terminal-not-signed");
    /// It is there already, and is something else; or it is needed as it is.
    pub(crate) const CONFLICT: Self = Self::new(StatusCode::CONFLICT, "conflict");
    pub(crate) const INVALID: Self = Self::new(StatusCode::BAD_REQUEST, "invalid");
    /// The database does not answer. Whether something was changed is unknown.
    pub(crate) const UNAVAILABLE: Self = Self::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable");

    const fn new(status: StatusCode, code: &'static str) -> Self {
        Self { status, code, retry_after: None }
    }

    pub(crate) fn too_many_requests(retry_after: u64) -> Self {
        let status = StatusCode::TOO_MANY_REQUESTS;
        Self { status, code: "too-many-requests", retry_after: Some(retry_after) }
    }

    /// A body that could not be read, with the status that says why.
    fn unreadable(status: StatusCode) -> Self {
        Self { status, ..Self::INVALID }
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let body = (self.status, Json(json!({ "code": self.code })));
        match self.retry_after {
            Some(seconds) => ([(RETRY_AFTER, seconds.to_string())], body).into_response(),
            None => body.into_response(),
        }
    }
}

impl From<ErrorCode> for Failure {
    fn from(code: ErrorCode) -> Self {
        Self::new(StatusCode::BAD_REQUEST, code.as_str())
    }
}

impl From<VerifyError> for Failure {
    fn from(error: VerifyError) -> Self {
        info!(code = error.code().as_str(), "refused what a card signed");
        error.code().into()
    }
}

impl From<TerminalError> for Failure {
    fn from(error: TerminalError) -> Self {
        match error {
            TerminalError::Store(error) => error.into(),
            error => {
                info!(%error, "did not sign for the terminal");
                Self::TERMINAL_NOT_SIGNED
            }
        }
    }
}

impl From<NonceError> for Failure {
    fn from(error: NonceError) -> Self {
        match error {
            NonceError::Store(error) => error.into(),
            _ => ErrorCode::NonceExpired.into(),
        }
    }
}

impl From<SessionError> for Failure {
    fn from(error: SessionError) -> Self {
        match error {
            SessionError::Store(error) => error.into(),
            _ => Self::SIGNED_OUT,
        }
    }
}

impl From<RateError> for Failure {
    fn from(error: RateError) -> Self {
        match error {
            RateError::TooOften { retry_after } => Self::too_many_requests(retry_after),
            RateError::Store(error) => error.into(),
        }
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        error!(%error, "the database");
        Self::UNAVAILABLE
    }
}

impl From<sqlx::Error> for Failure {
    fn from(error: sqlx::Error) -> Self {
        StoreError::from(error).into()
    }
}

impl From<JsonRejection> for Failure {
    fn from(rejection: JsonRejection) -> Self {
        Self::unreadable(rejection.status())
    }
}
