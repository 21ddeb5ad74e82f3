//! Connections that are refused, in the log: some of them, and how many more there were. Whoever
//! knocks again and again fills no disk.

use std::{
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use tracing::warn;

/// So many are written down in each interval.
const LINES: u64 = 10;
const INTERVAL: Duration = Duration::from_secs(60);

/// How many there were in this interval.
#[derive(Debug)]
pub(crate) struct Refusals(Mutex<Interval>);

#[derive(Debug)]
struct Interval {
    begin: Instant,
    refused: u64,
}

impl Refusals {
    pub(crate) fn new() -> Self {
        Self(Mutex::new(Interval { begin: Instant::now(), refused: 0 }))
    }

    /// Counts a refusal. Says whether it is to be written down.
    pub(crate) fn count(&self) -> bool {
        let mut interval = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (is_written, left_out) = interval.count(Instant::now());
        if left_out > 0 {
            warn!(left_out, "refusals that were not written down");
        }
        is_written
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

    use super::{INTERVAL, Interval, LINES};

    #[test]
    fn many_refusals_become_one_line_that_counts_them() {
        let begin = Instant::now();
        let mut interval = Interval { begin, refused: 0 };
        for refusal in 0..1000 {
            assert_eq!(interval.count(begin), (refusal < LINES, 0));
        }
        assert_eq!(interval.count(begin + INTERVAL), (true, 1000 - LINES));
        assert_eq!(interval.count(begin + 2 * INTERVAL), (true, 0));
    }
}
