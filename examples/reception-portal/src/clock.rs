//! The time that all servers of one database have in common.

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, SystemTime};

use kazashi_server::{Database, StoreError};
use tracing::warn;

/// From here on, administrators are told that a clock is wrong.
const REMARKABLE: Duration = Duration::from_secs(5);

/// The database's clock, by way of this machine's: servers whose own clocks differ agree on what day it
/// is, whose session has ended, and which nonce is still good.
#[derive(Debug, Default)]
pub(crate) struct Clock {
    /// By how many milliseconds the database's clock is ahead of this machine's.
    ahead: AtomicI64,
}

impl Clock {
    /// The time at the database.
    pub(crate) fn now(&self) -> SystemTime {
        let ahead = self.ahead.load(Ordering::Relaxed);
        let by = Duration::from_millis(ahead.unsigned_abs());
        let own = SystemTime::now();
        if ahead < 0 { own - by } else { own + by }
    }

    /// Looks at the database's clock again. A file has this machine's.
    pub(crate) async fn set_by(&self, database: &Database) -> Result<(), StoreError> {
        let asked = SystemTime::now();
        let Some(told) = database.time().await? else { return Ok(()) };
        // The answer is as old as the way back took, which is half of both.
        let own = asked + asked.elapsed().unwrap_or_default() / 2;
        let ahead = difference(told, own);
        let before = self.ahead.swap(ahead, Ordering::Relaxed);
        let by = Duration::from_millis(ahead.abs_diff(before));
        if by >= REMARKABLE {
            let seconds = ahead / 1000;
            warn!(seconds, "the database's clock is ahead of this machine's, and is followed");
        }
        Ok(())
    }
}

/// By how many milliseconds one time is after another.
fn difference(one: SystemTime, other: SystemTime) -> i64 {
    let millis = |duration: Duration| i64::try_from(duration.as_millis()).unwrap_or(i64::MAX);
    match one.duration_since(other) {
        Ok(after) => millis(after),
        Err(before) => -millis(before.duration()),
    }
}
