//! Deleting what was kept for long enough: see [`crate::kept`] for how long that is.

use std::time::SystemTime;

use kazashi_server::{Database, StoreError};
use sqlx::{AssertSqlSafe, Executor, Row};

use super::audit::{self, Action, COMMAND_LINE};
use super::event::{self, Kind};
use super::{Portal, millis, number, text};
use crate::calendar::Day;

/// How many rows are deleted at once where nobody can write meanwhile.
const STEP: i64 = 500;

impl Portal {
    /// Deletes the visits of all days before this one, and with them the checks that were made for
    /// them, and what those agreed to who have no visit any more.
    pub(crate) async fn delete_visits_before(
        &self,
        first_kept: &Day,
        now: SystemTime,
    ) -> Result<(), StoreError> {
        let mut is_noted = false;
        while let Some((day, number)) = self.next_step_before(first_kept).await? {
            let mut changes = self.0.begin().await?;
            let attributes = "DELETE FROM portal_attributes WHERE subject IN \
                 (SELECT subject FROM portal_visit WHERE (day, number) <= ($1, $2)) \
                 AND NOT EXISTS (SELECT 1 FROM portal_visit AS v \
                 WHERE v.subject = portal_attributes.subject AND (v.day, v.number) > ($1, $2))";
            sqlx::query(attributes).bind(&day).bind(number).execute(&mut *changes).await?;
            let visits = "DELETE FROM portal_visit WHERE (day, number) <= ($1, $2)";
            let visits = sqlx::query(visits).bind(&day).bind(number).execute(&mut *changes).await?;
            // Another server may have been first.
            if visits.rows_affected() > 0 && !is_noted {
                let name = &first_kept.name;
                audit::add(&mut changes, COMMAND_LINE, Action::VisitsExpired, Some(name), now)
                    .await?;
                event::add(&mut changes, Kind::Deleted, name, now).await?;
                is_noted = true;
            }
            changes.commit().await?;
        }
        self.delete_unused_checks_before(first_kept.begin).await?;
        // Boards could not be told any more of whom these tell.
        self.delete_told_before(first_kept.begin).await
    }

    /// Deletes the checks that were made before, and whose visits are gone or never were.
    async fn delete_unused_checks_before(&self, before: SystemTime) -> Result<(), StoreError> {
        let delete = format!(
            "DELETE FROM portal_check WHERE id IN (SELECT id FROM portal_check AS c WHERE at < $1 \
             AND NOT EXISTS (SELECT 1 FROM portal_visit WHERE checked = c.id){})",
            self.step()
        );
        loop {
            let delete = sqlx::query(AssertSqlSafe(delete.clone())).bind(millis(before));
            if delete.execute(self.0.pool()).await?.rows_affected() == 0 {
                return Ok(());
            }
        }
    }

    /// Of how many rows a change is, as the end of a query.
    fn step(&self) -> String {
        if self.0.has_one_writer() { format!(" LIMIT {STEP}") } else { String::new() }
    }

    /// The last of the visits that are deleted next, by day and number; nothing, if there are none.
    async fn next_step_before(
        &self,
        first_kept: &Day,
    ) -> Result<Option<(String, i64)>, StoreError> {
        let oldest = match self.0.has_one_writer() {
            true => format!(
                "(SELECT day, number FROM portal_visit ORDER BY day, number LIMIT {STEP}) AS oldest"
            ),
            false => String::from("portal_visit"),
        };
        let query = format!(
            "SELECT day, number FROM {oldest} WHERE day < $1 ORDER BY day DESC, number DESC LIMIT 1"
        );
        let query = sqlx::query(AssertSqlSafe(query)).bind(&first_kept.name);
        let last = query.fetch_optional(self.0.pool()).await?;
        last.map(|row| Ok((text(&row, "day")?, number(&row, "number")?))).transpose()
    }

