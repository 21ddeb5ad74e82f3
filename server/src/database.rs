//! Nonces, sessions and the desk's books in SQLite or PostgreSQL.

mod enrolment;
mod nonce;
mod purge;
mod schema;
mod session;
mod terminal;

use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use sqlx::any::{AnyPoolOptions, AnyRow};
use sqlx::{Any, AnyPool, Row, Transaction};
use tokio::task::JoinError;

use crate::store::millis;
use crate::{Lifetimes, Store, StoreError};

pub use purge::Purged;

/// Keeps everything in SQLite or PostgreSQL, for as many processes as share it. Clones share their
/// connections.
///
/// - `sqlite:/var/lib/portal/kazashi.db` (feature `sqlite`): the file is made if it is not there.
///   For processes of one machine.
/// - `postgres://portal@db.example/portal?sslmode=verify-full` (feature `postgres`). The default
///   `sslmode`, `prefer`, speaks plainly to a server that offers no TLS.
///
/// The tables, `kazashi_…`, are made and brought up to date by [`connect`](Self::connect). What is
/// asked of the database must last once it is answered, or a nonce could come back: SQLite with
/// `synchronous = FULL`, PostgreSQL with `synchronous_commit` not off, and with no fail-over to a
/// replica that lags behind.
///
/// # An application's own tables
///
/// An application may keep what is its own in the same database ([`migrate`](Self::migrate),
/// [`pool`](Self::pool)), and change its tables and the library's in one transaction
/// ([`begin`](Self::begin)): then a nonce is taken and what came of it is recorded, or neither.
#[derive(Clone, Debug)]
pub struct Database {
    pool: AnyPool,
    /// The URL of SQLite's file, for what would keep the pool's one connection busy.
    file: Option<String>,
    postgres: bool,
    lifetimes: Lifetimes,
}

/// The time for which a request waits for a connection: a restart of PostgreSQL takes less, and a
/// visitor waits no longer.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(5);

impl Database {
    /// Connects, and makes what is not there yet. Many processes may do so at once.
    pub async fn connect(url: &str) -> Result<Self, StoreError> {
        sqlx::any::install_default_drivers();
        let file = url.starts_with("sqlite:").then(|| schema::with_mode(url));
        let pool = match &file {
            Some(file) => schema::open_sqlite(file).await?,
            None => {
                let options = AnyPoolOptions::new().acquire_timeout(ACQUIRE_TIMEOUT);
                options.connect(url).await?
            }
        };
        let postgres = pool.acquire().await?.backend_name() == "PostgreSQL";
        let database = Self { pool, file, postgres, lifetimes: Lifetimes::default() };
        schema::migrate(&database).await?;
        Ok(database)
    }

    /// With other lifetimes.
    #[must_use]
    pub fn with_lifetimes(self, lifetimes: Lifetimes) -> Self {
        Self { lifetimes, ..self }
    }

    /// The times for which nonces and sessions are good.
    #[must_use]
    pub fn lifetimes(&self) -> Lifetimes {
        self.lifetimes
    }

    /// The connections: of SQLite there is one, so that whoever holds it must not ask for another.
    #[must_use]
    pub fn pool(&self) -> &AnyPool {
        &self.pool
    }

    /// Begins a transaction that writes. On SQLite it waits for other writers now, as one that has
    /// read first could no longer. It runs in a task of its own: wherever a caller gives up, either
    /// nothing was begun or it is rolled back.
    pub async fn begin(&self) -> Result<Transaction<'static, Any>, StoreError> {
        let begin = if self.postgres { "BEGIN" } else { "BEGIN IMMEDIATE" };
        let pool = self.pool.clone();
        // Dropped while PostgreSQL answers, sqlx 0.9.0 gives the connection back with the transaction
        // open, and what others write with it is lost (sqlx issue 4385).
        let begun = tokio::spawn(async move { pool.begin_with(begin).await }).await;
        let stopped = |error: JoinError| StoreError::Unavailable { because: error.to_string() };
        Ok(begun.map_err(stopped)??)
    }

    /// The time by the clock of the database's machine, for servers whose own clocks may differ.
    /// Nothing for SQLite: a file is kept by the machine of those who ask.
    pub async fn time(&self) -> Result<Option<SystemTime>, StoreError> {
        if !self.postgres {
            return Ok(None);
        }
        let select = "SELECT CAST(EXTRACT(EPOCH FROM clock_timestamp()) * 1000 AS BIGINT) AS now";
        time(&sqlx::query(select).fetch_one(&self.pool).await?, "now")
    }
}

#[async_trait]
impl Store for Database {
    async fn delete_expired(&self, now: SystemTime) -> Result<(), StoreError> {
        for delete in [
            "DELETE FROM kazashi_nonce \
             WHERE expires_at <= $1 AND (account IS NULL OR late_until <= $1)",
            "DELETE FROM kazashi_session WHERE expires_at <= $1",
            "DELETE FROM kazashi_terminal_rate WHERE full_at <= $1",
        ] {
            let query = sqlx::query(delete).bind(millis(now));
            query.execute(&self.pool).await?;
        }
        Ok(())
    }
}

/// Tells what will pass from what will not. The texts are the database's own: parameters, which are
/// digests at most, are in none.
impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        let unavailable = match &error {
            sqlx::Error::Io(_)
            | sqlx::Error::PoolClosed
            | sqlx::Error::PoolTimedOut
            | sqlx::Error::Protocol(_)
            | sqlx::Error::Tls(_)
            | sqlx::Error::WorkerCrashed => true,
            sqlx::Error::Database(error) => error.code().is_some_and(|code| passes(&code)),
            _ => false,
        };
        match (unavailable, error) {
            (true, error) => Self::Unavailable { because: error.to_string() },
            (false, sqlx::Error::ColumnDecode { index, .. }) => {
                Self::Failed { because: format!("column {index} holds something else") }
            }
            (false, error) => Self::Failed { because: error.to_string() },
        }
    }
}

/// PostgreSQL: connection exception, transaction rollback, insufficient resources, operator
/// intervention, system error. SQLite: busy and locked, in their extended forms too.
fn passes(code: &str) -> bool {
    let class = code.get(..2).unwrap_or_default();
    let sqlite = code.parse::<u32>().ok().filter(|_| code.len() < 5).map(|code| code & 0xFF);
    match sqlite {
        Some(primary) => matches!(primary, 5 | 6),
        None => matches!(class, "08" | "40" | "53" | "57" | "58"),
    }
}

/// A stored text that this version cannot read.
fn unreadable(what: &'static str) -> StoreError {
    StoreError::Failed { because: format!("{what} in the database cannot be read") }
}

fn text(row: &AnyRow, column: &'static str) -> Result<String, StoreError> {
    row.try_get(column).map_err(StoreError::from)
}

fn time(row: &AnyRow, column: &'static str) -> Result<Option<SystemTime>, StoreError> {
    let millis: Option<i64> = row.try_get(column)?;
    Ok(millis.map(crate::store::time))
}
