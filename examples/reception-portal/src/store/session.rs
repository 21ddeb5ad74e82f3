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

#[cfg(test)]
mod tests {
    use std::time::UNIX_EPOCH;

    use super::super::account::Account;
    use super::*;

    #[tokio::test]
    async fn a_session_ends_an_hour_after_its_last_use_and_eight_hours_after_its_first() {
        let folder = tempfile::TempDir::new().unwrap();
        let url = format!("sqlite:{}/db", folder.path().display());
        let portal = Portal::connect(&url).await.unwrap();
        let noon = UNIX_EPOCH + Duration::from_secs(1_800_000_000);
        let account = Account::new("staff", AccountRole::Staff, noon).unwrap();
        portal.add_account(&account, "a hash", None).await.unwrap();
        let begin = async || {
            let guest = portal.kazashi().create_session(noon).await.unwrap();
            let role = Role::Desk { account: "staff".to_owned() };
            let session = portal.kazashi().authenticate(&guest, &role, noon).await.unwrap();
            assert!(!portal.begin_session(&session, "staff", "an old hash", noon).await.unwrap());
            assert!(portal.begin_session(&session, "staff", "a hash", noon).await.unwrap());
            session
        };
        let is_signed_in = async |session: &SessionId, minutes| {
            let now = noon + Duration::from_mins(minutes);
            let found = portal.signed_in(session, now).await.unwrap();
            portal.delete_expired(now).await.unwrap();
            found.is_some()
        };
        let idle = begin().await;
        assert!(is_signed_in(&idle, 59).await);
        assert!(is_signed_in(&idle, 118).await);
        assert!(!is_signed_in(&idle, 178).await);
        let busy = begin().await;
        for minutes in (0..480).step_by(30) {
            assert!(is_signed_in(&busy, minutes).await, "{minutes}");
        }
        assert!(!is_signed_in(&busy, 480).await);
    }
}
