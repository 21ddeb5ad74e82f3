//! Signing staff in and out.

use std::sync::Arc;

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
use crate::calendar::rfc_3339;
use crate::caller::{Caller, CallerAddress, Staff, cookie_name, csrf_token};
use crate::failure::Failure;
use crate::store::audit::{Action, NOBODY};
use crate::store::rate;
use crate::store::session::Facing;
use crate::{account_name, password};

/// Who is signed in, and what the page needs to know of this server. Whoever has no session gets
/// one, in which to sign in.
pub(super) async fn show(
    State(app): State<Arc<App>>,
    Caller(session): Caller,
    CallerAddress(address): CallerAddress,
) -> Result<Response, Failure> {
    let now = app.portal.now();
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
    /// Who is before the screen of this workstation: if nothing is said, the staff.
    facing: Option<Facing>,
}

/// Signs staff in. Attempts are counted before the password is looked at, by account and by
/// address, at all servers together.
pub(super) async fn sign_in(
    State(app): State<Arc<App>>,
    Caller(session): Caller,
    CallerAddress(address): CallerAddress,
    Body(SignIn { name, password, facing }): Body<SignIn>,
) -> Result<Response, Failure> {
    let session = session.ok_or(Failure::SIGNED_OUT)?;
    let now = app.portal.now();
    let address = app.keys.digest(address.to_string().as_bytes());
    app.portal.admit_try(rate::SIGN_INS_FROM_ADDRESS, &address, NOBODY, now).await?;
    let account = app.portal.account_called(&name).await?;
    // Not the name that was typed: people type passwords there.
    let known = account.as_ref().map_or(NOBODY, |(name, _)| name);
    let tries = tries_of(&app, &name);
    app.portal.admit_try(rate::SIGN_INS_TO_ACCOUNT, &tries, known, now).await?;

    let hash = account.as_ref().map(|(_, hash)| hash.as_str());
    let is_right = password::is_right(&password, hash).await;
    let (Some((name, hash)), true) = (&account, is_right) else {
        app.portal.audit(known, Action::SignInFailed, None, now).await?;
        info!("a wrong name or password");
        return Err(Failure::WRONG_PASSWORD);
    };
    app.portal.forget(rate::SIGN_INS_TO_ACCOUNT, &tries).await?;
    begin(&app, &session, (name, hash), facing).await
}

/// Signs somebody in whose account has this hash, in a session that takes the place of theirs.
pub(super) async fn begin(
    app: &App,
    session: &SessionId,
    (name, hash): (&str, &str),
    facing: Option<Facing>,
) -> Result<Response, Failure> {
    let now = app.portal.now();
    let role = Role::Desk { account: name.to_owned() };
    let session = app.portal.kazashi().authenticate(session, &role, now).await?;
    if !app.portal.begin_session(&session, name, hash, now).await? {
        return Err(Failure::WRONG_PASSWORD);
    }
    if let Some(facing) = facing {
        app.portal.turn(&session, facing).await?;
    }
    app.portal.audit(name, Action::SignIn, None, now).await?;
    info!(session = session.digest(), "signed in");
    let staff = Staff::find(app, session.clone()).await?.ok_or(Failure::SIGNED_OUT)?;
    Ok(answer(app, &session, Some(&staff)))
}

/// By which tries are counted: together for all ways to write a name.
fn tries_of(app: &App, name: &str) -> String {
    app.keys.digest(account_name::look(name).as_bytes())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct OwnPassword {
    current: String,
    new: String,
}

/// Changes the password of who is signed in and knows the current one. All their other sessions are
/// over. Attempts are counted as those to sign in.
pub(super) async fn change_own_password(
    State(app): State<Arc<App>>,
    staff: Staff,
    Body(OwnPassword { current, new }): Body<OwnPassword>,
) -> Result<StatusCode, Failure> {
    let now = app.portal.now();
    let (name, tries) = (&staff.account, tries_of(&app, &staff.account));
    app.portal.admit_try(rate::SIGN_INS_TO_ACCOUNT, &tries, name, now).await?;
    let (_, hash) = app.portal.account_called(name).await?.ok_or(Failure::SIGNED_OUT)?;
    if !password::is_right(&current, Some(&hash)).await {
        app.portal.audit(name, Action::SignInFailed, None, now).await?;
        return Err(Failure::WRONG_PASSWORD);
    }
    let hash = app.hash_password(&new, name).await?;
    let is_changed =
        app.portal.change_password(name, &hash, name, Some(&staff.session), now).await?;
    app.portal.forget(rate::SIGN_INS_TO_ACCOUNT, &tries).await?;
    is_changed.then_some(StatusCode::NO_CONTENT).ok_or(Failure::SIGNED_OUT)
}

/// Signs out, and ends the session.
pub(super) async fn sign_out(
    State(app): State<Arc<App>>,
    Caller(session): Caller,
) -> Result<Response, Failure> {
    if let Some(session) = session {
        if let Some(staff) = Staff::find(&app, session.clone()).await? {
            app.portal.audit(&staff.account, Action::SignOut, None, app.portal.now()).await?;
        }
        app.portal.kazashi().delete_session(&session).await?;
    }
    let cookie = cookie(&app, "", "; Max-Age=0");
    Ok((StatusCode::NO_CONTENT, [(SET_COOKIE, cookie)]).into_response())
}

fn answer(app: &App, session: &SessionId, staff: Option<&Staff>) -> Response {
    let account = staff.map(|staff| {
        let (name, role) = (&staff.account, staff.role());
        json!({ "name": name, "role": role, "hasPassword": staff.has_password })
    });
    let answer = json!({
        "account": account,
        "facing": staff.map_or(Facing::Staff, |staff| staff.facing),
        "csrf": csrf_token(session),
        "institution": app.institution,
        "openId": app.provider.is_some(),
        "lateHours": app.keep.late_hours,
        "timeZone": app.calendar.zone(),
        "now": rfc_3339(app.portal.now()),
        "terminalCertificates": app.terminal_certificates,
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
