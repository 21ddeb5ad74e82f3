//! What the board shows: visits, with what the visitors last agreed to show.

use std::time::SystemTime;

use kazashi_server::StoreError;
use serde::Serialize;
use serde_json::{Value, json};
use sqlx::any::AnyRow;
use sqlx::{AssertSqlSafe, Row};

use super::event::Event;
use super::gate::RecordedEntry;
use super::people::like;
use super::visit::{Attributes, recorded_at};
use super::{Portal, number, optional, text, time};
use crate::calendar::{as_rfc_3339, as_rfc_3339_if_any};
use crate::fold;

/// How many visits one answer has.
const PAGE: i64 = 100;

/// A visit, as the board shows it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct BoardVisit {
    pub(crate) id: String,
    pub(crate) number: i64,
    #[serde(serialize_with = "as_rfc_3339")]
    pub(crate) at: SystemTime,
    /// Of a visit that came late.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "as_rfc_3339_if_any")]
    pub(crate) recorded_at: Option<SystemTime>,
    pub(crate) road: String,
    pub(crate) returning: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) checked_by: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) decision: Option<String>,
    pub(crate) account: String,
    pub(crate) revocation: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) attributes: Option<Attributes>,
    /// For the export alone.
    #[serde(skip)]
    pub(crate) subject: Option<String>,
}

impl BoardVisit {
    fn read(row: &AnyRow) -> Result<Self, StoreError> {
        let attributes = optional(row, "integrity")?.map(|integrity| {
            Ok::<_, StoreError>(Attributes {
                name: optional(row, "name")?,
                address: optional(row, "address")?,
                birth_date: optional(row, "birth_date")?,
                sex: optional(row, "sex")?,
                integrity,
            })
        });
        Ok(Self {
            id: text(row, "id")?,
            number: number(row, "number")?,
            at: time(row, "at")?,
            recorded_at: recorded_at(row)?,
            road: text(row, "road")?,
            returning: number(row, "is_returning")? != 0,
            checked_by: optional(row, "checked_by")?,
            decision: optional(row, "decision")?,
            account: text(row, "account")?,
            revocation: text(row, "revocation")?,
            attributes: attributes.transpose()?,
            subject: optional(row, "subject")?,
        })
    }
}

const VISITS: &str = "SELECT v.id, v.number, v.at, v.recorded_at, v.road, v.is_returning, \
    v.account, v.revocation, v.subject, c.account AS checked_by, c.decision, \
    a.name, a.address, a.birth_date, a.sex, a.integrity \
    FROM portal_visit AS v \
    LEFT JOIN portal_check AS c ON c.id = v.checked \
    LEFT JOIN portal_attributes AS a ON a.subject = v.subject";

/// Which visits the board asks for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Query<'a> {
    pub(crate) day: &'a str,
    /// Words of a name, as people type it; of the names alone that visitors agreed to show.
    pub(crate) search: &'a str,
    /// The visit that the last answer ended with.
    pub(crate) after: Option<&'a str>,
}

impl Portal {
    /// Visits of a day, the newest first, and how many there are in all.
    pub(crate) async fn board(
        &self,
        Query { day, search, after }: Query<'_>,
    ) -> Result<(Vec<BoardVisit>, i64), StoreError> {
        let (like, patterns) = like(&fold::words(search), 3);
        let wanted = format!("v.day = $1 AND v.number < $2{like}");
        let last = match after {
            Some(id) => {
                let query = "SELECT number FROM portal_visit WHERE id = $1 AND day = $2";
                let query = sqlx::query(query).bind(id).bind(day);
                let row = query.fetch_optional(self.0.pool()).await?;
                row.map_or(Ok(0), |row| number(&row, "number"))?
            }
            None => i64::MAX,
        };
        let query = format!("{VISITS} WHERE {wanted} ORDER BY v.number DESC LIMIT {PAGE}");
        let mut query = sqlx::query(AssertSqlSafe(query)).bind(day).bind(last);
        let count = format!(
            "SELECT COUNT(*) AS total FROM portal_visit AS v \
             LEFT JOIN portal_attributes AS a ON a.subject = v.subject WHERE {wanted}"
        );
        let mut count = sqlx::query(AssertSqlSafe(count)).bind(day).bind(i64::MAX);
        for pattern in patterns {
            query = query.bind(pattern.clone());
            count = count.bind(pattern);
        }
        let rows = query.fetch_all(self.0.pool()).await?;
        let total = count.fetch_one(self.0.pool()).await?.try_get("total")?;
        let visits = rows.iter().map(BoardVisit::read).collect::<Result<_, _>>()?;
        Ok((visits, total))
    }

    /// All visits of a day, in their order.
    pub(crate) async fn visits_of_day(&self, day: &str) -> Result<Vec<BoardVisit>, StoreError> {
        let query = format!("{VISITS} WHERE v.day = $1 ORDER BY v.number");
        let query = sqlx::query(AssertSqlSafe(query)).bind(day);
        query.fetch_all(self.0.pool()).await?.iter().map(BoardVisit::read).collect()
    }

    /// What a board is told of an event, as things are now: a visitor may have been forgotten since.
    pub(crate) async fn told(&self, event: &Event) -> Result<Value, StoreError> {
        let query = match event.kind.as_str() {
            "visit" => format!("{VISITS} WHERE v.id = $1"),
            "check" => "SELECT id, at, decision, account FROM portal_check WHERE id = $1".into(),
            "entry" => "SELECT id, ticket, outcome, at FROM portal_entry WHERE id = $1".into(),
            _ => return Ok(json!({ "at": event.at })),
        };
        let row = sqlx::query(AssertSqlSafe(query)).bind(&event.id);
        let row = row.fetch_one(self.0.pool()).await?;
        Ok(match event.kind.as_str() {
            "visit" => json!(BoardVisit::read(&row)?),
            "check" => json!({
                "id": event.id,
                "at": event.at,
                "decision": text(&row, "decision")?,
                "account": text(&row, "account")?,
            }),
            _ => json!(RecordedEntry::read(&row)?.entry),
        })
    }
}
