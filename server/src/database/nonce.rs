use std::time::SystemTime;

use async_trait::async_trait;
use kazashi_core::value::{Method, Nonce};
use sqlx::{Any, AssertSqlSafe, Executor, Transaction};

use super::{Database, time, unreadable};
use crate::store::{duration_millis, millis};
use crate::{LateNonce, Lifetimes, NonceError, NonceStore, SessionId, StoreError, nonce, secret};

#[async_trait]
impl NonceStore for Database {
    async fn issue_nonce(
        &self,
        session: &SessionId,
        method: Method,
        now: SystemTime,
    ) -> Result<Nonce, StoreError> {
        let nonce = nonce::random();
        let Lifetimes { nonce: nonce_lifetime, late, .. } = self.lifetimes;
        sqlx::query(
            "INSERT INTO kazashi_nonce \
             (digest, session, method, issued_at, expires_at, late_until, account) \
             VALUES ($1, $2, $3, $4, $5, $6, \
             (SELECT account FROM kazashi_session WHERE digest = $2 AND role = 'desk'))",
        )
        .bind(secret::digest(nonce.as_str()))
        .bind(session.digest())
        .bind(method.name())
        .bind(millis(now))
        .bind(millis(now).saturating_add(duration_millis(nonce_lifetime)))
        .bind(millis(now).saturating_add(duration_millis(late)))
        .execute(&self.pool)
        .await
        .map_err(StoreError::from)?;
        Ok(nonce)
    }

    async fn take_nonce(
        &self,
        session: &SessionId,
        method: Method,
        nonce: &str,
        now: SystemTime,
    ) -> Result<(), NonceError> {
        take(&self.pool, session, method, nonce, now).await
    }

    async fn late_nonce(
        &self,
        session: &SessionId,
        account: &str,
        method: Method,
        nonce: &str,
        now: SystemTime,
    ) -> Result<LateNonce, NonceError> {
        let query =
            format!("SELECT issued_at, expires_at FROM kazashi_nonce WHERE {REDEEMABLE_LATE}");
        let found = sqlx::query(AssertSqlSafe(query))
            .bind(secret::digest(nonce))
            .bind(session.digest())
            .bind(account)
            .bind(method.name())
            .bind(millis(now))
            .fetch_optional(&self.pool)
            .await
            .map_err(StoreError::from)?;
        let row = found.ok_or(NonceError::NotGood)?;
        let time = |column| time(&row, column)?.ok_or_else(|| unreadable("a time"));
        Ok(LateNonce { issued_at: time("issued_at")?, expires_at: time("expires_at")? })
    }

    async fn take_late_nonce(
        &self,
        session: &SessionId,
        account: &str,
        method: Method,
        nonce: &str,
        now: SystemTime,
    ) -> Result<(), NonceError> {
        take_late(&self.pool, session, account, method, nonce, now).await
    }
}

impl Database {
    /// [`take_nonce`](NonceStore::take_nonce), as part of a transaction: taken only if that is
    /// committed. So a token may be verified before; of all transactions that take the nonce, one
    /// commits.
    pub async fn take_nonce_in(
        transaction: &mut Transaction<'static, Any>,
        session: &SessionId,
        method: Method,
        nonce: &str,
        now: SystemTime,
    ) -> Result<(), NonceError> {
        take(&mut **transaction, session, method, nonce, now).await
    }

    /// [`take_late_nonce`](NonceStore::take_late_nonce), likewise.
    pub async fn take_late_nonce_in(
        transaction: &mut Transaction<'static, Any>,
        session: &SessionId,
        account: &str,
        method: Method,
        nonce: &str,
        now: SystemTime,
    ) -> Result<(), NonceError> {
        take_late(&mut **transaction, session, account, method, nonce, now).await
    }
}

/// One statement: of several processes the database lets one delete the row, and tells the others
/// that there was none.
async fn take(
    executor: impl Executor<'_, Database = Any>,
    session: &SessionId,
    method: Method,
    nonce: &str,
    now: SystemTime,
) -> Result<(), NonceError> {
    let taken = sqlx::query(
        "DELETE FROM kazashi_nonce \
         WHERE digest = $1 AND session = $2 AND method = $3 AND expires_at > $4 \
         AND (signed_at IS NOT NULL OR method <> 'terminal')",
    )
    .bind(secret::digest(nonce))
    .bind(session.digest())
    .bind(method.name())
    .bind(millis(now))
    .execute(executor)
    .await
    .map_err(StoreError::from)?;
    one(taken.rows_affected())
}

/// Of an account's nonces, those whose time is over, or whose session is another than it has now.
const REDEEMABLE_LATE: &str = "digest = $1 AND (session <> $2 OR expires_at <= $5) \
    AND account = $3 AND method = $4 AND late_until > $5 \
    AND (signed_at IS NOT NULL OR method <> 'terminal')";

async fn take_late(
    executor: impl Executor<'_, Database = Any>,
    session: &SessionId,
    account: &str,
    method: Method,
    nonce: &str,
    now: SystemTime,
) -> Result<(), NonceError> {
    let delete = format!("DELETE FROM kazashi_nonce WHERE {REDEEMABLE_LATE}");
    let taken = sqlx::query(AssertSqlSafe(delete))
        .bind(secret::digest(nonce))
        .bind(session.digest())
        .bind(account)
        .bind(method.name())
        .bind(millis(now))
        .execute(executor)
        .await
        .map_err(StoreError::from)?;
    one(taken.rows_affected())
}

fn one(taken: u64) -> Result<(), NonceError> {
    match taken {
        1 => Ok(()),
        _ => Err(NonceError::NotGood),
    }
}
