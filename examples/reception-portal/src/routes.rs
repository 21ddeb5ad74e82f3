//! What a page may ask, and the answers: JSON under `/api`.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::{DefaultBodyLimit, FromRequest, Request, State};
use axum::http::header::{CACHE_CONTROL, HeaderName, HeaderValue, ORIGIN};
use axum::http::{Method, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{delete, get, post, put};
use axum::{Json, Router};
use tower_http::timeout::TimeoutLayer;

use crate::app::App;
use crate::caller::{csrf_token, session_id};
use crate::failure::Failure;
use crate::page;

mod accounts;
mod board;
mod desk;
mod gate;
mod health;
mod nonces;
mod once;
mod session;

/// Of this page's own files, of WebAssembly, of pictures that it made itself, of the bridge on this
/// computer; of nothing else.
const POLICY: &str = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; \
    font-src 'self'; img-src 'self' blob:; \
    connect-src 'self' ws://127.0.0.1:27390 http://127.0.0.1:27390; \
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

/// Some ten thousand tickets.
const LIST_LIMIT: usize = 2 * 1024 * 1024;

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(30);

pub(crate) fn router(app: Arc<App>) -> Router {
    let api = Router::new()
        .route("/session", get(session::show).post(session::sign_in).delete(session::sign_out))
        .route("/accounts", get(accounts::list).post(accounts::add))
        .route("/accounts/{name}", delete(accounts::remove))
        .route("/accounts/{name}/password", put(accounts::change_password))
        .route("/nonces", post(nonces::issue))
        .route("/desk/arrivals", post(desk::arrival))
        .route("/desk/visits", post(desk::record_visit))
        .route("/desk/checks", post(desk::record_check))
        .route("/desk/terminal-signature", post(desk::terminal_signature))
        .route("/desk/deletions", post(desk::forget))
        .route("/gate/events", get(gate::events).post(gate::add_event))
        .route(
            "/gate/events/{id}/tickets",
            post(gate::import_tickets).layer(DefaultBodyLimit::max(LIST_LIMIT)),
        )
        .route("/gate/events/{id}/list", get(gate::list))
        .route("/gate/events/{id}/entries", post(gate::enter))
        .route("/gate/events/{id}/provisional", post(gate::enter_provisionally))
        .route("/board/visits", get(board::visits))
        .route("/board/stream", get(board::stream))
        .route("/board/export", get(board::export))
        .route("/board/audit", get(board::audit))
        .fallback(async || Failure::NOT_FOUND)
        .layer(DefaultBodyLimit::max(BODY_LIMIT))
        .layer(TimeoutLayer::with_status_code(StatusCode::SERVICE_UNAVAILABLE, PATIENCE))
        .layer(middleware::from_fn_with_state(Arc::clone(&app), own_page_only));
    Router::new()
        .nest("/api", api)
        .route("/health", get(health::show))
        .fallback(get(page::serve))
        .layer(middleware::from_fn_with_state(Arc::clone(&app), add_headers))
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

/// JSON; what is none fails as everything here does.
#[derive(FromRequest)]
#[from_request(via(Json), rejection(Failure))]
struct Body<T>(T);
