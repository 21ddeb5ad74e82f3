use std::convert::Infallible;
use std::sync::Arc;
use std::time::SystemTime;

use axum::Json;
use axum::extract::FromRequestParts;
use axum::http::header::{COOKIE, SET_COOKIE};
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};
use kazashi_core::error_code::ErrorCode;
use kazashi_server::{Role, SessionId};
use serde::Serialize;

use crate::app::App;
use crate::failure::Failure;

/// Whoever makes a request, by the cookie; it may name a session, or nothing that is still there.
pub(crate) struct Caller(Option<SessionId>);

/// A session that is not over.
pub(crate) struct CallerSession {
    pub(crate) id: SessionId,
    pub(crate) role: Role,
}

impl Caller {
    /// The session; begins one if there is none.
    pub(crate) async fn session_or_new(self, app: &App) -> Result<CallerSession, Failure> {
        match self.find(app).await? {
            Some(session) => Ok(session),
            None => {
                let id = app.store.create_session(SystemTime::now()).await?;
                Ok(CallerSession { id, role: Role::Guest })
            }
        }
    }

    /// The session. Whoever has none has no nonce either.
    pub(crate) async fn session(self, app: &App) -> Result<CallerSession, Failure> {
        self.find(app).await?.ok_or(Failure::from(ErrorCode::NonceExpired))
    }

    async fn find(self, app: &App) -> Result<Option<CallerSession>, Failure> {
        let Some(id) = self.0 else { return Ok(None) };
        let found = app.store.find_session(&id, SystemTime::now()).await?;
        Ok(found.map(|session| CallerSession { id, role: session.role }))
    }
}

impl CallerSession {
    pub(crate) fn is_desk(&self) -> bool {
        matches!(self.role, Role::Desk { .. })
    }

    /// Says who it is from here on. The session gets a new name: one that somebody planted before
    /// is worth nothing.
    pub(crate) async fn become_role(self, app: &App, role: Role) -> Result<Self, Failure> {
        let id = app.store.authenticate(&self.id, &role, SystemTime::now()).await?;
        Ok(Self { id, role })
    }

    /// The answer to whoever has this session.
    pub(crate) fn answer(&self, app: &App, answer: impl Serialize) -> Response {
        let secure = if app.origin.starts_with("https:") { "; Secure" } else { "" };
        let cookie =
            format!("session={}; HttpOnly; SameSite=Strict; Path=/{secure}", self.id.as_str());
        ([(SET_COOKIE, cookie)], Json(answer)).into_response()
    }
}

impl FromRequestParts<Arc<App>> for Caller {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &Arc<App>) -> Result<Self, Infallible> {
        // Other applications of this host may have put anything into theirs.
        let cookies = parts.headers.get_all(COOKIE).iter();
        let mut pairs = cookies.flat_map(|value| value.as_bytes().split(|byte| *byte == b';'));
        Ok(Self(pairs.find_map(|pair| {
            let value = pair.trim_ascii().strip_prefix(b"session=")?;
            SessionId::parse(str::from_utf8(value).ok()?)
        })))
    }
}
