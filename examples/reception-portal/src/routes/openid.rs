//! Signing staff in by OpenID Connect: where to ask, and what came back.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::json;

use super::{Body, session};
use crate::app::App;
use crate::caller::{Caller, CallerAddress};
use crate::failure::Failure;
use crate::store::account::{Account, BY_PROVIDER};
use crate::store::rate;
use crate::store::session::Facing;

/// Says where the browser is to go, so that the provider asks who somebody is.
pub(super) async fn ask(
    State(app): State<Arc<App>>,
    Caller(session): Caller,
    CallerAddress(address): CallerAddress,
) -> Result<Response, Failure> {
    let provider = app.provider.as_ref().ok_or(Failure::NOT_FOUND)?;
    let session = session.ok_or(Failure::SIGNED_OUT)?;
    let who = app.keys.digest(address.to_string().as_bytes());
    app.portal.admit(rate::SIGN_INS_FROM_ADDRESS, &who, app.portal.now()).await?;
    let address = provider.address(&session, &app.keys).await?;
    Ok(Json(json!({ "address": address })).into_response())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ProviderAnswer {
    state: String,
    code: String,
    /// As of whoever signs in with a password.
    facing: Option<Facing>,
}

/// Signs in whom the provider names, with the role that it gives them.
pub(super) async fn answer(
    State(app): State<Arc<App>>,
    Caller(session): Caller,
    CallerAddress(address): CallerAddress,
    Body(ProviderAnswer { state, code, facing }): Body<ProviderAnswer>,
) -> Result<Response, Failure> {
    let provider = app.provider.as_ref().ok_or(Failure::NOT_FOUND)?;
    let session = session.ok_or(Failure::SIGNED_OUT)?;
    let now = app.portal.now();
    let who = app.keys.digest(address.to_string().as_bytes());
    app.portal.admit(rate::SIGN_INS_FROM_ADDRESS, &who, now).await?;
    let person = provider.person(&session, &app.keys, (&state, code), now).await?;
    let account = Account::new(&person.name, person.role, now).ok_or(Failure::NO_ROLE)?;
    if !app.portal.keep_account_by_provider(&account).await? {
        return Err(Failure::ACCOUNT_HAS_PASSWORD);
    }
    session::begin(&app, &session, (&account.name, BY_PROVIDER), facing).await
}
