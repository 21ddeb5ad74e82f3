//! What the board asks: who came, as it happens and afterwards, and who did what.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use axum::Json;
use axum::extract::{Query, State};
use axum::http::HeaderMap;
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures_util::StreamExt;
use futures_util::stream;
use kazashi_server::StoreError;
use serde::Deserialize;
use serde_json::json;
use tokio::sync::{Semaphore, watch};
use tokio::time::Instant;
use tracing::warn;

use crate::app::App;
use crate::caller::{Administrator, Staff};
use crate::failure::Failure;
use crate::spreadsheet::guarded;
use crate::store::audit::Action;
use crate::store::board::{self, BoardVisit};
use crate::store::visit::Attributes;

#[derive(Deserialize)]
pub(super) struct VisitsQuery {
    day: Option<String>,
    #[serde(default)]
    search: String,
    after: Option<String>,
}

/// Visits of a day, today's if none is given.
pub(super) async fn visits(
    State(app): State<Arc<App>>,
    _: Staff,
    Query(VisitsQuery { day, search, after }): Query<VisitsQuery>,
) -> Result<Response, Failure> {
    let day = day_or_today(&app, day)?;
    let query = board::Query { day: &day, search: search.trim(), after: after.as_deref() };
    let (visits, total) = app.portal.board(query).await?;
    Ok(Json(json!({ "visits": visits, "total": total })).into_response())
}

#[derive(Deserialize)]
pub(super) struct DayQuery {
    day: Option<String>,
}

/// The visits of a day for a spreadsheet. That it was asked for is on record.
pub(super) async fn export(
    State(app): State<Arc<App>>,
    staff: Staff,
    Query(DayQuery { day }): Query<DayQuery>,
) -> Result<Response, Failure> {
    let day = day_or_today(&app, day)?;
    let now = SystemTime::now();
    app.portal.audit(&staff.account, Action::VisitsExported, Some(&day), now).await?;
    let visits = app.portal.visits_of_day(&day).await?;
    let file = format!("attachment; filename=\"visits-{day}.csv\"");
    let headers =
        [(CONTENT_TYPE, "text/csv; charset=utf-8".to_owned()), (CONTENT_DISPOSITION, file)];
    Ok((headers, csv_of(&visits)).into_response())
}

/// `subject` is what a list of tickets for the gate wants.
const COLUMNS: [&str; 13] = [
    "number",
    "at",
    "road",
    "returning",
    "account",
    "checkedBy",
    "revocation",
    "name",
    "address",
    "birthDate",
    "sex",
    "integrity",
    "subject",
];

fn csv_of(visits: &[BoardVisit]) -> Vec<u8> {
    // The byte order mark has spreadsheets read UTF-8.
    let mut writer = csv::Writer::from_writer(b"\xEF\xBB\xBF".to_vec());
    let mut write = |row: [&str; COLUMNS.len()]| {
        writer.write_record(row.map(guarded).iter().map(|cell| cell.as_bytes()))
    };
    let written = write(COLUMNS).and_then(|()| {
        visits.iter().try_for_each(|visit| {
            let attribute = |of: fn(&Attributes) -> Option<&str>| {
                visit.attributes.as_ref().and_then(of).unwrap_or_default()
            };
            write([
                &visit.number.to_string(),
                &visit.at,
                &visit.road,
                if visit.returning { "yes" } else { "no" },
                &visit.account,
                visit.checked_by.as_deref().unwrap_or_default(),
                &visit.revocation,
                attribute(|it| it.name.as_deref()),
                attribute(|it| it.address.as_deref()),
                attribute(|it| it.birth_date.as_deref()),
                attribute(|it| it.sex.as_deref()),
                attribute(|it| Some(&it.integrity)),
                visit.subject.as_deref().unwrap_or_default(),
            ])
        })
    });
    written.expect("memory takes everything");
    writer.into_inner().expect("memory takes everything")
}

