//! Requests with an id of the page's own: sent twice, they are done once, and answered alike.

use std::future::Future;

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use kazashi_server::StoreError;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

use crate::app::App;
use crate::failure::Failure;
use crate::store::Known;

/// Such a request.
pub(super) struct Once<T> {
    pub(super) id: String,
    /// What the request is known by, when it comes again.
    pub(super) digest: String,
    pub(super) body: T,
}

#[derive(Deserialize)]
struct WithId {
    id: Uuid,
}

impl<T: DeserializeOwned> Once<T> {
    /// Reads a request's body, of which `id` is a UUID. `path` is what else it is about.
    pub(super) fn read(app: &App, path: &str, body: &Value) -> Result<Self, Failure> {
        let WithId { id } = WithId::deserialize(body).map_err(|_| Failure::INVALID)?;
        Ok(Self {
            id: id.to_string(),
            digest: app.keys.digest(format!("{path}\0{body}").as_bytes()),
            body: T::deserialize(body).map_err(|_| Failure::INVALID)?,
        })
    }
}

/// Answers with what is known; else with what `act` does now. If that fails, or finds the id taken,
/// the same request may have come twice at once, and the other was first: so `find` is asked again.
pub(super) async fn once<T: Serialize, Found>(
    find: impl Fn() -> Found,
    act: impl Future<Output = Result<Option<T>, Failure>>,
) -> Result<Response, Failure>
where
    Found: Future<Output = Result<Option<Known<T>>, StoreError>>,
{
    let known = |known| match known {
        Known::Same(it) => Ok((StatusCode::OK, Json(it)).into_response()),
        Known::Other => Err(Failure::CONFLICT),
    };
    if let Some(found) = find().await? {
        return known(found);
    }
    let failure = match act.await {
        Ok(Some(done)) => return Ok((StatusCode::CREATED, Json(done)).into_response()),
        Ok(None) => Failure::CONFLICT,
        Err(failure) => failure,
    };
    match find().await? {
        Some(found) => known(found),
        None => Err(failure),
    }
}
