//! What happened, in order, for boards that watch.

use std::time::{Duration, SystemTime};

use kazashi_server::StoreError;
use sqlx::Executor;

use super::{Changes, Portal, millis, next, number, rfc_3339_of, text};

/// For how long a board may have been away and still hear of everything.
pub(crate) const KEPT: Duration = Duration::from_hours(24);

/// What kind of thing happened.
#[derive(Clone, Copy, Debug)]
pub(super) enum Kind {
    Visit,
    Check,
    Entry,
    Deleted,
}

impl Kind {
    fn as_str(self) -> &'static str {
        match self {
            Self::Visit => "visit",
            Self::Check => "check",
            Self::Entry => "entry",
            Self::Deleted => "deleted",
        }
    }
}

/// Something that happened: what became of it is looked up by its id.
pub(crate) struct Event {
    pub(crate) sequence: i64,
    pub(crate) kind: String,
    pub(crate) id: String,
    pub(crate) at: String,
}

/// Writes down that something happened, as the last of the changes: from here to their end, nobody
/// else can. So events become visible in the order of their numbers, and whoever has read one will
/// find no earlier one later.
pub(super) async fn add(
    changes: &mut Changes,
    kind: Kind,
    id: &str,
    at: SystemTime,
) -> Result<(), StoreError> {
    let sequence = next(changes, "event").await?;
    sqlx::query("INSERT INTO portal_event (sequence, kind, id, at) VALUES ($1, $2, $3, $4)")
        .bind(sequence)
        .bind(kind.as_str())
        .bind(id)
        .bind(millis(at))
        .execute(&mut **changes)
        .await?;
    Ok(())
}

impl Portal {
    /// What happened after the event with this number, a hundred at most.
    pub(crate) async fn events_after(&self, sequence: i64) -> Result<Vec<Event>, StoreError> {
        let rows = sqlx::query(
            "SELECT sequence, kind, id, at FROM portal_event WHERE sequence > $1 \
             ORDER BY sequence LIMIT 100",
        )
        .bind(sequence)
        .fetch_all(self.0.pool())
        .await?;
        let event = |row| {
            Ok(Event {
                sequence: number(row, "sequence")?,
                kind: text(row, "kind")?,
                id: text(row, "id")?,
                at: rfc_3339_of(row, "at")?,
            })
        };
        rows.iter().map(event).collect()
    }

    /// The number of the last event that is certain: all before it can be read.
    pub(crate) async fn last_event(&self) -> Result<i64, StoreError> {
        let query = "SELECT COALESCE(MAX(value), 0) AS last FROM portal_counter \
                     WHERE name = 'event'";
        number(&self.0.pool().fetch_one(query).await?, "last")
    }
}
