use async_trait::async_trait;
use serde_json::Value;
use sqlx::{Any, Executor, Transaction};

use super::{Database, text, unreadable};
use crate::{EnrolmentStore, StoreError};

#[async_trait]
impl EnrolmentStore for Database {
    async fn put_enrolment(
        &self,
        subject: &str,
        recognition: Option<&str>,
        enrolment: &Value,
    ) -> Result<(), StoreError> {
        put(&self.pool, subject, recognition, enrolment).await
    }

    async fn enrolment_of(&self, subject: &str) -> Result<Option<Value>, StoreError> {
        self.one("SELECT enrolment FROM kazashi_enrolment WHERE subject = $1", subject).await
    }

    async fn recognised(&self, recognition: &str) -> Result<Option<Value>, StoreError> {
        self.one("SELECT enrolment FROM kazashi_enrolment WHERE recognition = $1", recognition)
            .await
    }

    async fn delete_enrolment(&self, subject: &str) -> Result<(), StoreError> {
        delete(&self.pool, subject).await.map(drop)
    }
}

impl Database {
    async fn one(&self, query: &'static str, key: &str) -> Result<Option<Value>, StoreError> {
        let query = sqlx::query(query).bind(key);
        let found = query.fetch_optional(&self.pool).await?;
        let Some(row) = found else { return Ok(None) };
        let enrolment = serde_json::from_str(&text(&row, "enrolment")?);
        enrolment.map(Some).map_err(|_| unreadable("an enrolment"))
    }

    /// [`put_enrolment`](EnrolmentStore::put_enrolment), as part of a transaction.
    pub async fn put_enrolment_in(
        transaction: &mut Transaction<'static, Any>,
        subject: &str,
        recognition: Option<&str>,
        enrolment: &Value,
    ) -> Result<(), StoreError> {
        put(&mut **transaction, subject, recognition, enrolment).await
    }

    /// [`delete_enrolment`](EnrolmentStore::delete_enrolment), as part of a transaction; says
    /// whether there was one.
    pub async fn delete_enrolment_in(
        transaction: &mut Transaction<'static, Any>,
        subject: &str,
    ) -> Result<bool, StoreError> {
        delete(&mut **transaction, subject).await
    }
}

async fn put(
    executor: impl Executor<'_, Database = Any>,
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
    .execute(executor)
    .await?;
    Ok(())
}

async fn delete(
    executor: impl Executor<'_, Database = Any>,
    subject: &str,
) -> Result<bool, StoreError> {
    let query = sqlx::query("DELETE FROM kazashi_enrolment WHERE subject = $1").bind(subject);
    Ok(query.execute(executor).await?.rows_affected() == 1)
}
