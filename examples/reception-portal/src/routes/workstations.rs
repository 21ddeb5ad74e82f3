//! Workstations' bridges, for administrators.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use kazashi_server::{BridgeError, BridgeKey};
use serde::Deserialize;
use serde_json::json;

use super::Body;
use crate::app::App;
use crate::caller::Administrator;
use crate::failure::Failure;

/// All that are or were enrolled, by name.
pub(super) async fn list(
    State(app): State<Arc<App>>,
    _: Administrator,
) -> Result<Response, Failure> {
    Ok(Json(json!({ "workstations": app.portal.workstations().await? })).into_response())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Withdrawal {
    key: String,
}

/// Withdraws a bridge's key, for good.
pub(super) async fn withdraw(
    State(app): State<Arc<App>>,
    Administrator(staff): Administrator,
    Body(Withdrawal { key }): Body<Withdrawal>,
) -> Result<StatusCode, Failure> {
    let key = BridgeKey::parse(&key).map_err(|_| Failure::INVALID)?;
    match app.portal.withdraw_bridge(&key, &staff.account, app.portal.now()).await {
        Ok(()) => Ok(StatusCode::NO_CONTENT),
        Err(BridgeError::Store(error)) => Err(error.into()),
        Err(_) => Err(Failure::NOT_FOUND),
    }
}
