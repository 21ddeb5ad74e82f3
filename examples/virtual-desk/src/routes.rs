//! The page of the desk, and what it asks.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::header::{
    CONTENT_SECURITY_POLICY, CONTENT_TYPE, HOST, HeaderName, HeaderValue, ORIGIN,
};
use axum::http::{Method, StatusCode};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::Desk;
use crate::cards::CardFacts;
use crate::dialog::{Answer, Dialog};

const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; \
    connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

pub(crate) fn router(desk: Arc<Desk>) -> Router {
    let file =
        |kind, content: &'static str| get(move || async move { ([(CONTENT_TYPE, kind)], content) });
    Router::new()
        .route("/", file("text/html; charset=utf-8", include_str!("../page/index.html")))
        .route("/desk.css", file("text/css", include_str!("../page/desk.css")))
        .route("/desk.js", file("text/javascript", include_str!("../page/desk.js")))
        .route("/state", get(state))
        .route("/reader", post(reader))
        .route("/dialog", post(dialog))
        .layer(middleware::from_fn_with_state(Arc::clone(&desk), guard))
        .with_state(desk)
}

/// Lets in this page alone: others could put cards on the reader, or read what is asked.
async fn guard(State(desk): State<Arc<Desk>>, request: Request, next: Next) -> Response {
    if !is_own(&desk, &request) {
        return StatusCode::FORBIDDEN.into_response();
    }
    let mut response = next.run(request).await;
    response.headers_mut().insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
    response
}

fn is_own(desk: &Desk, request: &Request) -> bool {
    let own = format!("127.0.0.1:{}", desk.port);
    let is = |name: HeaderName, expected: &str| {
        request.headers().get(name).is_some_and(|value| value.as_bytes() == expected.as_bytes())
    };
    is(HOST, &own) && (request.method() == Method::GET || is(ORIGIN, &format!("http://{own}")))
}

#[derive(Serialize)]
struct DeskState<'a> {
    page: &'a str,
    cards: Vec<CardFacts>,
    dialog: Option<Dialog>,
}

async fn state(State(desk): State<Arc<Desk>>) -> Result<Response, StatusCode> {
    let cards = desk.cards.facts().map_err(|_| StatusCode::INTERNAL_SERVER_ERROR)?;
    let state = DeskState { page: &desk.page, cards, dialog: desk.dialogs.open() };
    Ok(Json(state).into_response())
}

/// Which card is to lie on the reader.
#[derive(Deserialize)]
struct ReaderRequest {
    card: Option<String>,
}

async fn reader(
    State(desk): State<Arc<Desk>>,
    Json(ReaderRequest { card }): Json<ReaderRequest>,
) -> StatusCode {
    match card.map_or_else(|| desk.cards.pull().map(|()| true), |card| desk.cards.put(&card)) {
        Ok(true) => StatusCode::NO_CONTENT,
        Ok(false) => StatusCode::NOT_FOUND,
        // Nobody takes the commands any more.
        Err(_) => StatusCode::SERVICE_UNAVAILABLE,
    }
}

#[derive(Deserialize)]
struct DialogRequest {
    number: u64,
    #[serde(flatten)]
    answer: DialogAnswer,
}

#[derive(Deserialize)]
#[serde(tag = "answer", rename_all = "kebab-case")]
enum DialogAnswer {
    Typed { text: String },
    Confirmed,
    Cancelled,
}

async fn dialog(
    State(desk): State<Arc<Desk>>,
    Json(DialogRequest { number, answer }): Json<DialogRequest>,
) -> StatusCode {
    let answer = match answer {
        DialogAnswer::Typed { text } => Answer::Typed(Zeroizing::new(text)),
        DialogAnswer::Confirmed => Answer::Confirmed,
        DialogAnswer::Cancelled => Answer::Cancelled,
    };
    desk.dialogs.answer(number, answer);
    StatusCode::NO_CONTENT
}
