//! What watches over this server asks.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::json;

use crate::app::App;

/// Whether the program runs: who gets no answer starts it again.
pub(super) async fn live() -> Response {
    Json(json!({ "status": "live", "version": env!("CARGO_PKG_VERSION") })).into_response()
}

/// Whether requests should come here; if not, why. Known already, so that nobody waits.
pub(super) async fn ready(State(app): State<Arc<App>>) -> Response {
    let reasons = app.readiness.reasons();
    let (status, word) = match reasons.is_empty() {
        true => (StatusCode::OK, "ready"),
        false => (StatusCode::SERVICE_UNAVAILABLE, "not-ready"),
    };
    let answer =
        json!({ "status": word, "reasons": reasons, "version": env!("CARGO_PKG_VERSION") });
    (status, Json(answer)).into_response()
}

/// Whether the database answers this moment. For pages that have lost it.
pub(super) async fn show(State(app): State<Arc<App>>) -> Response {
    let (status, word) = match app.portal.ping().await {
        Ok(()) => (StatusCode::OK, "ok"),
        Err(_) => (StatusCode::SERVICE_UNAVAILABLE, "unavailable"),
    };
    let answer = json!({ "status": word, "version": env!("CARGO_PKG_VERSION") });
    (status, Json(answer)).into_response()
}
