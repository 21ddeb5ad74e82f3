use std::fmt::Display;

use axum::Extension;
use axum::extract::rejection::{BytesRejection, JsonRejection};
use axum::http::StatusCode;
use axum::http::header::RETRY_AFTER;
use axum::response::{IntoResponse, Response};
use kazashi_core::error_code::ErrorCode;
use kazashi_server::{NonceError, SessionError, StoreError, TerminalError, TieError};
use kazashi_verify::VerifyError;
use tracing::{error, info};

use crate::openid::OpenIdError;
use crate::password::typed::UnsuitablePassword;
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
    /// The provider of OpenID Connect does not answer.
    pub(crate) const PROVIDER_UNAVAILABLE: Self =
        Self::new(StatusCode::BAD_GATEWAY, "provider-unavailable");
    /// The provider's answer is not for this session, or does not hold.
    pub(crate) const PROVIDER_REFUSED: Self = Self::new(StatusCode::FORBIDDEN, "provider-refused");
    /// The provider knows them, but gives them no role here.
    pub(crate) const NO_ROLE: Self = Self::new(StatusCode::FORBIDDEN, "no-role");
    /// The provider names somebody as an account of this server is named.
    pub(crate) const ACCOUNT_HAS_PASSWORD: Self =
        Self::new(StatusCode::FORBIDDEN, "account-has-password");
    /// They signed in elsewhere, too long ago for this.
    pub(crate) const SIGN_IN_AGAIN: Self = Self::new(StatusCode::FORBIDDEN, "sign-in-again");
    /// What was typed is not the code of the staff who are signed in.
    pub(crate) const WRONG_CODE: Self = Self::new(StatusCode::FORBIDDEN, "wrong-code");
    /// The screen is turned to visitors, who may not do this.
    pub(crate) const FACING_VISITORS: Self = Self::new(StatusCode::FORBIDDEN, "facing-visitors");
    pub(crate) const COMMON_PASSWORD: Self = Self::new(StatusCode::BAD_REQUEST, "common-password");
    pub(crate) const NOT_FOUND: Self = Self::new(StatusCode::NOT_FOUND, "not-found");
    /// The institution's key does not sign.
    pub(crate) const TERMINAL_NOT_SIGNED: Self =
        Self::new(StatusCode::FORBIDDEN, "terminal-not-signed");
    /// Somebody's card is received nowhere: that is the staff's affair, and not of who stands by.
    pub(crate) const SUSPENDED: Self = Self::new(StatusCode::FORBIDDEN, "suspended");
    /// It is there already, and is something else; or it is needed as it is.
    pub(crate) const CONFLICT: Self = Self::new(StatusCode::CONFLICT, "conflict");
    pub(crate) const EVENT_CLOSED: Self = Self::new(StatusCode::CONFLICT, "event-closed");
    /// The ticket has let its holder in.
    pub(crate) const TICKET_USED: Self = Self::new(StatusCode::CONFLICT, "ticket-used");
    /// More than is taken at once.
    pub(crate) const TOO_LARGE: Self = Self::new(StatusCode::PAYLOAD_TOO_LARGE, "too-large");
    /// Not CSV, but what a spreadsheet program keeps for itself.
    pub(crate) const WORKBOOK: Self = Self::new(StatusCode::BAD_REQUEST, "list-is-a-workbook");
    pub(crate) const INVALID: Self = Self::new(StatusCode::BAD_REQUEST, "invalid");
    /// Nobody said whether the visitor's certificate was revoked, and the operator does not accept
    /// that.
    pub(crate) const REVOCATION_NOT_CHECKED: Self =
        Self::new(StatusCode::FORBIDDEN, "revocation-not-checked");
    /// The database does not answer. Whether something was changed is unknown.
    pub(crate) const UNAVAILABLE: Self = Self::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable");

    const fn new(status: StatusCode, code: &'static str) -> Self {
        Self { status, code, retry_after: None }
    }

    pub(crate) fn too_many_requests(retry_after: u64) -> Self {
        let status = StatusCode::TOO_MANY_REQUESTS;
        Self { status, code: "too-many-requests", retry_after: Some(retry_after) }
    }

    pub(crate) fn code(&self) -> &'static str {
        self.code
    }

    /// What a library says, with its code; in the log, with its reason.
    fn logged(code: ErrorCode, reason: impl Display) -> Self {
        match code {
            ErrorCode::Timeout => error!(%reason, "the database"),
            code => info!(code = code.as_str(), %reason, "refused"),
        }
        code.into()
    }

    /// A body that could not be read, with the status that says why.
    fn unreadable(status: StatusCode) -> Self {
        match status {
            StatusCode::PAYLOAD_TOO_LARGE => Self::TOO_LARGE,
            status => Self { status, ..Self::INVALID },
        }
    }
}

/// The code of a failure, on its answer: the body is written where the request's name is known.
#[derive(Clone, Copy)]
pub(crate) struct Code(pub(crate) &'static str);

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let answer = (self.status, Extension(Code(self.code)));
        match self.retry_after {
            Some(seconds) => ([(RETRY_AFTER, seconds.to_string())], answer).into_response(),
            None => answer.into_response(),
        }
    }
}

impl From<ErrorCode> for Failure {
    fn from(code: ErrorCode) -> Self {
        match code {
            // The store gave no answer.
            ErrorCode::Timeout => Self::UNAVAILABLE,
            ErrorCode::TerminalNotSigned => Self::TERMINAL_NOT_SIGNED,
            code => Self::new(StatusCode::BAD_REQUEST, code.as_str()),
        }
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

impl From<OpenIdError> for Failure {
    fn from(error: OpenIdError) -> Self {
        info!(%error, "not signed in by OpenID Connect");
        match error {
            OpenIdError::Unavailable { .. } => Self::PROVIDER_UNAVAILABLE,
            OpenIdError::Refused { .. } => Self::PROVIDER_REFUSED,
            OpenIdError::NoRole => Self::NO_ROLE,
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

impl From<UnsuitablePassword> for Failure {
    fn from(error: UnsuitablePassword) -> Self {
        match error {
            UnsuitablePassword::Common => Self::COMMON_PASSWORD,
            UnsuitablePassword::Length | UnsuitablePassword::Controls => Self::INVALID,
        }
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        Self::logged(error.code(), error)
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

impl From<BytesRejection> for Failure {
    fn from(rejection: BytesRejection) -> Self {
        Self::unreadable(rejection.status())
    }
}
