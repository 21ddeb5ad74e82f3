//! What the gate of an event asks, and those who prepare it.

use std::sync::Arc;
use std::time::SystemTime;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use futures_util::future::try_join_all;
use kazashi_core::codec::Base64;
use kazashi_verify::{Certificate, PresenceProof, Revocation, Submitted};
use serde::Deserialize;
use serde_json::{Value, json};
use uuid::Uuid;

use super::desk::present;
use super::once::{Once, once};
use super::{Body, WithNulls};
use crate::app::App;
use crate::calendar::{parse_time, rfc_3339};
use crate::caller::{Administrator, Staff};
use crate::failure::Failure;
use crate::store::audit::Action;
use crate::store::gate::{GateList, NewEntry, ProvisionalEntry, RecordedEntry};
use crate::store::gate_event::GateEvent;
use crate::store::{Known, new_id};

mod tickets;

pub(super) use tickets::{delete_ticket, find_tickets, give_back, import_tickets, move_ticket};

/// All events, and which day it is where the institution is.
pub(super) async fn events(State(app): State<Arc<App>>, _: Staff) -> Result<Response, Failure> {
    let events = app.portal.gate_events().await?;
    let today = app.calendar.day(app.portal.now());
    Ok(Json(json!({ "today": today, "events": events })).into_response())
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct NewEvent {
    name: String,
    day: String,
    #[serde(default)]
    re_entry: bool,
}

/// Adds an event.
pub(super) async fn add_event(
    State(app): State<Arc<App>>,
    Administrator(staff): Administrator,
    Body(NewEvent { name, day, re_entry }): Body<NewEvent>,
) -> Result<Response, Failure> {
    let is_name = !name.trim().is_empty()
        && name.chars().count() <= 100
        && !name.chars().any(char::is_control);
    if !is_name || app.calendar.span(&day).is_none() {
        return Err(Failure::INVALID);
    }
    let id = new_id();
    let event = GateEvent { id, name, day, tickets: 0, admitted: 0, re_entry, closed: false };
    app.portal.add_gate_event(&event, &staff.account, app.portal.now()).await?;
    Ok((StatusCode::CREATED, Json(json!({ "event": event }))).into_response())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Closing {
    closed: bool,
}

/// Closes an event, whose gates let nobody in from then on, or opens it again.
pub(super) async fn close_event(
    State(app): State<Arc<App>>,
    Administrator(staff): Administrator,
    Path(event): Path<String>,
    Body(Closing { closed }): Body<Closing>,
) -> Result<Response, Failure> {
    let now = app.portal.now();
    match app.portal.close_event(&event, closed, &staff.account, now).await? {
        true => Ok(StatusCode::NO_CONTENT.into_response()),
        false => Err(Failure::NOT_FOUND),
    }
}

/// Has the gates of an event know certificates by another key: who has an earlier list knows nobody
/// by the later ones.
pub(super) async fn rotate_key(
    State(app): State<Arc<App>>,
    Administrator(staff): Administrator,
    Path(event): Path<String>,
) -> Result<Response, Failure> {
    match app.portal.rotate_gate_key(&event, &staff.account, app.portal.now()).await? {
        true => Ok(StatusCode::NO_CONTENT.into_response()),
        false => Err(Failure::NOT_FOUND),
    }
}

/// Fails if there is no such event, or it is closed.
async fn open_event(app: &App, event: &str) -> Result<(), Failure> {
    match app.portal.is_closed(event).await? {
        None => Err(Failure::NOT_FOUND),
        Some(true) => Err(Failure::EVENT_CLOSED),
        Some(false) => Ok(()),
    }
}

/// Who may come in, for a gate that may lose its network. The page keeps it in memory only, and
/// goes by the time that it brings.
pub(super) async fn list(
    State(app): State<Arc<App>>,
    staff: Staff,
    Path(event): Path<String>,
) -> Result<Response, Failure> {
    open_event(&app, &event).await?;
    staff.views(&app, Action::TicketsListed, &event, Some(&event)).await?;
    let GateList { re_entry, key_generation, mut tickets } = app.portal.gate_list(&event).await?;
    let gate = app.keys.gate(&event, key_generation);
    tickets.retain_mut(|ticket| {
        let tag = app.keys.gate_tag(&gate, &ticket.subject, &ticket.tag);
        tag.map(|tag| ticket.tag = tag).is_some()
    });
    let key = STANDARD.encode(*gate);
    let at = rfc_3339(app.portal.now());
    let list = json!({ "at": at, "key": key, "reEntry": re_entry, "tickets": tickets });
    Ok(Json(list).into_response())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct EntryRequest {
    #[serde(rename = "id")]
    _id: Uuid,
    nonce: String,
    proof: Submitted<PresenceProof>,
}

/// Lets in whoever's enrolled card is there, if they have a ticket that let nobody in before.
pub(super) async fn enter(
    State(app): State<Arc<App>>,
    staff: Staff,
    Path(event): Path<String>,
    Body(body): Body<Value>,
) -> Result<Response, Failure> {
    open_event(&app, &event).await?;
    let request = Once::<EntryRequest>::read(&app, &event, &body)?;
    let (id, digest, now) = (&request.id, &request.digest, app.portal.now());
    let EntryRequest { nonce, proof, .. } = &request.body;
    let act = async {
        let presence = present(&app, nonce, proof.read()?, now).await?;
        let entry = NewEntry {
            id,
            request: digest,
            event: &event,
            session: &staff.session,
            account: &staff.account,
            at: now,
            nonce,
            subject: presence.subject(),
        };
        Ok(app.portal.record_entry(&entry).await?)
    };
    once(|| app.portal.entry(id, digest), act).await
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ProvisionalRequest {
    entries: Vec<Value>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Provisional {
    #[serde(rename = "id")]
    _id: Uuid,
    ticket: String,
    at: String,
}

/// Judges and records those whom a gate let in while it could not ask, each once however often it is
/// sent.
pub(super) async fn enter_provisionally(
    State(app): State<Arc<App>>,
    staff: Staff,
    Path(event): Path<String>,
    WithNulls(ProvisionalRequest { entries }): WithNulls<ProvisionalRequest>,
) -> Result<Response, Failure> {
    if app.portal.is_closed(&event).await?.is_none() {
        return Err(Failure::NOT_FOUND);
    }
    let gate = Provisionals { app: &app, staff: &staff, event: &event };
    let judged = try_join_all(entries.into_iter().map(|entry| gate.judge(entry))).await?;
    let mut outcomes = Vec::new();
    for judged in &judged {
        // PostgreSQL could not even look for it; the other entries count.
        if judged.request.body.ticket.contains('\0') {
            outcomes.push(json!({ "id": judged.request.id, "outcome": "no-ticket" }));
            continue;
        }
        let RecordedEntry { entry } = gate.record(judged).await?;
        outcomes.push(json!({ "id": judged.request.id, "outcome": entry.outcome }));
    }
    Ok(Json(json!({ "entries": outcomes })).into_response())
}

/// What a gate tells of those whom it let in by its list.
struct Provisionals<'a> {
    app: &'a App,
    staff: &'a Staff,
    event: &'a str,
}

struct Judged {
    request: Once<Provisional>,
    at: SystemTime,
    /// Whose card it was, where that is known.
    subject: Option<String>,
    /// Why they should not have been let in.
    refusal: Option<&'static str>,
}

impl Provisionals<'_> {
    /// Looks at the certificate of the card that was there, which is what the list went by.
    async fn judge(&self, mut entry: Value) -> Result<Judged, Failure> {
        // A page that was loaded anew in the meantime has it no more, and the entry is the same.
        let certificate = entry.as_object_mut().and_then(|entry| entry.remove("certificate"));
        let request = Once::<Provisional>::read(self.app, self.event, &entry)?;
        // The workstation's clock may be fast.
        let at = parse_time(&request.body.at).ok_or(Failure::INVALID)?.min(self.app.portal.now());
        let (subject, refusal) = match certificate {
            _ if self.recorded(&request).await?.is_some() => (None, None),
            Some(certificate) => {
                let certificate =
                    Base64::deserialize(&certificate).map_err(|_| Failure::INVALID)?;
                match self.holder(certificate.as_bytes(), at).await {
                    Ok(subject) => (Some(subject), None),
                    Err(failure) => (None, Some(failure.code())),
                }
            }
            None if self.app.revocation.accepts_no_word() => (None, None),
            None => (None, Some(Failure::REVOCATION_NOT_CHECKED.code())),
        };
        Ok(Judged { request, at, subject, refusal })
    }

    /// Whose certificate it is, if it was good at the time.
    async fn holder(&self, certificate: &[u8], at: SystemTime) -> Result<String, Failure> {
        let certificate = Certificate::user_authentication(certificate)?;
        self.app.trust.verify(&certificate, at)?;
        Revocation::try_from(self.app.check_revocation(&certificate).await?)?;
        Ok(self.app.keys.pairwise.subject(&certificate))
    }

    async fn record(&self, judged: &Judged) -> Result<RecordedEntry, Failure> {
        let Judged { request, at, subject, refusal } = judged;
        if let Some(recorded) = self.recorded(request).await? {
            return Ok(recorded);
        }
        let entry = ProvisionalEntry {
            id: &request.id,
            request: &request.digest,
            ticket: &request.body.ticket,
            subject: subject.as_deref(),
            refusal: *refusal,
            at: *at,
        };
        let recorded =
            self.app.portal.record_provisional(self.event, &self.staff.account, &entry).await?;
        match recorded {
            Some(recorded) => Ok(recorded),
            // It came twice at once, and the other was first.
            None => self.recorded(request).await?.ok_or(Failure::CONFLICT),
        }
    }

    async fn recorded(
        &self,
        Once { id, digest, .. }: &Once<Provisional>,
    ) -> Result<Option<RecordedEntry>, Failure> {
        match self.app.portal.entry(id, digest).await? {
            None => Ok(None),
            Some(Known::Same(recorded)) => Ok(Some(recorded)),
            // The gate may have asked with a proof, under the same id, and lost the answer.
            Some(Known::Other) => {
                let proven = self.app.portal.proven_entry(id, self.event).await?;
                proven.map(Some).ok_or(Failure::CONFLICT)
            }
        }
    }
}
