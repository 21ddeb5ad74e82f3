//! People whom the staff look for: by a name that they agreed to have kept, or by a visit.

use std::time::SystemTime;

use kazashi_server::StoreError;
use serde::Serialize;
use sqlx::any::AnyRow;
use sqlx::{AssertSqlSafe, Executor, Row};

use super::audit::{self, Action};
use super::{Portal, escaped, millis, number, optional, rfc_3339_of, text};
use crate::fold;

/// How many people one answer has.
pub(crate) const MOST: usize = 50;

/// Somebody of whom something is kept.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Person {
    pub(crate) subject: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    birth_date: Option<String>,
    pub(crate) visits: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) last_visit: Option<LastVisit>,
    /// Whether their card is known again.
    pub(crate) remembered: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) suspended: Option<Suspension>,
}

#[derive(Serialize)]
pub(crate) struct LastVisit {
    pub(crate) day: String,
    pub(crate) number: i64,
}

/// Since when somebody's card is received nowhere, and by whom.
#[derive(Serialize)]
pub(crate) struct Suspension {
    pub(crate) at: String,
    pub(crate) account: String,
}

impl Person {
    fn read(row: &AnyRow) -> Result<Self, StoreError> {
        let last_visit = optional(row, "day")?
            .map(|day| Ok::<_, StoreError>(LastVisit { day, number: number(row, "number")? }));
        let suspended = optional(row, "suspended_by")?.map(|account| {
            Ok::<_, StoreError>(Suspension { at: rfc_3339_of(row, "suspended_at")?, account })
        });
        Ok(Self {
            subject: text(row, "subject")?,
            name: optional(row, "name")?,
            birth_date: optional(row, "birth_date")?,
            visits: number(row, "visits")?,
            last_visit: last_visit.transpose()?,
            remembered: number(row, "remembered")? != 0,
            suspended: suspended.transpose()?,
        })
    }
}

/// Of one person, by their subject.
const PERSON: &str = "SELECT it.subject, a.name, a.birth_date, v.day, v.number, \
    s.at AS suspended_at, s.account AS suspended_by, \
    (SELECT COUNT(*) FROM portal_visit AS w WHERE w.subject = it.subject) AS visits, \
    (SELECT COUNT(*) FROM portal_gate_tag AS g WHERE g.subject = it.subject) AS remembered \
    FROM (SELECT CAST($1 AS TEXT) AS subject) AS it \
    LEFT JOIN portal_attributes AS a ON a.subject = it.subject \
    LEFT JOIN portal_suspension AS s ON s.subject = it.subject \
    LEFT JOIN portal_visit AS v ON v.id = (SELECT id FROM portal_visit AS w \
    WHERE w.subject = it.subject ORDER BY w.at DESC LIMIT 1)";

/// What a name must be like, for all words of a search, with parameters from `$first` on.
pub(super) fn like(words: &[String], first: usize) -> (String, Vec<String>) {
    let conditions = (first..).take(words.len());
    let conditions = conditions.map(|it| format!(" AND a.search_name LIKE ${it} ESCAPE '!'"));
    let patterns = words.iter().map(|word| format!("%{}%", escaped(word)));
    (conditions.collect(), patterns.collect())
}

impl Portal {
    /// Those who have all words of a name, whoever was here last first.
    pub(crate) async fn people_named(&self, name: &str) -> Result<Vec<Person>, StoreError> {
        let words = fold::words(name);
        if words.is_empty() {
            return Ok(Vec::new());
        }
        let (like, patterns) = like(&words, 1);
        let query = format!(
            "SELECT a.subject FROM portal_attributes AS a WHERE a.name IS NOT NULL{like} \
             ORDER BY a.agreed_at DESC LIMIT {MOST}"
        );
        let mut query = sqlx::query(AssertSqlSafe(query));
        for pattern in patterns {
            query = query.bind(pattern);
        }
        self.people(query.fetch_all(self.0.pool()).await?).await
    }

