//! What the staff at a desk asks, to receive visitors without a PIN.

use std::sync::Arc;
use std::time::{Instant, SystemTime};

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use kazashi_core::codec::Base64;
use kazashi_core::error_code::ErrorCode;
use kazashi_server::{Role, StayWord};
use serde::Deserialize;
use serde_json::json;
use sha2::{Digest, Sha256};
use tracing::{info, warn};

use super::{Body, enrolment};
use crate::app::App;
use crate::caller::Caller;
use crate::failure::Failure;

#[derive(Deserialize)]
pub(super) struct OpenRequest {
    password: String,
}

/// Signs the staff of the desk in.
pub(super) async fn open(
    State(app): State<Arc<App>>,
    caller: Caller,
    Body(OpenRequest { password }): Body<OpenRequest>,
) -> Result<Response, Failure> {
    let refused = |status| Failure::new(status, ErrorCode::InvalidRequest);
    if !app.password_limit.admits("everybody", Instant::now()) {
        return Err(refused(StatusCode::TOO_MANY_REQUESTS));
    }
    // By their hashes: how long that takes says nothing of the password.
    let expected = app.desk_password.as_ref().map(Sha256::digest);
    if expected != Some(Sha256::digest(password)) {
        warn!("a wrong password for the desk");
        return Err(refused(StatusCode::FORBIDDEN));
    }
    let session = caller.session_or_new(&app).await?;
    let session = session.become_role(&app, Role::Desk { account: "desk".into() }).await?;
    info!(session = session.id.digest(), "the desk is open");
    Ok(session.answer(&app, json!({})))
}

#[derive(Deserialize)]
pub(super) struct BirthDateRequest {
    certificate: Base64,
}

/// Tells the desk the birth date of an enrolled holder, to be presented to the card.
pub(super) async fn birth_date(
    State(app): State<Arc<App>>,
    caller: Caller,
    Body(BirthDateRequest { certificate }): Body<BirthDateRequest>,
) -> Result<Response, Failure> {
    let session = caller.session(&app).await?;
    let refused = |status| Failure::new(status, ErrorCode::InvalidRequest);
    if !session.is_desk() {
        return Err(refused(StatusCode::FORBIDDEN));
    }
    if !app.birth_date_limit.admits(&session.id.digest(), Instant::now()) {
        return Err(refused(StatusCode::TOO_MANY_REQUESTS));
    }
    let enrolment = enrolment(&app, certificate.as_bytes()).await?;
    let birth_date = String::from_utf8_lossy(enrolment.birth_date().digits());
    Ok(session.answer(&app, json!({ "birthDate": birth_date })))
}

/// The institution's certificates, which the page brings to the card.
pub(super) async fn certificates(State(app): State<Arc<App>>) -> Response {
    Json(json!({ "certificates": app.terminal_certificates })).into_response()
}

#[derive(Deserialize)]
pub(super) struct SignRequest {
    nonce: String,
    word: StayWord,
}

/// Signs a card's challenge for the institution, if the desk asks for a card on its own bridge. Staff
/// looked at the visitor, not at a face that the card signed: no other signature is to be of this card.
pub(super) async fn sign(
    State(app): State<Arc<App>>,
    caller: Caller,
    Body(SignRequest { nonce, word }): Body<SignRequest>,
) -> Result<Response, Failure> {
    let terminal = app.terminal.as_ref().ok_or(Failure::from(ErrorCode::TerminalNotSigned))?;
    let session = caller.session(&app).await?;
    let signature = terminal.sign(&session.id, &word, &nonce, &[], SystemTime::now()).await?;
    Ok(session.answer(&app, json!({ "signature": Base64::from(signature) })))
}
