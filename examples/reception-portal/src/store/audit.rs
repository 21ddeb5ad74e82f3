//! The audit trail: who did what. Only ever added to; a database's administrator can hold the
//! portal to that, and grant it `INSERT` and `SELECT` on the table and no more.

use std::time::SystemTime;

use kazashi_server::StoreError;
use serde::Serialize;
use sqlx::any::AnyRow;
use sqlx::{Any, Executor};

use super::{Changes, Portal, millis, optional, rfc_3339_of, text};
use crate::calendar::Span;

/// Whose doing it is where nobody signed in.
pub(crate) const COMMAND_LINE: &str = "(command line)";

/// What is written down. Nothing says of which visitor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Action {
    SignIn,
    SignOut,
    AccountAdded,
    AccountRemoved,
    PasswordChanged,
    /// The subject is the check.
    CheckMatch,
    CheckNoMatch,
    VisitorForgotten,
    /// The subject is the event.
    EventAdded,
    TicketsImported,
    /// The subject is the day.
    VisitsExported,
    /// The subject is the first day whose visits are kept.
    VisitsExpired,
    AuditRead,
}

impl Action {
    fn as_str(self) -> &'static str {
        match self {
            Self::SignIn => "sign-in",
            Self::SignOut => "sign-out",
            Self::AccountAdded => "account-added",
            Self::AccountRemoved => "account-removed",
            Self::PasswordChanged => "password-changed",
            Self::CheckMatch => "check-match",
            Self::CheckNoMatch => "check-no-match",
            Self::VisitorForgotten => "visitor-forgotten",
            Self::EventAdded => "event-added",
            Self::TicketsImported => "tickets-imported",
            Self::VisitsExported => "visits-exported",
            Self::VisitsExpired => "visits-expired",
            Self::AuditRead => "audit-read",
        }
    }
}

/// A line of the trail.
#[derive(Serialize)]
pub(crate) struct AuditEntry {
    at: String,
    account: String,
    action: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    subject: Option<String>,
}

impl AuditEntry {
    fn read(row: &AnyRow) -> Result<Self, StoreError> {
        Ok(Self {
            at: rfc_3339_of(row, "at")?,
            account: text(row, "account")?,
            action: text(row, "action")?,
            subject: optional(row, "subject")?,
        })
    }
}

impl Portal {
    /// The trail from one time to another.
    pub(crate) async fn audit_trail(
        &self,
        Span { from, until }: Span,
    ) -> Result<Vec<AuditEntry>, StoreError> {
        let rows = sqlx::query(
            "SELECT at, account, action, subject FROM portal_audit \
             WHERE at >= $1 AND at < $2 ORDER BY at",
        )
        .bind(millis(from))
        .bind(millis(until))
        .fetch_all(self.0.pool())
        .await?;
        rows.iter().map(AuditEntry::read).collect()
    }

    /// Writes down what changes nothing else.
    pub(crate) async fn audit(
        &self,
        account: &str,
        action: Action,
        subject: Option<&str>,
        now: SystemTime,
    ) -> Result<(), StoreError> {
        insert(self.0.pool(), account, action, subject, now).await
    }
}

/// Writes down a change, with it.
pub(super) async fn add(
    changes: &mut Changes,
    account: &str,
    action: Action,
    subject: Option<&str>,
    now: SystemTime,
) -> Result<(), StoreError> {
    insert(&mut **changes, account, action, subject, now).await
}

async fn insert(
    executor: impl Executor<'_, Database = Any>,
    account: &str,
    action: Action,
    subject: Option<&str>,
    now: SystemTime,
) -> Result<(), StoreError> {
    sqlx::query("INSERT INTO portal_audit (at, account, action, subject) VALUES ($1, $2, $3, $4)")
        .bind(millis(now))
        .bind(account)
        .bind(action.as_str())
        .bind(subject)
        .execute(executor)
        .await?;
    Ok(())
}
