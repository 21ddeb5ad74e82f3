use std::collections::BTreeMap;
use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use kazashi_server::{Method, NonceStore};
use serde::Deserialize;
use serde_json::json;

use super::Body;
use crate::app::App;
use crate::caller::AtDesk;
use crate::failure::Failure;
use crate::store::rate;
use crate::store::session::Facing;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct NonceRequest {
    methods: Vec<Method>,
}

/// Gives out a nonce for each method: for this session, and for one use.
pub(super) async fn issue(
    State(app): State<Arc<App>>,
    AtDesk(staff): AtDesk,
    Body(NonceRequest { mut methods }): Body<NonceRequest>,
) -> Result<Response, Failure> {
    let now = app.portal.now();
    app.portal.admit(rate::NONCES, &staff.session.digest(), now).await?;
    if staff.facing == Facing::Visitors && methods.contains(&Method::Terminal) {
        return Err(Failure::FACING_VISITORS);
    }
    methods.sort_unstable();
    methods.dedup();
    let mut nonces = BTreeMap::new();
    for method in methods {
        let nonce = app.portal.kazashi().issue_nonce(&staff.session, method, now).await?;
        nonces.insert(method, nonce.as_str().to_owned());
    }
    Ok(Json(json!({ "nonces": nonces })).into_response())
}
