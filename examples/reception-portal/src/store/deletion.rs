//! Forgetting a visitor: at their own wish, or by the staff where they cannot show their card.

use std::time::SystemTime;

use kazashi_server::{Database, NonceError, StoreError};
use serde::Serialize;
use sqlx::any::AnyRow;
use sqlx::{AssertSqlSafe, Row};
use zeroize::Zeroizing;

use super::audit::{self, Action};
use super::check::forget_card;
use super::erasure::{ErasureAnswer, WITHIN, columns};
use super::event::{self, Kind};
use super::late::{self, Sender, Timing, take_nonces};
use super::{Changes, Known, Portal, millis, number};
use crate::calendar::rfc_3339;
use crate::erasure::Words;

/// Whom to forget.
pub(crate) struct NewDeletion<'a> {
    pub(crate) id: &'a str,
    /// The digest of the request.
    pub(crate) request: &'a str,
    pub(crate) account: &'a str,
    pub(crate) at: SystemTime,
    pub(crate) subject: &'a str,
    pub(crate) wish: Wish<'a>,
}

/// Whose wish it is.
pub(crate) enum Wish<'a> {
    /// The holder's, whose card has signed the nonce; after this check, if there was one by eye.
    Holder { sender: Sender<'a>, timing: Timing, check: Option<&'a str> },
    /// The staff's.
    Staff,
}

/// What there was to forget.
#[derive(Serialize)]
pub(crate) struct Deleted {
    deleted: DeletedAnswer,
}

#[derive(Serialize)]
struct DeletedAnswer {
    /// So many visits are nobody's now.
    visits: i64,
    enrolment: bool,
    erasure: ErasureAnswer,
}

impl Deleted {
    fn read(row: &AnyRow) -> Result<Self, StoreError> {
        let enrolment = number(row, "had_enrolment")? != 0;
        let erasure = ErasureAnswer::read(row)?;
        Ok(Self { deleted: DeletedAnswer { visits: number(row, "visits")?, enrolment, erasure } })
    }
}

/// What was done, and what must be gone from the files now.
pub(crate) struct Forgotten {
    pub(crate) deleted: Deleted,
    pub(crate) words: Words,
}

impl Portal {
    /// The deletion with this id, if it was done.
    pub(crate) async fn deletion(
        &self,
        id: &str,
        request: &str,
        now: SystemTime,
    ) -> Result<Option<Known<Deleted>>, StoreError> {
        Known::read(self.deletion_row(id, now).await?, request, Deleted::read)
    }

    /// How far the deletion with this id is, if there is one.
    pub(crate) async fn progress_of_deletion(
        &self,
        id: &str,
        now: SystemTime,
    ) -> Result<Option<Deleted>, StoreError> {
        self.deletion_row(id, now).await?.as_ref().map(Deleted::read).transpose()
    }

    async fn deletion_row(&self, id: &str, now: SystemTime) -> Result<Option<AnyRow>, StoreError> {
        let columns = columns(now);
        let query = format!(
            "SELECT request, visits, had_enrolment, {columns} FROM portal_deletion WHERE id = $1"
        );
        let query = sqlx::query(AssertSqlSafe(query)).bind(id);
        Ok(query.fetch_optional(self.0.pool()).await?)
    }

    /// Takes the nonce, if the holder's card has signed one, and forgets the visitor: their visits
    /// stay, as nobody's. Nothing, if there is a deletion with this id.
    pub(crate) async fn forget_visitor(
        &self,
        deletion: &NewDeletion<'_>,
    ) -> Result<Option<Forgotten>, NonceError> {
        let mut changes = self.0.begin().await?;
        if let Wish::Holder { sender, timing, check } = deletion.wish {
            take_nonces(&mut changes, &sender, &timing).await?;
            if let Some(check) = check {
                forget_card(&mut changes, check).await?;
            }
        }
        let forgotten = forget(&mut changes, deletion).await?;
        if forgotten.is_some() {
            changes.commit().await.map_err(StoreError::from)?;
        }
        Ok(forgotten)
    }
}

async fn forget(
    changes: &mut Changes,
    deletion: &NewDeletion<'_>,
) -> Result<Option<Forgotten>, StoreError> {
    let &NewDeletion { id, request, account, at, subject, ref wish } = deletion;
    let words = words(changes, subject).await?;
    let enrolment = Database::delete_enrolment_in(changes, subject).await?;
    for forget in [
        "DELETE FROM portal_attributes WHERE subject = $1",
        "DELETE FROM portal_gate_tag WHERE subject = $1",
        "DELETE FROM portal_suspension WHERE subject = $1",
        "UPDATE portal_ticket SET subject = NULL WHERE subject = $1",
    ] {
        sqlx::query(forget).bind(subject).execute(&mut **changes).await?;
    }
    let update = "UPDATE portal_visit SET subject = NULL WHERE subject = $1";
    let updated = sqlx::query(update).bind(subject).execute(&mut **changes).await?;
    let visits = i64::try_from(updated.rows_affected()).unwrap_or(i64::MAX);
    let inserted = sqlx::query(
        "INSERT INTO portal_deletion (id, request, at, visits, had_enrolment) \
         VALUES ($1, $2, $3, $4, $5) ON CONFLICT (id) DO NOTHING",
    )
    .bind(id)
    .bind(request)
    .bind(millis(at))
    .bind(visits)
    .bind(i64::from(enrolment))
    .execute(&mut **changes)
    .await?;
    if inserted.rows_affected() == 0 {
        return Ok(None);
    }
    let action = match wish {
        Wish::Holder { .. } => Action::VisitorForgotten,
        Wish::Staff => Action::PersonErased,
    };
    late::note_forgotten(changes, subject, at).await?;
    audit::add(changes, account, action, None, at).await?;
    event::add(changes, Kind::Deleted, id, at).await?;
    let erasure = ErasureAnswer::Pending { by: rfc_3339(at + WITHIN) };
    let deleted = Deleted { deleted: DeletedAnswer { visits, enrolment, erasure } };
    Ok(Some(Forgotten { deleted, words }))
}

/// What must not be found any more once it is deleted.
async fn words(changes: &mut Changes, subject: &str) -> Result<Words, StoreError> {
    let query = "SELECT name, search_name, address FROM portal_attributes WHERE subject = $1";
    let Some(row) = sqlx::query(query).bind(subject).fetch_optional(&mut **changes).await? else {
        return Ok(Words::new());
    };
    let mut words = Words::new();
    for column in ["name", "search_name", "address"] {
        let word: Option<String> = row.try_get(column)?;
        words.extend(word.filter(|word| !word.is_empty()).map(Zeroizing::new));
    }
    Ok(words)
}
