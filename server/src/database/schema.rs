//! Opening SQLite's file, and bringing the tables up to date.

use std::time::{Duration, Instant};

use sqlx::any::AnyPoolOptions;
use sqlx::{AnyPool, AssertSqlSafe, Executor, Row};

use super::{ACQUIRE_TIMEOUT, Database};
use crate::StoreError;

/// From nothing to the newest version, one step each.
const MIGRATIONS: [&str; 2] = [include_str!("schema.sql"), include_str!("schema-2.sql")];

/// The time for which SQLite waits for another process to finish writing.
const BUSY_TIMEOUT: Duration = Duration::from_secs(10);

/// SQLite's URL, by which the file is made if it is not there.
pub(super) fn with_mode(url: &str) -> String {
    let join = if url.contains('?') { '&' } else { '?' };
    if url.contains("mode=") { url.to_owned() } else { format!("{url}{join}mode=rwc") }
}

/// One connection: writers wait for each other anyway, and sooner know of each other here than
/// through the file.
pub(super) async fn open_sqlite(url: &str) -> Result<AnyPool, StoreError> {
    let pool = AnyPoolOptions::new()
        .acquire_timeout(ACQUIRE_TIMEOUT + BUSY_TIMEOUT)
        .max_connections(1)
        .after_connect(|connection, _| {
            Box::pin(async move {
                // What is deleted is overwritten.
                let pragmas = format!(
                    "PRAGMA busy_timeout = {}; PRAGMA synchronous = FULL; PRAGMA secure_delete = ON",
                    BUSY_TIMEOUT.as_millis()
                );
                connection.execute(sqlx::raw_sql(AssertSqlSafe(pragmas))).await?;
                Ok(())
            })
        })
        .connect(url)
        .await?;
    write_ahead(&pool).await?;
    Ok(pool)
}

/// Turns on the write-ahead log. The file remembers it; for the one time that it changes, the file
/// must be nobody else's, and SQLite does not wait for that by itself.
async fn write_ahead(pool: &AnyPool) -> Result<(), StoreError> {
    let started = Instant::now();
    loop {
        let turned = pool.execute("PRAGMA journal_mode = WAL").await.map_err(StoreError::from);
        match turned {
            Err(StoreError::Unavailable { .. }) if started.elapsed() < BUSY_TIMEOUT => {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
            turned => return turned.map(drop),
        }
    }
}

/// Brings the library's own tables up to date.
pub(super) async fn migrate(database: &Database) -> Result<(), StoreError> {
    database.migrate("kazashi_schema", &MIGRATIONS).await
}

impl Database {
    /// Makes and changes the tables of an application beside the library's own: from nothing to the
    /// newest version, each of `migrations` (SQL that both databases understand) is one step. Many
    /// processes may do so at once; one works, the others wait.
    ///
    /// `table` is a name of the application's own, for the table that keeps the version. Fails with
    /// [`StoreError::SchemaUnknown`] if a newer program has been there.
    pub async fn migrate(
        &self,
        table: &str,
        migrations: &[&'static str],
    ) -> Result<(), StoreError> {
        let mut transaction = self.begin().await?;
        if self.postgres {
            // The number is the library's own: "kazashi" in ASCII.
            transaction.execute("SELECT pg_advisory_xact_lock(30225000756897897)").await?;
        }
        let make =
            format!("CREATE TABLE IF NOT EXISTS {table} (version BIGINT PRIMARY KEY NOT NULL)");
        transaction.execute(sqlx::query(AssertSqlSafe(make))).await?;
        let newest = format!("SELECT COALESCE(MAX(version), 0) AS version FROM {table}");
        let newest = transaction.fetch_one(sqlx::query(AssertSqlSafe(newest))).await?;
        let found: i64 = newest.try_get("version")?;
        let known = i64::try_from(migrations.len()).unwrap_or(i64::MAX);
        if found > known {
            return Err(StoreError::SchemaUnknown { found, known });
        }
        let insert = format!("INSERT INTO {table} (version) VALUES ($1)");
        for (version, migration) in (1..).zip(migrations).filter(|(version, _)| *version > found) {
            transaction.execute(sqlx::raw_sql(*migration)).await?;
            let insert = sqlx::query(AssertSqlSafe(insert.clone())).bind(version);
            transaction.execute(insert).await?;
        }
        Ok(transaction.commit().await?)
    }
}
