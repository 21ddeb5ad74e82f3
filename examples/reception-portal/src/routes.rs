//! What a page may ask, and the answers: JSON under `/api`.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, FromRequest, Request, State};
use axum::http::header::{self, CACHE_CONTROL, HeaderName, HeaderValue, ORIGIN};
use axum::http::{Method, StatusCode};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{delete, get, post, put};
use axum::{Json, Router};
use kazashi_core::error_code::ErrorCode;
use serde::de::DeserializeOwned;
use tower_http::timeout::TimeoutLayer;

use crate::app::App;
use crate::caller::{Staff, csrf_token, session_id};
use crate::failure::{Code, Failure};
use crate::store::audit::Action;
use crate::{idle, page, request};

mod accounts;
mod board;
mod desk;
mod gate;
mod health;
mod kept;
mod nonces;
mod once;
mod openid;
mod people;
mod record;
mod session;
mod workstation;
mod workstations;

/// Of this page's own files, of WebAssembly, of pictures that it made itself, of the bridge on this
/// computer; of nothing else.
const POLICY: &str = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; \
    font-src 'self'; img-src 'self' blob:; \
    connect-src 'self' ws://127.0.0.1:27390 ws://127.0.0.1:27391 \
    ws://127.0.0.1:27392 ws://127.0.0.1:27393; \
    base-uri 'none'; form-action 'self'; frame-ancestors 'none'; \
    require-trusted-types-for 'script'";

