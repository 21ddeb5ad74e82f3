use async_trait::async_trait;
use serde_json::Value;

use super::{Database, store_error, text, unreadable};
use crate::{EnrolmentStore, StoreError};

#[async_trait]
impl EnrolmentStore for Database {
    async fn put_enrolment(
        &self,
        subject: &str,
        recognition: Option<&str>,
        enrolment: &Value,
    ) -> Result<(), StoreError> {
        sqlx::query(
            "INSERT INTO kazashi_enrolment (subject, recognition, enrolment) VALUES ($1, $2, $3) \
             ON CONFLICT (subject) DO UPDATE \
             SET recognition = excluded.recognition, enrolment = excluded.enrolment",
        )
        .bind(subject)
        .bind(recognition)
        .bind(enrolment.to_string())
        .execute(&self.pool)
        .await
        .map_err(store_error)?;
        Ok(())
    }

    async fn enrolment_of(&self, subject: &str) -> Result<Option<Value>, StoreError> {
        self.one("SELECT enrolment FROM kazashi_enrolment WHERE subject = $1", subject).await
    }

    async fn recognised(&self, recognition: &str) -> Result<Option<Value>, StoreError> {
        self.one("SELECT enrolment FROM kazashi_enrolment WHERE recognition = $1", recognition)
            .await
    }

    async fn delete_enrolment(&self, subject: &str) -> Result<(), StoreError> {
        sqlx::query("DELETE FROM kazashi_enrolment WHERE subject = $1")
            .bind(subject)
            .execute(&self.pool)
            .await
            .map_err(store_error)?;
        Ok(())
    }
}

impl Database {
    async fn one(&self, query: &'static str, key: &str) -> Result<Option<Value>, StoreError> {
        let query = sqlx::query(query).bind(key);
        let found = query.fetch_optional(&self.pool).await.map_err(store_error)?;
        let Some(row) = found else { return Ok(None) };
        let enrolment = serde_json::from_str(&text(&row, "enrolment")?);
        enrolment.map(Some).map_err(|_| unreadable("an enrolment"))
    }
}
