//! Connections that are refused, in the log: some of each kind, and how many more there were. Whoever
//! knocks again and again fills no disk, and hides nobody else's refusal.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use tracing::warn;

/// So many of a kind are written down in each interval.
const LINES: u64 = 10;
const INTERVAL: Duration = Duration::from_secs(60);

/// The reason why somebody is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Refusal {
    /// The program is another user's.
    OtherUser,
    /// Nothing says whose the program is.
    Unowned,
    /// It is of no origin that could be allowed anything.
    NoOrigin,
    /// Nobody has allowed the origin anything.
    Unlisted,
    /// There are as many connections as there may be.
    TooMany,
    /// The system could not accept it.
    Accept,
}

/// The count of refusals of each kind in its interval.
#[derive(Debug, Default)]
pub(crate) struct RefusalLog(Mutex<HashMap<Refusal, Interval>>);

#[derive(Debug)]
struct Interval {
    begin: Instant,
    refused: u64,
}

impl RefusalLog {
    /// Counts a refusal. Says whether it is to be written down.
    pub(crate) fn count(&self, refusal: Refusal) -> bool {
        let (is_written, left_out) = self.count_at(refusal, Instant::now());
        if left_out > 0 {
            warn!(?refusal, left_out, "refusals that were not written down");
        }
        is_written
    }

    fn count_at(&self, refusal: Refusal, now: Instant) -> (bool, u64) {
        let mut intervals = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let new = Interval { begin: now, refused: 0 };
        intervals.entry(refusal).or_insert(new).count(now)
    }
}

impl Interval {
    /// Whether this refusal is to be written down, and how many of the interval before were not.
    fn count(&mut self, now: Instant) -> (bool, u64) {
        let mut left_out = 0;
        if now.saturating_duration_since(self.begin) >= INTERVAL {
            left_out = self.refused.saturating_sub(LINES);
            *self = Self { begin: now, refused: 0 };
        }
        self.refused = self.refused.saturating_add(1);
        (self.refused <= LINES, left_out)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::{INTERVAL, LINES, Refusal, RefusalLog};

    #[test]
    fn many_refusals_become_one_line_that_counts_them() {
        let (log, begin) = (RefusalLog::default(), Instant::now());
        let count = |now| log.count_at(Refusal::Unlisted, now);
        for refusal in 0..1000 {
            assert_eq!(count(begin), (refusal < LINES, 0));
        }
        assert_eq!(count(begin + INTERVAL), (true, 1000 - LINES));
        assert_eq!(count(begin + 2 * INTERVAL), (true, 0));
    }

    #[test]
    fn refusals_of_one_kind_hide_none_of_another() {
        let (log, now) = (RefusalLog::default(), Instant::now());
        for _ in 0..1000 {
            log.count_at(Refusal::Unlisted, now);
        }
        assert_eq!(log.count_at(Refusal::OtherUser, now), (true, 0));
    }
}
