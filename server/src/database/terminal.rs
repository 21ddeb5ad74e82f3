use std::time::SystemTime;

use async_trait::async_trait;
use sqlx::any::AnyRow;
use sqlx::{Any, Executor, Transaction};

use super::{Database, text, time, unreadable};
use crate::store::millis;
use crate::{
    Admission, Bridge, BridgeError, BridgeKey, Outcome, RateLimit, Refusal, StayError, StoreError,
    TerminalRecord, TerminalStore, secret,
};

#[async_trait]
impl TerminalStore for Database {
    async fn enrol_bridge(
        &self,
        name: &str,
        key: &BridgeKey,
        now: SystemTime,
    ) -> Result<(), BridgeError> {
        let inserted = sqlx::query(
            "INSERT INTO kazashi_bridge (public_key, name, enrolled_at) VALUES ($1, $2, $3) \
             ON CONFLICT (public_key) DO NOTHING",
        )
        .bind(key.to_string())
        .bind(name)
        .bind(millis(now))
        .execute(&self.pool)
        .await
        .map_err(StoreError::from)?;
        match inserted.rows_affected() {
            1 => Ok(()),
            _ => Err(BridgeError::KnownAlready),
        }
    }

    async fn revoke_bridge(&self, key: &BridgeKey, now: SystemTime) -> Result<(), BridgeError> {
        let updated = sqlx::query(
            "UPDATE kazashi_bridge SET revoked_at = COALESCE(revoked_at, $1) WHERE public_key = $2",
        )
        .bind(millis(now))
        .bind(key.to_string())
        .execute(&self.pool)
        .await
        .map_err(StoreError::from)?;
        match updated.rows_affected() {
            1 => Ok(()),
            _ => Err(BridgeError::NotEnrolled),
        }
    }

    async fn bridges(&self) -> Result<Vec<Bridge>, StoreError> {
        let query = "SELECT public_key, name, enrolled_at, revoked_at FROM kazashi_bridge \
                     ORDER BY name";
        let rows = self.pool.fetch_all(query).await?;
        rows.iter().map(bridge).collect()
    }

    async fn find_bridge(&self, key: &BridgeKey) -> Result<Option<Bridge>, StoreError> {
        let found = sqlx::query(
            "SELECT public_key, name, enrolled_at, revoked_at FROM kazashi_bridge \
             WHERE public_key = $1",
        )
        .bind(key.to_string())
        .fetch_optional(&self.pool)
        .await?;
        found.as_ref().map(bridge).transpose()
    }

    /// One transaction, and in each the same order of rows: nonce, session, bridge. So no two wait
    /// for each other.
    async fn admit(&self, admission: &Admission<'_>) -> Result<Result<(), Refusal>, StoreError> {
        let mut transaction = self.begin().await?;
        match admit(&mut transaction, admission).await? {
            Ok(()) => transaction.commit().await.map(Ok).map_err(StoreError::from),
            Err(refusal) => {
                transaction.rollback().await.map_err(StoreError::from)?;
                let now = millis(admission.now);
                let (subject, limit) = match refusal {
                    Refusal::SessionRateLimited => {
                        (admission.session.digest(), admission.session_limit)
                    }
                    Refusal::BridgeRateLimited => {
                        (admission.bridge.to_string(), admission.bridge_limit)
                    }
                    refusal => return Ok(Err(refusal)),
                };
                sqlx::query(
                    "UPDATE kazashi_terminal_rate SET full_at = $2 \
                     WHERE subject = $1 AND full_at > $2",
                )
                .bind(subject)
                .bind(limit.fullest(now))
                .execute(&self.pool)
                .await
                .map_err(StoreError::from)?;
                Ok(Err(refusal))
            }
        }
    }

    async fn record(&self, record: &TerminalRecord) -> Result<(), StoreError> {
        insert(&self.pool, record).await.map_err(StoreError::from)
    }

    async fn records(&self, since: SystemTime) -> Result<Vec<TerminalRecord>, StoreError> {
        let rows = sqlx::query(
            "SELECT at, session, bridge, outcome FROM kazashi_terminal_record WHERE at >= $1 \
             ORDER BY at",
        )
        .bind(millis(since))
        .fetch_all(&self.pool)
        .await?;
        rows.iter().map(record).collect()
    }
}

