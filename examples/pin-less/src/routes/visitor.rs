//! What visitors ask: to be known by their card.

use std::sync::Arc;
use std::time::SystemTime;

use axum::extract::State;
use axum::response::Response;
use kazashi_server::{ExpectedStay, Method, ReceivedSignature, Role, StayWord, Tie, tie};
use kazashi_verify::{
    Expected, ExpectedEnrolment, ExpectedPresence, PresenceProof, Revocation, Submitted, Token,
    verify, verify_enrolment, verify_presence,
};
use serde::{Deserialize, Serialize};
use serde_json::json;
use tracing::warn;

use super::{Body, enrolment};
use crate::app::App;
use crate::caller::{Caller, CallerSession};
use crate::failure::Failure;

/// A visitor, as this server knows them, and how it came to.
#[derive(Serialize)]
struct Visitor<'a> {
    subject: &'a str,
    method: Method,
    revocation: &'a Revocation,
}

#[derive(Deserialize)]
pub(super) struct NonceRequest {
    method: Method,
}

/// Gives out a nonce, for this session, one method and one use.
pub(super) async fn nonce(
    State(app): State<Arc<App>>,
    caller: Caller,
    Body(NonceRequest { method }): Body<NonceRequest>,
) -> Result<Response, Failure> {
    let session = caller.session_or_new(&app).await?;
    let nonce = app.store.issue_nonce(&session.id, method, SystemTime::now()).await?;
    Ok(session.answer(&app, json!({ "nonce": nonce.as_str() })))
}

#[derive(Deserialize)]
pub(super) struct SignIn {
    method: Method,
    nonce: String,
    token: Submitted<Token>,
}

/// Signs in by a token, which the card signed with the PIN or for the institution.
pub(super) async fn sign_in(
    State(app): State<Arc<App>>,
    caller: Caller,
    Body(SignIn { method, nonce, token }): Body<SignIn>,
) -> Result<Response, Failure> {
    let session = caller.session(&app).await?;
    let now = SystemTime::now();
    app.store.take_nonce(&session.id, method, &nonce, now).await?;
    let expected = Expected { origin: &app.origin, nonce: &nonce, method, now };
    let authentication = verify(token.read()?, &expected, &app.trust)?;

    let subject = authentication.subject(&app.pairwise_key);
    let session = admit(&app, session, &subject).await?;
    Ok(session.answer(
        &app,
        Visitor { subject: &subject, method, revocation: authentication.revocation() },
    ))
}

#[derive(Deserialize)]
pub(super) struct Enrol {
    nonces: EnrolNonces,
    token: Submitted<Token>,
    proof: Submitted<PresenceProof>,
    /// The bridge's, that one card gave both.
    word: Option<StayWord>,
}

#[derive(Deserialize)]
struct EnrolNonces {
    pin: String,
    presence: String,
}

/// Signs in with the PIN, and keeps what is needed to know the card again without it.
pub(super) async fn enrol(
    State(app): State<Arc<App>>,
    caller: Caller,
    Body(Enrol { nonces, token, proof, word }): Body<Enrol>,
) -> Result<Response, Failure> {
    let session = caller.session(&app).await?;
    let now = SystemTime::now();
    app.store.take_nonce(&session.id, Method::Pin, &nonces.pin, now).await?;
    app.store.take_nonce(&session.id, Method::Presence, &nonces.presence, now).await?;
    let expected = ExpectedEnrolment {
        origin: &app.origin,
        pin_nonce: &nonces.pin,
        presence_nonce: &nonces.presence,
        now,
    };
    let (token, proof) = (token.read()?, proof.read()?);
    let enrolled =
        verify_enrolment(token, proof, &expected, &app.trust, &app.cv_trust, &app.pairwise_key)?
            .keeping_certificate(&app.pairwise_key)?;

    let received = |method, nonce, signature| ReceivedSignature { method, nonce, signature };
    let signatures = [
        received(Method::Pin, &nonces.pin, token.signature()),
        received(Method::Presence, &nonces.presence, proof.signature()),
    ];
    let expected = ExpectedStay { origin: &app.origin, signatures: &signatures };
    if tie(&*app.store, word.as_ref(), &expected).await? == Tie::PageOnly {
        warn!("only the page says that token and proof are of one card: no bridge is enrolled");
    }

    let enrolment = enrolled.enrolment();
    let stored = serde_json::to_value(enrolment).expect("an enrolment has only texts");
    app.store.put_enrolment(enrolment.subject(), enrolment.recognition(), &stored).await?;
    let session = admit(&app, session, enrolment.subject()).await?;
    Ok(session.answer(
        &app,
        Visitor {
            subject: enrolment.subject(),
            method: Method::Pin,
            revocation: enrolled.authentication().revocation(),
        },
    ))
}

/// Signs the holder in. At a desk, the session stays that of the staff, and the holder is the
/// visitor before them.
async fn admit(app: &App, session: CallerSession, subject: &str) -> Result<CallerSession, Failure> {
    if session.is_desk() {
        return Ok(session);
    }
    session.become_role(app, Role::Holder { subject: subject.to_owned() }).await
}

#[derive(Deserialize)]
pub(super) struct PresenceRequest {
    nonce: String,
    proof: Submitted<PresenceProof>,
}

/// Says whose enrolled card is there. That is too little to sign anybody in: nobody gave a PIN.
pub(super) async fn presence(
    State(app): State<Arc<App>>,
    caller: Caller,
    Body(PresenceRequest { nonce, proof }): Body<PresenceRequest>,
) -> Result<Response, Failure> {
    let session = caller.session(&app).await?;
    let now = SystemTime::now();
    app.store.take_nonce(&session.id, Method::Presence, &nonce, now).await?;
    let proof = proof.read()?;
    let enrolment = enrolment(&app, proof.certificate_start()).await?;
    let expected =
        ExpectedPresence { origin: &app.origin, nonce: &nonce, enrolment: &enrolment, now };
    let presence = verify_presence(proof, &expected, &app.trust, &app.cv_trust, &app.pairwise_key)?;
    Ok(session.answer(
        &app,
        Visitor {
            subject: presence.subject(),
            method: Method::Presence,
            revocation: presence.revocation(),
        },
    ))
}
