//! Accounts of staff, for administrators.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::json;

use super::Body;
use crate::app::App;
use crate::caller::Administrator;
use crate::failure::Failure;
use crate::permission::Role;
use crate::store::account::{Account, Removal};

/// All accounts, by name.
pub(super) async fn list(
    State(app): State<Arc<App>>,
    _: Administrator,
) -> Result<Response, Failure> {
    Ok(Json(json!({ "accounts": app.portal.accounts().await? })).into_response())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct NewAccount {
    name: String,
    password: String,
    role: Role,
}

/// Adds an account, unless there is one whose name looks like this one.
pub(super) async fn add(
    State(app): State<Arc<App>>,
    Administrator(staff): Administrator,
    Body(NewAccount { name, password, role }): Body<NewAccount>,
) -> Result<Response, Failure> {
    let account = Account::new(&name, role, app.portal.now()).ok_or(Failure::INVALID)?;
    let hash = app.hash_password(&password, &account.name).await?;
    match app.portal.add_account(&account, &hash, Some(&staff.account)).await? {
        true => Ok((StatusCode::CREATED, Json(json!({ "account": account }))).into_response()),
        false => Err(Failure::CONFLICT),
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct NewPassword {
    password: String,
}

/// Changes a password, and signs its account out everywhere.
pub(super) async fn change_password(
    State(app): State<Arc<App>>,
    Administrator(staff): Administrator,
    Path(name): Path<String>,
    Body(NewPassword { password }): Body<NewPassword>,
) -> Result<StatusCode, Failure> {
    let hash = app.hash_password(&password, &name).await?;
    let now = app.portal.now();
    match app.portal.change_password(&name, &hash, &staff.account, None, now).await? {
        true => Ok(StatusCode::NO_CONTENT),
        false => Err(Failure::NOT_FOUND),
    }
}

/// Removes an account, and signs it out everywhere. The last administrator stays.
pub(super) async fn remove(
    State(app): State<Arc<App>>,
    Administrator(staff): Administrator,
    Path(name): Path<String>,
) -> Result<StatusCode, Failure> {
    match app.portal.remove_account(&name, &staff.account, app.portal.now()).await? {
        Removal::Removed => Ok(StatusCode::NO_CONTENT),
        Removal::NoSuchAccount => Err(Failure::NOT_FOUND),
        Removal::LastAdministrator => Err(Failure::CONFLICT),
    }
}
