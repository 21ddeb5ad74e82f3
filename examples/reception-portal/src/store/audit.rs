//! The record: who did what. Only ever added to; a database's administrator can hold the portal to
//! that, and grant it `INSERT` and `SELECT` on the table and no more.
//!
//! Its lines are numbered without gaps, and chained: each has a digest of itself and of the digest
//! before it. So nothing can be changed, left out or put in without [verification]
//! telling; and a record that was cut at its end, or written anew from its beginning, is told by a
//! [head](Head) that was noted elsewhere.

use std::time::SystemTime;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use kazashi_server::StoreError;
use serde::Serialize;
use serde_json::json;
use sha2::{Digest, Sha256};
use sqlx::Row;
use sqlx::any::AnyRow;

use super::session::Facing;
use super::{Changes, Portal, millis, next, number, optional, text, time};
use crate::calendar::{Calendar, Span, as_rfc_3339};

mod verification;

pub(crate) use verification::Head;

/// Whose doing it is where nobody signed in.
pub(crate) const COMMAND_LINE: &str = "(command line)";
/// Whose doing it is where somebody gave a name that no account has.
pub(crate) const NOBODY: &str = "(nobody)";

/// Whose word it is that a certificate was revoked.
pub(super) const REVOCATION_CHECK: &str = "(revocation check)";

/// What is written down. Nothing says of which visitor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Action {
    SignIn,
    SignInFailed,
    /// At a password or a code: more than are looked at.
    TooManyTries,
    SignOut,
    /// The screen of a session.
    TurnedToVisitors,
    TurnedToStaff,
    CodeChanged,
    /// What was typed is not the code of who is signed in.
    CodeRefused,
    AccountAdded,
    AccountRemoved,
    PasswordChanged,
    /// It was asked who the holder of a card is, whom the portal does not know again.
    CardLookedUp,
    /// The same, and the birth date of who is enrolled was the answer.
    BirthDateLookedUp,
    /// The subject is the code that says why.
    CardRefused,
    /// The subject is the check.
    CheckMatch,
    CheckNoMatch,
    /// The subject is the visit, whose time is the page's word.
    VisitLate,
    /// The subject is the bridge that vouched for the card, and the outcome.
    InstitutionSigned,
    InstitutionRefused,
    VisitorForgotten,
    /// The subject is the event.
    EventAdded,
    TicketsImported,
    EventClosed,
    EventReopened,
    GateKeyRotated,
    TicketsSearched,
    TicketMoved,
    TicketDeleted,
    /// The subject is the entry.
    EntryGivenBack,
    /// The subject is the event.
    TicketsListed,
    /// The subject is the day.
    BoardViewed,
    /// The subject is the day, not the name.
    BoardSearched,
    BoardWatched,
    /// The subject is the day.
    VisitsExported,
    /// The subject is the first day whose visits are kept.
    VisitsExpired,
    AuditRead,
    /// Somebody who is enrolled: no gate's list has them any more.
    FoundRevoked,
    /// A visitor whom a gate let in by its list, and the server would not have. The subject is the
    /// entry.
    ProvisionalRefused,
    /// Nothing says for whom, or by what.
    PeopleSearched,
    PersonSuspended,
    SuspensionLifted,
    PersonErased,
    /// The subject is the workstation.
    WorkstationWithdrawn,
    EnrolmentsExpired,
    /// The subject is the event.
    EventExpired,
    /// The subject is the day.
    AuditExported,
}

impl Action {
    pub(crate) fn turned(facing: Facing) -> Self {
        match facing {
            Facing::Staff => Self::TurnedToStaff,
            Facing::Visitors => Self::TurnedToVisitors,
        }
    }

    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::SignIn => "sign-in",
            Self::SignInFailed => "sign-in-failed",
            Self::TooManyTries => "too-many-tries",
            Self::SignOut => "sign-out",
            Self::TurnedToVisitors => "turned-to-visitors",
            Self::TurnedToStaff => "turned-to-staff",
            Self::CodeChanged => "code-changed",
            Self::CodeRefused => "code-refused",
            Self::AccountAdded => "account-added",
            Self::AccountRemoved => "account-removed",
            Self::PasswordChanged => "password-changed",
            Self::CardLookedUp => "card-looked-up",
            Self::BirthDateLookedUp => "birth-date-looked-up",
            Self::CardRefused => "card-refused",
            Self::CheckMatch => "check-match",
            Self::CheckNoMatch => "check-no-match",
            Self::VisitLate => "visit-late",
            Self::VisitorForgotten => "visitor-forgotten",
            Self::EventAdded => "event-added",
            Self::TicketsImported => "tickets-imported",
            Self::EventClosed => "event-closed",
            Self::EventReopened => "event-reopened",
            Self::GateKeyRotated => "gate-key-rotated",
            Self::TicketsSearched => "tickets-searched",
            Self::TicketMoved => "ticket-moved",
            Self::TicketDeleted => "ticket-deleted",
            Self::EntryGivenBack => "entry-given-back",
            Self::VisitsExported => "visits-exported",
            Self::VisitsExpired => "visits-expired",
            Self::AuditRead => "audit-read",
            Self::FoundRevoked => "found-revoked",
            Self::ProvisionalRefused => "provisional-refused",
            Self::PeopleSearched => "people-searched",
            Self::PersonSuspended => "person-suspended",
            Self::SuspensionLifted => "suspension-lifted",
            Self::PersonErased => "person-erased",
            Self::WorkstationWithdrawn => "workstation-withdrawn",
            Self::EnrolmentsExpired => "enrolments-expired",
            Self::EventExpired => "event-expired",
            Self::InstitutionSigned => "institution-signed",
            Self::InstitutionRefused => "institution-refused",
            Self::TicketsListed => "tickets-listed",
            Self::BoardViewed => "board-viewed",
            Self::BoardSearched => "board-searched",
            Self::BoardWatched => "board-watched",
            Self::AuditExported => "audit-exported",
        }
    }
}

