//! Events, their tickets, and who came in.

use std::collections::{HashMap, HashSet};
use std::time::SystemTime;

use kazashi_server::{Database, Method, NonceError, SessionId, StoreError};
use serde::Serialize;
use sqlx::any::AnyRow;
use sqlx::{AssertSqlSafe, Executor};

use super::audit::{self, Action};
use super::event::{self, Kind};
use super::{Changes, Known, Portal, millis, next, number, optional, rfc_3339_of, text};
use crate::calendar::rfc_3339;

/// An event to which people have tickets.
#[derive(Serialize)]
pub(crate) struct GateEvent {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) day: String,
    pub(crate) tickets: i64,
    pub(crate) admitted: i64,
}

impl GateEvent {
    fn read(row: &AnyRow) -> Result<Self, StoreError> {
        Ok(Self {
            id: text(row, "id")?,
            name: text(row, "name")?,
            day: text(row, "day")?,
            tickets: number(row, "tickets")?,
            admitted: number(row, "admitted")?,
        })
    }
}

/// A line of a list of tickets.
pub(crate) struct TicketLine {
    /// Where it is in the file: the first line is 1.
    pub(crate) line: u64,
    pub(crate) ticket: String,
    /// The pairwise identifier of whose it is.
    pub(crate) subject: String,
}

/// What became of a list of tickets.
#[derive(Serialize, Default)]
pub(crate) struct Import {
    pub(crate) imported: u64,
    pub(crate) unchanged: u64,
    pub(crate) refused: Vec<RefusedLine>,
}

#[derive(Serialize)]
pub(crate) struct RefusedLine {
    pub(crate) line: u64,
    pub(crate) why: &'static str,
}

/// A ticket as a gate knows it while it cannot ask.
#[derive(Serialize)]
pub(crate) struct ListedTicket {
    tag: String,
    ticket: String,
    /// The end of the certificate's validity.
    expires: String,
    admitted: bool,
}

/// Somebody at a gate, whose card is there.
pub(crate) struct NewEntry<'a> {
    pub(crate) id: &'a str,
    /// The digest of the request.
    pub(crate) request: &'a str,
    pub(crate) event: &'a str,
    pub(crate) session: &'a SessionId,
    pub(crate) account: &'a str,
    pub(crate) at: SystemTime,
    pub(crate) nonce: &'a str,
    pub(crate) subject: &'a str,
}

/// Somebody whom a gate let in while it could not ask.
pub(crate) struct ProvisionalEntry<'a> {
    pub(crate) id: &'a str,
    /// The digest of the request.
    pub(crate) request: &'a str,
    pub(crate) ticket: &'a str,
    pub(crate) at: SystemTime,
}

/// The answer to a gate; again the same, however often it asks.
#[derive(Serialize)]
pub(crate) struct RecordedEntry {
    pub(crate) entry: EntryAnswer,
}

#[derive(Serialize)]
pub(crate) struct EntryAnswer {
    id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    ticket: Option<String>,
    pub(crate) outcome: String,
    at: String,
}

impl RecordedEntry {
    pub(super) fn read(row: &AnyRow) -> Result<Self, StoreError> {
        Ok(Self {
            entry: EntryAnswer {
                id: text(row, "id")?,
                ticket: optional(row, "ticket")?,
                outcome: text(row, "outcome")?,
                at: rfc_3339_of(row, "at")?,
            },
        })
    }
}

const ADMITTED: &str = "admitted";
const ALREADY_ADMITTED: &str = "already-admitted";
const NO_TICKET: &str = "no-ticket";

impl Portal {
    /// All events, the latest day first.
    pub(crate) async fn gate_events(&self) -> Result<Vec<GateEvent>, StoreError> {
        let query = "SELECT id, name, day, \
             (SELECT COUNT(*) FROM portal_ticket WHERE event = id) AS tickets, \
             (SELECT COUNT(*) FROM portal_entry WHERE event = e.id AND outcome = 'admitted') \
             AS admitted FROM portal_gate_event AS e ORDER BY day DESC, created_at DESC";
        self.0.pool().fetch_all(query).await?.iter().map(GateEvent::read).collect()
    }

    pub(crate) async fn is_gate_event(&self, id: &str) -> Result<bool, StoreError> {
        let query = sqlx::query("SELECT id FROM portal_gate_event WHERE id = $1").bind(id);
        Ok(query.fetch_optional(self.0.pool()).await?.is_some())
    }

    pub(crate) async fn add_gate_event(
        &self,
        event: &GateEvent,
        by: &str,
        now: SystemTime,
    ) -> Result<(), StoreError> {
        let mut changes = self.0.begin().await?;
        sqlx::query(
            "INSERT INTO portal_gate_event (id, name, day, created_at) VALUES ($1, $2, $3, $4)",
        )
        .bind(&event.id)
        .bind(&event.name)
        .bind(&event.day)
        .bind(millis(now))
        .execute(&mut *changes)
        .await?;
        audit::add(&mut changes, by, Action::EventAdded, Some(&event.id), now).await?;
        Ok(changes.commit().await?)
    }