    /// Whose visit it was that had this number on this day, if it is still somebody's.
    pub(crate) async fn person_of_visit(
        &self,
        day: &str,
        number: i64,
    ) -> Result<Vec<Person>, StoreError> {
        let query = "SELECT subject FROM portal_visit \
                     WHERE day = $1 AND number = $2 AND subject IS NOT NULL";
        let query = sqlx::query(query).bind(day).bind(number);
        self.people(query.fetch_all(self.0.pool()).await?).await
    }

    /// Those whose cards are received nowhere, the last first.
    pub(crate) async fn suspended_people(&self) -> Result<Vec<Person>, StoreError> {
        let query = "SELECT subject FROM portal_suspension ORDER BY at DESC";
        self.people(self.0.pool().fetch_all(query).await?).await
    }

    async fn people(&self, rows: Vec<AnyRow>) -> Result<Vec<Person>, StoreError> {
        let mut people = Vec::new();
        for row in rows {
            let person = sqlx::query(PERSON).bind(text(&row, "subject")?);
            people.push(Person::read(&person.fetch_one(self.0.pool()).await?)?);
        }
        Ok(people)
    }

    /// Whether anything is kept of somebody.
    pub(crate) async fn is_person(&self, subject: &str) -> Result<bool, StoreError> {
        let person = sqlx::query(PERSON).bind(subject).fetch_one(self.0.pool()).await?;
        let Person { visits, remembered, suspended, .. } = Person::read(&person)?;
        Ok(visits > 0 || remembered || suspended.is_some())
    }

    /// Whether somebody's card is received nowhere.
    pub(crate) async fn is_suspended(&self, subject: &str) -> Result<bool, StoreError> {
        let query = "SELECT subject FROM portal_suspension WHERE subject = $1";
        let found = sqlx::query(query).bind(subject).fetch_optional(self.0.pool()).await?;
        Ok(found.is_some())
    }

    /// Has somebody's card received nowhere, from now on. Again, it changes nothing.
    pub(crate) async fn suspend(
        &self,
        subject: &str,
        by: &str,
        now: SystemTime,
    ) -> Result<(), StoreError> {
        let mut changes = self.0.begin().await?;
        let insert = "INSERT INTO portal_suspension (subject, at, account) VALUES ($1, $2, $3) \
                      ON CONFLICT (subject) DO NOTHING";
        let insert = sqlx::query(insert).bind(subject).bind(millis(now)).bind(by);
        if insert.execute(&mut *changes).await?.rows_affected() == 1 {
            audit::add(&mut changes, by, Action::PersonSuspended, None, now).await?;
        }
        Ok(changes.commit().await?)
    }

    /// Whether there was a suspension to lift.
    pub(crate) async fn lift_suspension(
        &self,
        subject: &str,
        by: &str,
        now: SystemTime,
    ) -> Result<bool, StoreError> {
        let mut changes = self.0.begin().await?;
        let delete = "DELETE FROM portal_suspension WHERE subject = $1";
        let deleted = sqlx::query(delete).bind(subject).execute(&mut *changes).await?;
        if deleted.rows_affected() == 0 {
            return Ok(false);
        }
        audit::add(&mut changes, by, Action::SuspensionLifted, None, now).await?;
        changes.commit().await?;
        Ok(true)
    }

    /// Folds the names that were stored by a version which did not.
    pub(super) async fn fold_names(&self) -> Result<(), StoreError> {
        loop {
            let query = "SELECT subject, name FROM portal_attributes \
                         WHERE name IS NOT NULL AND search_name IS NULL LIMIT 1000";
            let rows = self.0.pool().fetch_all(query).await?;
            if rows.is_empty() {
                return Ok(());
            }
            let mut changes = self.0.begin().await?;
            for row in rows {
                let name: String = row.try_get("name")?;
                // Meanwhile they may have agreed to another one.
                let update = "UPDATE portal_attributes SET search_name = $1 \
                              WHERE subject = $2 AND name = $3";
                let update = sqlx::query(update).bind(fold::fold(&name));
                let update = update.bind(text(&row, "subject")?).bind(name);
                update.execute(&mut *changes).await?;
            }
            changes.commit().await?;
        }
    }
}
