//! The moment until a dialog may be answered: what was on its way to another window is no answer.

use std::time::{Duration, Instant};

/// How long a dialog is there before it may be answered: so long browsers wait with theirs.
const MOMENT: Duration = Duration::from_millis(500);

/// Says when a dialog may be answered: a moment after it appeared or was given the keyboard, and after
/// the last key that came before that, since whoever types on has not seen it yet.
#[derive(Clone, Copy, Debug)]
pub struct Settling {
    until: Instant,
}

impl Settling {
    /// It begins, or begins again.
    #[must_use]
    pub fn begins(now: Instant) -> Self {
        Self { until: now + MOMENT }
    }

    /// Whether the dialog may be answered.
    #[must_use]
    pub fn is_over(&self, now: Instant) -> bool {
        now >= self.until
    }

    /// A key came.
    pub fn key(&mut self, now: Instant) {
        if !self.is_over(now) {
            *self = Self::begins(now);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::Settling;

    #[test]
    fn whoever_types_on_has_not_seen_it() {
        let start = Instant::now();
        let after = |milliseconds| start + Duration::from_millis(milliseconds);
        let mut settling = Settling::begins(start);
        for key in [100, 300, 700, 1100] {
            assert!(!settling.is_over(after(key)));
            settling.key(after(key));
        }
        assert!(!settling.is_over(after(1599)));
        assert!(settling.is_over(after(1600)));
        settling.key(after(1700));
        assert!(settling.is_over(after(1700)));
    }
}
