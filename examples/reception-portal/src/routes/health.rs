use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::json;

use crate::app::App;

/// Whether this server can do its work, which takes its database.
pub(super) async fn show(State(app): State<Arc<App>>) -> Response {
    let (status, word) = match app.portal.ping().await {
        Ok(()) => (StatusCode::OK, "ok"),
        Err(_) => (StatusCode::SERVICE_UNAVAILABLE, "unavailable"),
    };
    let answer = json!({ "status": word, "version": env!("CARGO_PKG_VERSION") });
    (status, Json(answer)).into_response()
}
