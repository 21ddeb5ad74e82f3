//! What is the same for every request: its name in the log, its place in the metrics, and the words in
//! which it fails.

use std::fmt;
use std::time::Instant;

use axum::Json;
use axum::extract::{MatchedPath, Request};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use metrics::{counter, histogram};
use rand_core::{OsRng, RngCore};
use serde_json::json;
use tracing::{Instrument, info_span};

use crate::failure::{Code, Failure};

const ID: HeaderName = HeaderName::from_static("x-request-id");

/// Names a request, follows it to its answer, and counts it.
pub(crate) async fn follow(request: Request, next: Next) -> Response {
    let id = RequestId::of(request.headers());
    let method = method(request.method());
    let route = request.extensions().get::<MatchedPath>().cloned();
    let is_api = request.uri().path().starts_with("/api");
    let begin = Instant::now();

    let answering = next.run(request).instrument(info_span!("request", %id));
    let mut response = answering.await;

    let route = route.as_ref().map_or("other", MatchedPath::as_str).to_owned();
    let status = response.status().as_str().to_owned();
    counter!("kazashi_portal_requests_total", "method" => method, "route" => route.clone(), "status" => status)
        .increment(1);
    histogram!("kazashi_portal_request_seconds", "method" => method, "route" => route)
        .record(begin.elapsed());
    if let Some(code) = code(&response, is_api) {
        counter!("kazashi_portal_refusals_total", "code" => code).increment(1);
        let body = Json(json!({ "code": code, "requestId": id.0 })).into_response();
        let (head, _) = response.into_parts();
        let (json, body) = body.into_parts();
        response = Response::from_parts(head, body);
        response.headers_mut().extend(json.headers);
        response.headers_mut().remove(axum::http::header::CONTENT_LENGTH);
    }
    if let Ok(id) = HeaderValue::try_from(id.0) {
        response.headers_mut().insert(ID, id);
    }
    response
}

/// The code of a failure: its own, or that of what the framework refused before a route saw it.
fn code(response: &Response, is_api: bool) -> Option<&'static str> {
    if let Some(Code(code)) = response.extensions().get() {
        return Some(code);
    }
    let status = response.status();
    let is_failure = status.is_client_error() || status.is_server_error();
    (is_api && is_failure).then(|| match status {
        StatusCode::PAYLOAD_TOO_LARGE => "too-large",
        StatusCode::NOT_FOUND => "not-found",
        StatusCode::METHOD_NOT_ALLOWED => "method-not-allowed",
        status if status.is_server_error() => "unavailable",
        _ => "invalid",
    })
}

/// Refuses addresses with a character that PostgreSQL does not keep and SQLite takes for an end.
pub(crate) async fn without_null(request: Request, next: Next) -> Response {
    let uri = request.uri();
    let is_null = [Some(uri.path()), uri.query()].iter().flatten().any(|part| part.contains("%00"));
    if is_null { Failure::INVALID.into_response() } else { next.run(request).await }
}

/// A request's name: the caller's, if it could be one, or a new one.
struct RequestId(String);

impl RequestId {
    fn of(headers: &HeaderMap) -> Self {
        let given = headers.get(ID).and_then(|value| value.to_str().ok());
        let is_name = |text: &&str| {
            let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
            (8..=64).contains(&text.len()) && text.bytes().all(is_plain)
        };
        match given.filter(is_name) {
            Some(given) => Self(given.to_owned()),
            None => Self(format!("{:016x}", OsRng.next_u64())),
        }
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Whatever somebody sends is no label.
fn method(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::HEAD => "HEAD",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        _ => "other",
    }
}
