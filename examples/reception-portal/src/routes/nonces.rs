use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::SystemTime;

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use kazashi_server::{Method, NonceStore};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::Body;
use crate::app::App;
use crate::caller::Staff;
use crate::failure::Failure;
use crate::store::rate;

/// How a card is to sign.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
enum MethodName {
    Pin,
    Presence,
    Terminal,
}

impl From<MethodName> for Method {
    fn from(name: MethodName) -> Self {
        match name {
            MethodName::Pin => Self::Pin,
            MethodName::Presence => Self::Presence,
            MethodName::Terminal => Self::Terminal,
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct NonceRequest {
    methods: Vec<MethodName>,
}

/// Gives out a nonce for each method: for this session, and for one use.
pub(super) async fn issue(
    State(app): State<Arc<App>>,
    staff: Staff,
    Body(NonceRequest { mut methods }): Body<NonceRequest>,
) -> Result<Response, Failure> {
    let now = SystemTime::now();
    app.portal.admit(rate::NONCES, &staff.session.digest(), now).await?;
    methods.sort_unstable();
    methods.dedup();
    let mut nonces = BTreeMap::new();
    for method in methods {
        let nonce = app.portal.kazashi().issue_nonce(&staff.session, method.into(), now).await?;
        nonces.insert(method, nonce.as_str().to_owned());
    }
    Ok(Json(json!({ "nonces": nonces })).into_response())
}
