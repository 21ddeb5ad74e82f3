use axum::Json;
use axum::extract::rejection::JsonRejection;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use kazashi_core::error_code::ErrorCode;
use kazashi_server::{NonceError, SessionError, StoreError, TerminalError};
use kazashi_verify::VerifyError;
use serde_json::json;
use tracing::{error, info};

/// Why a request failed: a code that the page has words for (`docs/errors.md`).
pub(crate) struct Failure {
    status: StatusCode,
    code: ErrorCode,
}

impl Failure {
    pub(crate) fn new(status: StatusCode, code: ErrorCode) -> Self {
        Self { status, code }
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        (self.status, Json(json!({ "code": self.code.as_str() }))).into_response()
    }
}

impl From<ErrorCode> for Failure {
    fn from(code: ErrorCode) -> Self {
        Self::new(StatusCode::BAD_REQUEST, code)
    }
}

impl From<VerifyError> for Failure {
    fn from(error: VerifyError) -> Self {
        info!(%error, "refused");
        error.code().into()
    }
}

impl From<TerminalError> for Failure {
    fn from(error: TerminalError) -> Self {
        match error {
            TerminalError::Store(error) => error.into(),
            error => {
                info!(%error, "did not sign for the terminal");
                Self::new(StatusCode::FORBIDDEN, ErrorCode::TerminalNotSigned)
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
            _ => ErrorCode::NonceExpired.into(),
        }
    }
}

/// The page is told to try again.
impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        error!(%error, "the store");
        Self::new(StatusCode::SERVICE_UNAVAILABLE, ErrorCode::Timeout)
    }
}

impl From<JsonRejection> for Failure {
    fn from(rejection: JsonRejection) -> Self {
        Self::new(rejection.status(), ErrorCode::InvalidRequest)
    }
}
