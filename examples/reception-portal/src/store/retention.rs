//! Visits that were kept for long enough.

use std::time::SystemTime;

use kazashi_server::StoreError;

use super::audit::{self, Action, COMMAND_LINE};
use super::event::{self, Kind};
use super::{Portal, millis};
use crate::calendar::Day;

impl Portal {
    /// Deletes the visits of all days before this one, and with them the checks that were made for
    /// them, and what those agreed to who have no visit any more. Enrolments stay: who is enrolled
    /// may come to a gate, where nobody visits.
    pub(crate) async fn delete_visits_before(
        &self,
        first_kept: &Day,
        now: SystemTime,
    ) -> Result<(), StoreError> {
        let mut changes = self.0.begin().await?;
        let delete = "DELETE FROM portal_visit WHERE day < $1";
        let deleted = sqlx::query(delete).bind(&first_kept.name).execute(&mut *changes).await?;
        for delete in [
            "DELETE FROM portal_check WHERE at < $1 AND id NOT IN \
             (SELECT checked FROM portal_visit WHERE checked IS NOT NULL)",
            "DELETE FROM portal_attributes WHERE agreed_at < $1 AND subject NOT IN \
             (SELECT subject FROM portal_visit WHERE subject IS NOT NULL)",
            // Boards could not be told any more of whom these tell.
            "DELETE FROM portal_event WHERE at < $1",
        ] {
            sqlx::query(delete).bind(millis(first_kept.begin)).execute(&mut *changes).await?;
        }
        if deleted.rows_affected() > 0 {
            let name = &first_kept.name;
            audit::add(&mut changes, COMMAND_LINE, Action::VisitsExpired, Some(name), now).await?;
            event::add(&mut changes, Kind::Deleted, name, now).await?;
        }
        changes.commit().await?;
        self.0.purge_deleted().await
    }
}