/// Who did what on a day. That it was asked for is on record, too.
pub(super) async fn audit(
    State(app): State<Arc<App>>,
    Administrator(staff): Administrator,
    Query(DayQuery { day }): Query<DayQuery>,
) -> Result<Response, Failure> {
    let day = day_or_today(&app, day)?;
    let span = app.calendar.span(&day).ok_or(Failure::INVALID)?;
    let entries = app.portal.audit_trail(span).await?;
    let now = SystemTime::now();
    app.portal.audit(&staff.account, Action::AuditRead, Some(&day), now).await?;
    Ok(Json(json!({ "entries": entries })).into_response())
}

fn day_or_today(app: &App, day: Option<String>) -> Result<String, Failure> {
    match day {
        Some(day) if app.calendar.span(&day).is_none() => Err(Failure::INVALID),
        Some(day) => Ok(day),
        None => Ok(app.calendar.day(SystemTime::now())),
    }
}

/// How many boards one server serves.
static BOARDS: Semaphore = Semaphore::const_new(200);

/// How often it is looked whether who watches is still signed in.
const STILL_SIGNED_IN: Duration = Duration::from_secs(30);

/// What happens, as it happens, at all servers: from now on, or after `Last-Event-ID`.
pub(super) async fn stream(
    State(app): State<Arc<App>>,
    staff: Staff,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    let permit = BOARDS.try_acquire().map_err(|_| Failure::too_many_requests(30))?;
    let happened = app.happened.subscribe();
    let newest = app.portal.last_event().await?;
    let last = headers.get("last-event-id").and_then(|value| value.to_str().ok()?.parse().ok());
    let last = last.unwrap_or(newest).min(newest);
    let (stopping, ask_at) = (app.stopping.clone(), Instant::now() + STILL_SIGNED_IN);
    let watcher = Watcher { stopping, app, staff, ask_at, happened, last };
    let events = stream::unfold((watcher, permit), async |(mut watcher, permit)| {
        let events = watcher.next().await?;
        Some((stream::iter(events.into_iter().map(Ok::<_, Infallible>)), (watcher, permit)))
    });
    let keep_alive = KeepAlive::new().interval(Duration::from_secs(15));
    Ok(Sse::new(events.flatten()).keep_alive(keep_alive).into_response())
}

/// One board.
struct Watcher {
    app: Arc<App>,
    staff: Staff,
    /// When to ask whether they are still signed in.
    ask_at: Instant,
    happened: watch::Receiver<i64>,
    stopping: watch::Receiver<bool>,
    /// The number of the last event that the board was told.
    last: i64,
}

impl Watcher {
    /// Waits for what comes next. Nothing, if the stream is over: the server stops, the database
    /// does not answer, or who watches is no longer signed in. The board comes again, and says
    /// where it was.
    async fn next(&mut self) -> Option<Vec<Event>> {
        loop {
            match self.look().await {
                Ok(events) if !events.is_empty() => return Some(events),
                Ok(_) => {}
                Err(error) => {
                    warn!(%error, "a board was not told what happened");
                    return None;
                }
            }
            tokio::select! {
                _ = self.stopping.wait_for(|stopping| *stopping) => return None,
                changed = self.happened.changed() => changed.ok()?,
                () = tokio::time::sleep_until(self.ask_at) => {}
            }
            if self.ask_at <= Instant::now() {
                self.staff = Staff::find(&self.app, self.staff.session.clone()).await.ok()??;
                self.ask_at = Instant::now() + STILL_SIGNED_IN;
            }
        }
    }

    async fn look(&mut self) -> Result<Vec<Event>, StoreError> {
        let mut told = Vec::new();
        for event in self.app.portal.events_after(self.last).await? {
            let data = self.app.portal.told(&event).await?.to_string();
            let id = event.sequence.to_string();
            told.push(Event::default().event(event.kind).id(id).data(data));
            self.last = event.sequence;
        }
        Ok(told)
    }
}
