use std::time::SystemTime;

use async_trait::async_trait;

use super::{Database, text, unreadable};
use crate::store::{duration_millis, millis};
use crate::{Role, Session, SessionError, SessionId, SessionStore, StoreError};

#[async_trait]
impl SessionStore for Database {
    async fn create_session(&self, now: SystemTime) -> Result<SessionId, StoreError> {
        let id = SessionId::random();
        let (role, account) = columns(&Role::Guest);
        sqlx::query(
            "INSERT INTO kazashi_session (digest, role, account, expires_at) \
             VALUES ($1, $2, $3, $4)",
        )
        .bind(id.digest())
        .bind(role)
        .bind(account)
        .bind(millis(now).saturating_add(duration_millis(self.lifetimes.session)))
        .execute(&self.pool)
        .await?;
        Ok(id)
    }

    async fn find_session(
        &self,
        id: &SessionId,
        now: SystemTime,
    ) -> Result<Option<Session>, StoreError> {
        let found = sqlx::query(
            "SELECT role, account FROM kazashi_session \
             WHERE digest = $1 AND expires_at > $2 AND expires_at <= $3",
        )
        .bind(id.digest())
        .bind(millis(now))
        .bind(self.lifetimes.latest_session_end(now))
        .fetch_optional(&self.pool)
        .await?;
        let Some(row) = found else { return Ok(None) };
        let role = match (text(&row, "role")?.as_str(), text(&row, "account")?) {
            ("guest", _) => Role::Guest,
            ("holder", subject) => Role::Holder { subject },
            ("desk", account) => Role::Desk { account },
            _ => return Err(unreadable("a session's role")),
        };
        Ok(Some(Session { role }))
    }

    async fn authenticate(
        &self,
        id: &SessionId,
        role: &Role,
        now: SystemTime,
    ) -> Result<SessionId, SessionError> {
        let renewed = SessionId::random();
        let (role, account) = columns(role);
        let updated = sqlx::query(
            "UPDATE kazashi_session SET digest = $1, role = $2, account = $3, expires_at = $4 \
             WHERE digest = $5 AND expires_at > $6 AND expires_at <= $7",
        )
        .bind(renewed.digest())
        .bind(role)
        .bind(account)
        .bind(millis(now).saturating_add(duration_millis(self.lifetimes.session)))
        .bind(id.digest())
        .bind(millis(now))
        .bind(self.lifetimes.latest_session_end(now))
        .execute(&self.pool)
        .await
        .map_err(StoreError::from)?;
        match updated.rows_affected() {
            1 => Ok(renewed),
            _ => Err(SessionError::NotFound),
        }
    }

    async fn delete_session(&self, id: &SessionId) -> Result<(), StoreError> {
        sqlx::query("DELETE FROM kazashi_session WHERE digest = $1")
            .bind(id.digest())
            .execute(&self.pool)
            .await?;
        Ok(())
    }
}

fn columns(role: &Role) -> (&'static str, &str) {
    match role {
        Role::Guest => ("guest", ""),
        Role::Holder { subject } => ("holder", subject),
        Role::Desk { account } => ("desk", account),
    }
}
