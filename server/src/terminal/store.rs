use std::num::NonZeroU32;
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use kazashi_core::value::Nonce;
use thiserror::Error;

use crate::store::duration_millis;
use crate::{Bridge, BridgeError, BridgeKey, SessionId, SessionStore, StayError, StoreError};

/// Keeps what a [`TerminalDesk`](crate::TerminalDesk) decides by: the bridges, how much was signed
/// lately, and the record of it, which is only ever added to.
///
/// A database's administrator can hold the service to that, and grant it `INSERT` and `SELECT` on
/// the table of the record and no more.
#[async_trait]
pub trait TerminalStore: SessionStore {
    /// Enrols a bridge: from here on its requests are believed. A key can be enrolled once.
    async fn enrol_bridge(
        &self,
        name: &str,
        key: &BridgeKey,
        now: SystemTime,
    ) -> Result<(), BridgeError>;

    /// Withdraws a bridge's key, for good: a stolen one never comes back.
    async fn revoke_bridge(&self, key: &BridgeKey, now: SystemTime) -> Result<(), BridgeError>;

    /// All bridges, by name.
    async fn bridges(&self) -> Result<Vec<Bridge>, StoreError>;

    /// One of them.
    async fn find_bridge(&self, key: &BridgeKey) -> Result<Option<Bridge>, StoreError>;

    /// Decides whether to sign, at once and for all processes: marks the nonce as signed, counts
    /// against both limits and records [`Outcome::Granted`]; or does none of it, and says why.
    ///
    /// After [`StoreError::Unavailable`] nothing may be signed, though the nonce may be marked.
    async fn admit(&self, admission: &Admission<'_>) -> Result<Result<(), Refusal>, StoreError>;

    /// Adds to the record.
    async fn record(&self, record: &TerminalRecord) -> Result<(), StoreError>;

    /// The record from `since` on, in order of time.
    async fn records(&self, since: SystemTime) -> Result<Vec<TerminalRecord>, StoreError>;
}

/// A request for a signature, with everything that the store is to judge.
#[derive(Clone, Copy, Debug)]
#[expect(clippy::exhaustive_structs, reason = "whoever writes a store must heed each of them")]
pub struct Admission<'a> {
    /// The session of the desk.
    pub session: &'a SessionId,
    /// The bridge that vouches for the challenge.
    pub bridge: &'a BridgeKey,
    /// The nonce.
    pub nonce: &'a Nonce,
    /// The time.
    pub now: SystemTime,
    /// The session's limit.
    pub session_limit: RateLimit,
    /// The bridge's limit.
    pub bridge_limit: RateLimit,
}

/// A limit to how often something may happen: `burst` times at once, and again each time `every`
/// has passed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "a limit of two numbers")]
pub struct RateLimit {
    /// The number at once.
    pub burst: NonZeroU32,
    /// The time until one more.
    pub every: Duration,
}

impl RateLimit {
    /// The generic cell rate algorithm: of each subject one number is kept, the time at which it
    /// has its whole burst again. One more is allowed `now` while that is not after the first of
    /// these, and moves it on (from now, if it is past) by the second.
    pub(crate) fn at(self, now: i64) -> (i64, i64) {
        let every = duration_millis(self.every);
        let others = i64::from(self.burst.get()) - 1;
        (now.saturating_add(every.saturating_mul(others)), every)
    }

    /// The latest that this number can be `now`. What is later was stored by a clock that was ahead,
    /// and is put back to this when it has refused somebody.
    pub(crate) fn fullest(self, now: i64) -> i64 {
        let (latest, every) = self.at(now);
        latest.saturating_add(every)
    }
}

/// One line of the record: no nonce, no challenge, nobody's name.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "whoever writes a store must keep each of them")]
pub struct TerminalRecord {
    /// The time of the decision, to the millisecond.
    pub at: SystemTime,
    /// The session, by its [digest](SessionId::digest).
    pub session: String,
    /// The bridge that asked.
    pub bridge: BridgeKey,
    /// The decision.
    pub outcome: Outcome,
}

/// The decision on a request for a signature.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Outcome {
    /// The key may sign; whether it did, only a later [`SignerFailed`](Self::SignerFailed) denies.
    Granted,
    /// Nothing was signed.
    Refused(Refusal),
    /// It was granted, but the key could not be used.
    SignerFailed,
}

/// The reason for which nothing was signed, though a desk asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum Refusal {
    /// This bridge asked for too many signatures. The nonce stays good for another attempt.
    #[error("the bridge asks too often")]
    BridgeRateLimited,
    /// A challenge was signed for this nonce before.
    #[error("a challenge was signed for this nonce before")]
    NonceSignedBefore,
    /// The nonce was not issued to this session for terminal authentication, is over, or was taken.
    #[error("the nonce is not, or no longer, one of this session for terminal authentication")]
    NonceNotGood,
    /// This session asked for too many signatures. The nonce stays good for another attempt.
    #[error("the session asks too often")]
    SessionRateLimited,
    /// No trusted bridge vouches for the challenge, or for the signatures that are to be of its card.
    #[error(transparent)]
    Stay(#[from] StayError),
}

impl Outcome {
    /// Its name, as it is stored.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Granted => "granted",
            Self::Refused(Refusal::BridgeRateLimited) => "bridge-rate-limited",
            Self::Refused(Refusal::NonceNotGood) => "nonce-not-good",
            Self::Refused(Refusal::NonceSignedBefore) => "nonce-signed-before",
            Self::Refused(Refusal::SessionRateLimited) => "session-rate-limited",
            Self::Refused(Refusal::Stay(error)) => match error {
                StayError::WordMissing => "word-missing",
                StayError::BridgeNotEnrolled => "bridge-not-enrolled",
                StayError::BridgeRevoked => "bridge-revoked",
                StayError::SignatureMismatch => "bridge-signature-mismatch",
                StayError::OriginMismatch => "origin-mismatch",
                StayError::NonceMismatch => "nonce-mismatch",
                StayError::CardMismatch => "card-mismatch",
                StayError::ChallengeMismatch => "challenge-mismatch",
            },
            Self::SignerFailed => "signer-failed",
        }
    }
}