    /// Adds tickets to an event: those that are there already stay as they are.
    pub(crate) async fn import_tickets(
        &self,
        event: &str,
        lines: &[TicketLine],
        by: &str,
        now: SystemTime,
    ) -> Result<Import, StoreError> {
        let mut changes = self.0.begin().await?;
        // One at a time: what is found stays so until the new ones are there.
        next(&mut changes, "import").await?;
        let mut known = KnownTickets::of(&mut changes, event).await?;
        let mut import = Import::default();
        let mut added = Vec::new();
        for line in lines {
            match known.refuses(line) {
                None if known.add(line) => added.push(line),
                None => import.unchanged += 1,
                Some(why) => import.refused.push(RefusedLine { line: line.line, why }),
            }
        }
        for added in added.chunks(ROWS) {
            insert_tickets(&mut changes, event, added).await?;
            import.imported += u64::try_from(added.len()).unwrap_or(u64::MAX);
        }
        audit::add(&mut changes, by, Action::TicketsImported, Some(event), now).await?;
        changes.commit().await?;
        Ok(import)
    }

    /// The tickets of those whose certificates the gate can tell.
    pub(crate) async fn gate_list(&self, event: &str) -> Result<Vec<ListedTicket>, StoreError> {
        let rows = sqlx::query(
            "SELECT t.ticket, g.tag, g.expires_at, \
             (SELECT COUNT(*) FROM portal_entry AS e WHERE e.event = t.event \
             AND e.ticket = t.ticket AND e.outcome = 'admitted') AS admitted \
             FROM portal_ticket AS t JOIN portal_gate_tag AS g ON g.subject = t.subject \
             WHERE t.event = $1 ORDER BY t.ticket",
        )
        .bind(event)
        .fetch_all(self.0.pool())
        .await?;
        let ticket = |row| {
            Ok(ListedTicket {
                tag: text(row, "tag")?,
                ticket: text(row, "ticket")?,
                expires: rfc_3339_of(row, "expires_at")?,
                admitted: number(row, "admitted")? > 0,
            })
        };
        rows.iter().map(ticket).collect()
    }

    /// The entry with this id, if it was recorded.
    pub(crate) async fn entry(
        &self,
        id: &str,
        request: &str,
    ) -> Result<Option<Known<RecordedEntry>>, StoreError> {
        let query = "SELECT id, request, ticket, outcome, at FROM portal_entry WHERE id = $1";
        let found = sqlx::query(query).bind(id).fetch_optional(self.0.pool()).await?;
        Known::read(found, request, RecordedEntry::read)
    }

    /// The entry with this id at the gate of an event, if its card had proven to be there.
    pub(crate) async fn proven_entry(
        &self,
        id: &str,
        event: &str,
    ) -> Result<Option<RecordedEntry>, StoreError> {
        let query = "SELECT id, ticket, outcome, at FROM portal_entry \
                     WHERE id = $1 AND event = $2 AND is_provisional = 0";
        let query = sqlx::query(query).bind(id).bind(event);
        let found = query.fetch_optional(self.0.pool()).await?;
        found.as_ref().map(RecordedEntry::read).transpose()
    }

    /// Takes the nonce and decides: of all gates and servers, one admits a ticket. Nothing, if there
    /// is an entry with this id.
    pub(crate) async fn record_entry(
        &self,
        entry: &NewEntry<'_>,
    ) -> Result<Option<RecordedEntry>, NonceError> {
        let mut changes = self.0.begin().await?;
        let &NewEntry { session, nonce, at, .. } = entry;
        Database::take_nonce_in(&mut changes, session, Method::Presence, nonce, at).await?;
        let ticket = ticket_of(&mut changes, entry.event, entry.subject).await?;
        let row = EntryRow {
            id: entry.id,
            request: entry.request,
            event: entry.event,
            ticket: ticket.as_deref(),
            is_provisional: false,
            at,
            account: entry.account,
        };
        let recorded = record(&mut changes, &row).await?;
        if recorded.is_some() {
            changes.commit().await.map_err(StoreError::from)?;
        }
        Ok(recorded)
    }

