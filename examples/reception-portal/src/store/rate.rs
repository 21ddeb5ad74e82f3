//! How often something may be asked, at all servers together.

use std::time::{Duration, SystemTime};

use kazashi_server::StoreError;
use thiserror::Error;

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

/// Certificates that a desk or a gate asks about: as fast as a queue moves.
pub(crate) const ARRIVALS: Limit =
    Limit { name: "arrivals", burst: 60, every: Duration::from_secs(1) };
/// Nonces of one session.
pub(crate) const NONCES: Limit =
    Limit { name: "nonces", burst: 200, every: Duration::from_millis(200) };

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
        let query = "SELECT full_at FROM portal_rate WHERE subject = $1";
        let row = sqlx::query(query).bind(format!("{name} {who}"));
        let row = row.fetch_optional(self.0.pool()).await.map_err(StoreError::from)?;
        let full_at = row.map(|row| number(&row, "full_at")).transpose()?.unwrap_or(now);
        let wait = (full_at - every * (burst - 1) - now).max(1).unsigned_abs();
        Err(RateError::TooOften { retry_after: wait.div_ceil(1000) })
    }

    /// Counts nothing against them any more.
    pub(crate) async fn forget(&self, limit: Limit, who: &str) -> Result<(), StoreError> {
        let subject = format!("{} {who}", limit.name);
        let delete = sqlx::query("DELETE FROM portal_rate WHERE subject = $1").bind(subject);
        delete.execute(self.0.pool()).await?;
        Ok(())
    }
}