/// On every answer.
const HEADERS: [(HeaderName, HeaderValue); 6] = [
    (header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY)),
    (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    (header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY")),
    (header::REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
    (
        HeaderName::from_static("cross-origin-opener-policy"),
        HeaderValue::from_static("same-origin"),
    ),
    (
        HeaderName::from_static("cross-origin-resource-policy"),
        HeaderValue::from_static("same-origin"),
    ),
];

/// More than tokens and proofs of any kind.
const BODY_LIMIT: usize = 64 * 1024;

/// Some twenty thousand tickets, in an encoding with two bytes a letter.
const LIST_LIMIT: usize = 4 * 1024 * 1024;

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(30);

pub(crate) fn router(app: Arc<App>) -> Router {
    let api = Router::new()
        .route("/session", get(session::show).post(session::sign_in).delete(session::sign_out))
        .route("/session/openid", post(openid::ask))
        .route("/session/openid/answer", post(openid::answer))
        .route("/session/facing", put(workstation::turn))
        .route("/session/code", put(workstation::change_code))
        .route("/session/password", put(session::change_own_password))
        .route("/accounts", get(accounts::list).post(accounts::add))
        .route("/accounts/{name}", delete(accounts::remove))
        .route("/accounts/{name}/password", put(accounts::change_password))
        .route("/nonces", post(nonces::issue))
        .route("/desk/arrivals", post(desk::arrival))
        .route("/desk/visits", post(desk::record_visit))
        .route("/desk/checks", post(desk::record_check))
        .route("/desk/terminal-signature", post(desk::terminal_signature))
        .route("/desk/deletions", post(desk::forget))
        .route("/desk/deletions/{id}", get(desk::progress))
        .route("/people/search", post(people::find))
        .route("/people/suspended", get(people::suspended))
        .route("/people/suspend", post(people::suspend))
        .route("/people/lift", post(people::lift))
        .route("/people/erase", post(people::erase))
        .route("/kept", get(kept::show))
        .route("/workstations", get(workstations::list))
        .route("/workstations/withdraw", post(workstations::withdraw))
        .route("/gate/events", get(gate::events).post(gate::add_event))
        .route("/gate/events/{id}/closed", put(gate::close_event))
        .route("/gate/events/{id}/key", post(gate::rotate_key))
        .route(
            "/gate/events/{id}/tickets",
            post(gate::import_tickets).layer(DefaultBodyLimit::max(LIST_LIMIT)),
        )
        .route("/gate/events/{id}/ticket-search", post(gate::find_tickets))
        .route(
            "/gate/events/{id}/tickets/{ticket}",
            put(gate::move_ticket).delete(gate::delete_ticket),
        )
        .route("/gate/events/{id}/list", get(gate::list))
        .route("/gate/events/{id}/entries", post(gate::enter))
        .route("/gate/events/{id}/entries/{entry}", delete(gate::give_back))
        .route(
            "/gate/events/{id}/provisional",
            post(gate::enter_provisionally).layer(DefaultBodyLimit::max(LIST_LIMIT)),
        )
        .route("/board/visits", get(board::visits))
        .route("/board/search", post(board::search))
        .route("/board/stream", get(board::stream))
        .route("/board/export", get(board::export))
        .route("/board/audit", get(record::show))
        .route("/board/audit/export", get(record::export))
        .fallback(async || Failure::NOT_FOUND)
        .layer(DefaultBodyLimit::max(BODY_LIMIT))
        .layer(TimeoutLayer::with_status_code(StatusCode::SERVICE_UNAVAILABLE, PATIENCE))
        .layer(middleware::from_fn_with_state(Arc::clone(&app), record_refused_cards))
        .layer(middleware::from_fn_with_state(Arc::clone(&app), own_page_only))
        .layer(middleware::from_fn(request::without_null));
    Router::new()
        .nest("/api", api)
        .route("/live", get(health::live))
        .route("/ready", get(health::ready))
        .route("/health", get(health::show))
        .fallback(get(page::serve))
        .layer(middleware::from_fn(request::follow))
        .layer(middleware::from_fn_with_state(Arc::clone(&app), add_headers))
        .layer(middleware::from_fn(idle::close_later))
        .with_state(app)
}

/// Lets nobody change anything but this server's own page: by the `Origin`, where browsers send it,
/// and by a token that only the page can have read.
async fn own_page_only(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    let headers = request.headers();
    let is_foreign = headers.get(ORIGIN).is_some_and(|origin| *origin != *app.origin);
    let is_proven = || {
        let session = session_id(&app, headers)?;
        Some(headers.get("x-csrf-token")?.as_bytes() == csrf_token(&session).as_bytes())
    };
    let is_reading = matches!(*request.method(), Method::GET | Method::HEAD);
    if is_foreign || !(is_reading || is_proven() == Some(true)) {
        return Failure::FORBIDDEN.into_response();
    }
    let mut response = next.run(request).await;
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// Writes down that a card, or what was said of one, was refused, by whichever route.
async fn record_refused_cards(
    State(app): State<Arc<App>>,
    request: Request,
    next: Next,
) -> Result<Response, Failure> {
    let session = session_id(&app, request.headers());
    let response = next.run(request).await;
    let refused = response.extensions().get().map(|&Code(code)| code);
    // The codes of cards are Kazashi's, not the portal's own.
    let refused = refused.filter(|code| ErrorCode::ALL.iter().any(|card| card.as_str() == *code));
    if let (Some(code), Some(session)) = (refused, session)
        && let Some(staff) = Staff::find(&app, session).await?
    {
        let now = app.portal.now();
        app.portal.audit(&staff.account, Action::CardRefused, Some(code), now).await?;
    }
    Ok(response)
}

/// Tells browsers what the page is made of.
async fn add_headers(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    response.headers_mut().extend(HEADERS);
    if app.is_https() {
        let year = HeaderValue::from_static("max-age=31536000");
        response.headers_mut().insert(header::STRICT_TRANSPORT_SECURITY, year);
    }
    response
}

/// JSON; what is none fails as everything here does, and so does a text with U+0000, which PostgreSQL
/// does not keep.
struct Body<T>(T);

impl<T: DeserializeOwned> FromRequest<Arc<App>> for Body<T> {
    type Rejection = Failure;

    async fn from_request(request: Request, app: &Arc<App>) -> Result<Self, Failure> {
        let (head, body) = request.into_parts();
        let bytes = Bytes::from_request(Request::from_parts(head.clone(), body), app).await?;
        if has_null(&bytes) {
            return Err(Failure::INVALID);
        }
        let Json(read) = Json::from_request(Request::from_parts(head, bytes.into()), app).await?;
        Ok(Self(read))
    }
}

/// JSON of which each entry is judged by itself, so that one with U+0000 takes no other with it.
#[derive(FromRequest)]
#[from_request(via(Json), rejection(Failure))]
struct WithNulls<T>(T);

/// Whether a text in the JSON has U+0000: it can only be written as an escape.
fn has_null(json: &[u8]) -> bool {
    let mut rest = json;
    while let Some(at) = rest.iter().position(|byte| *byte == b'\\') {
        rest = rest.get(at..).unwrap_or_default();
        if rest.starts_with(br"\u0000") {
            return true;
        }
        rest = rest.get(2..).unwrap_or_default();
    }
    false
}

#[cfg(test)]
mod tests {
    use super::has_null;

    #[test]
    fn a_null_is_found_in_whichever_text_it_is() {
        for json in [r#"{"name":"a\u0000b"}"#, r#"["\\\u0000"]"#, r#"{"\u0000":1}"#] {
            assert!(has_null(json.as_bytes()), "{json}");
        }
        for json in [r#"{"name":"a\\u0000b"}"#, r#""\u00001"#, "", r#""\"#, r#""\u0001""#, "u0000"]
        {
            assert_eq!(has_null(json.as_bytes()), json == r#""\u00001"#, "{json}");
        }
    }
}
