//! Whether what was deleted is gone from the database's files.

use std::collections::HashMap;
use std::time::{Duration, SystemTime};

use kazashi_server::{Purged, StoreError};
use serde::Serialize;
use sqlx::AssertSqlSafe;
use sqlx::any::AnyRow;

use super::{Portal, millis, number, rfc_3339_of, text};
use crate::erasure::Words;

/// How long it may take until what was deleted is gone: another program may be reading the file, as
/// a backup does.
pub(super) const WITHIN: Duration = Duration::from_hours(1);

/// What came of making sure that what was deleted is gone.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Attempt {
    /// All that was pending is, of these deletions.
    Erased(Vec<String>),
    /// Somebody reads the file.
    InUse { is_overdue: bool },
}

/// What whoever wanted a deletion is told of the files.
#[derive(Serialize)]
#[serde(tag = "state", rename_all = "kebab-case")]
pub(crate) enum ErasureAnswer {
    /// It will be gone by then.
    Pending {
        by: String,
    },
    /// It should be, and is not.
    Overdue,
    Gone,
    /// The database does it, in its own time.
    LeftToServer,
}

impl ErasureAnswer {
    /// Of a row with `erasure`, `by` and `is_overdue`, as [`columns`] selects them.
    pub(super) fn read(row: &AnyRow) -> Result<Self, StoreError> {
        Ok(match text(row, "erasure")?.as_str() {
            "gone" => Self::Gone,
            "left-to-server" => Self::LeftToServer,
            _ if number(row, "is_overdue")? != 0 => Self::Overdue,
            _ => Self::Pending { by: rfc_3339_of(row, "by")? },
        })
    }
}

/// What is selected of a deletion for its answer.
pub(super) fn columns(now: SystemTime) -> String {
    let (within, now) = (WITHIN.as_millis(), millis(now));
    format!(
        "erasure, at + {within} AS by, CASE WHEN at + {within} < {now} THEN 1 ELSE 0 END AS is_overdue"
    )
}

/// How many deletions are not gone from the files, and of how many that should be over.
#[derive(Serialize)]
pub(crate) struct Unfinished {
    pending: i64,
    overdue: i64,
}

impl Portal {
    /// Makes sure that nothing is left of what was deleted. `known` is what to look for, of each
    /// deletion of which that is known.
    pub(crate) async fn erase(
        &self,
        known: &HashMap<String, Words>,
        now: SystemTime,
    ) -> Result<Attempt, StoreError> {
        // What is pending now was committed before what follows.
        let pending = self.pending_erasures().await?;
        let state = match self.0.purge_deleted().await? {
            Purged::InUse => return self.in_use(now).await,
            Purged::LeftToServer => "left-to-server",
            _ if self.is_left(&pending, known).await? => match self.0.write_anew().await? {
                Purged::InUse => return self.in_use(now).await,
                _ => "gone",
            },
            _ => "gone",
        };
        for id in &pending {
            let update = "UPDATE portal_deletion SET erasure = $1 WHERE id = $2";
            sqlx::query(update).bind(state).bind(id).execute(self.0.pool()).await?;
        }
        Ok(Attempt::Erased(pending))
    }

    /// Whether something of these may be in the file. Of a deletion that another process made, nobody
    /// here knows what to look for.
    async fn is_left(
        &self,
        pending: &[String],
        known: &HashMap<String, Words>,
    ) -> Result<bool, StoreError> {
        let words = pending.iter().map(|id| known.get(id).cloned()).collect::<Option<Vec<_>>>();
        let Some(words) = words.map(|words| words.concat()) else { return Ok(true) };
        Ok(!words.is_empty() && self.0.file_holds(words).await?)
    }

    async fn pending_erasures(&self) -> Result<Vec<String>, StoreError> {
        let query = "SELECT id FROM portal_deletion WHERE erasure = 'pending'";
        let rows = sqlx::query(query).fetch_all(self.0.pool()).await?;
        rows.iter().map(|row| text(row, "id")).collect()
    }

    async fn in_use(&self, now: SystemTime) -> Result<Attempt, StoreError> {
        Ok(Attempt::InUse { is_overdue: self.unfinished_erasures(now).await?.overdue > 0 })
    }

    pub(crate) async fn unfinished_erasures(
        &self,
        now: SystemTime,
    ) -> Result<Unfinished, StoreError> {
        let query = format!(
            "SELECT COUNT(*) AS pending, COUNT(CASE WHEN is_overdue = 1 THEN 1 END) AS overdue \
             FROM (SELECT {} FROM portal_deletion WHERE erasure = 'pending') AS unfinished",
            columns(now)
        );
        let row = sqlx::query(AssertSqlSafe(query)).fetch_one(self.0.pool()).await?;
        Ok(Unfinished { pending: number(&row, "pending")?, overdue: number(&row, "overdue")? })
    }
}
