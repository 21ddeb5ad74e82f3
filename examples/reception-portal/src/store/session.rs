//! Who has signed in.

use std::time::{Duration, SystemTime};

use kazashi_server::{Role, SessionId, SessionStore, StoreError};

use super::account::Role as AccountRole;
use super::{Portal, millis, number, text};

/// After how long without a request a session is over.
pub(super) const IDLE: Duration = Duration::from_hours(1);

/// How exactly it is known when a session was last used: so seldom is it written.
const EXACTNESS: Duration = Duration::from_mins(1);

impl Portal {
    /// Notes whose session it is from here on; unless the account has meanwhile lost the password
    /// with this hash.
    pub(crate) async fn begin_session(
        &self,
        session: &SessionId,
        account: &str,
        hash: &str,
        now: SystemTime,
    ) -> Result<bool, StoreError> {
        let begun = sqlx::query(
            "INSERT INTO portal_session (digest, account, seen_at) \
             SELECT $1, name, $2 FROM portal_account WHERE name = $3 AND password = $4",
        )
        .bind(session.digest())
        .bind(millis(now))
        .bind(account)
        .bind(hash)
        .execute(self.0.pool())
        .await?;
        Ok(begun.rows_affected() == 1)
    }

    /// Whose session it is, if they are signed in.
    pub(crate) async fn signed_in(
        &self,
        session: &SessionId,
        now: SystemTime,
    ) -> Result<Option<(String, AccountRole)>, StoreError> {
        let found = self.0.find_session(session, now).await?;
        if !found.is_some_and(|found| matches!(found.role, Role::Desk { .. })) {
            return Ok(None);
        }
        let found = sqlx::query(
            "SELECT name, role, seen_at FROM portal_session \
             JOIN portal_account ON name = account WHERE digest = $1 AND seen_at > $2",
        )
        .bind(session.digest())
        .bind(millis(now - IDLE))
        .fetch_optional(self.0.pool())
        .await?;
        let Some(row) = found else { return Ok(None) };
        if number(&row, "seen_at")? < millis(now - EXACTNESS) {
            sqlx::query("UPDATE portal_session SET seen_at = $1 WHERE digest = $2")
                .bind(millis(now))
                .bind(session.digest())
                .execute(self.0.pool())
                .await?;
        }
        Ok(Some((text(&row, "name")?, AccountRole::read(&text(&row, "role")?)?)))
    }
}
