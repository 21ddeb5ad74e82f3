//! How often something may be asked, at all servers together.

use std::time::{Duration, SystemTime};

use kazashi_server::StoreError;
use thiserror::Error;

use super::audit::Action;
use super::{Portal, millis, number};

/// `burst` times at once, and once more each time `every` has passed; for each of those who ask.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limit {
    name: &'static str,
    burst: i64,
    every: Duration,
}

/// New sessions, from one address.
pub(crate) const SESSIONS: Limit =
    Limit { name: "sessions", burst: 100, every: Duration::from_secs(1) };
/// Attempts to sign in, from one address.
pub(crate) const SIGN_INS_FROM_ADDRESS: Limit =
    Limit { name: "sign-ins-from-address", burst: 30, every: Duration::from_secs(5) };
/// Attempts to sign in to one account, since the last that succeeded.
pub(crate) const SIGN_INS_TO_ACCOUNT: Limit =
    Limit { name: "sign-ins-to-account", burst: 5, every: Duration::from_secs(20) };
/// Codes and passwords that somebody at a desk types, since the last that was right.
pub(crate) const CODES: Limit = Limit { name: "codes", burst: 5, every: Duration::from_secs(20) };

/// Certificates that a desk or a gate asks about: as fast as a queue moves.
pub(crate) const ARRIVALS: Limit =
    Limit { name: "arrivals", burst: 60, every: Duration::from_secs(1) };
/// Nonces of one session.
pub(crate) const NONCES: Limit =
    Limit { name: "nonces", burst: 200, every: Duration::from_millis(200) };

/// How often it is written down that a session looks at the same thing, which its page asks for again
/// whenever something happens.
pub(crate) const VIEWS: Limit = Limit { name: "views", burst: 1, every: Duration::from_mins(10) };

/// How often it is written down of one and the same that there are too many tries.
const TOO_MANY: Limit = Limit { name: "too-many", burst: 1, every: Duration::from_mins(10) };

/// Why something may not go on.
#[derive(Debug, Error)]
pub(crate) enum RateError {
    #[error("asked too often")]
    TooOften {
        /// In how many seconds it may be asked again.
        retry_after: u64,
    },
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Portal {
    /// Counts one more of whoever asks, if the limit allows it. This is the generic cell rate
    /// algorithm: of each, one number is kept, the time at which they have the whole burst again.
    pub(crate) async fn admit(
        &self,
        limit: Limit,
        who: &str,
        now: SystemTime,
    ) -> Result<(), RateError> {
        let Limit { name, burst, every } = limit;
        let (now, every) = (millis(now), i64::try_from(every.as_millis()).unwrap_or(i64::MAX));
        let counted = sqlx::query(
            "INSERT INTO portal_rate AS rate (subject, full_at) VALUES ($1, $2 + $3) \
             ON CONFLICT (subject) DO UPDATE \
             SET full_at = $3 + CASE WHEN rate.full_at > $2 THEN rate.full_at ELSE $2 END \
             WHERE rate.full_at <= $4",
        )
        .bind(format!("{name} {who}"))
        .bind(now)
        .bind(every)
        .bind(now + every * (burst - 1))
        .execute(self.0.pool())
        .await
        .map_err(StoreError::from)?;
        if counted.rows_affected() == 1 {
            return Ok(());
        }
        // What a clock that was ahead has stored counts as the whole limit, from now on.
        let row = sqlx::query(
            "UPDATE portal_rate SET full_at = CASE WHEN full_at > $2 THEN $2 ELSE full_at END \
             WHERE subject = $1 RETURNING full_at",
        )
        .bind(format!("{name} {who}"))
        .bind(now + every * burst)
        .fetch_optional(self.0.pool())
        .await
        .map_err(StoreError::from)?;
        let full_at = row.map(|row| number(&row, "full_at")).transpose()?.unwrap_or(now);
        let wait = (full_at - every * (burst - 1) - now).max(1).unsigned_abs();
        Err(RateError::TooOften { retry_after: wait.div_ceil(1000) })
    }

    /// Counts a try at something secret, before it is looked at. That there are too many is on record.
    pub(crate) async fn admit_try(
        &self,
        limit: Limit,
        who: &str,
        account: &str,
        now: SystemTime,
    ) -> Result<(), RateError> {
        let admitted = self.admit(limit, who, now).await;
        if let Err(RateError::TooOften { .. }) = admitted {
            let noted = self.admit(TOO_MANY, &format!("{} {who}", limit.name), now).await;
            if noted.is_ok() {
                self.audit(account, Action::TooManyTries, None, now).await?;
            }
        }
        admitted
    }

    /// Counts nothing against them any more.
    pub(crate) async fn forget(&self, limit: Limit, who: &str) -> Result<(), StoreError> {
        let subject = format!("{} {who}", limit.name);
        let delete = sqlx::query("DELETE FROM portal_rate WHERE subject = $1").bind(subject);
        delete.execute(self.0.pool()).await?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::time::UNIX_EPOCH;

    use super::*;

    #[tokio::test]
    async fn a_clock_that_was_ahead_holds_nobody_longer_than_the_limit_itself() {
        let (portal, _folder) = Portal::in_new_folder().await;
        let noon = UNIX_EPOCH + Duration::from_secs(1_800_000_000);
        let nine_hours_ahead = noon + Duration::from_hours(9);
        let limit = SIGN_INS_TO_ACCOUNT;
        for _ in 0..limit.burst {
            portal.admit(limit, "hana", nine_hours_ahead).await.unwrap();
        }
        let wait = async |now| match portal.admit(limit, "hana", now).await {
            Ok(()) => 0,
            Err(RateError::TooOften { retry_after }) => retry_after,
            Err(RateError::Store(error)) => panic!("{error}"),
        };
        assert_eq!(wait(noon).await, limit.every.as_secs());
        assert_eq!(wait(noon + limit.every).await, 0);
        // And there the whole limit is back when it would be for anybody.
        let later = noon + limit.every * 7;
        for _ in 0..limit.burst {
            assert_eq!(wait(later).await, 0);
        }
        assert_eq!(wait(later).await, limit.every.as_secs());
    }
}
