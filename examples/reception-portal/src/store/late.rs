//! What comes late: the server was away, or staff signed in again, since the card signed.

use std::time::{Duration, SystemTime};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use kazashi_server::{Database, Method, NonceError, NonceStore, SessionId, StoreError};
use sha2::{Digest, Sha256};

use super::{Changes, Portal, millis, time};

/// Staff who send something, with the nonces that a card signed for.
#[derive(Clone, Copy)]
pub(crate) struct Sender<'a> {
    pub(crate) session: &'a SessionId,
    pub(crate) account: &'a str,
    pub(crate) nonces: &'a [(Method, &'a str)],
}

/// When something was signed that came now.
#[derive(Clone, Copy)]
pub(crate) struct Timing {
    pub(crate) now: SystemTime,
    /// Now; or if it comes late, when the page says that the card signed, which was between the
    /// nonce's issue and now.
    pub(crate) signed_at: SystemTime,
    pub(crate) is_late: bool,
}

impl Portal {
    /// Tells what comes late from what comes in time. `signed_after` is by the page's clock, from
    /// when it got the nonces until the card had signed: whoever does not say that cannot be late.
    pub(crate) async fn timing(
        &self,
        sender: &Sender<'_>,
        signed_after: Option<Duration>,
        now: SystemTime,
    ) -> Result<Timing, NonceError> {
        let in_time = Timing { now, signed_at: now, is_late: false };
        // Nonces that are for one thing are given out together.
        let (Some(signed_after), Some(&(method, nonce))) = (signed_after, sender.nonces.first())
        else {
            return Ok(in_time);
        };
        let &Sender { session, account, .. } = sender;
        let late = match self.0.late_nonce(session, account, method, nonce, now).await {
            Ok(late) => late,
            // The transaction that takes it will say whether it is good in time.
            Err(NonceError::NotGood) => return Ok(in_time),
            Err(error) => return Err(error),
        };
        let signed_at = late.issued_at.checked_add(signed_after);
        let signed_at = signed_at.filter(|signed_at| *signed_at < late.expires_at);
        let signed_at = signed_at.ok_or(NonceError::NotGood)?;
        if !self.is_account_since(account, late.issued_at).await? {
            return Err(NonceError::NotGood);
        }
        // Another server's clock may be ahead.
        Ok(Timing { now, signed_at: signed_at.min(now), is_late: true })
    }

    /// Forgets who was forgotten before.
    pub(crate) async fn forget_forgotten_before(
        &self,
        before: SystemTime,
    ) -> Result<(), StoreError> {
        let delete = sqlx::query("DELETE FROM portal_forgotten WHERE at <= $1");
        delete.bind(millis(before)).execute(self.0.pool()).await?;
        Ok(())
    }

    /// Whether there was this account already: one of the same name may be somebody else's since.
    async fn is_account_since(&self, account: &str, at: SystemTime) -> Result<bool, StoreError> {
        let query = "SELECT created_at FROM portal_account WHERE name = $1";
        let found = sqlx::query(query).bind(account).fetch_optional(self.0.pool()).await?;
        found.map_or(Ok(false), |row| Ok(time(&row, "created_at")? <= at))
    }
}

/// Takes the nonces, as part of a transaction.
pub(super) async fn take_nonces(
    changes: &mut Changes,
    sender: &Sender<'_>,
    timing: &Timing,
) -> Result<(), NonceError> {
    let (&Sender { session, account, nonces }, now) = (sender, timing.now);
    for &(method, nonce) in nonces {
        if timing.is_late {
            Database::take_late_nonce_in(changes, session, account, method, nonce, now).await?;
        } else {
            Database::take_nonce_in(changes, session, method, nonce, now).await?;
        }
    }
    Ok(())
}

/// Notes whom somebody had forgotten, so that a visit which was made before and comes late does not
/// bring back what was deleted. It is gone once nothing can come so late any more.
pub(super) async fn note_forgotten(
    changes: &mut Changes,
    subject: &str,
    at: SystemTime,
) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO portal_forgotten (visitor, at) VALUES ($1, $2) \
         ON CONFLICT (visitor) DO UPDATE SET at = excluded.at",
    )
    .bind(digest(subject))
    .bind(millis(at))
    .execute(&mut **changes)
    .await?;
    Ok(())
}

/// Whether a visitor was forgotten since.
pub(super) async fn is_forgotten_since(
    changes: &mut Changes,
    subject: &str,
    at: SystemTime,
) -> Result<bool, StoreError> {
    let query = "SELECT at FROM portal_forgotten WHERE visitor = $1 AND at >= $2";
    let found = sqlx::query(query).bind(digest(subject)).bind(millis(at));
    Ok(found.fetch_optional(&mut **changes).await?.is_some())
}

/// Stands for a visitor of whom nothing else is left: whoever does not have the identifier cannot tell
/// whose it is.
fn digest(subject: &str) -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(subject))
}
