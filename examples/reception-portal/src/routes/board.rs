//! What the board asks: who came, as it happens and afterwards.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::extract::{Query, State};
use axum::http::HeaderMap;
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use futures_util::{StreamExt, stream};
use metrics::gauge;
use serde::Deserialize;
use serde_json::json;
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::{Semaphore, SemaphorePermit, broadcast, watch};
use tokio::time::Instant;
use tracing::warn;

use super::Body;
use crate::app::App;
use crate::calendar::Calendar;
use crate::caller::{Staff, Watching};
use crate::failure::Failure;
use crate::news::{self, News, Told};
use crate::spreadsheet;
use crate::store::audit::Action;
use crate::store::board::{self, BoardVisit};
use crate::store::session::Facing;
use crate::store::visit::Attributes;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct VisitsQuery {
    day: Option<String>,
    after: Option<String>,
}

/// Visits of a day, today's if none is given. It is on record that they were looked at.
pub(super) async fn visits(
    State(app): State<Arc<App>>,
    staff: Staff,
    Query(VisitsQuery { day, after }): Query<VisitsQuery>,
) -> Result<Response, Failure> {
    let day = day_or_today(&app, day)?;
    staff.views(&app, Action::BoardViewed, &day, Some(&day)).await?;
    found(&app, board::Query { day: &day, search: "", after: after.as_deref() }).await
}

/// A name is in the body: URLs are kept by proxies and browsers.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct VisitsSearch {
    day: Option<String>,
    name: String,
    after: Option<String>,
}

/// Visits of a day by those of this name. It is on record that they were searched, but not for which
/// name.
pub(super) async fn search(
    State(app): State<Arc<App>>,
    staff: Staff,
    Body(VisitsSearch { day, name, after }): Body<VisitsSearch>,
) -> Result<Response, Failure> {
    let day = day_or_today(&app, day)?;
    let view = format!("{day} {}", app.keys.digest(name.as_bytes()));
    staff.views(&app, Action::BoardSearched, &view, Some(&day)).await?;
    found(&app, board::Query { day: &day, search: &name, after: after.as_deref() }).await
}

async fn found(app: &App, query: board::Query<'_>) -> Result<Response, Failure> {
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
    let now = app.portal.now();
    app.portal.audit(&staff.account, Action::VisitsExported, Some(&day), now).await?;
    let visits = app.portal.visits_of_day(&day).await?.into_iter();
    let rows = visits.map(|visit| row_of(visit, &app.calendar));
    Ok(saved_as(&format!("visits-{day}.csv"), spreadsheet::file(COLUMNS, rows)))
}

/// A file for a spreadsheet, which browsers save.
pub(super) fn saved_as(name: &str, file: Vec<u8>) -> Response {
    let disposition = format!("attachment; filename=\"{name}\"");
    let headers =
        [(CONTENT_TYPE, "text/csv; charset=utf-8".to_owned()), (CONTENT_DISPOSITION, disposition)];
    (headers, file).into_response()
}