    /// Forgets the cards whose certificates ended before: nothing finds them any more.
    pub(crate) async fn delete_enrolments_ended_before(
        &self,
        before: SystemTime,
        now: SystemTime,
    ) -> Result<(), StoreError> {
        let query = "SELECT subject FROM portal_gate_tag WHERE expires_at < $1";
        let query = sqlx::query(query).bind(millis(before));
        let ended = query.fetch_all(self.0.pool()).await?;
        if ended.is_empty() {
            return Ok(());
        }
        let mut changes = self.0.begin().await?;
        let mut forgotten = 0;
        for row in &ended {
            // They may have come with a new certificate just now.
            let delete = "DELETE FROM portal_gate_tag WHERE subject = $1 AND expires_at < $2";
            let subject: String = row.try_get("subject")?;
            let delete = sqlx::query(delete).bind(&subject).bind(millis(before));
            if delete.execute(&mut *changes).await?.rows_affected() == 1 {
                Database::delete_enrolment_in(&mut changes, &subject).await?;
                forgotten += 1;
            }
        }
        // Another server may have been first.
        if forgotten > 0 {
            audit::add(&mut changes, COMMAND_LINE, Action::EnrolmentsExpired, None, now).await?;
        }
        Ok(changes.commit().await?)
    }

    /// Deletes the events of all days before this one, with their tickets and entries; but none at
    /// whose gate somebody was since.
    pub(crate) async fn delete_gate_events_before(
        &self,
        first_kept: &Day,
        now: SystemTime,
    ) -> Result<(), StoreError> {
        let query = "SELECT id FROM portal_gate_event AS e WHERE day < $1 AND created_at < $2 \
                     AND NOT EXISTS (SELECT 1 FROM portal_entry WHERE event = e.id AND at >= $2)";
        let query = sqlx::query(query).bind(&first_kept.name).bind(millis(first_kept.begin));
        for row in &query.fetch_all(self.0.pool()).await? {
            let id = text(row, "id")?;
            let mut changes = self.0.begin().await?;
            for delete in [
                "DELETE FROM portal_ticket WHERE event = $1",
                "DELETE FROM portal_entry WHERE event = $1",
            ] {
                sqlx::query(delete).bind(&id).execute(&mut *changes).await?;
            }
            let delete = "DELETE FROM portal_gate_event WHERE id = $1";
            let deleted = sqlx::query(delete).bind(&id).execute(&mut *changes).await?;
            if deleted.rows_affected() > 0 {
                audit::add(&mut changes, COMMAND_LINE, Action::EventExpired, Some(&id), now)
                    .await?;
            }
            changes.commit().await?;
        }
        Ok(())
    }

    /// Deletes the notes of deletions that are gone from the files: they name nobody.
    pub(crate) async fn delete_deletions_before(
        &self,
        before: SystemTime,
    ) -> Result<(), StoreError> {
        let delete = "DELETE FROM portal_deletion WHERE at < $1 AND erasure <> 'pending'";
        self.0.pool().execute(sqlx::query(delete).bind(millis(before))).await?;
        Ok(())
    }

    /// Forgets which cards they were that were compared before, and nobody was received by.
    pub(crate) async fn forget_cards_compared_before(
        &self,
        before: SystemTime,
    ) -> Result<(), StoreError> {
        let update = "UPDATE portal_check SET terminal_nonce = NULL, card_surface_key = NULL \
                      WHERE at <= $1 AND terminal_nonce IS NOT NULL";
        sqlx::query(update).bind(millis(before)).execute(self.0.pool()).await?;
        Ok(())
    }

    /// Deletes what boards were told before.
    pub(crate) async fn delete_told_before(&self, before: SystemTime) -> Result<(), StoreError> {
        let delete = "DELETE FROM portal_event WHERE at <= $1";
        sqlx::query(delete).bind(millis(before)).execute(self.0.pool()).await?;
        Ok(())
    }
}
