//! Who makes a request.

use std::convert::Infallible;
use std::net::IpAddr;
use std::sync::Arc;

use axum::extract::{ConnectInfo, FromRequestParts, MatchedPath};
use axum::http::header::{COOKIE, HeaderMap, HeaderName};
use axum::http::request::Parts;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use kazashi_server::SessionId;
use sha2::{Digest, Sha256};

use crate::address;
use crate::app::App;
use crate::failure::Failure;
use crate::idle::Peer;
use crate::permission::Role;
use crate::store::audit::Action;
use crate::store::rate::{RateError, VIEWS};
use crate::store::session::{Facing, SignedIn};

/// The cookie. Over TLS, its prefix has browsers take it from this host alone (RFC 6265bis, 4.1.3).
pub(crate) fn cookie_name(app: &App) -> &'static str {
    if app.is_https() { "__Host-session" } else { "session" }
}

/// The session that a request's cookie names; it may be over.
pub(crate) fn session_id(app: &App, headers: &HeaderMap) -> Option<SessionId> {
    // Other applications of this host may have put anything into theirs.
    let cookies = headers.get_all(COOKIE).iter();
    let mut pairs = cookies.flat_map(|value| value.as_bytes().split(|byte| *byte == b';'));
    pairs.find_map(|pair| {
        let value = pair.trim_ascii().strip_prefix(cookie_name(app).as_bytes())?;
        SessionId::parse(str::from_utf8(value.strip_prefix(b"=")?).ok()?)
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
            parts.extensions.get::<ConnectInfo<Peer>>().expect("serve() adds it");
        Ok(Self(address::of_caller(peer.address, &parts.headers, &app.trusted_proxies)))
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

/// With which the page says that it asks by itself: nobody has done anything.
const UNATTENDED: HeaderName = HeaderName::from_static("x-unattended");

/// Somebody who has signed in, in a role that may ask what they do, and is before the screen.
pub(crate) struct Staff {
    pub(crate) session: SessionId,
    pub(crate) account: String,
    pub(crate) facing: Facing,
    /// Whether this server knows them by a password, and not their organization's provider.
    pub(crate) has_password: bool,
    role: Role,
}

impl Staff {
    /// Whose session it is, if they are signed in. That it is asked is no use of the session.
    pub(crate) async fn find(app: &App, session: SessionId) -> Result<Option<Self>, Failure> {
        Self::look(app, session, false).await
    }

    async fn look(app: &App, session: SessionId, is_use: bool) -> Result<Option<Self>, Failure> {
        let found = app.portal.signed_in(&session, app.portal.now(), is_use).await?;
        Ok(found.map(|SignedIn { account, role, facing, has_password }| Self {
            session,
            account,
            facing,
            has_password,
            role,
        }))
    }

    async fn ask(parts: &Parts, app: &App, is_use: bool) -> Result<Self, Failure> {
        let session = session_id(app, &parts.headers).ok_or(Failure::SIGNED_OUT)?;
        let staff = Self::look(app, session, is_use).await?.ok_or(Failure::SIGNED_OUT)?;
        let route = parts.extensions.get::<MatchedPath>().map_or("", MatchedPath::as_str);
        staff.role.may_ask(route).then_some(staff).ok_or(Failure::FORBIDDEN)
    }

    fn at_their_own_screen(self) -> Result<Self, Failure> {
        match self.facing {
            Facing::Staff => Ok(self),
            Facing::Visitors => Err(Failure::FACING_VISITORS),
        }
    }

    /// Writes down that they look at something, `view`: once, for as long as their page asks for the
    /// same again whenever something happens.
    pub(crate) async fn views(
        &self,
        app: &App,
        action: Action,
        view: &str,
        subject: Option<&str>,
    ) -> Result<(), Failure> {
        let now = app.portal.now();
        let view = format!("{} {} {view}", self.session.digest(), action.as_str());
        match app.portal.admit(VIEWS, &view, now).await {
            Ok(()) => Ok(app.portal.audit(&self.account, action, subject, now).await?),
            Err(RateError::TooOften { .. }) => Ok(()),
            Err(RateError::Store(error)) => Err(error.into()),
        }
    }

    pub(crate) fn role(&self) -> Role {
        self.role
    }
}

impl FromRequestParts<Arc<App>> for Staff {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Failure> {
        let AtDesk(staff) = AtDesk::from_request_parts(parts, app).await?;
        staff.at_their_own_screen()
    }
}

/// Whoever is at a desk that staff opened: they, or a visitor to whom they turned the screen.
pub(crate) struct AtDesk(pub(crate) Staff);

impl FromRequestParts<Arc<App>> for AtDesk {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Failure> {
        let is_use = !parts.headers.contains_key(UNATTENDED);
        Staff::ask(parts, app, is_use).await.map(Self)
    }
}

/// Staff whose page waits to be told what happens. However long it does, that is no use of the session.
pub(crate) struct Watching(pub(crate) Staff);

impl FromRequestParts<Arc<App>> for Watching {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Failure> {
        Staff::ask(parts, app, false).await?.at_their_own_screen().map(Self)
    }
}

/// Staff who may change accounts and events, and read the record.
pub(crate) struct Administrator(pub(crate) Staff);

impl FromRequestParts<Arc<App>> for Administrator {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Failure> {
        let staff = Staff::from_request_parts(parts, app).await?;
        match staff.role {
            Role::Administrator => Ok(Self(staff)),
            _ => Err(Failure::FORBIDDEN),
        }
    }
}
