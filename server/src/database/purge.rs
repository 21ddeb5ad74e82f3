//! Leaving nothing in SQLite's files of what was deleted.
//!
//! What is deleted is overwritten, but three copies can be left: earlier states of its pages in the
//! write-ahead log, until that is emptied, for which nobody may be reading them; and, rarely, a copy
//! in the unused middle of a page from which SQLite once moved it to another, which only writing the
//! file anew removes.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use memchr::memmem;
use sqlx::{AnyConnection, AssertSqlSafe, Connection, Executor, Row};
use zeroize::Zeroizing;

use super::Database;
use crate::StoreError;

/// What came of asking that nothing be left of what was deleted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
#[must_use = "what was deleted may still be there"]
pub enum Purged {
    /// The write-ahead log is empty.
    Done,
    /// Somebody reads an earlier state of the file, or writes to it: ask again later.
    InUse,
    /// PostgreSQL does it, in its own time (vacuum).
    LeftToServer,
}

impl Database {
    /// Empties SQLite's write-ahead log, in which earlier states of pages stay. It waits for nobody,
    /// and nobody waits for it: its connection is its own.
    pub async fn purge_deleted(&self) -> Result<Purged, StoreError> {
        self.purge(&[EMPTY_LOG]).await
    }

    /// The same, after writing SQLite's file anew, so that no page of it holds more than it needs.
    /// Whoever wants to write waits meanwhile: about a second for each 50 MB.
    pub async fn write_anew(&self) -> Result<Purged, StoreError> {
        self.purge(&["VACUUM", EMPTY_LOG]).await
    }

    /// Whether SQLite's file holds any of these words, be it in rows or in what was left of some. Of
    /// PostgreSQL's files nobody here can tell: it holds none.
    pub async fn file_holds(&self, words: Vec<Zeroizing<String>>) -> Result<bool, StoreError> {
        if self.postgres {
            return Ok(false);
        }
        let query = "SELECT file FROM pragma_database_list WHERE name = 'main'";
        let path: String = self.pool.fetch_one(query).await?.try_get("file")?;
        if path.is_empty() {
            return Ok(false);
        }
        let found = tokio::task::spawn_blocking(move || holds(&PathBuf::from(path), &words)).await;
        let found = found.map_err(io::Error::other).and_then(|found| found);
        found.map_err(|error| StoreError::Failed { because: error.to_string() })
    }

    /// Whether somebody who writes keeps all others from it, as in SQLite: a long change is then better
    /// made in steps.
    #[must_use]
    pub fn has_one_writer(&self) -> bool {
        !self.postgres
    }

    async fn purge(&self, steps: &[&'static str]) -> Result<Purged, StoreError> {
        let Some(file) = &self.file else { return Ok(Purged::LeftToServer) };
        let mut connection = AnyConnection::connect(file).await?;
        connection.execute("PRAGMA busy_timeout = 0").await?;
        connection.execute("PRAGMA secure_delete = ON").await?;
        let purged = run(&mut connection, steps).await;
        connection.close().await?;
        match purged {
            // Another process writes.
            Err(StoreError::Unavailable { .. }) => Ok(Purged::InUse),
            purged => purged,
        }
    }
}

/// The first number of its answer says whether somebody was in the way.
const EMPTY_LOG: &str = "PRAGMA wal_checkpoint(TRUNCATE)";

async fn run(connection: &mut AnyConnection, steps: &[&'static str]) -> Result<Purged, StoreError> {
    // Most of it without keeping anybody from writing.
    connection.fetch_one("PRAGMA wal_checkpoint(PASSIVE)").await?;
    let mut purged = Purged::Done;
    for step in steps {
        let answer = connection.fetch_optional(sqlx::raw_sql(AssertSqlSafe(*step))).await?;
        let busy = answer.map(|row| row.try_get::<i64, _>(0)).transpose()?;
        if busy.is_some_and(|busy| busy != 0) {
            purged = Purged::InUse;
        }
    }
    Ok(purged)
}

fn holds(path: &Path, words: &[Zeroizing<String>]) -> io::Result<bool> {
    const CHUNK: u64 = 1 << 20;
    let longest = words.iter().map(|word| word.len()).max().unwrap_or_default();
    let finders: Vec<_> = words.iter().map(|word| memmem::Finder::new(word.as_bytes())).collect();
    let mut file = File::open(path)?;
    // A word may begin at the end of one piece and end in the next.
    let mut piece = Zeroizing::new(Vec::new());
    loop {
        let kept = piece.len().min(longest);
        let start = piece.len() - kept;
        piece.drain(..start);
        let read = file.by_ref().take(CHUNK).read_to_end(&mut piece)?;
        if finders.iter().any(|finder| finder.find(&piece).is_some()) {
            return Ok(true);
        }
        if read == 0 {
            return Ok(false);
        }
    }
}
