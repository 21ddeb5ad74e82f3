//! Check by eye (目視確認): the staff's decision, and the institution's signature that may follow it.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use kazashi_core::codec::Base64;
use kazashi_server::{
    BridgeKey, Method, Outcome, ReceivedSignature, StayWord, TerminalError, TerminalStore,
};
use kazashi_verify::{CardFaceProof, ExpectedCardFace, Submitted, verify_card_face};
use serde::Deserialize;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::app::App;
use crate::caller::Staff;
use crate::failure::Failure;
use crate::routes::Body;
use crate::routes::once::{Once, once};
use crate::routes::workstation::confirm;
use crate::store::audit::Action;
use crate::store::check::{Decision, NewCheck};
use crate::store::late::Sender;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct CheckRequest {
    #[serde(rename = "id")]
    _id: Uuid,
    face_nonce: String,
    face: Submitted<CardFaceProof>,
    terminal_nonce: String,
    decision: Decision,
    /// How many milliseconds after it got the nonce of the face the page had what the card signed.
    signed_after: Option<u64>,
}

/// Records that staff compared a visitor with the face on a genuine card, and what they decided. That
/// it is the holder is not for whoever stands there to say: it takes the staff's code.
pub(in crate::routes) async fn record_check(
    State(app): State<Arc<App>>,
    staff: Staff,
    Body(mut body): Body<Value>,
) -> Result<Response, Failure> {
    // It is no part of what is done once, and not kept with it in any form.
    let code = body.as_object_mut().and_then(|body| body.remove("code"));
    let code = code.as_ref().and_then(Value::as_str).unwrap_or_default();
    let request = Once::<CheckRequest>::read(&app, "check", &body)?;
    let (id, digest, check) = (&request.id, &request.digest, &request.body);
    let act = async {
        if check.decision == Decision::Match {
            confirm(&app, &staff, code).await?;
        }
        let sender = Sender {
            session: &staff.session,
            account: &staff.account,
            nonces: &[(Method::Presence, &check.face_nonce)],
        };
        let signed_after = check.signed_after.map(Duration::from_millis);
        let timing = app.portal.timing(&sender, signed_after, app.portal.now()).await?;
        let expected = ExpectedCardFace { origin: &app.origin, nonce: &check.face_nonce };
        let face = verify_card_face(check.face.read()?, &expected, &app.cv_trust)?;
        let check = NewCheck {
            id,
            request: digest,
            sender,
            timing,
            decision: check.decision,
            terminal_nonce: &app.keys.digest(check.terminal_nonce.as_bytes()),
            card_surface_key: &face.card_surface_key(&app.keys.pairwise),
        };
        Ok(app.portal.record_check(&check).await?)
    };
    once(|| app.portal.check(id, digest), act).await
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(in crate::routes) struct SignatureRequest {
    nonce: String,
    /// The bridge's, with the card's challenge.
    word: StayWord,
    face_nonce: String,
    face: Submitted<CardFaceProof>,
}

/// Signs a card's challenge for the institution: only for a nonce before which, in this session,
/// staff found that the visitor is who is on the card; and only that card's, by the bridge's word that
/// the face and the challenge are of one card.
pub(in crate::routes) async fn terminal_signature(
    State(app): State<Arc<App>>,
    staff: Staff,
    Body(SignatureRequest { nonce, word, face_nonce, face }): Body<SignatureRequest>,
) -> Result<Response, Failure> {
    let now = app.portal.now();
    let terminal = app.terminal.as_ref().ok_or(Failure::TERMINAL_NOT_SIGNED)?;
    let digest = app.keys.digest(nonce.as_bytes());
    let expected = ExpectedCardFace { origin: &app.origin, nonce: &face_nonce };
    let face = face.read()?;
    let shown = verify_card_face(face, &expected, &app.cv_trust)?;
    let compared = app.portal.compared_card(&staff.session, &digest, now).await?;
    if compared.is_none_or(|compared| compared != shown.card_surface_key(&app.keys.pairwise)) {
        return Err(Failure::TERMINAL_NOT_SIGNED);
    }
    let face = ReceivedSignature {
        method: Method::Presence,
        nonce: &face_nonce,
        signature: face.signature(),
    };
    let signed = terminal.sign(&staff.session, &word, &nonce, &[face], now).await;
    record_use(&app, &staff, &word, &signed, now).await?;
    Ok(Json(json!({ "signature": Base64::from(signed?) })).into_response())
}

/// Writes down what the institution's key was asked for, by which bridge's word, and what came of it.
async fn record_use(
    app: &App,
    staff: &Staff,
    word: &StayWord,
    signed: &Result<Vec<u8>, TerminalError>,
    now: SystemTime,
) -> Result<(), Failure> {
    let outcome = match signed {
        Ok(_) => Outcome::Granted,
        Err(TerminalError::Refused(refusal)) => Outcome::Refused(*refusal),
        Err(TerminalError::Signer(_)) => Outcome::SignerFailed,
        // Nobody's key was asked.
        Err(_) => return Ok(()),
    };
    let action = match outcome {
        Outcome::Granted => Action::InstitutionSigned,
        _ => Action::InstitutionRefused,
    };
    let key = BridgeKey::from_bytes(word.bridge()).map_err(|_| Failure::INVALID)?;
    let bridge = app.portal.kazashi().find_bridge(&key).await?;
    let bridge = bridge.map_or_else(|| key.to_string(), |bridge| bridge.name);
    let subject = format!("{bridge} {}", outcome.as_str());
    Ok(app.portal.audit(&staff.account, action, Some(&subject), now).await?)
}
