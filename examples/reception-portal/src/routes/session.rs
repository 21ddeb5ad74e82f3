//! Signing staff in and out.

use std::sync::Arc;
use std::time::SystemTime;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::SET_COOKIE;
use axum::response::{IntoResponse, Response};
use kazashi_server::{Role, SessionId, SessionStore};
use serde::Deserialize;
use serde_json::json;
use tracing::info;

use super::Body;
use crate::app::App;
use crate::caller::{Caller, CallerAddress, Staff, cookie_name, csrf_token};
use crate::failure::Failure;
use crate::password;
use crate::store::audit::Action;
use crate::store::rate;

/// Who is signed in, and what the page needs to know of this server. Whoever has no session gets
/// one, in which to sign in.
pub(super) async fn show(
    State(app): State<Arc<App>>,
    Caller(session): Caller,
    CallerAddress(address): CallerAddress,
) -> Result<Response, Failure> {
    let now = SystemTime::now();
    if let Some(id) = session
        && app.portal.kazashi().find_session(&id, now).await?.is_some()
    {
        let staff = Staff::find(&app, id.clone()).await?;
        return Ok(answer(&app, &id, staff.as_ref()));
    }
    app.portal.admit(rate::SESSIONS, &app.keys.digest(address.to_string().as_bytes()), now).await?;
    let id = app.portal.kazashi().create_session(now).await?;
    Ok(answer(&app, &id, None))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SignIn {
    name: String,
    password: String,
}

/// Signs staff in. Attempts are counted before the password is looked at, by account and by
/// address, at all servers together.
pub(super) async fn sign_in(
    State(app): State<Arc<App>>,
    Caller(session): Caller,
    CallerAddress(address): CallerAddress,
    Body(SignIn { name, password }): Body<SignIn>,
) -> Result<Response, Failure> {
    let session = session.ok_or(Failure::SIGNED_OUT)?;
    let now = SystemTime::now();
    let address = app.keys.digest(address.to_string().as_bytes());
    app.portal.admit(rate::SIGN_INS_FROM_ADDRESS, &address, now).await?;
    app.portal.admit(rate::SIGN_INS_TO_ACCOUNT, &app.keys.digest(name.as_bytes()), now).await?;

    let hash = app.portal.password_hash(&name).await?;
    let is_right = password::is_right(&password, hash.as_deref()).await;
    let (Some(hash), true) = (hash, is_right) else {
        // Not the name: people type passwords there.
        info!("a wrong name or password");
        return Err(Failure::WRONG_PASSWORD);
    };
    let now = SystemTime::now();
    let role = Role::Desk { account: name.clone() };
    let session = app.portal.kazashi().authenticate(&session, &role, now).await?;
    if !app.portal.begin_session(&session, &name, &hash, now).await? {
        return Err(Failure::WRONG_PASSWORD);
    }
    app.portal.audit(&name, Action::SignIn, None, now).await?;
    app.portal.forget(rate::SIGN_INS_TO_ACCOUNT, &app.keys.digest(name.as_bytes())).await?;
    info!(session = session.digest(), "signed in");
    let staff = Staff::find(&app, session.clone()).await?.ok_or(Failure::SIGNED_OUT)?;
    Ok(answer(&app, &session, Some(&staff)))
}

/// Signs out, and ends the session.
pub(super) async fn sign_out(
    State(app): State<Arc<App>>,
    Caller(session): Caller,
) -> Result<Response, Failure> {
    if let Some(session) = session {
        if let Some(staff) = Staff::find(&app, session.clone()).await? {
            app.portal.audit(&staff.account, Action::SignOut, None, SystemTime::now()).await?;
        }
        app.portal.kazashi().delete_session(&session).await?;
    }
    let cookie = cookie(&app, "", "; Max-Age=0");
    Ok((StatusCode::NO_CONTENT, [(SET_COOKIE, cookie)]).into_response())
}

fn answer(app: &App, session: &SessionId, staff: Option<&Staff>) -> Response {
    let account = staff.map(|staff| json!({ "name": staff.account, "role": staff.role() }));
    let answer = json!({
        "account": account,
        "csrf": csrf_token(session),
        "institution": app.institution,
        "terminalCertificates": match app.terminal {
            Some(_) => app.terminal_certificates.as_slice(),
            None => &[],
        },
        "cardAuthorities": app.card_authorities,
        "acceptTestHierarchy": app.accept_test_hierarchy,
    });
    ([(SET_COOKIE, cookie(app, session.as_str(), ""))], Json(answer)).into_response()
}

fn cookie(app: &App, value: &str, lifetime: &str) -> String {
    let secure = if app.is_https() { "; Secure" } else { "" };
    let name = cookie_name(app);
    format!("{name}={value}; HttpOnly; SameSite=Strict; Path=/{secure}{lifetime}")
}
