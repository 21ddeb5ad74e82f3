//! Who is before the screen: visitors, or staff who show by what only they know that it is they.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::json;

use super::Body;
use crate::app::App;
use crate::caller::{AtDesk, Staff};
use crate::failure::Failure;
use crate::password;
use crate::store::account::BY_PROVIDER;
use crate::store::audit::Action;
use crate::store::rate;
use crate::store::session::Facing;

/// Fails unless it is the staff's code that was typed, or where they have none, their password.
/// Attempts are counted before it is looked at.
pub(super) async fn confirm(app: &App, staff: &Staff, code: &str) -> Result<(), Failure> {
    let (session, now) = (staff.session.digest(), app.portal.now());
    app.portal.admit_try(rate::CODES, &session, &staff.account, now).await?;
    let hash = app.portal.code_hash(&staff.account).await?;
    if !password::is_right(code, hash.as_deref()).await {
        app.portal.audit(&staff.account, Action::CodeRefused, None, now).await?;
        return Err(Failure::WRONG_CODE);
    }
    app.portal.forget(rate::CODES, &session).await?;
    Ok(())
}

#[derive(Deserialize)]
#[serde(tag = "facing", rename_all = "kebab-case", deny_unknown_fields)]
pub(super) enum Turn {
    Visitors {},
    /// Takes what a visitor has not.
    Staff {
        code: String,
    },
}

/// Turns this workstation's screen to visitors, or back to the staff.
pub(super) async fn turn(
    State(app): State<Arc<App>>,
    AtDesk(staff): AtDesk,
    Body(turn): Body<Turn>,
) -> Result<Response, Failure> {
    let facing = match turn {
        Turn::Visitors {} => Facing::Visitors,
        Turn::Staff { code } => {
            confirm(&app, &staff, &code).await?;
            Facing::Staff
        }
    };
    app.portal.turn(&staff.session, facing).await?;
    app.portal.audit(&staff.account, Action::turned(facing), None, app.portal.now()).await?;
    Ok(Json(json!({ "facing": facing })).into_response())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct NewCode {
    /// Theirs; whoever has none has just signed in instead.
    password: Option<String>,
    code: String,
}

/// Gives the staff who ask a code of their own.
pub(super) async fn change_code(
    State(app): State<Arc<App>>,
    staff: Staff,
    Body(NewCode { password, code }): Body<NewCode>,
) -> Result<StatusCode, Failure> {
    let now = app.portal.now();
    app.portal.admit_try(rate::CODES, &staff.session.digest(), &staff.account, now).await?;
    let account = app.portal.account_called(&staff.account).await?;
    let hash = account.as_ref().map(|(_, hash)| hash.as_str());
    let is_they = match password {
        Some(password) => password::is_right(&password, hash).await,
        None if hash == Some(BY_PROVIDER) => {
            match app.portal.has_just_begun(&staff.session, now).await? {
                true => true,
                false => return Err(Failure::SIGN_IN_AGAIN),
            }
        }
        None => false,
    };
    if !is_they {
        app.portal.audit(&staff.account, Action::SignInFailed, None, now).await?;
        return Err(Failure::WRONG_PASSWORD);
    }
    let code = password::hash_code(&code).await.ok_or(Failure::INVALID)?;
    app.portal.set_code(&staff.account, &code, now).await?;
    Ok(StatusCode::NO_CONTENT)
}
