use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// So many at once, and one more after each interval; for each of those who ask. It is this
/// process's own: behind a balancer, that counts instead.
pub(crate) struct RateLimit {
    burst: u32,
    every: Duration,
    /// When each of those who asked lately will have all of their burst again.
    full_at: Mutex<HashMap<String, Instant>>,
}

impl RateLimit {
    pub(crate) fn new(burst: u32, every: Duration) -> Self {
        Self { burst, every, full_at: Mutex::default() }
    }

    /// Whether whoever asks may go on; if so, it is counted.
    pub(crate) fn admits(&self, who: &str, now: Instant) -> bool {
        let mut full_at = self.full_at.lock().unwrap_or_else(PoisonError::into_inner);
        full_at.retain(|_, full_at| *full_at > now);
        let next = full_at.get(who).copied().unwrap_or(now) + self.every;
        let admitted = next <= now + self.every * self.burst;
        if admitted {
            full_at.insert(who.to_owned(), next);
        }
        admitted
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_is_admitted_and_then_one_after_each_interval() {
        let second = Duration::from_secs(1);
        let (limit, start) = (RateLimit::new(3, second), Instant::now());
        let admitted = |now| (0..5).filter(|_| limit.admits("desk", now)).count();
        assert_eq!(admitted(start), 3);
        assert_eq!(admitted(start + second), 1);
        assert_eq!(admitted(start + 60 * second), 3);
    }

    #[test]
    fn one_who_asks_too_often_takes_nothing_from_another() {
        let (limit, now) = (RateLimit::new(1, Duration::from_secs(1)), Instant::now());
        assert!(limit.admits("one", now));
        assert!(!limit.admits("one", now));
        assert!(limit.admits("another", now));
    }
}
