//! Forgetting a visitor, at their own wish.

use std::time::SystemTime;

use kazashi_server::{Database, Method, NonceError, SessionId, StoreError};
use serde::Serialize;
use sqlx::any::AnyRow;

use super::audit::{self, Action};
use super::event::{self, Kind};
use super::{Changes, Known, Portal, millis, number};

/// Whom to forget. That it is they who ask was verified.
pub(crate) struct NewDeletion<'a> {
    pub(crate) id: &'a str,
    /// The digest of the request.
    pub(crate) request: &'a str,
    pub(crate) session: &'a SessionId,
    pub(crate) account: &'a str,
    pub(crate) at: SystemTime,
    pub(crate) method: Method,
    pub(crate) nonce: &'a str,
    pub(crate) subject: &'a str,
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
}

impl Deleted {
    fn read(row: &AnyRow) -> Result<Self, StoreError> {
        let enrolment = number(row, "had_enrolment")? != 0;
        Ok(Self { deleted: DeletedAnswer { visits: number(row, "visits")?, enrolment } })
    }
}

impl Portal {
    /// The deletion with this id, if it was done.
    pub(crate) async fn deletion(
        &self,
        id: &str,
        request: &str,
    ) -> Result<Option<Known<Deleted>>, StoreError> {
        let query = "SELECT request, visits, had_enrolment FROM portal_deletion WHERE id = $1";
        let found = sqlx::query(query).bind(id).fetch_optional(self.0.pool()).await?;
        Known::read(found, request, Deleted::read)
    }

    /// Takes the nonce and forgets the visitor: their visits stay, as nobody's. Nothing, if there is
    /// a deletion with this id.
    pub(crate) async fn forget_visitor(
        &self,
        deletion: &NewDeletion<'_>,
    ) -> Result<Option<Deleted>, NonceError> {
        let mut changes = self.0.begin().await?;
        let NewDeletion { session, method, nonce, at, .. } = *deletion;
        Database::take_nonce_in(&mut changes, session, method, nonce, at).await?;
        let deleted = forget(&mut changes, deletion).await?;
        if deleted.is_some() {
            changes.commit().await.map_err(StoreError::from)?;
            self.0.purge_deleted().await?;
        }
        Ok(deleted)
    }
}

async fn forget(
    changes: &mut Changes,
    deletion: &NewDeletion<'_>,
) -> Result<Option<Deleted>, StoreError> {
    let &NewDeletion { id, request, account, at, subject, .. } = deletion;
    let enrolment = Database::delete_enrolment_in(changes, subject).await?;
    for forget in [
        "DELETE FROM portal_attributes WHERE subject = $1",
        "DELETE FROM portal_gate_tag WHERE subject = $1",
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
    audit::add(changes, account, Action::VisitorForgotten, None, at).await?;
    event::add(changes, Kind::Deleted, id, at).await?;
    Ok(Some(Deleted { deleted: DeletedAnswer { visits, enrolment } }))
}
