use std::fmt::Display;

use axum::Json;
use axum::extract::rejection::JsonRejection;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use kazashi_core::error_code::ErrorCode;
use kazashi_server::{NonceError, SessionError, StoreError, TerminalError, TieError};
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

    /// What a library says, with its code; in the log, with its reason.
    fn logged(code: ErrorCode, reason: impl Display) -> Self {
        match code {
            // The store gave no answer.
            ErrorCode::Timeout => error!(%reason, "failed"),
            _ => info!(%reason, "refused"),
        }
        code.into()
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        (self.status, Json(json!({ "code": self.code.as_str() }))).into_response()
    }
}

impl From<ErrorCode> for Failure {
    fn from(code: ErrorCode) -> Self {
        let status = match code {
            ErrorCode::Timeout => StatusCode::SERVICE_UNAVAILABLE,
            ErrorCode::TerminalNotSigned => StatusCode::FORBIDDEN,
            _ => StatusCode::BAD_REQUEST,
        };
        Self::new(status, code)
    }
}

impl From<VerifyError> for Failure {
    fn from(error: VerifyError) -> Self {
        Self::logged(error.code(), error)
    }
}

impl From<TerminalError> for Failure {
    fn from(error: TerminalError) -> Self {
        Self::logged(error.code(), error)
    }
}

impl From<TieError> for Failure {
    fn from(error: TieError) -> Self {
        Self::logged(error.code(), error)
    }
}

impl From<NonceError> for Failure {
    fn from(error: NonceError) -> Self {
        Self::logged(error.code(), error)
    }
}

impl From<SessionError> for Failure {
    fn from(error: SessionError) -> Self {
        Self::logged(error.code(), error)
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        Self::logged(error.code(), error)
    }
}

impl From<JsonRejection> for Failure {
    fn from(rejection: JsonRejection) -> Self {
        Self::new(rejection.status(), ErrorCode::InvalidRequest)
    }
}
