//! Visits: who was received, in which order of the day, and what is kept of them.

use std::time::SystemTime;

use kazashi_server::{Database, EnrolmentStore, NonceError, StoreError};
use kazashi_verify::{Enrolment, Revocation};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sqlx::any::AnyRow;
use sqlx::{AssertSqlSafe, Row};

use super::audit::{self, Action};
use super::event::{self, Kind};
use super::late::{Sender, Timing, is_forgotten_since, take_nonces};
use super::{
    Changes, Known, Portal, millis, next, number, optional, rfc_3339_of, text, time, unreadable,
};
use crate::calendar::rfc_3339;
use crate::fold::fold;

/// By which road a visitor is received.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Road {
    /// With the PIN.
    Pin,
    /// By an enrolled card alone (かざし利用).
    Presence,
    /// By eye, and by an institution that the card trusts (目視確認, 特定機関認証).
    Visual,
}

impl Road {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Pin => "pin",
            Self::Presence => "presence",
            Self::Visual => "visual",
        }
    }
}

/// A visit that is to be recorded: everything in it was verified, but for the nonces.
pub(crate) struct NewVisit<'a> {
    pub(crate) id: &'a str,
    /// The digest of the request.
    pub(crate) request: &'a str,
    pub(crate) sender: Sender<'a>,
    pub(crate) timing: Timing,
    pub(crate) day: &'a str,
    /// Stands for the card's stay on the reader.
    pub(crate) stay: Option<&'a str>,
    pub(crate) road: Road,
    pub(crate) subject: &'a str,
    pub(crate) revocation: &'a Revocation,
    /// What was read from the card, by names that the page has words for.
    pub(crate) read: &'a [&'static str],
    /// The check by eye that came before.
    pub(crate) checked: Option<&'a str>,
    /// To be known by the card from here on.
    pub(crate) enrolment: Option<NewEnrolment<'a>>,
    /// With the PIN: what the visitor agrees to have kept; what was agreed before is gone.
    pub(crate) attributes: Option<&'a Attributes>,
}

/// What is kept of a card that is to be known again.
pub(crate) struct NewEnrolment<'a> {
    pub(crate) enrolment: &'a Enrolment,
    pub(crate) gate_tag: String,
    /// The end of the certificate's validity.
    pub(crate) expires_at: SystemTime,
}

/// Of the basic attributes (基本4情報), those that a visitor agreed to have kept. What they are is the
/// bridge's word, by way of the page.
#[derive(Clone, Default, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Attributes {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) address: Option<String>,
    /// `YYYY-MM-DD`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) birth_date: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) sex: Option<String>,
    /// `genuine`, or the code that says why not.
    pub(crate) integrity: String,
}

impl Attributes {
    /// The names of those that there are, as receipts have them.
    pub(crate) fn names(&self) -> impl Iterator<Item = &'static str> {
        [
            ("name", self.name.is_some()),
            ("address", self.address.is_some()),
            ("birth-date", self.birth_date.is_some()),
            ("sex", self.sex.is_some()),
        ]
        .into_iter()
        .filter_map(|(name, is_there)| is_there.then_some(name))
    }

    fn read(row: &AnyRow) -> Result<Self, StoreError> {
        Ok(Self {
            name: optional(row, "name")?,
            address: optional(row, "address")?,
            birth_date: optional(row, "birth_date")?,
            sex: optional(row, "sex")?,
            integrity: text(row, "integrity")?,
        })
    }
}

