//! The common part of all stores.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use async_trait::async_trait;
use kazashi_core::error_code::ErrorCode;
use thiserror::Error;

use crate::{EnrolmentStore, NonceStore, TerminalStore};

/// Everything that a server keeps, in one place.
///
/// The futures are boxed (by [`macro@async_trait`]), so that a server holds an `Arc<dyn Store>` and
/// chooses at start what is behind it: beside a round trip to a database, a box costs nothing.
#[async_trait]
pub trait Store: EnrolmentStore + NonceStore + TerminalStore {
    /// Deletes what is over: nonces, sessions, and counters that say nothing any more. Nothing
    /// depends on it but size; call it every few minutes.
    async fn delete_expired(&self, now: SystemTime) -> Result<(), StoreError>;
}

/// The reason for which a store gave no answer.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum StoreError {
    /// The store was made by a newer version of this library.
    #[error("the database has schema {found}, and this program knows none above {known}")]
    SchemaUnknown {
        /// The version of the store's schema.
        found: i64,
        /// The newest that this version of the library knows.
        known: i64,
    },
    /// The store cannot be reached now: restarting, overloaded, or cut off. The next call tries
    /// anew.
    ///
    /// A change may or may not have been made: its answer can have been lost on the way. So a nonce
    /// whose taking ended in this counts as taken, and the visitor starts again with another.
    #[error("the store is unavailable: {because}")]
    Unavailable {
        /// The connection's reason.
        because: String,
    },
    /// The store refused: its URL, its schema or its rights are wrong.
    #[error("the store failed: {because}")]
    Failed {
        /// The store's reason.
        because: String,
    },
}

impl StoreError {
    /// The row of the table of errors that speaks of this one: whoever waits is told to try again.
    #[must_use]
    pub fn code(&self) -> ErrorCode {
        ErrorCode::Timeout
    }
}

/// The times for which nonces and sessions are good.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "what has a lifetime, one by one")]
pub struct Lifetimes {
    /// A nonce: long enough to find the card and to type a PIN. Five minutes.
    pub nonce: Duration,
    /// The time from its issue within which a desk's account may redeem a nonce late, with what a card
    /// signed while the server could not be reached ([`LateNonce`](crate::LateNonce)). None.
    pub late: Duration,
    /// A session, from its creation or its last [authentication](crate::SessionStore): eight hours,
    /// a day at the desk.
    pub session: Duration,
}

/// The difference that the clocks of servers over one store may have.
const CLOCKS: Duration = Duration::from_mins(1);

impl Lifetimes {
    /// The latest that a session can end which began by now. What is to end later was begun by a
    /// clock that was ahead: when, nobody knows, and it is over.
    pub(crate) fn latest_session_end(&self, now: SystemTime) -> i64 {
        millis(now)
            .saturating_add(duration_millis(self.session))
            .saturating_add(duration_millis(CLOCKS))
    }
}

impl Default for Lifetimes {
    fn default() -> Self {
        Self {
            nonce: Duration::from_mins(5),
            late: Duration::ZERO,
            session: Duration::from_hours(8),
        }
    }
}

/// The time as it is stored and compared: milliseconds since 1970.
pub(crate) fn millis(time: SystemTime) -> i64 {
    duration_millis(time.duration_since(UNIX_EPOCH).unwrap_or_default())
}

/// Such a time, read again.
pub(crate) fn time(millis: i64) -> SystemTime {
    UNIX_EPOCH + Duration::from_millis(millis.try_into().unwrap_or_default())
}

pub(crate) fn duration_millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}
