use std::time::SystemTime;

use async_trait::async_trait;
use kazashi_core::Nonce;
use kazashi_core::statement::Method;
use sqlx::{Any, Executor, Transaction};

use super::Database;
use crate::store::{duration_millis, millis};
use crate::{NonceError, NonceStore, SessionId, StoreError, nonce, secret};

#[async_trait]
impl NonceStore for Database {
    async fn issue_nonce(
        &self,
        session: &SessionId,
        method: Method,
        now: SystemTime,
    ) -> Result<Nonce, StoreError> {
        let nonce = nonce::random();
        let lifetime = duration_millis(self.lifetimes.nonce);
        sqlx::query(
            "INSERT INTO kazashi_nonce (digest, session, method, expires_at) \
             VALUES ($1, $2, $3, $4)",
        )
        .bind(secret::digest(nonce.as_str()))
        .bind(session.digest())
        .bind(method_name(method))
        .bind(millis(now).saturating_add(lifetime))
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
    .bind(method_name(method))
    .bind(millis(now))
    .execute(executor)
    .await
    .map_err(StoreError::from)?;
    match taken.rows_affected() {
        1 => Ok(()),
        _ => Err(NonceError::NotGood),
    }
}

/// The name of a method as it is stored.
fn method_name(method: Method) -> &'static str {
    match method {
        Method::Pin => "pin",
        Method::Terminal => "terminal",
        Method::Presence => "presence",
        _ => unreachable!("no further method yet"),
    }
}
