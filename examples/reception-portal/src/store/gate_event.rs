//! Events to which people have tickets.

use std::time::SystemTime;

use kazashi_server::StoreError;
use serde::Serialize;
use sqlx::AssertSqlSafe;
use sqlx::any::AnyRow;

use super::audit::{self, Action};
use super::gate::IS_INSIDE;
use super::{Changes, Portal, millis, number, text};

/// An event to which people have tickets.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct GateEvent {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) day: String,
    pub(crate) tickets: i64,
    /// How many of them are inside.
    pub(crate) admitted: i64,
    /// Whether whoever left may come in again with the same ticket.
    pub(crate) re_entry: bool,
    /// Its gates let nobody in any more.
    pub(crate) closed: bool,
}

impl GateEvent {
    fn read(row: &AnyRow) -> Result<Self, StoreError> {
        Ok(Self {
            id: text(row, "id")?,
            name: text(row, "name")?,
            day: text(row, "day")?,
            tickets: number(row, "tickets")?,
            admitted: number(row, "admitted")?,
            re_entry: number(row, "re_entry")? != 0,
            closed: number(row, "is_closed")? != 0,
        })
    }
}

impl Portal {
    /// All events, the latest day first.
    pub(crate) async fn gate_events(&self) -> Result<Vec<GateEvent>, StoreError> {
        let query = format!(
            "SELECT id, name, day, re_entry, \
             CASE WHEN closed_at IS NULL THEN 0 ELSE 1 END AS is_closed, \
             (SELECT COUNT(*) FROM portal_ticket WHERE event = e.id) AS tickets, \
             (SELECT COUNT(*) FROM portal_entry WHERE event = e.id AND {IS_INSIDE}) AS admitted \
             FROM portal_gate_event AS e ORDER BY day DESC, created_at DESC"
        );
        let rows = sqlx::query(AssertSqlSafe(query)).fetch_all(self.0.pool()).await?;
        rows.iter().map(GateEvent::read).collect()
    }

    /// Whether an event is closed; nothing, if there is no such event.
    pub(crate) async fn is_closed(&self, event: &str) -> Result<Option<bool>, StoreError> {
        let query = "SELECT CASE WHEN closed_at IS NULL THEN 0 ELSE 1 END AS is_closed \
                     FROM portal_gate_event WHERE id = $1";
        let found = sqlx::query(query).bind(event).fetch_optional(self.0.pool()).await?;
        found.map(|row| Ok(number(&row, "is_closed")? != 0)).transpose()
    }

    /// Closes an event, or opens it again.
    pub(crate) async fn close_event(
        &self,
        event: &str,
        closed: bool,
        by: &str,
        now: SystemTime,
    ) -> Result<bool, StoreError> {
        let mut changes = self.0.begin().await?;
        let update = "UPDATE portal_gate_event SET closed_at = $1 WHERE id = $2";
        let update = sqlx::query(update).bind(closed.then_some(millis(now))).bind(event);
        if update.execute(&mut *changes).await?.rows_affected() == 0 {
            return Ok(false);
        }
        let action = if closed { Action::EventClosed } else { Action::EventReopened };
        audit::add(&mut changes, by, action, Some(event), now).await?;
        changes.commit().await?;
        Ok(true)
    }

    pub(crate) async fn add_gate_event(
        &self,
        event: &GateEvent,
        by: &str,
        now: SystemTime,
    ) -> Result<(), StoreError> {
        let mut changes = self.0.begin().await?;
        sqlx::query(
            "INSERT INTO portal_gate_event (id, name, day, created_at, re_entry) \
             VALUES ($1, $2, $3, $4, $5)",
        )
        .bind(&event.id)
        .bind(&event.name)
        .bind(&event.day)
        .bind(millis(now))
        .bind(i64::from(event.re_entry))
        .execute(&mut *changes)
        .await?;
        audit::add(&mut changes, by, Action::EventAdded, Some(&event.id), now).await?;
        Ok(changes.commit().await?)
    }

    /// Has the gates of an event know certificates by another key, from their next list on. Whether
    /// there is such an event.
    pub(crate) async fn rotate_gate_key(
        &self,
        event: &str,
        by: &str,
        now: SystemTime,
    ) -> Result<bool, StoreError> {
        let mut changes = self.0.begin().await?;
        let update =
            "UPDATE portal_gate_event SET key_generation = key_generation + 1 WHERE id = $1";
        let update = sqlx::query(update).bind(event).execute(&mut *changes).await?;
        if update.rows_affected() == 0 {
            return Ok(false);
        }
        audit::add(&mut changes, by, Action::GateKeyRotated, Some(event), now).await?;
        changes.commit().await?;
        Ok(true)
    }
}

/// Whether whoever left may come in again.
pub(super) async fn is_re_entry(changes: &mut Changes, event: &str) -> Result<bool, StoreError> {
    let query = sqlx::query("SELECT re_entry FROM portal_gate_event WHERE id = $1").bind(event);
    let found = query.fetch_optional(&mut **changes).await?;
    found.map_or(Ok(false), |row| Ok(number(&row, "re_entry")? != 0))
}