/// The answer to whoever has a visit recorded; again the same, however often they ask.
#[derive(Serialize)]
pub(crate) struct RecordedVisit {
    visit: VisitAnswer,
    receipt: Value,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct VisitAnswer {
    id: String,
    number: i64,
    day: String,
    at: String,
    /// Of one that came late.
    #[serde(skip_serializing_if = "Option::is_none")]
    recorded_at: Option<String>,
    road: String,
    returning: bool,
}

impl RecordedVisit {
    fn read(row: &AnyRow) -> Result<Self, StoreError> {
        let visit = VisitAnswer {
            id: text(row, "id")?,
            number: number(row, "number")?,
            day: text(row, "day")?,
            at: rfc_3339_of(row, "at")?,
            recorded_at: recorded_at(row)?.map(rfc_3339),
            road: text(row, "road")?,
            returning: number(row, "is_returning")? != 0,
        };
        let receipt = serde_json::from_str(&text(row, "receipt")?);
        Ok(Self { visit, receipt: receipt.map_err(|_| unreadable("a receipt"))? })
    }
}

/// When a visit was recorded that came late.
pub(super) fn recorded_at(row: &AnyRow) -> Result<Option<SystemTime>, StoreError> {
    let is_late = row.try_get::<Option<i64>, _>("recorded_at")?.is_some();
    is_late.then(|| time(row, "recorded_at")).transpose()
}

/// What is known of a visitor from before.
pub(crate) struct Acquaintance {
    pub(crate) visits: i64,
    pub(crate) last_visit: Option<SystemTime>,
}

const RECORDED: &str = "SELECT id, request, number, day, at, recorded_at, road, is_returning, \
    receipt FROM portal_visit";

impl Portal {
    /// The visit with this id, if it was recorded, or the one of this stay.
    pub(crate) async fn visit(
        &self,
        id: &str,
        request: &str,
        stay: Option<&str>,
    ) -> Result<Option<Known<RecordedVisit>>, StoreError> {
        let query = format!("{RECORDED} WHERE id = $1");
        let query = sqlx::query(AssertSqlSafe(query)).bind(id);
        let found = query.fetch_optional(self.0.pool()).await?;
        if let Some(known) = Known::read(found, request, RecordedVisit::read)? {
            return Ok(Some(known));
        }
        let query = format!("{RECORDED} WHERE stay = $1");
        let query = sqlx::query(AssertSqlSafe(query)).bind(stay);
        let found = query.fetch_optional(self.0.pool()).await?;
        found.map(|row| RecordedVisit::read(&row).map(Known::Same)).transpose()
    }

    /// How often a visitor was here.
    pub(crate) async fn acquaintance(&self, subject: &str) -> Result<Acquaintance, StoreError> {
        let row = sqlx::query(
            "SELECT COUNT(*) AS visits, COALESCE(MAX(at), 0) AS last FROM portal_visit \
             WHERE subject = $1",
        )
        .bind(subject)
        .fetch_one(self.0.pool())
        .await?;
        let visits = number(&row, "visits")?;
        let last_visit = (visits > 0).then(|| time(&row, "last")).transpose()?;
        Ok(Acquaintance { visits, last_visit })
    }

    /// The enrolment of a visitor.
    pub(crate) async fn enrolment(&self, subject: &str) -> Result<Option<Enrolment>, StoreError> {
        let Some(found) = self.0.enrolment_of(subject).await? else { return Ok(None) };
        serde_json::from_value(found).map(Some).map_err(|_| unreadable("an enrolment"))
    }

