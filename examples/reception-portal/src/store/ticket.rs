//! Tickets of an event: whose they are, and what is done about them by hand.

use std::collections::{HashMap, HashSet};
use std::time::SystemTime;

use kazashi_server::StoreError;
use serde::Serialize;
use sqlx::AssertSqlSafe;
use sqlx::any::AnyRow;

use super::audit::{self, Action};
use super::gate::IS_INSIDE;
use super::people::like;
use super::{Changes, Portal, escaped, next, optional, rfc_3339_of, text};
use crate::fold;

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

/// A ticket, for whoever looks after them.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct FoundTicket {
    pub(crate) ticket: String,
    /// Nobody's, where the holder was forgotten.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) subject: Option<String>,
    /// The holder's, if they agreed to have it kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) name: Option<String>,
    /// The entry with which it let its holder in, if it did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) entry: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) admitted_at: Option<String>,
}

impl FoundTicket {
    fn read(row: &AnyRow) -> Result<Self, StoreError> {
        let entry = optional(row, "entry")?;
        Ok(Self {
            ticket: text(row, "ticket")?,
            subject: optional(row, "subject")?,
            name: optional(row, "name")?,
            admitted_at: entry.is_some().then(|| rfc_3339_of(row, "at")).transpose()?,
            entry,
        })
    }
}

/// Whose a ticket is to be.
#[derive(Clone, Copy)]
pub(crate) enum Holder<'a> {
    Subject(&'a str),
    /// Whoever was received under a number.
    Visitor {
        day: &'a str,
        number: i64,
    },
}

/// What became of a ticket that somebody wanted to change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Changed {
    Done,
    /// There is no such ticket, or no such visitor.
    NotFound,
    /// It has let its holder in; the entry is given back first.
    Used,
    /// The holder has a ticket for that event, or the event has a ticket of this name.
    Taken,
}

/// How many tickets one answer has.
const MOST_FOUND: i64 = 100;

impl Portal {
    /// The tickets of an event whose name begins so, or whose holder's name has all these words.
    pub(crate) async fn find_tickets(
        &self,
        event: &str,
        search: &str,
    ) -> Result<Vec<FoundTicket>, StoreError> {
        let words = fold::words(search);
        let of_name = if words.is_empty() { "1 = 0" } else { "a.name IS NOT NULL" };
        let (like, patterns) = like(&words, 5);
        let query = format!(
            "SELECT t.ticket, t.subject, a.name, e.id AS entry, e.at FROM portal_ticket AS t \
             LEFT JOIN portal_attributes AS a ON a.subject = t.subject \
             LEFT JOIN portal_entry AS e ON e.event = t.event AND e.ticket = t.ticket \
             AND {IS_INSIDE} \
             WHERE t.event = $1 AND ($2 = '' OR LOWER(t.ticket) LIKE LOWER($3) ESCAPE '!' \
             OR t.subject = $2 OR ({of_name}{like})) \
             ORDER BY CASE WHEN t.ticket = $2 THEN 0 ELSE 1 END, t.ticket LIMIT $4"
        );
        let mut query = sqlx::query(AssertSqlSafe(query))
            .bind(event)
            .bind(search)
            .bind(format!("{}%", escaped(search)))
            .bind(MOST_FOUND);
        for pattern in patterns {
            query = query.bind(pattern);
        }
        query.fetch_all(self.0.pool()).await?.iter().map(FoundTicket::read).collect()
    }

