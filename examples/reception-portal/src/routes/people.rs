//! What the staff ask when a card is lost, or a holder cannot use theirs.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::{Value, json};
use uuid::Uuid;

use super::Body;
use super::once::{Once, once};
use crate::app::App;
use crate::caller::Staff;
use crate::failure::Failure;
use crate::store::audit::Action;
use crate::store::deletion::{NewDeletion, Wish};
use crate::store::people::MOST;

/// By what somebody is looked for. In a body, as names are in no URL.
#[derive(Deserialize)]
#[serde(untagged, deny_unknown_fields)]
pub(super) enum Search {
    Name { name: String },
    Visit { day: String, number: i64 },
}

/// Those who are found. That they were looked for is on record, but not what for.
pub(super) async fn find(
    State(app): State<Arc<App>>,
    staff: Staff,
    Body(search): Body<Search>,
) -> Result<Response, Failure> {
    let now = app.portal.now();
    app.portal.audit(&staff.account, Action::PeopleSearched, None, now).await?;
    let people = match search {
        Search::Name { name } => app.portal.people_named(&name).await?,
        Search::Visit { day, .. } if app.calendar.span(&day).is_none() => {
            return Err(Failure::INVALID);
        }
        Search::Visit { day, number } => app.portal.person_of_visit(&day, number).await?,
    };
    let is_all = people.len() < MOST;
    Ok(Json(json!({ "people": people, "isAll": is_all })).into_response())
}

/// Those whose cards are received nowhere.
pub(super) async fn suspended(
    State(app): State<Arc<App>>,
    staff: Staff,
) -> Result<Response, Failure> {
    let now = app.portal.now();
    app.portal.audit(&staff.account, Action::PeopleSearched, None, now).await?;
    Ok(Json(json!({ "people": app.portal.suspended_people().await? })).into_response())
}

/// Whom it is about.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct About {
    subject: String,
}

/// Has a card received nowhere.
pub(super) async fn suspend(
    State(app): State<Arc<App>>,
    staff: Staff,
    Body(About { subject }): Body<About>,
) -> Result<StatusCode, Failure> {
    known(&app, &subject).await?;
    app.portal.suspend(&subject, &staff.account, app.portal.now()).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Has a card received again.
pub(super) async fn lift(
    State(app): State<Arc<App>>,
    staff: Staff,
    Body(About { subject }): Body<About>,
) -> Result<StatusCode, Failure> {
    match app.portal.lift_suspension(&subject, &staff.account, app.portal.now()).await? {
        true => Ok(StatusCode::NO_CONTENT),
        false => Err(Failure::NOT_FOUND),
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ErasureRequest {
    #[serde(rename = "id")]
    _id: Uuid,
    subject: String,
}

/// Deletes what is kept of somebody, by the staff's own decision.
pub(super) async fn erase(
    State(app): State<Arc<App>>,
    staff: Staff,
    Body(body): Body<Value>,
) -> Result<Response, Failure> {
    let request = Once::<ErasureRequest>::read(&app, "erasure", &body)?;
    let (id, digest, subject) = (&request.id, &request.digest, &request.body.subject);
    let at = app.portal.now();
    let act = async {
        known(&app, subject).await?;
        let (account, wish) = (&staff.account, Wish::Staff);
        let deletion = NewDeletion { id, request: digest, account, at, subject, wish };
        let forgotten = app.portal.forget_visitor(&deletion).await?;
        Ok(forgotten.map(|forgotten| app.erasure.of(id, forgotten)))
    };
    once(|| app.portal.deletion(id, digest, at), act).await
}

async fn known(app: &App, subject: &str) -> Result<(), Failure> {
    match app.portal.is_person(subject).await? {
        true => Ok(()),
        false => Err(Failure::NOT_FOUND),
    }
}

/// Refuses somebody whose card is received nowhere.
pub(super) async fn refuse_suspended(app: &App, subject: &str) -> Result<(), Failure> {
    match app.portal.is_suspended(subject).await? {
        true => Err(Failure::SUSPENDED),
        false => Ok(()),
    }
}