    /// Records one whom a gate let in by its list, in order. Nothing, if there is an entry with
    /// this id.
    pub(crate) async fn record_provisional(
        &self,
        event: &str,
        account: &str,
        entry: &ProvisionalEntry<'_>,
    ) -> Result<Option<RecordedEntry>, StoreError> {
        let mut changes = self.0.begin().await?;
        let query = "SELECT ticket FROM portal_ticket WHERE event = $1 AND ticket = $2";
        let query = sqlx::query(query).bind(event).bind(entry.ticket);
        let is_ticket = query.fetch_optional(&mut *changes).await?.is_some();
        let row = EntryRow {
            id: entry.id,
            request: entry.request,
            event,
            ticket: is_ticket.then_some(entry.ticket),
            is_provisional: true,
            at: entry.at,
            account,
        };
        let recorded = record(&mut changes, &row).await?;
        if recorded.is_some() {
            changes.commit().await?;
        }
        Ok(recorded)
    }
}

/// How many tickets one statement adds.
const ROWS: usize = 500;

/// The tickets of an event, and those that are about to be.
struct KnownTickets {
    /// Whose each is; nobody's, where the holder was forgotten.
    subjects: HashMap<String, Option<String>>,
    holders: HashSet<String>,
}

impl KnownTickets {
    async fn of(changes: &mut Changes, event: &str) -> Result<Self, StoreError> {
        let query = sqlx::query("SELECT ticket, subject FROM portal_ticket WHERE event = $1");
        let rows = query.bind(event).fetch_all(&mut **changes).await?;
        let ticket = |row| Ok((text(row, "ticket")?, optional(row, "subject")?));
        let subjects = rows.iter().map(ticket).collect::<Result<HashMap<_, _>, StoreError>>()?;
        let holders = subjects.values().flatten().cloned().collect();
        Ok(Self { subjects, holders })
    }

    /// Why a line is not taken, if it is not.
    fn refuses(&self, line: &TicketLine) -> Option<&'static str> {
        match self.subjects.get(&line.ticket) {
            Some(Some(known)) if *known == line.subject => None,
            Some(Some(_)) => Some("ticket-of-another"),
            Some(None) => Some("holder-was-forgotten"),
            None => self.holders.contains(&line.subject).then_some("subject-has-a-ticket"),
        }
    }

    /// Whether the ticket is new.
    fn add(&mut self, line: &TicketLine) -> bool {
        self.holders.insert(line.subject.clone());
        self.subjects.insert(line.ticket.clone(), Some(line.subject.clone())).is_none()
    }
}

async fn insert_tickets(
    changes: &mut Changes,
    event: &str,
    lines: &[&TicketLine],
) -> Result<(), StoreError> {
    let rows = (0..lines.len()).map(|row| format!("($1, ${}, ${})", 2 * row + 2, 2 * row + 3));
    let rows = rows.collect::<Vec<_>>().join(", ");
    let insert = format!("INSERT INTO portal_ticket (event, ticket, subject) VALUES {rows}");
    let mut insert = sqlx::query(AssertSqlSafe(insert)).bind(event);
    for line in lines {
        insert = insert.bind(&line.ticket).bind(&line.subject);
    }
    insert.execute(&mut **changes).await?;
    Ok(())
}

async fn ticket_of(
    changes: &mut Changes,
    event: &str,
    subject: &str,
) -> Result<Option<String>, StoreError> {
    let query = "SELECT ticket FROM portal_ticket WHERE event = $1 AND subject = $2";
    let query = sqlx::query(query).bind(event).bind(subject);
    query.fetch_optional(&mut **changes).await?.map(|row| text(&row, "ticket")).transpose()
}

struct EntryRow<'a> {
    id: &'a str,
    request: &'a str,
    event: &'a str,
    ticket: Option<&'a str>,
    is_provisional: bool,
    at: SystemTime,
    account: &'a str,
}

/// Records an entry, with the outcome that the table lets it have: its index has a ticket admit
/// once.
async fn record(
    changes: &mut Changes,
    entry: &EntryRow<'_>,
) -> Result<Option<RecordedEntry>, StoreError> {
    let outcomes: &[_] = match entry.ticket {
        Some(_) => &[ADMITTED, ALREADY_ADMITTED],
        None => &[NO_TICKET],
    };
    for outcome in outcomes {
        let inserted = sqlx::query(
            "INSERT INTO portal_entry \
             (id, request, event, ticket, outcome, is_provisional, at, account) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT DO NOTHING",
        )
        .bind(entry.id)
        .bind(entry.request)
        .bind(entry.event)
        .bind(entry.ticket)
        .bind(*outcome)
        .bind(i64::from(entry.is_provisional))
        .bind(millis(entry.at))
        .bind(entry.account)
        .execute(&mut **changes)
        .await?;
        if inserted.rows_affected() == 1 {
            event::add(changes, Kind::Entry, entry.id, entry.at).await?;
            let (id, ticket) = (entry.id.to_owned(), entry.ticket.map(str::to_owned));
            let (outcome, at) = ((*outcome).to_owned(), rfc_3339(entry.at));
            return Ok(Some(RecordedEntry { entry: EntryAnswer { id, ticket, outcome, at } }));
        }
    }
    // All that is left is that the id is taken.
    Ok(None)
}