    /// Gives a ticket to another holder, moves it to another event, or both.
    pub(crate) async fn move_ticket(
        &self,
        (event, ticket): (&str, &str),
        (to_event, to_holder): (Option<&str>, Option<Holder<'_>>),
        by: &str,
        now: SystemTime,
    ) -> Result<Changed, StoreError> {
        let mut changes = self.0.begin().await?;
        // As an import does: what is found stays so.
        next(&mut changes, "import").await?;
        let Some(row) = row_of(&mut changes, event, ticket).await? else {
            return Ok(Changed::NotFound);
        };
        if is_used(&mut changes, event, ticket).await? {
            return Ok(Changed::Used);
        }
        let subject = match to_holder {
            None => optional(&row, "subject")?,
            Some(holder) => match subject_of(&mut changes, holder).await? {
                None => return Ok(Changed::NotFound),
                found => found,
            },
        };
        let to_event = to_event.unwrap_or(event);
        let taken = sqlx::query(
            "SELECT ticket FROM portal_ticket WHERE event = $1 AND (ticket = $2 OR subject = $3) \
             AND NOT (event = $4 AND ticket = $2)",
        );
        let taken = taken.bind(to_event).bind(ticket).bind(&subject).bind(event);
        if taken.fetch_optional(&mut *changes).await?.is_some() {
            return Ok(Changed::Taken);
        }
        sqlx::query(
            "UPDATE portal_ticket SET event = $1, subject = $2 WHERE event = $3 AND ticket = $4",
        )
        .bind(to_event)
        .bind(&subject)
        .bind(event)
        .bind(ticket)
        .execute(&mut *changes)
        .await?;
        audit::add(&mut changes, by, Action::TicketMoved, Some(event), now).await?;
        changes.commit().await?;
        Ok(Changed::Done)
    }

    /// Deletes a ticket that has let nobody in.
    pub(crate) async fn delete_ticket(
        &self,
        event: &str,
        ticket: &str,
        by: &str,
        now: SystemTime,
    ) -> Result<Changed, StoreError> {
        let mut changes = self.0.begin().await?;
        next(&mut changes, "import").await?;
        if row_of(&mut changes, event, ticket).await?.is_none() {
            return Ok(Changed::NotFound);
        }
        if is_used(&mut changes, event, ticket).await? {
            return Ok(Changed::Used);
        }
        let delete = sqlx::query("DELETE FROM portal_ticket WHERE event = $1 AND ticket = $2");
        delete.bind(event).bind(ticket).execute(&mut *changes).await?;
        audit::add(&mut changes, by, Action::TicketDeleted, Some(event), now).await?;
        changes.commit().await?;
        Ok(Changed::Done)
    }

    /// Names of tickets of an event that are digits with a zero before them, as lists should have
    /// them.
    pub(crate) async fn padded_tickets(&self, event: &str) -> Result<Vec<String>, StoreError> {
        let query = "SELECT ticket FROM portal_ticket WHERE event = $1 AND ticket LIKE '0%'";
        let rows = sqlx::query(query).bind(event).fetch_all(self.0.pool()).await?;
        rows.iter().map(|row| text(row, "ticket")).collect()
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

async fn row_of(
    changes: &mut Changes,
    event: &str,
    ticket: &str,
) -> Result<Option<AnyRow>, StoreError> {
    let query = sqlx::query("SELECT subject FROM portal_ticket WHERE event = $1 AND ticket = $2");
    Ok(query.bind(event).bind(ticket).fetch_optional(&mut **changes).await?)
}

/// Whether somebody is in with a ticket.
pub(super) async fn is_used(
    changes: &mut Changes,
    event: &str,
    ticket: &str,
) -> Result<bool, StoreError> {
    let query =
        format!("SELECT id FROM portal_entry WHERE event = $1 AND ticket = $2 AND {IS_INSIDE}");
    let query = sqlx::query(AssertSqlSafe(query)).bind(event).bind(ticket);
    Ok(query.fetch_optional(&mut **changes).await?.is_some())
}

async fn subject_of(
    changes: &mut Changes,
    holder: Holder<'_>,
) -> Result<Option<String>, StoreError> {
    let (day, number) = match holder {
        Holder::Subject(subject) => return Ok(Some(subject.to_owned())),
        Holder::Visitor { day, number } => (day, number),
    };
    let query = "SELECT subject FROM portal_visit WHERE day = $1 AND number = $2";
    let found = sqlx::query(query).bind(day).bind(number).fetch_optional(&mut **changes).await?;
    found.map_or(Ok(None), |row| optional(&row, "subject"))
}
