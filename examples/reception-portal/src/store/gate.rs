//! Gates: who may come in to an event, and who did.

use std::time::SystemTime;

use kazashi_server::{Database, Method, NonceError, SessionId, StoreError};
use serde::Serialize;
use sqlx::AssertSqlSafe;
use sqlx::any::AnyRow;

use super::audit::{self, Action, REVOCATION_CHECK};
use super::event::{self, Kind};
use super::gate_event::is_re_entry;
use super::ticket::is_used;
use super::{Changes, Known, Portal, millis, number, optional, rfc_3339_of, text};
use crate::calendar::rfc_3339;
use crate::keys::HIDDEN;

/// A ticket as a gate knows it while it cannot ask.
#[derive(Serialize)]
pub(crate) struct ListedTicket {
    #[serde(skip)]
    pub(crate) subject: String,
    /// Hidden, as it is stored, until it is told to a gate.
    pub(crate) tag: String,
    ticket: String,
    /// The end of the certificate's validity.
    expires: String,
    admitted: bool,
}

/// Who may come in to an event.
pub(crate) struct GateList {
    /// Whether whoever left may come in again.
    pub(crate) re_entry: bool,
    /// Of the key by which its gates know certificates.
    pub(crate) key_generation: i64,
    pub(crate) tickets: Vec<ListedTicket>,
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
    /// Whose certificate the gate read, where the page still has it.
    pub(crate) subject: Option<&'a str>,
    /// Why the server would not have let them in, if it would not: a code.
    pub(crate) refusal: Option<&'a str>,
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
const RE_ADMITTED: &str = "re-admitted";
/// Of somebody who was let in by a list, and of whom nobody said whether they were revoked. They are
/// inside: their ticket is used.
const UNCHECKED: &str = "revocation-not-checked";
const NO_TICKET: &str = "no-ticket";
/// The condition on entries of those who are inside: `admitted`, or `revocation-not-checked`.
pub(super) const IS_INSIDE: &str = "outcome IN ('admitted', 'revocation-not-checked')";
/// Of an entry that was "admitted" and let somebody in by mistake: its ticket is good again.
const GIVEN_BACK: &str = "given-back";

impl Portal {
    /// The tickets of those whose certificates the gate can tell.
    pub(crate) async fn gate_list(&self, event: &str) -> Result<GateList, StoreError> {
        let rows = sqlx::query(AssertSqlSafe(format!(
            "SELECT t.ticket, t.subject, g.tag, g.expires_at, \
             (SELECT COUNT(*) FROM portal_entry AS e WHERE e.event = t.event \
             AND e.ticket = t.ticket AND {IS_INSIDE}) AS admitted \
             FROM portal_ticket AS t JOIN portal_gate_tag AS g ON g.subject = t.subject \
             WHERE t.event = $1 AND g.revoked_at IS NULL AND NOT EXISTS \
             (SELECT 1 FROM portal_suspension AS s WHERE s.subject = t.subject) \
             ORDER BY t.ticket",
        )))
        .bind(event)
        .fetch_all(self.0.pool())
        .await?;
        let ticket = |row| {
            Ok(ListedTicket {
                subject: text(row, "subject")?,
                tag: text(row, "tag")?,
                ticket: text(row, "ticket")?,
                expires: rfc_3339_of(row, "expires_at")?,
                admitted: number(row, "admitted")? > 0,
            })
        };
        let tickets = rows.iter().map(ticket).collect::<Result<_, StoreError>>()?;
        let query = "SELECT re_entry, key_generation FROM portal_gate_event WHERE id = $1";
        let row = sqlx::query(query).bind(event).fetch_one(self.0.pool()).await?;
        let re_entry = number(&row, "re_entry")? != 0;
        let key_generation = number(&row, "key_generation")?;
        Ok(GateList { re_entry, key_generation, tickets })
    }

