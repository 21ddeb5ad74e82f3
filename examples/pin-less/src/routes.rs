use std::sync::Arc;

use axum::extract::{DefaultBodyLimit, FromRequest, Request, State};
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, HeaderValue, ORIGIN, X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{Method, StatusCode};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use kazashi_core::error_code::ErrorCode;
use kazashi_verify::Enrolment;
use tower_http::services::ServeDir;

use crate::app::App;
use crate::failure::Failure;

mod desk;
mod visitor;

/// Of this page's scripts, of WebAssembly, of the bridge on this computer; of nothing else.
const POLICY: &str = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; \
    connect-src 'self' ws://127.0.0.1:27390 ws://127.0.0.1:27391 \
    ws://127.0.0.1:27392 ws://127.0.0.1:27393; \
    img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; \
    require-trusted-types-for 'script'";

const PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/page");
/// The npm package, as it is installed here.
const PACKAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/node_modules/kazashi/dist");

pub(crate) fn router(app: Arc<App>) -> Router {
    Router::new()
        .route("/nonce", post(visitor::nonce))
        .route("/sign-in", post(visitor::sign_in))
        .route("/enrol", post(visitor::enrol))
        .route("/presence", post(visitor::presence))
        .route("/desk", post(desk::open))
        .route("/birth-date", post(desk::birth_date))
        .route("/terminal", get(desk::certificates).post(desk::sign))
        .nest_service("/kazashi", ServeDir::new(PACKAGE))
        .fallback_service(ServeDir::new(PAGE))
        // More than a token and a presence proof.
        .layer(DefaultBodyLimit::max(16 * 1024))
        .layer(middleware::from_fn_with_state(Arc::clone(&app), guard))
        .with_state(app)
}

/// Lets nobody post but this server's own page, and tells browsers what that page is made of.
async fn guard(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    let is_post = request.method() == Method::POST;
    let origin = request.headers().get(ORIGIN);
    let mut response = if is_post && origin.is_none_or(|origin| *origin != *app.origin) {
        StatusCode::FORBIDDEN.into_response()
    } else {
        next.run(request).await
    };
    let headers = response.headers_mut();
    headers.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    if is_post {
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    }
    response
}

/// JSON; what is none fails as everything here does.
#[derive(FromRequest)]
#[from_request(via(Json), rejection(Failure))]
struct Body<T>(T);

/// What the holder of this certificate, or of one that begins so, left when they enrolled.
async fn enrolment(app: &App, certificate: &[u8]) -> Result<Enrolment, Failure> {
    let recognition = app.pairwise_key.recognition(certificate)?;
    let found = app.store.recognised(&recognition).await?;
    found
        .and_then(|enrolment| serde_json::from_value(enrolment).ok())
        .ok_or(Failure::from(ErrorCode::EnrolmentMismatch))
}
