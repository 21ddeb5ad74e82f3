//! Who makes a request.

use std::convert::Infallible;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::SystemTime;

use axum::extract::{ConnectInfo, FromRequestParts};
use axum::http::header::{COOKIE, HeaderMap};
use axum::http::request::Parts;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use kazashi_server::SessionId;
use sha2::{Digest, Sha256};

use crate::address;
use crate::app::App;
use crate::failure::Failure;
use crate::store::account::Role;

/// The cookie. Over TLS, its prefix has browsers take it from this host alone (RFC 6265bis, 4.1.3).
pub(crate) fn cookie_name(app: &App) -> &'static str {
    if app.is_https() { "__Host-session" } else { "session" }
}

/// The session that a request's cookie names; it may be over.
pub(crate) fn session_id(app: &App, headers: &HeaderMap) -> Option<SessionId> {
    let cookies = headers.get_all(COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut pairs = cookies.flat_map(|value| value.split("; "));
    pairs.find_map(|pair| {
        let (name, value) = pair.split_once('=')?;
        (name == cookie_name(app)).then(|| SessionId::parse(value))?
    })
}

/// What the page proves that it has read an answer of this server with, in this session. It says
/// nothing of the session's id.
pub(crate) fn csrf_token(id: &SessionId) -> String {
    let digest = Sha256::new_with_prefix(b"kazashi-portal-csrf:1\0").chain_update(id.as_str());
    URL_SAFE_NO_PAD.encode(digest.finalize())
}

/// Where a request comes from.
pub(crate) struct CallerAddress(pub(crate) IpAddr);

impl FromRequestParts<Arc<App>> for CallerAddress {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Infallible> {
        let ConnectInfo(peer) =
            parts.extensions.get::<ConnectInfo<SocketAddr>>().expect("serve() adds it");
        Ok(Self(address::of_caller(*peer, &parts.headers, &app.trusted_proxies)))
    }
}

/// Anybody, perhaps with a session.
pub(crate) struct Caller(pub(crate) Option<SessionId>);

impl FromRequestParts<Arc<App>> for Caller {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Infallible> {
        Ok(Self(session_id(app, &parts.headers)))
    }
}

/// Somebody who has signed in, of whichever role.
pub(crate) struct Staff {
    pub(crate) session: SessionId,
    pub(crate) account: String,
    role: Role,
}

impl Staff {
    pub(crate) async fn find(app: &App, session: SessionId) -> Result<Option<Self>, Failure> {
        let found = app.portal.signed_in(&session, SystemTime::now()).await?;
        Ok(found.map(|(account, role)| Self { session, account, role }))
    }

    pub(crate) fn role(&self) -> Role {
        self.role
    }
}

impl FromRequestParts<Arc<App>> for Staff {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Failure> {
        let session = session_id(app, &parts.headers).ok_or(Failure::SIGNED_OUT)?;
        Self::find(app, session).await?.ok_or(Failure::SIGNED_OUT)
    }
}

/// Staff who may change accounts and events, and read the audit trail.
pub(crate) struct Administrator(pub(crate) Staff);

impl FromRequestParts<Arc<App>> for Administrator {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Failure> {
        let staff = Staff::from_request_parts(parts, app).await?;
        match staff.role {
            Role::Administrator => Ok(Self(staff)),
            Role::Staff => Err(Failure::FORBIDDEN),
        }
    }
}