/// `subject` is what a list of tickets for the gate wants.
const COLUMNS: [&str; 14] = [
    "number",
    "at",
    "recordedAt",
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

fn row_of(visit: BoardVisit, calendar: &Calendar) -> [String; COLUMNS.len()] {
    let Attributes { name, address, birth_date, sex, integrity } =
        visit.attributes.unwrap_or_default();
    let returning = if visit.returning { "yes" } else { "no" };
    [
        visit.number.to_string(),
        calendar.local(visit.at),
        visit.recorded_at.map(|at| calendar.local(at)).unwrap_or_default(),
        visit.road,
        returning.to_owned(),
        visit.account,
        visit.checked_by.unwrap_or_default(),
        visit.revocation,
        name.unwrap_or_default(),
        address.unwrap_or_default(),
        birth_date.unwrap_or_default(),
        sex.unwrap_or_default(),
        integrity,
        visit.subject.unwrap_or_default(),
    ]
}

pub(super) fn day_or_today(app: &App, day: Option<String>) -> Result<String, Failure> {
    match day {
        Some(day) if app.calendar.span(&day).is_none() => Err(Failure::INVALID),
        Some(day) => Ok(day),
        None => Ok(app.calendar.day(app.portal.now())),
    }
}

/// How many boards one server serves.
static BOARDS: Semaphore = Semaphore::const_new(2_000);

/// How often it is looked whether who watches is still signed in, where nothing happens.
const STILL_SIGNED_IN: Duration = Duration::from_secs(30);

/// What happens, as it happens, at all servers: from now on, or after `Last-Event-ID`.
pub(super) async fn stream(
    State(app): State<Arc<App>>,
    Watching(staff): Watching,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    staff.views(&app, Action::BoardWatched, "", None).await?;
    let place = Place::take()?;
    let news = app.news.subscribe();
    let newest = app.portal.last_event().await?;
    let last = headers.get("last-event-id").and_then(|value| value.to_str().ok()?.parse().ok());
    let last = last.unwrap_or(newest).min(newest);
    let (stopping, ask_at) = (app.stopping.clone(), Instant::now() + STILL_SIGNED_IN);
    let watcher = Watcher { stopping, app, staff, ask_at, news, must_look: true, last };
    let events = stream::unfold((watcher, place), async |(mut watcher, place)| {
        let events = watcher.next().await?;
        Some((stream::iter(events.into_iter().map(Ok::<_, Infallible>)), (watcher, place)))
    });
    let keep_alive = KeepAlive::new().interval(Duration::from_secs(15));
    Ok(Sse::new(events.flatten()).keep_alive(keep_alive).into_response())
}

/// A board's place among those that watch this server.
struct Place {
    _permit: SemaphorePermit<'static>,
}

impl Place {
    fn take() -> Result<Self, Failure> {
        let permit = BOARDS.try_acquire().map_err(|_| Failure::too_many_requests(30))?;
        gauge!("kazashi_portal_boards").increment(1);
        Ok(Self { _permit: permit })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        gauge!("kazashi_portal_boards").decrement(1);
    }
}

/// One board.
struct Watcher {
    app: Arc<App>,
    staff: Staff,
    /// When to ask whether they are still signed in.
    ask_at: Instant,
    news: broadcast::Receiver<News>,
    /// Whether something may have happened that it was not told.
    must_look: bool,
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
            if self.ask_at <= Instant::now() {
                self.staff = Staff::find(&self.app, self.staff.session.clone()).await.ok()??;
                if self.staff.facing == Facing::Visitors {
                    return None;
                }
                self.ask_at = Instant::now() + STILL_SIGNED_IN;
            }
            if self.must_look {
                let told = match news::after(&self.app.portal, self.last).await {
                    Ok(told) => told,
                    Err(error) => {
                        warn!(%error, "a board was not told what happened");
                        return None;
                    }
                };
                // There may be more than come at once.
                self.must_look = !told.is_empty();
                if self.must_look {
                    return Some(told.iter().map(|told| self.tell(told)).collect());
                }
            }
            let news = tokio::select! {
                _ = self.stopping.wait_for(|stopping| *stopping) => return None,
                news = self.news.recv() => Some(news),
                () = tokio::time::sleep_until(self.ask_at) => None,
            };
            match news {
                Some(Ok(News::Told(told))) if told.sequence == self.last + 1 => {
                    return Some(vec![self.tell(&told)]);
                }
                Some(Ok(News::Told(told))) if told.sequence <= self.last => {}
                Some(Err(RecvError::Closed)) => return None,
                Some(Ok(_) | Err(RecvError::Lagged(_))) => self.must_look = true,
                None => {}
            }
        }
    }

    fn tell(&mut self, told: &Told) -> Event {
        self.last = told.sequence;
        let id = told.sequence.to_string();
        Event::default().event(&told.kind).id(id).data(&told.data)
    }
}
