//! Deletion at the holder's wish: of one who shows, by more than their card, that they are the holder.

use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use kazashi_server::Method;
use kazashi_verify::{Expected, Submitted, Token, verify};
use serde::Deserialize;
use serde_json::Value;
use uuid::Uuid;

use super::compared;
use crate::app::App;
use crate::caller::AtDesk;
use crate::failure::Failure;
use crate::routes::Body;
use crate::routes::once::{Once, once};
use crate::routes::people::refuse_suspended;
use crate::store::deletion::{NewDeletion, Wish};
use crate::store::late::Sender;

/// A holder's wish to be forgotten. Their card alone does not show it: whoever finds it has it.
#[derive(Deserialize)]
#[serde(
    tag = "road",
    rename_all = "kebab-case",
    rename_all_fields = "camelCase",
    deny_unknown_fields
)]
enum DeletionRequest {
    Pin {
        #[serde(rename = "id")]
        _id: Uuid,
        signed_after: Option<u64>,
        nonce: String,
        token: Submitted<Token>,
    },
    Visual {
        #[serde(rename = "id")]
        _id: Uuid,
        signed_after: Option<u64>,
        nonce: String,
        token: Submitted<Token>,
        check: Uuid,
    },
}

/// Forgets the holder of the card.
pub(in crate::routes) async fn forget(
    State(app): State<Arc<App>>,
    AtDesk(staff): AtDesk,
    Body(body): Body<Value>,
) -> Result<Response, Failure> {
    let request = Once::<DeletionRequest>::read(&app, "deletion", &body)?;
    let (id, digest, at) = (&request.id, &request.digest, app.portal.now());
    let act = async {
        let (method, nonce, signed_after) = match &request.body {
            DeletionRequest::Pin { nonce, signed_after, .. } => (Method::Pin, nonce, signed_after),
            DeletionRequest::Visual { nonce, signed_after, .. } => {
                (Method::Terminal, nonce, signed_after)
            }
        };
        let nonces = [(method, nonce.as_str())];
        let sender = Sender { session: &staff.session, account: &staff.account, nonces: &nonces };
        let signed_after = signed_after.map(Duration::from_millis);
        let timing = app.portal.timing(&sender, signed_after, at).await?;
        let now = timing.signed_at;
        let (check, authentication) = match &request.body {
            DeletionRequest::Pin { token, .. } => {
                let expected = Expected { origin: &app.origin, nonce, method, now };
                let authentication = verify(token.read()?, &expected, &app.trust)?;
                let answer = app.check_revocation(authentication.certificate()).await?;
                (None, authentication.with_revocation(answer)?)
            }
            DeletionRequest::Visual { token, check, .. } => {
                let check = check.to_string();
                let signed = (nonce.as_str(), token.read()?, check.as_str());
                let authentication = compared(&app, &sender, signed, now).await?;
                (Some(check), authentication)
            }
        };
        let subject = authentication.subject(&app.keys.pairwise);
        refuse_suspended(&app, &subject).await?;
        let deletion = NewDeletion {
            id,
            request: digest,
            account: &staff.account,
            at,
            subject: &subject,
            wish: Wish::Holder { sender, timing, check: check.as_deref() },
        };
        let forgotten = app.portal.forget_visitor(&deletion).await?;
        Ok(forgotten.map(|forgotten| app.erasure.of(id, forgotten)))
    };
    once(|| app.portal.deletion(id, digest, at), act).await
}

/// How far a deletion is: whether what was deleted is gone from the database's files, too.
pub(in crate::routes) async fn progress(
    State(app): State<Arc<App>>,
    _: AtDesk,
    Path(id): Path<Uuid>,
) -> Result<Response, Failure> {
    let found = app.portal.progress_of_deletion(&id.to_string(), app.portal.now()).await?;
    Ok(Json(found.ok_or(Failure::NOT_FOUND)?).into_response())
}