    /// Takes the nonces, and records the visit, with the next number of the day. Nothing, if there
    /// is a visit with this id, with this check, or of this stay.
    pub(crate) async fn record_visit(
        &self,
        visit: &NewVisit<'_>,
    ) -> Result<Option<RecordedVisit>, NonceError> {
        let mut changes = self.0.begin().await?;
        take_nonces(&mut changes, &visit.sender, &visit.timing).await?;
        let recorded = record(&mut changes, visit).await?;
        if recorded.is_some() {
            changes.commit().await.map_err(StoreError::from)?;
        }
        Ok(recorded)
    }
}

async fn record(
    changes: &mut Changes,
    visit: &NewVisit<'_>,
) -> Result<Option<RecordedVisit>, StoreError> {
    let Timing { now, signed_at, is_late } = visit.timing;
    let is_forgotten = is_late && is_forgotten_since(changes, visit.subject, signed_at).await?;
    if let Some(enrolment) = visit.enrolment.as_ref().filter(|_| !is_forgotten) {
        enrol(changes, enrolment).await?;
    }
    let is_outdated = is_late && has_agreed_since(changes, visit.subject, signed_at).await?;
    if visit.road == Road::Pin && !is_forgotten && !is_outdated {
        agree(changes, visit.subject, visit.attributes, signed_at).await?;
    }
    let query = "SELECT COUNT(*) AS visits FROM portal_visit WHERE subject = $1";
    let row = sqlx::query(query).bind(visit.subject).fetch_one(&mut **changes).await?;
    let is_returning = number(&row, "visits")? > 0;

    let mut kept = match is_forgotten {
        true => vec!["visit"],
        false => kept(changes, visit.subject).await?,
    };
    if visit.checked.is_some() {
        kept.push("check");
    }
    let receipt = json!({ "read": visit.read, "kept": kept, "revocation": visit.revocation });
    let of_day = next(changes, &format!("visit {}", visit.day)).await?;
    let inserted = sqlx::query(
        "INSERT INTO portal_visit (id, request, day, number, at, road, is_returning, subject, \
         account, checked, revocation, receipt, recorded_at, stay) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14) \
         ON CONFLICT DO NOTHING",
    )
    .bind(visit.id)
    .bind(visit.request)
    .bind(visit.day)
    .bind(of_day)
    .bind(millis(signed_at))
    .bind(visit.road.as_str())
    .bind(i64::from(is_returning))
    .bind(Some(visit.subject).filter(|_| !is_forgotten))
    .bind(visit.sender.account)
    .bind(visit.checked)
    .bind(visit.revocation.status())
    .bind(receipt.to_string())
    .bind(is_late.then_some(millis(now)))
    .bind(visit.stay)
    .execute(&mut **changes)
    .await?;
    if inserted.rows_affected() == 0 {
        return Ok(None);
    }
    if let Some(check) = visit.checked {
        super::check::forget_card(changes, check).await?;
    }
    if is_late {
        audit::add(changes, visit.sender.account, Action::VisitLate, Some(visit.id), now).await?;
    }
    event::add(changes, Kind::Visit, visit.id, now).await?;
    Ok(Some(RecordedVisit {
        visit: VisitAnswer {
            id: visit.id.to_owned(),
            number: of_day,
            day: visit.day.to_owned(),
            at: rfc_3339(signed_at),
            recorded_at: is_late.then(|| rfc_3339(now)),
            road: visit.road.as_str().to_owned(),
            returning: is_returning,
        },
        receipt,
    }))
}

async fn enrol(changes: &mut Changes, new: &NewEnrolment<'_>) -> Result<(), StoreError> {
    let subject = new.enrolment.subject();
    let stored = serde_json::to_value(new.enrolment).map_err(|_| unreadable("an enrolment"))?;
    Database::put_enrolment_in(changes, subject, None, &stored).await?;
    sqlx::query(
        "INSERT INTO portal_gate_tag (subject, tag, expires_at) VALUES ($1, $2, $3) \
         ON CONFLICT (subject) DO UPDATE SET tag = excluded.tag, expires_at = excluded.expires_at",
    )
    .bind(subject)
    .bind(&new.gate_tag)
    .bind(millis(new.expires_at))
    .execute(&mut **changes)
    .await?;
    Ok(())
}

/// Whether the visitor has said something else since.
async fn has_agreed_since(
    changes: &mut Changes,
    subject: &str,
    at: SystemTime,
) -> Result<bool, StoreError> {
    let query = "SELECT id FROM portal_visit \
                 WHERE subject = $1 AND road = 'pin' AND at > $2 LIMIT 1";
    let since = sqlx::query(query).bind(subject).bind(millis(at));
    Ok(since.fetch_optional(&mut **changes).await?.is_some())
}

/// The visitor's last word counts.
async fn agree(
    changes: &mut Changes,
    subject: &str,
    attributes: Option<&Attributes>,
    at: SystemTime,
) -> Result<(), StoreError> {
    let delete = "DELETE FROM portal_attributes WHERE subject = $1";
    sqlx::query(delete).bind(subject).execute(&mut **changes).await?;
    let Some(attributes) = attributes else { return Ok(()) };
    sqlx::query(
        "INSERT INTO portal_attributes \
         (subject, name, address, birth_date, sex, integrity, agreed_at, search_name) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (subject) DO UPDATE \
         SET name = excluded.name, address = excluded.address, birth_date = excluded.birth_date, \
         sex = excluded.sex, integrity = excluded.integrity, agreed_at = excluded.agreed_at, \
         search_name = excluded.search_name",
    )
    .bind(subject)
    .bind(attributes.name.as_deref())
    .bind(attributes.address.as_deref())
    .bind(attributes.birth_date.as_deref())
    .bind(attributes.sex.as_deref())
    .bind(&attributes.integrity)
    .bind(millis(at))
    .bind(attributes.name.as_deref().map(fold))
    .execute(&mut **changes)
    .await?;
    Ok(())
}

/// What is kept of a visitor after this visit, of this and of earlier ones.
async fn kept(changes: &mut Changes, subject: &str) -> Result<Vec<&'static str>, StoreError> {
    let mut kept = vec!["visit", "pairwise-identifier"];
    let query = "SELECT name, address, birth_date, sex, integrity FROM portal_attributes \
                 WHERE subject = $1";
    let found = sqlx::query(query).bind(subject).fetch_optional(&mut **changes).await?;
    if let Some(row) = found {
        kept.extend(Attributes::read(&row)?.names());
    }
    let query = "SELECT subject FROM portal_gate_tag WHERE subject = $1";
    if sqlx::query(query).bind(subject).fetch_optional(&mut **changes).await?.is_some() {
        // The gate's tag is such a hash too.
        kept.push("card-key-hash");
        // An enrolment has it, whatever else was agreed.
        if !kept.contains(&"birth-date") {
            kept.push("birth-date");
        }
    }
    Ok(kept)
}
