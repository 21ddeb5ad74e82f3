//! Checks by eye (目視確認): who compared a visitor with the face on a card, and decided what.

use std::time::{Duration, SystemTime};

use kazashi_server::{NonceError, SessionId, StoreError};
use serde::{Deserialize, Serialize};
use sqlx::any::AnyRow;

use super::audit::{self, Action};
use super::event::{self, Kind};
use super::late::{Sender, Timing, take_nonces};
use super::{Changes, Known, Portal, millis, optional, rfc_3339_of, text};
use crate::calendar::rfc_3339;

/// For how long a check is good for a signature and a visit: the card is still on the reader. A visit
/// that comes late was made in that time.
pub(crate) const GOOD_FOR: Duration = Duration::from_mins(10);

/// What the staff decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Decision {
    Match,
    NoMatch,
}

impl Decision {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Match => "match",
            Self::NoMatch => "no-match",
        }
    }
}

/// A check that is to be recorded. The face was verified.
pub(crate) struct NewCheck<'a> {
    pub(crate) id: &'a str,
    /// The digest of the request.
    pub(crate) request: &'a str,
    /// Who decided, with the nonce of the face.
    pub(crate) sender: Sender<'a>,
    pub(crate) timing: Timing,
    pub(crate) decision: Decision,
    /// The digest of the nonce for which alone the institution may sign after a match.
    pub(crate) terminal_nonce: &'a str,
    /// The card, as an enrolment knows it.
    pub(crate) card_surface_key: &'a str,
}

/// The answer to whoever has a check recorded.
#[derive(Serialize)]
pub(crate) struct RecordedCheck {
    check: CheckAnswer,
}

#[derive(Serialize)]
struct CheckAnswer {
    id: String,
    decision: String,
    at: String,
}

impl RecordedCheck {
    fn read(row: &AnyRow) -> Result<Self, StoreError> {
        let (id, decision) = (text(row, "id")?, text(row, "decision")?);
        Ok(Self { check: CheckAnswer { id, decision, at: rfc_3339_of(row, "at")? } })
    }
}

impl Portal {
    /// The check with this id, if it was recorded.
    pub(crate) async fn check(
        &self,
        id: &str,
        request: &str,
    ) -> Result<Option<Known<RecordedCheck>>, StoreError> {
        let query = "SELECT id, request, decision, at FROM portal_check WHERE id = $1";
        let found = sqlx::query(query).bind(id).fetch_optional(self.0.pool()).await?;
        Known::read(found, request, RecordedCheck::read)
    }

    /// Takes the nonce of the face, and records the check. Nothing, if there is one with this id.
    pub(crate) async fn record_check(
        &self,
        check: &NewCheck<'_>,
    ) -> Result<Option<RecordedCheck>, NonceError> {
        let mut changes = self.0.begin().await?;
        take_nonces(&mut changes, &check.sender, &check.timing).await?;
        let recorded = record(&mut changes, check).await?;
        if recorded.is_some() {
            changes.commit().await.map_err(StoreError::from)?;
        }
        Ok(recorded)
    }

    /// The card surface key of the card whose holder, in this session, was found to match before this
    /// nonce was to be signed for.
    pub(crate) async fn compared_card(
        &self,
        session: &SessionId,
        terminal_nonce: &str,
        now: SystemTime,
    ) -> Result<Option<String>, StoreError> {
        let found = sqlx::query(
            "SELECT card_surface_key FROM portal_check WHERE terminal_nonce = $1 AND session = $2 \
             AND decision = 'match' AND at > $3",
        )
        .bind(terminal_nonce)
        .bind(session.digest())
        .bind(millis(now - GOOD_FOR))
        .fetch_optional(self.0.pool())
        .await?;
        found.map_or(Ok(None), |row| optional(&row, "card_surface_key"))
    }

    /// The card surface key of the card that was compared, if that check was a match, of this
    /// account, for this nonce.
    pub(crate) async fn matched_card(
        &self,
        id: &str,
        account: &str,
        terminal_nonce: &str,
        signed_at: SystemTime,
    ) -> Result<Option<String>, StoreError> {
        let found = sqlx::query(
            "SELECT card_surface_key FROM portal_check WHERE id = $1 AND account = $2 \
             AND terminal_nonce = $3 AND decision = 'match' AND at > $4",
        )
        .bind(id)
        .bind(account)
        .bind(terminal_nonce)
        .bind(millis(signed_at - GOOD_FOR))
        .fetch_optional(self.0.pool())
        .await?;
        found.map_or(Ok(None), |row| optional(&row, "card_surface_key"))
    }
}

async fn record(
    changes: &mut Changes,
    check: &NewCheck<'_>,
) -> Result<Option<RecordedCheck>, StoreError> {
    let (Sender { session, account, .. }, at) = (check.sender, check.timing.now);
    let is_match = check.decision == Decision::Match;
    let inserted = sqlx::query(
        "INSERT INTO portal_check (id, request, at, session, account, decision, terminal_nonce, \
         card_surface_key) VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (id) DO NOTHING",
    )
    .bind(check.id)
    .bind(check.request)
    .bind(millis(at))
    .bind(session.digest())
    .bind(account)
    .bind(check.decision.as_str())
    .bind(is_match.then_some(check.terminal_nonce))
    .bind(is_match.then_some(check.card_surface_key))
    .execute(&mut **changes)
    .await?;
    if inserted.rows_affected() == 0 {
        return Ok(None);
    }
    let action = match check.decision {
        Decision::Match => Action::CheckMatch,
        Decision::NoMatch => Action::CheckNoMatch,
    };
    audit::add(changes, account, action, Some(check.id), at).await?;
    event::add(changes, Kind::Check, check.id, at).await?;
    let (id, decision) = (check.id.to_owned(), check.decision.as_str().to_owned());
    Ok(Some(RecordedCheck { check: CheckAnswer { id, decision, at: rfc_3339(at) } }))
}

/// Forgets which card it was, once its visit is recorded.
pub(super) async fn forget_card(changes: &mut Changes, id: &str) -> Result<(), StoreError> {
    let update = "UPDATE portal_check SET terminal_nonce = NULL, card_surface_key = NULL \
                  WHERE id = $1";
    sqlx::query(update).bind(id).execute(&mut **changes).await?;
    Ok(())
}
