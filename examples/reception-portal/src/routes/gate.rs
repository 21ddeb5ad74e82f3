//! What the gate of an event asks, and those who prepare it.

use std::sync::Arc;
use std::time::SystemTime;

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use csv::{Position, ReaderBuilder, StringRecord, Trim};
use rand_core::{OsRng, RngCore};
use serde::Deserialize;
use serde_json::{Value, json};
use uuid::{Builder, Uuid};

use super::Body;
use super::desk::present;
use super::once::{Once, once};
use crate::app::App;
use crate::calendar::parse_time;
use crate::caller::{Administrator, Staff};
use crate::failure::Failure;
use crate::spreadsheet;
use crate::store::Known;
use crate::store::gate::{GateEvent, NewEntry, ProvisionalEntry, RefusedLine, TicketLine};

/// All events.
pub(super) async fn events(State(app): State<Arc<App>>, _: Staff) -> Result<Response, Failure> {
    Ok(Json(json!({ "events": app.portal.gate_events().await? })).into_response())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct NewEvent {
    name: String,
    day: String,
}

/// Adds an event.
pub(super) async fn add_event(
    State(app): State<Arc<App>>,
    Administrator(staff): Administrator,
    Body(NewEvent { name, day }): Body<NewEvent>,
) -> Result<Response, Failure> {
    let is_name = !name.trim().is_empty()
        && name.chars().count() <= 100
        && !name.chars().any(char::is_control);
    if !is_name || app.calendar.span(&day).is_none() {
        return Err(Failure::INVALID);
    }
    let mut random = [0; 16];
    OsRng.fill_bytes(&mut random);
    let id = Builder::from_random_bytes(random).into_uuid().to_string();
    let event = GateEvent { id, name, day, tickets: 0, admitted: 0 };
    app.portal.add_gate_event(&event, &staff.account, SystemTime::now()).await?;
    Ok((StatusCode::CREATED, Json(json!({ "event": event }))).into_response())
}

/// Reads a list of tickets (CSV, RFC 4180, UTF-8), with a header that names the columns `ticket` and
/// `subject`; in an export of visits `number` is the ticket. What is wrong with a line is said of that line, and the others are taken.
pub(super) async fn import_tickets(
    State(app): State<Arc<App>>,
    Administrator(staff): Administrator,
    Path(event): Path<String>,
    list: Bytes,
) -> Result<Response, Failure> {
    if !app.portal.is_gate_event(&event).await? {
        return Err(Failure::NOT_FOUND);
    }
    let (lines, refused) = tickets(&list).ok_or(Failure::INVALID)?;
    let now = SystemTime::now();
    let mut import = app.portal.import_tickets(&event, &lines, &staff.account, now).await?;
    import.refused.extend(refused);
    import.refused.sort_by_key(|refused| refused.line);
    Ok(Json(import).into_response())
}

/// The lines that can be read, and those that cannot. Nothing, if there is no such header.
fn tickets(list: &[u8]) -> Option<(Vec<TicketLine>, Vec<RefusedLine>)> {
    // Byte order mark, as spreadsheets write it.
    let list = list.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(list);
    let mut reader = ReaderBuilder::new().trim(Trim::All).flexible(true).from_reader(list);
    let header = reader.headers().ok()?;
    let column = |name| header.iter().position(|column| column == name);
    let ticket = column("ticket").or_else(|| column("number"))?;
    let subject = column("subject")?;
    let (mut lines, mut refused) = (Vec::new(), Vec::new());
    let mut record = StringRecord::new();
    loop {
        let line = line_at(list, reader.position());
        match reader.read_record(&mut record) {
            Ok(false) => return Some((lines, refused)),
            Err(_) => refused.push(RefusedLine { line, why: "not-utf-8" }),
            Ok(true) => match (cell(&record, ticket), cell(&record, subject)) {
                (Some(ticket), Some(subject)) => lines.push(TicketLine { line, ticket, subject }),
                (None, _) => refused.push(RefusedLine { line, why: "no-ticket" }),
                (_, None) => refused.push(RefusedLine { line, why: "no-subject" }),
            },
        }
    }
}

/// The line where the next record begins: the reader stands before the blank lines that it will
/// skip.
fn line_at(list: &[u8], position: &Position) -> u64 {
    let rest = usize::try_from(position.byte()).ok().and_then(|byte| list.get(byte..));
    let blank = rest.unwrap_or_default().iter().take_while(|byte| matches!(byte, b'\r' | b'\n'));
    let lines = blank.fold(0, |lines, byte| lines + u64::from(*byte == b'\n'));
    position.line() + lines
}

fn cell(record: &StringRecord, column: usize) -> Option<String> {
    let text = spreadsheet::unguarded(record.get(column)?);
    let is_text = (1..=200).contains(&text.len()) && !text.chars().any(char::is_control);
    is_text.then(|| text.to_owned())
}

/// Who may come in, for a gate that may lose its network. The page keeps it in memory only.
pub(super) async fn list(
    State(app): State<Arc<App>>,
    _: Staff,
    Path(event): Path<String>,
) -> Result<Response, Failure> {
    if !app.portal.is_gate_event(&event).await? {
        return Err(Failure::NOT_FOUND);
    }
    let tickets = app.portal.gate_list(&event).await?;
    let key = STANDARD.encode(*app.keys.gate);
    Ok(Json(json!({ "key": key, "tickets": tickets })).into_response())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct EntryRequest {
    #[serde(rename = "id")]
    _id: Uuid,
    nonce: String,
    proof: Value,
}

/// Lets in whoever's enrolled card is there, if they have a ticket that let nobody in before.
pub(super) async fn enter(
    State(app): State<Arc<App>>,
    staff: Staff,
    Path(event): Path<String>,
    Body(body): Body<Value>,
) -> Result<Response, Failure> {
    if !app.portal.is_gate_event(&event).await? {
        return Err(Failure::NOT_FOUND);
    }
    let request = Once::<EntryRequest>::read(&app, &event, &body)?;
    let (id, digest, now) = (&request.id, &request.digest, SystemTime::now());
    let EntryRequest { nonce, proof, .. } = &request.body;
    let act = async {
        let presence = present(&app, nonce, proof, now).await?;
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

/// Records those whom a gate let in while it could not ask, each once however often it is sent.
pub(super) async fn enter_provisionally(
    State(app): State<Arc<App>>,
    staff: Staff,
    Path(event): Path<String>,
    Body(ProvisionalRequest { entries }): Body<ProvisionalRequest>,
) -> Result<Response, Failure> {
    if !app.portal.is_gate_event(&event).await? {
        return Err(Failure::NOT_FOUND);
    }
    let entries = entries
        .iter()
        .map(|entry| Once::<Provisional>::read(&app, &event, entry))
        .collect::<Result<Vec<_>, _>>()?;
    let mut outcomes = Vec::new();
    for Once { id, digest, body } in &entries {
        // The workstation's clock may be fast.
        let at = parse_time(&body.at).ok_or(Failure::INVALID)?.min(SystemTime::now());
        let entry = ProvisionalEntry { id, request: digest, ticket: &body.ticket, at };
        let recorded = app.portal.record_provisional(&event, &staff.account, &entry).await?;
        let recorded = match recorded {
            Some(recorded) => recorded,
            None => match app.portal.entry(id, digest).await? {
                Some(Known::Same(recorded)) => recorded,
                // The gate may have asked with a proof, under the same id, and lost the answer.
                _ => app.portal.proven_entry(id, &event).await?.ok_or(Failure::CONFLICT)?,
            },
        };
        outcomes.push(json!({ "id": id, "outcome": recorded.entry.outcome }));
    }
    Ok(Json(json!({ "entries": outcomes })).into_response())
}