/// A line of the record.
#[derive(Serialize)]
pub(crate) struct AuditEntry {
    pub(crate) line: i64,
    #[serde(serialize_with = "as_rfc_3339")]
    at: SystemTime,
    account: String,
    action: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    subject: Option<String>,
    digest: String,
}

/// The columns of an export.
pub(crate) const COLUMNS: [&str; 6] = ["line", "at", "account", "action", "subject", "digest"];

impl AuditEntry {
    fn read(row: &AnyRow) -> Result<Self, StoreError> {
        Ok(Self {
            line: number(row, "line")?,
            at: time(row, "at")?,
            account: text(row, "account")?,
            action: text(row, "action")?,
            subject: optional(row, "subject")?,
            digest: text(row, "digest")?,
        })
    }

    /// For an export.
    pub(crate) fn row(self, calendar: &Calendar) -> [String; COLUMNS.len()] {
        let Self { line, at, account, action, subject, digest } = self;
        let subject = subject.unwrap_or_default();
        [line.to_string(), calendar.local(at), account, action, subject, digest]
    }

    /// What its digest must be, after the line with that digest; the first line is after none.
    fn digest_after(&self, previous: &str) -> String {
        let Self { line, at, account, action, subject, .. } = self;
        let text = json!([previous, line, millis(*at), account, action, subject]).to_string();
        URL_SAFE_NO_PAD.encode(Sha256::digest(text))
    }
}

/// Which lines of the record.
pub(crate) struct Wanted<'a> {
    pub(crate) span: Span,
    /// All of them, if empty.
    pub(crate) account: &'a str,
    /// All of them, if empty.
    pub(crate) action: &'a str,
    /// The line before the first.
    pub(crate) after: i64,
}

/// How many lines are read at once.
const PAGE: usize = 1000;

impl Portal {
    /// Lines in their order, as many as are read at once, and whether there are more.
    pub(crate) async fn audit_trail(
        &self,
        &Wanted { span, account, action, after }: &Wanted<'_>,
    ) -> Result<(Vec<AuditEntry>, bool), StoreError> {
        let rows = sqlx::query(
            "SELECT line, at, account, action, subject, digest FROM portal_audit \
             WHERE at >= $1 AND at < $2 AND line > $3 \
             AND ($4 = '' OR account = $4) AND ($5 = '' OR action = $5) ORDER BY line LIMIT $6",
        )
        .bind(millis(span.from))
        .bind(millis(span.until))
        .bind(after)
        .bind(account)
        .bind(action)
        .bind(i64::try_from(PAGE + 1).unwrap_or(i64::MAX))
        .fetch_all(self.0.pool())
        .await?;
        let entries = rows.iter().take(PAGE).map(AuditEntry::read).collect::<Result<_, _>>()?;
        Ok((entries, rows.len() > PAGE))
    }

    /// Writes down what changes nothing else.
    pub(crate) async fn audit(
        &self,
        account: &str,
        action: Action,
        subject: Option<&str>,
        now: SystemTime,
    ) -> Result<(), StoreError> {
        let mut changes = self.0.begin().await?;
        add(&mut changes, account, action, subject, now).await?;
        Ok(changes.commit().await?)
    }

    /// Numbers and chains the lines of a version that did not, as they came. Later ones that have no
    /// number are nobody's of ours, and stay for [verification] to tell.
    pub(super) async fn chain_first_lines(&self) -> Result<(), StoreError> {
        if self.counted_lines().await? > 0 || self.unnumbered_lines().await? == 0 {
            return Ok(());
        }
        let mut changes = self.0.begin().await?;
        let take = "DELETE FROM portal_audit WHERE line IS NULL \
                    RETURNING at, account, action, subject";
        let mut first = sqlx::query(take).fetch_all(&mut *changes).await?;
        first.sort_by_key(|row| row.try_get::<i64, _>("at").unwrap_or_default());
        for row in &first {
            let (account, action) = (text(row, "account")?, text(row, "action")?);
            append(&mut changes, account, action, optional(row, "subject")?, time(row, "at")?)
                .await?;
        }
        Ok(changes.commit().await?)
    }
}

/// Writes down a change, with it. From here to the end of the changes, nobody else can.
pub(super) async fn add(
    changes: &mut Changes,
    account: &str,
    action: Action,
    subject: Option<&str>,
    now: SystemTime,
) -> Result<(), StoreError> {
    let (account, action) = (account.to_owned(), action.as_str().to_owned());
    append(changes, account, action, subject.map(str::to_owned), now).await
}

async fn append(
    changes: &mut Changes,
    account: String,
    action: String,
    subject: Option<String>,
    at: SystemTime,
) -> Result<(), StoreError> {
    let line = next(changes, "record").await?;
    let query = "SELECT digest FROM portal_audit WHERE line = $1";
    let previous = sqlx::query(query).bind(line - 1).fetch_optional(&mut **changes).await?;
    let previous = previous.map_or(Ok(String::new()), |row| text(&row, "digest"))?;
    let mut entry = AuditEntry { line, at, account, action, subject, digest: String::new() };
    entry.digest = entry.digest_after(&previous);
    sqlx::query(
        "INSERT INTO portal_audit (line, at, account, action, subject, digest) \
         VALUES ($1, $2, $3, $4, $5, $6)",
    )
    .bind(entry.line)
    .bind(millis(entry.at))
    .bind(entry.account)
    .bind(entry.action)
    .bind(entry.subject)
    .bind(entry.digest)
    .execute(&mut **changes)
    .await?;
    Ok(())
}
