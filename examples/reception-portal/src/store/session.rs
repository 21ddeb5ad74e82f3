//! Who has signed in.

use std::time::{Duration, SystemTime};

use kazashi_server::{Role, SessionId, SessionStore, StoreError};
use serde::{Deserialize, Serialize};

use super::account::BY_PROVIDER;
use super::{Portal, account, millis, number, text};
use crate::permission::Role as AccountRole;

/// How long after its last use a session is over.
pub(super) const IDLE: Duration = Duration::from_hours(1);

/// For how long it counts that somebody has signed in: until they have found what they came for.
const JUST_BEGUN: Duration = Duration::from_mins(5);

/// How exactly it is known when a session was last used: so seldom is it written. What was used later
/// than so much from now was used by a clock that was wrong: when, nobody knows, and it is over.
const EXACTNESS: Duration = Duration::from_mins(1);

/// Who is before a session's screen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Facing {
    Staff,
    Visitors,
}

/// Somebody who is signed in.
pub(crate) struct SignedIn {
    pub(crate) account: String,
    pub(crate) role: AccountRole,
    pub(crate) facing: Facing,
    /// Whether this server knows them by a password, and not their organization's provider.
    pub(crate) has_password: bool,
}

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
            "INSERT INTO portal_session (digest, account, seen_at, begun_at) \
             SELECT $1, name, $2, $2 FROM portal_account WHERE name = $3 AND password = $4",
        )
        .bind(session.digest())
        .bind(millis(now))
        .bind(account)
        .bind(hash)
        .execute(self.0.pool())
        .await?;
        Ok(begun.rows_affected() == 1)
    }

    /// Whether somebody has only just signed in with this session.
    pub(crate) async fn has_just_begun(
        &self,
        session: &SessionId,
        now: SystemTime,
    ) -> Result<bool, StoreError> {
        let query = "SELECT digest FROM portal_session WHERE digest = $1 AND begun_at > $2";
        let query = sqlx::query(query).bind(session.digest()).bind(millis(now - JUST_BEGUN));
        Ok(query.fetch_optional(self.0.pool()).await?.is_some())
    }

    /// Turns a session's screen.
    pub(crate) async fn turn(&self, session: &SessionId, facing: Facing) -> Result<(), StoreError> {
        sqlx::query("UPDATE portal_session SET faces_visitors = $1 WHERE digest = $2")
            .bind(i64::from(facing == Facing::Visitors))
            .bind(session.digest())
            .execute(self.0.pool())
            .await?;
        Ok(())
    }

    /// Whose session it is, if they are signed in, and who is before its screen; `is_use`, if that is
    /// asked because somebody does something.
    pub(crate) async fn signed_in(
        &self,
        session: &SessionId,
        now: SystemTime,
        is_use: bool,
    ) -> Result<Option<SignedIn>, StoreError> {
        let found = self.0.find_session(session, now).await?;
        if !found.is_some_and(|found| matches!(found.role, Role::Desk { .. })) {
            return Ok(None);
        }
        let found = sqlx::query(
            "SELECT name, role, password, seen_at, faces_visitors FROM portal_session \
             JOIN portal_account ON name = account \
             WHERE digest = $1 AND seen_at > $2 AND seen_at <= $3",
        )
        .bind(session.digest())
        .bind(millis(now - IDLE))
        .bind(millis(now + EXACTNESS))
        .fetch_optional(self.0.pool())
        .await?;
        let Some(row) = found else { return Ok(None) };
        if is_use && number(&row, "seen_at")? < millis(now - EXACTNESS) {
            sqlx::query("UPDATE portal_session SET seen_at = $1 WHERE digest = $2")
                .bind(millis(now))
                .bind(session.digest())
                .execute(self.0.pool())
                .await?;
        }
        let facing = match number(&row, "faces_visitors")? {
            0 => Facing::Staff,
            _ => Facing::Visitors,
        };
        Ok(Some(SignedIn {
            account: text(&row, "name")?,
            role: account::read_role(&row)?,
            facing,
            has_password: text(&row, "password")? != BY_PROVIDER,
        }))
    }
}

#[cfg(test)]
mod tests {
    use std::time::UNIX_EPOCH;

    use tempfile::TempDir;

    use super::account::Account;
    use super::*;

    /// A portal with an account of the staff, and when that was made.
    async fn with_account() -> (Portal, SystemTime, TempDir) {
        let (portal, folder) = Portal::in_new_folder().await;
        let noon = UNIX_EPOCH + Duration::from_secs(1_800_000_000);
        let account = Account::new("staff", AccountRole::Staff, noon).unwrap();
        portal.add_account(&account, "a hash", None).await.unwrap();
        (portal, noon, folder)
    }

    #[tokio::test]
    async fn a_session_of_a_clock_that_was_ahead_is_over() {
        let (portal, noon, _folder) = with_account().await;
        for (ahead, is_over) in [(Duration::from_secs(30), false), (Duration::from_hours(9), true)]
        {
            let wrong = noon + ahead;
            let guest = portal.kazashi().create_session(wrong).await.unwrap();
            let role = Role::Desk { account: "staff".to_owned() };
            let session = portal.kazashi().authenticate(&guest, &role, wrong).await.unwrap();
            assert!(portal.begin_session(&session, "staff", "a hash", wrong).await.unwrap());
            assert_eq!(portal.signed_in(&session, noon, true).await.unwrap().is_none(), is_over);
            let found = portal.kazashi().find_session(&session, noon).await.unwrap();
            assert_eq!(found.is_none(), is_over);
        }
    }

    #[tokio::test]
    async fn a_session_ends_an_hour_after_its_last_use_and_eight_hours_after_its_first() {
        let (portal, noon, _folder) = with_account().await;
        let begin = async || {
            let guest = portal.kazashi().create_session(noon).await.unwrap();
            let role = Role::Desk { account: "staff".to_owned() };
            let session = portal.kazashi().authenticate(&guest, &role, noon).await.unwrap();
            assert!(!portal.begin_session(&session, "staff", "an old hash", noon).await.unwrap());
            assert!(portal.begin_session(&session, "staff", "a hash", noon).await.unwrap());
            session
        };
        let looks = async |session: &SessionId, minutes, is_use| {
            let now = noon + Duration::from_mins(minutes);
            let found = portal.signed_in(session, now, is_use).await.unwrap();
            portal.delete_expired(now).await.unwrap();
            found.is_some()
        };
        let is_signed_in = async |session: &SessionId, minutes| looks(session, minutes, true).await;
        let new = begin().await;
        for (minutes, is_new) in [(0, true), (4, true), (5, false)] {
            let now = noon + Duration::from_mins(minutes);
            assert_eq!(portal.has_just_begun(&new, now).await.unwrap(), is_new);
        }
        let idle = begin().await;
        assert!(is_signed_in(&idle, 59).await);
        assert!(is_signed_in(&idle, 118).await);
        assert!(!is_signed_in(&idle, 178).await);
        let watching = begin().await;
        assert!(is_signed_in(&watching, 30).await);
        for minutes in 31..90 {
            assert!(looks(&watching, minutes, false).await, "{minutes}");
        }
        assert!(!looks(&watching, 90, false).await);
        let busy = begin().await;
        for minutes in (0..480).step_by(30) {
            assert!(is_signed_in(&busy, minutes).await, "{minutes}");
        }
        assert!(!is_signed_in(&busy, 480).await);
    }
}
