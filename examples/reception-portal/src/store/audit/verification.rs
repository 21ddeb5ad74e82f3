//! Whether the record is still what was written.

use std::fmt;
use std::str::FromStr;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use kazashi_server::StoreError;
use thiserror::Error;

use super::{AuditEntry, PAGE};
use crate::store::{Portal, number, text};

/// The end of the record at some time: whoever has noted it can tell later that all before it is as
/// it was. `LINE:DIGEST`; `0:`, while there is no line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Head {
    line: i64,
    digest: String,
}

impl fmt::Display for Head {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.line, self.digest)
    }
}

#[derive(Debug, Error)]
#[error("a head looks like 1234:HgN8…, as `record head` prints it")]
pub(crate) struct NoHead;

impl FromStr for Head {
    type Err = NoHead;

    fn from_str(text: &str) -> Result<Self, NoHead> {
        let (line, digest) = text.trim().split_once(':').ok_or(NoHead)?;
        let line = line.parse::<u32>().map_err(|_| NoHead)?;
        let length = URL_SAFE_NO_PAD.decode(digest).map_err(|_| NoHead)?.len();
        let is_head = if line == 0 { length == 0 } else { length == 32 };
        is_head.then(|| Self { line: line.into(), digest: digest.to_owned() }).ok_or(NoHead)
    }
}

/// What is wrong with the record.
#[derive(Debug, Error)]
pub(crate) enum Fault {
    #[error("line {0} is not as it was written")]
    Changed(i64),
    #[error("line {0} is missing")]
    Missing(i64),
    #[error("{0} lines were added without number and digest")]
    Unnumbered(i64),
    #[error("line {0} is not the one that was noted: the record was written anew")]
    WrittenAnew(i64),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Portal {
    /// The end of the record.
    pub(crate) async fn record_head(&self) -> Result<Head, StoreError> {
        let query = "SELECT line, digest FROM portal_audit WHERE line IS NOT NULL \
                     ORDER BY line DESC LIMIT 1";
        let found = sqlx::query(query).fetch_optional(self.0.pool()).await?;
        found.map_or(Ok(Head { line: 0, digest: String::new() }), |row| {
            Ok(Head { line: number(&row, "line")?, digest: text(&row, "digest")? })
        })
    }

    /// Reads the record from its first line to its last, and says where it ends, if each is as it was
    /// written, and what was noted of it is still there.
    pub(crate) async fn verify_record(&self, noted: Option<&Head>) -> Result<Head, Fault> {
        let written = self.counted_lines().await?;
        let mut head = Head { line: 0, digest: String::new() };
        loop {
            let entries = self.lines_after(head.line).await?;
            if entries.is_empty() {
                break;
            }
            for entry in entries {
                if entry.line != head.line + 1 {
                    return Err(Fault::Missing(head.line + 1));
                }
                if entry.digest != entry.digest_after(&head.digest) {
                    return Err(Fault::Changed(entry.line));
                }
                head = Head { line: entry.line, digest: entry.digest };
                if noted.is_some_and(|noted| noted.line == head.line && *noted != head) {
                    return Err(Fault::WrittenAnew(head.line));
                }
            }
        }
        if head.line < noted.map_or(written, |noted| noted.line.max(written)) {
            return Err(Fault::Missing(head.line + 1));
        }
        match self.unnumbered_lines().await? {
            0 => Ok(head),
            lines => Err(Fault::Unnumbered(lines)),
        }
    }

    /// Lines in their order, as many as are read at once.
    pub(crate) async fn lines_after(&self, line: i64) -> Result<Vec<AuditEntry>, StoreError> {
        let rows = sqlx::query(
            "SELECT line, at, account, action, subject, digest FROM portal_audit \
             WHERE line > $1 ORDER BY line LIMIT $2",
        )
        .bind(line)
        .bind(i64::try_from(PAGE).unwrap_or(i64::MAX))
        .fetch_all(self.0.pool())
        .await?;
        rows.iter().map(AuditEntry::read).collect()
    }

    /// How many lines were ever written.
    pub(super) async fn counted_lines(&self) -> Result<i64, StoreError> {
        let query = "SELECT COALESCE(MAX(value), 0) AS lines FROM portal_counter \
                     WHERE name = 'record'";
        number(&sqlx::query(query).fetch_one(self.0.pool()).await?, "lines")
    }

    /// How many lines have no number: of an older version, or of somebody else's making.
    pub(super) async fn unnumbered_lines(&self) -> Result<i64, StoreError> {
        let query = "SELECT COUNT(*) AS lines FROM portal_audit WHERE line IS NULL";
        number(&sqlx::query(query).fetch_one(self.0.pool()).await?, "lines")
    }
}