    /// Stores how gates know a certificate, where an earlier version did so in another way.
    pub(crate) async fn renew_gate_tag(
        &self,
        subject: &str,
        hidden: &str,
    ) -> Result<(), StoreError> {
        let query = "SELECT tag FROM portal_gate_tag WHERE subject = $1";
        let found = sqlx::query(query).bind(subject).fetch_optional(self.0.pool()).await?;
        let tag = found.map(|row| text(&row, "tag")).transpose()?;
        if tag.is_some_and(|tag| !tag.starts_with(HIDDEN)) {
            let update = "UPDATE portal_gate_tag SET tag = $1 WHERE subject = $2";
            sqlx::query(update).bind(hidden).bind(subject).execute(self.0.pool()).await?;
        }
        Ok(())
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

    /// Takes whoever has a certificate that was revoked off the lists of all gates.
    pub(crate) async fn take_off_lists(
        &self,
        subject: &str,
        now: SystemTime,
    ) -> Result<(), StoreError> {
        let mut changes = self.0.begin().await?;
        let update = "UPDATE portal_gate_tag SET revoked_at = $1 \
                      WHERE subject = $2 AND revoked_at IS NULL";
        let update = sqlx::query(update).bind(millis(now)).bind(subject);
        if update.execute(&mut *changes).await?.rows_affected() > 0 {
            audit::add(&mut changes, REVOCATION_CHECK, Action::FoundRevoked, None, now).await?;
        }
        Ok(changes.commit().await?)
    }

    /// Has the lists of the gates again whoever's certificate is good after all: it may have been
    /// suspended only.
    pub(crate) async fn list_again(&self, subject: &str) -> Result<(), StoreError> {
        let query = "SELECT subject FROM portal_gate_tag \
                     WHERE subject = $1 AND revoked_at IS NOT NULL";
        let found = sqlx::query(query).bind(subject).fetch_optional(self.0.pool()).await?;
        if found.is_some() {
            let update = "UPDATE portal_gate_tag SET revoked_at = NULL WHERE subject = $1";
            sqlx::query(update).bind(subject).execute(self.0.pool()).await?;
        }
        Ok(())
    }

    /// Gives back the entry of somebody who was let in by mistake: their ticket is good again.
    /// Whether there is such an entry, given back now or before.
    pub(crate) async fn give_back(
        &self,
        event: &str,
        entry: &str,
        by: &str,
        now: SystemTime,
    ) -> Result<bool, StoreError> {
        let mut changes = self.0.begin().await?;
        let update = format!(
            "UPDATE portal_entry SET outcome = $1 WHERE event = $2 AND id = $3 AND {IS_INSIDE}"
        );
        let update = sqlx::query(AssertSqlSafe(update)).bind(GIVEN_BACK).bind(event).bind(entry);
        if update.execute(&mut *changes).await?.rows_affected() == 0 {
            let query = "SELECT id FROM portal_entry WHERE event = $1 AND id = $2 AND outcome = $3";
            let query = sqlx::query(query).bind(event).bind(entry).bind(GIVEN_BACK);
            return Ok(query.fetch_optional(&mut *changes).await?.is_some());
        }
        audit::add(&mut changes, by, Action::EntryGivenBack, Some(entry), now).await?;
        event::add(&mut changes, Kind::Entry, entry, now).await?;
        changes.commit().await?;
        Ok(true)
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
            refusal: None,
            at,
            now: self.now(),
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
        // It may be somebody else's by now.
        let query = "SELECT ticket FROM portal_ticket \
                     WHERE event = $1 AND ticket = $2 AND ($3 = '' OR subject = $3)";
        let query = sqlx::query(query).bind(event).bind(entry.ticket);
        let query = query.bind(entry.subject.unwrap_or_default());
        let is_ticket = query.fetch_optional(&mut *changes).await?.is_some();
        let row = EntryRow {
            id: entry.id,
            request: entry.request,
            event,
            ticket: is_ticket.then_some(entry.ticket),
            is_provisional: true,
            refusal: entry.refusal,
            at: entry.at,
            now: self.now(),
            account,
        };
        let recorded = record(&mut changes, &row).await?;
        if recorded.is_some() {
            changes.commit().await?;
        }
        Ok(recorded)
    }
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
    /// Why nobody is let in, whatever the ticket says.
    refusal: Option<&'a str>,
    at: SystemTime,
    /// When the server heard of it.
    now: SystemTime,
    account: &'a str,
}

/// Records an entry, with the outcome that the table lets it have: its index has a ticket admit
/// once.
async fn record(
    changes: &mut Changes,
    entry: &EntryRow<'_>,
) -> Result<Option<RecordedEntry>, StoreError> {
    let used = match is_re_entry(changes, entry.event).await? {
        true => RE_ADMITTED,
        false => ALREADY_ADMITTED,
    };
    let outcomes: &[_] = match (entry.refusal, entry.ticket) {
        (Some(refusal), _) if refusal != UNCHECKED => &[refusal],
        (_, None) => &[NO_TICKET],
        (_, Some(ticket)) if is_used(changes, entry.event, ticket).await? => &[used],
        (Some(unchecked), Some(_)) => &[unchecked],
        // Another gate may be first.
        (None, Some(_)) => &[ADMITTED, used],
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
            if entry.is_provisional && ![ADMITTED, RE_ADMITTED].contains(outcome) {
                let action = Action::ProvisionalRefused;
                audit::add(changes, entry.account, action, Some(entry.id), entry.now).await?;
            }
            event::add(changes, Kind::Entry, entry.id, entry.at).await?;
            let (id, ticket) = (entry.id.to_owned(), entry.ticket.map(str::to_owned));
            let (outcome, at) = ((*outcome).to_owned(), rfc_3339(entry.at));
            return Ok(Some(RecordedEntry { entry: EntryAnswer { id, ticket, outcome, at } }));
        }
    }
    // All that is left is that the id is taken.
    Ok(None)
}

#[cfg(test)]
impl Portal {
    /// An event to which somebody has a ticket, whose certificate the gate knows.
    pub(crate) async fn event_with_listed_ticket(&self, subject: &str) -> String {
        for insert in [
            "INSERT INTO portal_gate_event (id, name, day, created_at) \
             VALUES ('event', $1, '2026-08-15', 0)",
            "INSERT INTO portal_ticket (event, ticket, subject) VALUES ('event', 'A-1', $1)",
            "INSERT INTO portal_gate_tag (subject, tag, expires_at) VALUES ($1, 'tag', 0)",
        ] {
            sqlx::query(insert).bind(subject).execute(self.0.pool()).await.unwrap();
        }
        "event".to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn whoever_was_enrolled_by_an_earlier_version_is_listed_once_their_card_was_there() {
        let (portal, _folder) = Portal::in_new_folder().await;
        let event = portal.event_with_listed_ticket("somebody").await;
        for (hidden, expected) in [("2:new", "2:new"), ("2:newer", "2:new")] {
            portal.renew_gate_tag("somebody", hidden).await.unwrap();
            assert_eq!(portal.gate_list(&event).await.unwrap().tickets[0].tag, expected);
        }
        portal.renew_gate_tag("nobody", "2:new").await.unwrap();
    }
}
