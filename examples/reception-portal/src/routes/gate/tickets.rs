//! Tickets: read from a list, found, and changed by hand.

use std::sync::Arc;

use axum::Json;
use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::json;

use super::open_event;
use crate::app::App;
use crate::caller::{Administrator, Staff};
use crate::failure::Failure;
use crate::routes::Body;
use crate::store::audit::Action;
use crate::store::ticket::{Changed, Holder};
use crate::ticket_list::{ListError, is_subject, read_list};

/// Reads a list of tickets, as spreadsheet programs save them. What is wrong with a line is said of
/// that line, and the others are taken.
pub(in crate::routes) async fn import_tickets(
    State(app): State<Arc<App>>,
    Administrator(staff): Administrator,
    Path(event): Path<String>,
    list: Result<Bytes, BytesRejection>,
) -> Result<Response, Failure> {
    open_event(&app, &event).await?;
    let padded = app.portal.padded_tickets(&event).await?;
    let list = read_list(&list?, padded).map_err(|error| match error {
        ListError::NoHeader => Failure::INVALID,
        ListError::Workbook => Failure::WORKBOOK,
    })?;
    let now = app.portal.now();
    let mut import = app.portal.import_tickets(&event, &list.lines, &staff.account, now).await?;
    import.refused.extend(list.refused);
    import.refused.sort_by_key(|refused| refused.line);
    Ok(Json(import).into_response())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::routes) struct Search {
    /// A ticket or its holder; all of them, if there is nothing.
    search: String,
}

/// The tickets of an event, for whoever looks for one. As they have names, that is on record, but not
/// for whom.
pub(in crate::routes) async fn find_tickets(
    State(app): State<Arc<App>>,
    staff: Staff,
    Path(event): Path<String>,
    Body(Search { search }): Body<Search>,
) -> Result<Response, Failure> {
    if app.portal.is_closed(&event).await?.is_none() {
        return Err(Failure::NOT_FOUND);
    }
    let (action, now) = (Action::TicketsSearched, app.portal.now());
    app.portal.audit(&staff.account, action, Some(&event), now).await?;
    let tickets = app.portal.find_tickets(&event, search.trim()).await?;
    Ok(Json(json!({ "tickets": tickets })).into_response())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::routes) struct Move {
    event: Option<String>,
    holder: Option<NewHolder>,
}

/// By an identifier, or as who was received under a number; today, if no day is given.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, untagged)]
enum NewHolder {
    Subject { subject: String },
    Visitor { day: Option<String>, number: i64 },
}

/// Gives a ticket to another holder, moves it to another event, or both.
pub(in crate::routes) async fn move_ticket(
    State(app): State<Arc<App>>,
    Administrator(staff): Administrator,
    Path((event, ticket)): Path<(String, String)>,
    Body(Move { event: to_event, holder }): Body<Move>,
) -> Result<Response, Failure> {
    open_event(&app, &event).await?;
    if let Some(to_event) = &to_event {
        open_event(&app, to_event).await?;
    }
    let now = app.portal.now();
    let today = app.calendar.day(now);
    let holder = match &holder {
        None if to_event.is_none() => return Err(Failure::INVALID),
        None => None,
        Some(NewHolder::Subject { subject }) if !is_subject(subject) => {
            return Err(Failure::INVALID);
        }
        Some(NewHolder::Subject { subject }) => Some(Holder::Subject(subject)),
        Some(NewHolder::Visitor { day, number }) => {
            Some(Holder::Visitor { day: day.as_ref().unwrap_or(&today), number: *number })
        }
    };
    let (from, to) = ((event.as_str(), ticket.as_str()), (to_event.as_deref(), holder));
    let changed = app.portal.move_ticket(from, to, &staff.account, now).await?;
    answer(changed)
}

/// Deletes a ticket that has let nobody in.
pub(in crate::routes) async fn delete_ticket(
    State(app): State<Arc<App>>,
    Administrator(staff): Administrator,
    Path((event, ticket)): Path<(String, String)>,
) -> Result<Response, Failure> {
    open_event(&app, &event).await?;
    let now = app.portal.now();
    answer(app.portal.delete_ticket(&event, &ticket, &staff.account, now).await?)
}

fn answer(changed: Changed) -> Result<Response, Failure> {
    match changed {
        Changed::Done => Ok(StatusCode::NO_CONTENT.into_response()),
        Changed::NotFound => Err(Failure::NOT_FOUND),
        Changed::Used => Err(Failure::TICKET_USED),
        Changed::Taken => Err(Failure::CONFLICT),
    }
}

/// Gives back the entry of somebody who was let in by mistake: their ticket is good again.
pub(in crate::routes) async fn give_back(
    State(app): State<Arc<App>>,
    staff: Staff,
    Path((event, entry)): Path<(String, String)>,
) -> Result<Response, Failure> {
    let now = app.portal.now();
    match app.portal.give_back(&event, &entry, &staff.account, now).await? {
        true => Ok(StatusCode::NO_CONTENT.into_response()),
        false => Err(Failure::NOT_FOUND),
    }
}
