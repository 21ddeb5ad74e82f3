use std::time::SystemTime;

use async_trait::async_trait;
use kazashi_core::Nonce;
use kazashi_core::statement::Method;

use super::{Database, store_error};
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
        .map_err(store_error)?;
        Ok(nonce)
    }

    /// One statement: of several processes the database lets one delete the row, and tells the
    /// others that there was none.
    async fn take_nonce(
        &self,
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
        .execute(&self.pool)
        .await
        .map_err(store_error)?;
        match taken.rows_affected() {
            1 => Ok(()),
            _ => Err(NonceError::NotGood),
        }
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
