//! Opening SQLite's file, and bringing the tables up to date.

use std::time::{Duration, Instant};

use sqlx::any::AnyPoolOptions;
use sqlx::{AnyPool, Executor, Row};

use super::{ACQUIRE_TIMEOUT, store_error};
use crate::StoreError;

/// From nothing to the newest version, one step each.
const MIGRATIONS: [&str; 1] = [include_str!("schema.sql")];

/// How long SQLite waits for another process to finish writing.
const BUSY_TIMEOUT: Duration = Duration::from_secs(10);

/// One connection: writers wait for each other anyway, and sooner know of each other here than
/// through the file.
pub(super) async fn open_sqlite(url: &str) -> Result<AnyPool, StoreError> {
    let join = if url.contains('?') { '&' } else { '?' };
    let url = if url.contains("mode=") { url.to_owned() } else { format!("{url}{join}mode=rwc") };
    let pool = AnyPoolOptions::new()
        .acquire_timeout(ACQUIRE_TIMEOUT + BUSY_TIMEOUT)
        .max_connections(1)
        .after_connect(|connection, _| {
            Box::pin(async move {
                let pragmas = format!(
                    "PRAGMA busy_timeout = {}; PRAGMA synchronous = FULL",
                    BUSY_TIMEOUT.as_millis()
                );
                connection.execute(sqlx::raw_sql(sqlx::AssertSqlSafe(pragmas))).await?;
                Ok(())
            })
        })
        .connect(&url)
        .await
        .map_err(store_error)?;
    write_ahead(&pool).await?;
    Ok(pool)
}

/// Turns on the write-ahead log. The file remembers it; for the one time that it changes, the file
/// must be nobody else's, and SQLite does not wait for that by itself.
async fn write_ahead(pool: &AnyPool) -> Result<(), StoreError> {
    let started = Instant::now();
    loop {
        let turned = pool.execute("PRAGMA journal_mode = WAL").await.map_err(store_error);
        match turned {
            Err(StoreError::Unavailable { .. }) if started.elapsed() < BUSY_TIMEOUT => {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
            turned => return turned.map(drop),
        }
    }
}

/// Makes and changes tables, one process at a time.
pub(super) async fn migrate(pool: &AnyPool) -> Result<(), StoreError> {
    migrate_by_turns(pool).await.map_err(store_error)?
}

async fn migrate_by_turns(pool: &AnyPool) -> Result<Result<(), StoreError>, sqlx::Error> {
    let postgres = pool.acquire().await?.backend_name() == "PostgreSQL";
    let mut transaction = if postgres {
        let mut transaction = pool.begin().await?;
        // The number is the library's own: "kazashi" in ASCII.
        transaction.execute("SELECT pg_advisory_xact_lock(30225000756897897)").await?;
        transaction
    } else {
        pool.begin_with("BEGIN IMMEDIATE").await?
    };
    transaction
        .execute("CREATE TABLE IF NOT EXISTS kazashi_schema (version BIGINT PRIMARY KEY NOT NULL)")
        .await?;
    let newest = "SELECT COALESCE(MAX(version), 0) AS version FROM kazashi_schema";
    let found: i64 = transaction.fetch_one(newest).await?.try_get("version")?;
    let known = i64::try_from(MIGRATIONS.len()).unwrap_or(i64::MAX);
    if found > known {
        return Ok(Err(StoreError::SchemaUnknown { found, known }));
    }
    for (version, migration) in (1..).zip(MIGRATIONS).filter(|(version, _)| *version > found) {
        transaction.execute(sqlx::raw_sql(migration)).await?;
        let insert = sqlx::query("INSERT INTO kazashi_schema (version) VALUES ($1)").bind(version);
        transaction.execute(insert).await?;
    }
    transaction.commit().await?;
    Ok(Ok(()))
}
