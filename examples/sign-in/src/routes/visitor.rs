//! What visitors ask: to be known by their card.

use std::sync::Arc;
use std::time::SystemTime;

use axum::extract::State;
use axum::response::Response;
use kazashi_core::error_code::ErrorCode;
use kazashi_core::terminal::Base64;
use kazashi_server::{Method, Role};
use kazashi_verify::{
    Expected, ExpectedEnrolment, ExpectedPresence, Revocation, verify, verify_enrolment,
    verify_presence,
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{Body, enrolment};
use crate::app::App;
use crate::caller::{Caller, CallerSession};
use crate::failure::Failure;

/// How the holder lets the card sign.
#[derive(Clone, Copy, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
enum MethodName {
    Pin,
    Terminal,
    Presence,
}

impl From<MethodName> for Method {
    fn from(name: MethodName) -> Self {
        match name {
            MethodName::Pin => Self::Pin,
            MethodName::Terminal => Self::Terminal,
            MethodName::Presence => Self::Presence,
        }
    }
}

/// A visitor, as this server knows them, and how it came to.
#[derive(Serialize)]
struct Visitor<'a> {
    subject: &'a str,
    method: MethodName,
    revocation: Value,
}

fn revocation(revocation: &Revocation) -> Value {
    match revocation {
        Revocation::Good => json!({ "status": "good" }),
        Revocation::NotChecked { because } => {
            json!({ "status": "not-checked", "because": because })
        }
        // None of the results below is of a revoked certificate.
        _ => json!({ "status": "revoked" }),
    }
}

#[derive(Deserialize)]
pub(super) struct NonceRequest {
    method: MethodName,
}

/// Gives out a nonce, for this session, one method and one use.
pub(super) async fn nonce(
    State(app): State<Arc<App>>,
    caller: Caller,
    Body(NonceRequest { method }): Body<NonceRequest>,
) -> Result<Response, Failure> {
    let session = caller.session_or_new(&app).await?;
    let nonce = app.store.issue_nonce(&session.id, method.into(), SystemTime::now()).await?;
    Ok(session.answer(&app, json!({ "nonce": nonce.as_str() })))
}

#[derive(Deserialize)]
pub(super) struct SignIn {
    method: MethodName,
    nonce: String,
    token: Value,
}

/// Signs in by a token, which the card signed with the PIN or for the institution.
pub(super) async fn sign_in(
    State(app): State<Arc<App>>,
    caller: Caller,
    Body(SignIn { method, nonce, token }): Body<SignIn>,
) -> Result<Response, Failure> {
    let session = caller.session(&app).await?;
    let now = SystemTime::now();
    app.store.take_nonce(&session.id, method.into(), &nonce, now).await?;
    let expected = Expected { origin: &app.origin, nonce: &nonce, method: method.into(), now };
    let authentication = verify(token.to_string().as_bytes(), &expected, &app.trust)?;

    let subject = authentication.subject(&app.pairwise_key);
    let session = admit(&app, session, &subject).await?;
    Ok(session.answer(
        &app,
        Visitor { subject: &subject, method, revocation: revocation(authentication.revocation()) },
    ))
}

#[derive(Deserialize)]
pub(super) struct Enrol {
    nonces: EnrolNonces,
    token: Value,
    proof: Value,
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
    Body(Enrol { nonces, token, proof }): Body<Enrol>,
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
    let enrolled = verify_enrolment(
        token.to_string().as_bytes(),
        proof.to_string().as_bytes(),
        &expected,
        &app.trust,
        &app.cv_trust,
        &app.pairwise_key,
    )?
    .keeping_certificate(&app.pairwise_key)?;

    let enrolment = enrolled.enrolment();
    let stored = serde_json::to_value(enrolment).expect("an enrolment has only texts");
    app.store.put_enrolment(enrolment.subject(), enrolment.recognition(), &stored).await?;
    let session = admit(&app, session, enrolment.subject()).await?;
    Ok(session.answer(
        &app,
        Visitor {
            subject: enrolment.subject(),
            method: MethodName::Pin,
            revocation: revocation(enrolled.authentication().revocation()),
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
    proof: Value,
}

/// The part of a presence proof by which the enrolment is found. Nothing in it is verified.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ProofCertificate {
    #[serde(alias = "unverifiedCertificate")]
    certificate_head: Base64,
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
    let ProofCertificate { certificate_head } = ProofCertificate::deserialize(&proof)
        .map_err(|_| Failure::from(ErrorCode::PresenceProofMalformed))?;
    let enrolment = enrolment(&app, &certificate_head).await?;
    let expected =
        ExpectedPresence { origin: &app.origin, nonce: &nonce, enrolment: &enrolment, now };
    let proof = proof.to_string();
    let presence =
        verify_presence(proof.as_bytes(), &expected, &app.trust, &app.cv_trust, &app.pairwise_key)?;
    Ok(session.answer(
        &app,
        Visitor {
            subject: presence.subject(),
            method: MethodName::Presence,
            revocation: revocation(presence.revocation()),
        },
    ))
}