async fn admit(
    transaction: &mut Transaction<'static, Any>,
    admission: &Admission<'_>,
) -> Result<Result<(), Refusal>, sqlx::Error> {
    let Admission { bridge, now: at, session_limit, bridge_limit, .. } = *admission;
    let (session, now) = (admission.session.digest(), millis(at));
    let nonce = secret::digest(admission.nonce.as_str());
    let marked = sqlx::query(
        "UPDATE kazashi_nonce SET signed_at = $1 \
         WHERE digest = $2 AND session = $3 AND method = 'terminal' AND expires_at > $1 \
         AND signed_at IS NULL",
    )
    .bind(now)
    .bind(&nonce)
    .bind(&session)
    .execute(&mut **transaction)
    .await?;
    if marked.rows_affected() == 0 {
        let signed = sqlx::query(
            "SELECT digest FROM kazashi_nonce \
             WHERE digest = $1 AND session = $2 AND expires_at > $3 AND signed_at IS NOT NULL",
        )
        .bind(&nonce)
        .bind(&session)
        .bind(now)
        .fetch_optional(&mut **transaction)
        .await?;
        return Ok(Err(match signed {
            Some(_) => Refusal::NonceSignedBefore,
            None => Refusal::NonceNotGood,
        }));
    }
    if !count(transaction, &session, session_limit, now).await? {
        return Ok(Err(Refusal::SessionRateLimited));
    }
    if !count(transaction, &bridge.to_string(), bridge_limit, now).await? {
        return Ok(Err(Refusal::BridgeRateLimited));
    }
    let granted = TerminalRecord { at, session, bridge: *bridge, outcome: Outcome::Granted };
    insert(&mut **transaction, &granted).await?;
    Ok(Ok(()))
}

/// Counts one more against the limit of a session or bridge, if it is allowed: as
/// [`RateLimit::at`] says.
async fn count(
    transaction: &mut Transaction<'static, Any>,
    subject: &str,
    limit: RateLimit,
    now: i64,
) -> Result<bool, sqlx::Error> {
    let (latest, every) = limit.at(now);
    let counted = sqlx::query(
        "INSERT INTO kazashi_terminal_rate AS rate (subject, full_at) VALUES ($1, $2 + $3) \
         ON CONFLICT (subject) DO UPDATE \
         SET full_at = $3 + CASE WHEN rate.full_at > $2 THEN rate.full_at ELSE $2 END \
         WHERE rate.full_at <= $4",
    )
    .bind(subject)
    .bind(now)
    .bind(every)
    .bind(latest)
    .execute(&mut **transaction)
    .await?;
    Ok(counted.rows_affected() == 1)
}

async fn insert(
    executor: impl Executor<'_, Database = Any>,
    record: &TerminalRecord,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "INSERT INTO kazashi_terminal_record (at, session, bridge, outcome) \
         VALUES ($1, $2, $3, $4)",
    )
    .bind(millis(record.at))
    .bind(&record.session)
    .bind(record.bridge.to_string())
    .bind(record.outcome.as_str())
    .execute(executor)
    .await
    .map(drop)
}

fn bridge(row: &AnyRow) -> Result<Bridge, StoreError> {
    let key = BridgeKey::parse(&text(row, "public_key")?);
    Ok(Bridge {
        key: key.map_err(|_| unreadable("a bridge's key"))?,
        name: text(row, "name")?,
        enrolled_at: time(row, "enrolled_at")?.ok_or_else(|| unreadable("a time"))?,
        revoked_at: time(row, "revoked_at")?,
    })
}

fn record(row: &AnyRow) -> Result<TerminalRecord, StoreError> {
    let bridge = BridgeKey::parse(&text(row, "bridge")?);
    let name = text(row, "outcome")?;
    let outcome = OUTCOMES.into_iter().find(|outcome| outcome.as_str() == name);
    Ok(TerminalRecord {
        at: time(row, "at")?.ok_or_else(|| unreadable("a time"))?,
        session: text(row, "session")?,
        bridge: bridge.map_err(|_| unreadable("a bridge's key"))?,
        outcome: outcome.ok_or_else(|| unreadable("an outcome"))?,
    })
}

const OUTCOMES: [Outcome; 14] = [
    Outcome::Granted,
    Outcome::Refused(Refusal::BridgeRateLimited),
    Outcome::Refused(Refusal::NonceNotGood),
    Outcome::Refused(Refusal::NonceSignedBefore),
    Outcome::Refused(Refusal::SessionRateLimited),
    Outcome::Refused(Refusal::Stay(StayError::WordMissing)),
    Outcome::Refused(Refusal::Stay(StayError::BridgeNotEnrolled)),
    Outcome::Refused(Refusal::Stay(StayError::BridgeRevoked)),
    Outcome::Refused(Refusal::Stay(StayError::SignatureMismatch)),
    Outcome::Refused(Refusal::Stay(StayError::OriginMismatch)),
    Outcome::Refused(Refusal::Stay(StayError::NonceMismatch)),
    Outcome::Refused(Refusal::Stay(StayError::CardMismatch)),
    Outcome::Refused(Refusal::Stay(StayError::ChallengeMismatch)),
    Outcome::SignerFailed,
];
