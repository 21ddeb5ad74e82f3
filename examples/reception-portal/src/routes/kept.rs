//! What is kept, for how long, and what of the deletions is not done yet.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use serde_json::json;

use crate::app::App;
use crate::caller::Staff;
use crate::failure::Failure;

pub(super) async fn show(State(app): State<Arc<App>>, _: Staff) -> Result<Response, Failure> {
    let erasures = app.portal.unfinished_erasures(app.portal.now()).await?;
    Ok(Json(json!({ "kept": app.keep.table(), "erasures": erasures })).into_response())
}
