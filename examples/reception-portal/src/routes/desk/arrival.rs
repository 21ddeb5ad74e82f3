//! Who has arrived, before they show that it is they.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use kazashi_core::codec::Base64;
use kazashi_verify::Certificate;
use serde::{Deserialize, Serialize};

use super::with_dashes;
use crate::app::App;
use crate::calendar::rfc_3339;
use crate::caller::AtDesk;
use crate::failure::Failure;
use crate::routes::Body;
use crate::routes::people::refuse_suspended;
use crate::store::audit::Action;
use crate::store::rate;
use crate::store::session::Facing;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::routes) struct ArrivalRequest {
    certificate: Base64,
}

/// Says what is known of the holder of a certificate. Whoever read it off a card can ask: that the
/// card is there shows later. Nothing is stored but that somebody asked.
pub(in crate::routes) async fn arrival(
    State(app): State<Arc<App>>,
    AtDesk(staff): AtDesk,
    Body(ArrivalRequest { certificate }): Body<ArrivalRequest>,
) -> Result<Response, Failure> {
    let now = app.portal.now();
    app.portal.admit(rate::ARRIVALS, &staff.session.digest(), now).await?;
    let certificate = Certificate::user_authentication(certificate.as_bytes())?;
    app.trust.verify(&certificate, now)?;
    let subject = app.keys.pairwise.subject(&certificate);
    refuse_suspended(&app, &subject).await?;
    let enrolment = app.portal.enrolment(&subject).await?;
    let acquaintance = app.portal.acquaintance(&subject).await?;
    let action = match enrolment {
        Some(_) => Action::BirthDateLookedUp,
        None => Action::CardLookedUp,
    };
    app.portal.audit(&staff.account, action, None, now).await?;
    let known = enrolment.is_some() || acquaintance.visits > 0;
    // Whoever found the card is before a visitors' screen, too.
    let told = Some(acquaintance).filter(|_| staff.facing == Facing::Staff);
    Ok(Json(ArrivalAnswer {
        known,
        enrolled: enrolment.is_some(),
        birth_date: enrolment.map(|enrolment| with_dashes(enrolment.birth_date())),
        visits: told.as_ref().map(|acquaintance| acquaintance.visits),
        last_visit: told.and_then(|acquaintance| acquaintance.last_visit).map(rfc_3339),
    })
    .into_response())
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ArrivalAnswer {
    known: bool,
    enrolled: bool,
    /// What the card wants to know; only of those who are enrolled.
    #[serde(skip_serializing_if = "Option::is_none")]
    birth_date: Option<String>,
    /// Told to staff alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    visits: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_visit: Option<String>,
}
