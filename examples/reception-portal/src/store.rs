//! What the portal keeps, in tables of its own (`portal_…`) beside those of `kazashi-server`: SQL
//! for SQLite and PostgreSQL, one file for each thing that is kept.
//!
//! Every change is one transaction. Within it, rows are locked in one order (the nonce, what the
//! request is about, the end of the record, last the counter of events), so that no two transactions
//! wait for each other.

use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use kazashi_server::{Database, Lifetimes, StoreError};
use rand_core::{OsRng, RngCore};
use sqlx::any::AnyRow;
use sqlx::{Any, Executor, Row, Transaction};
use uuid::Builder;

use crate::calendar::rfc_3339;
use crate::clock::Clock;

pub(crate) mod account;
pub(crate) mod audit;
pub(crate) mod board;
pub(crate) mod check;
pub(crate) mod deletion;
pub(crate) mod erasure;
pub(crate) mod event;
pub(crate) mod gate;
pub(crate) mod gate_event;
pub(crate) mod late;
pub(crate) mod people;
pub(crate) mod rate;
pub(crate) mod retention;
pub(crate) mod session;
pub(crate) mod ticket;
pub(crate) mod visit;
pub(crate) mod workstation;

const MIGRATIONS: [&str; 2] =
    [include_str!("../migrations/1.sql"), include_str!("../migrations/2.sql")];

type Changes = Transaction<'static, Any>;

/// The database.
#[derive(Clone, Debug)]
pub(crate) struct Portal(Database, Arc<Clock>);

impl Portal {
    /// Connects, and makes what is not there yet. Many processes may do so at once.
    pub(crate) async fn connect(url: &str) -> Result<Self, StoreError> {
        let database = Database::connect(url).await?;
        database.migrate("portal_schema", &MIGRATIONS).await?;
        let portal = Self(database, Arc::default());
        portal.look_at_clock().await?;
        portal.fold_names().await?;
        portal.chain_first_lines().await?;
        Ok(portal)
    }

    /// Takes what was made at a desk for so long, where it comes late.
    pub(crate) fn taking_late(self, late: Duration) -> Self {
        let lifetimes = Lifetimes { late, ..self.0.lifetimes() };
        Self(self.0.with_lifetimes(lifetimes), self.1)
    }

    /// The time, which is the database's: all servers agree on it.
    pub(crate) fn now(&self) -> SystemTime {
        self.1.now()
    }

    /// Looks at the database's clock again.
    pub(crate) async fn look_at_clock(&self) -> Result<(), StoreError> {
        self.1.set_by(&self.0).await
    }

    /// What `kazashi-server` keeps in it: nonces, sessions, enrolments, bridges.
    pub(crate) fn kazashi(&self) -> &Database {
        &self.0
    }

    /// Whether the database answers.
    pub(crate) async fn ping(&self) -> Result<(), StoreError> {
        self.0.pool().execute("SELECT 1").await?;
        Ok(())
    }

    /// Whether the database can be written: something in it is, that means nothing.
    pub(crate) async fn write(&self) -> Result<(), StoreError> {
        let write = "INSERT INTO portal_counter (name, value) VALUES ('ready', 1) \
                     ON CONFLICT (name) DO UPDATE SET value = 1";
        self.0.pool().execute(write).await?;
        Ok(())
    }

    /// Whether the database's subjects are made with the pairwise key that has this fingerprint. The
    /// first that asks decides.
    pub(crate) async fn claim(&self, fingerprint: &str) -> Result<bool, StoreError> {
        let insert = "INSERT INTO portal_key (one, fingerprint) VALUES (1, $1) \
                      ON CONFLICT (one) DO NOTHING";
        sqlx::query(insert).bind(fingerprint).execute(self.0.pool()).await?;
        let row = self.0.pool().fetch_one("SELECT fingerprint FROM portal_key").await?;
        Ok(row.try_get::<String, _>("fingerprint")? == fingerprint)
    }

    /// Deletes what is over: limits and sessions, of which none is of a visitor.
    pub(crate) async fn delete_expired(&self, now: SystemTime) -> Result<(), StoreError> {
        for (delete, before) in [
            ("DELETE FROM portal_rate WHERE full_at <= $1", now),
            ("DELETE FROM portal_session WHERE seen_at <= $1", now - session::IDLE),
        ] {
            sqlx::query(delete).bind(millis(before)).execute(self.0.pool()).await?;
        }
        Ok(())
    }
}

/// What is there already under an id that somebody wants to use.
pub(crate) enum Known<T> {
    /// The same request was answered before, so.
    Same(T),
    /// It was another request.
    Other,
}

impl<T> Known<T> {
    fn read(
        row: Option<AnyRow>,
        request: &str,
        read: fn(&AnyRow) -> Result<T, StoreError>,
    ) -> Result<Option<Self>, StoreError> {
        let Some(row) = row else { return Ok(None) };
        let is_same = text(&row, "request")? == request;
        Ok(Some(if is_same { Self::Same(read(&row)?) } else { Self::Other }))
    }
}

/// An id for what no page named.
pub(crate) fn new_id() -> String {
    let mut random = [0; 16];
    OsRng.fill_bytes(&mut random);
    Builder::from_random_bytes(random).into_uuid().to_string()
}

/// The next number of a kind. Nobody else gets one until the transaction is over; if it is rolled
/// back, the number goes to the next who asks.
async fn next(changes: &mut Changes, counter: &str) -> Result<i64, StoreError> {
    let row = sqlx::query(
        "INSERT INTO portal_counter (name, value) VALUES ($1, 1) \
         ON CONFLICT (name) DO UPDATE SET value = portal_counter.value + 1 RETURNING value",
    )
    .bind(counter)
    .fetch_one(&mut **changes)
    .await?;
    Ok(row.try_get("value")?)
}

/// A text as part of a pattern `LIKE … ESCAPE '!'`.
fn escaped(text: &str) -> String {
    text.replace('!', "!!").replace('%', "!%").replace('_', "!_")
}

fn millis(time: SystemTime) -> i64 {
    let duration = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

fn time(row: &AnyRow, column: &'static str) -> Result<SystemTime, StoreError> {
    let millis: i64 = row.try_get(column)?;
    Ok(UNIX_EPOCH + Duration::from_millis(millis.try_into().unwrap_or_default()))
}

fn rfc_3339_of(row: &AnyRow, column: &'static str) -> Result<String, StoreError> {
    Ok(rfc_3339(time(row, column)?))
}

fn text(row: &AnyRow, column: &'static str) -> Result<String, StoreError> {
    Ok(row.try_get(column)?)
}

fn optional(row: &AnyRow, column: &'static str) -> Result<Option<String>, StoreError> {
    Ok(row.try_get(column)?)
}

fn number(row: &AnyRow, column: &'static str) -> Result<i64, StoreError> {
    Ok(row.try_get(column)?)
}

/// A stored text that this version cannot read.
fn unreadable(what: &'static str) -> StoreError {
    StoreError::Failed { because: format!("{what} in the database cannot be read") }
}

#[cfg(test)]
impl Portal {
    /// A new one, as long as its folder is there.
    pub(crate) async fn in_new_folder() -> (Self, tempfile::TempDir) {
        let folder = tempfile::TempDir::new().unwrap();
        let url = format!("sqlite:{}/portal.db", folder.path().display());
        (Self::connect(&url).await.unwrap(), folder)
    }
}
