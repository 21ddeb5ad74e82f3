//! Turns: each origin has one at a time to have something presented, and waits for it after a failure.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use kazashi_core::error_code::ErrorCode;
use kazashi_core::guard::try_guard::Pauses;
use kazashi_core::wire::Failure;
use tokio::sync::OwnedMutexGuard;
use tokio::time::sleep;

use crate::access::Origin;

/// Gives each origin one turn at a time to have something presented. Another origin's failures are
/// nothing to it.
#[derive(Debug)]
pub(crate) struct TryGuard {
    /// The moment from which times are counted.
    since: Instant,
    pauses: Mutex<Pauses>,
    queues: Mutex<HashMap<Origin, Arc<tokio::sync::Mutex<()>>>>,
}

impl TryGuard {
    pub(crate) fn new() -> Self {
        Self { since: Instant::now(), pauses: Mutex::default(), queues: Mutex::default() }
    }

    /// Waits until this origin may try: what it asked for before is over, and so is the pause for
    /// what failed.
    pub(crate) async fn turn(&self, origin: &Origin) -> Turn<'_> {
        let queue = Arc::clone(lock(&self.queues).entry(origin.clone()).or_default());
        let place = queue.lock_owned().await;
        let rest = lock(&self.pauses).rest(origin.as_str(), self.since.elapsed());
        sleep(rest).await;
        Turn { guard: self, origin: origin.clone(), asked_person: false, _place: place }
    }

    fn ended<R>(&self, origin: &Origin, result: &Result<R, Failure>, asked_person: bool) {
        let now = self.since.elapsed();
        lock(&self.pauses).ended(origin.as_str(), now, result, asked_person);
    }
}

/// An origin's turn to have something presented.
#[derive(Debug)]
pub(crate) struct Turn<'a> {
    guard: &'a TryGuard,
    origin: Origin,
    asked_person: bool,
    _place: OwnedMutexGuard<()>,
}

impl Turn<'_> {
    /// A person is bothered.
    pub(crate) fn opens_dialog(&mut self) {
        self.asked_person = true;
    }

    /// How it ended.
    pub(crate) fn end<R>(mut self, result: &Result<R, Failure>) {
        self.guard.ended(&self.origin, result, std::mem::take(&mut self.asked_person));
    }
}

/// A turn that nobody ends was abandoned: the page went away.
impl Drop for Turn<'_> {
    fn drop(&mut self) {
        let abandoned = Err::<(), _>(ErrorCode::LeaseLost.into());
        self.guard.ended(&self.origin, &abandoned, self.asked_person);
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use kazashi_core::error_code::ErrorCode;
    use kazashi_core::wire::Failure;

    use super::TryGuard;
    use crate::access::Origin;

    fn origin(host: &str) -> Origin {
        Origin::parse(&format!("https://{host}.example"), false).unwrap()
    }

    /// Whether this origin waits before its next turn.
    async fn waits(guard: &TryGuard, origin: &Origin) -> bool {
        let moment = Duration::from_millis(20);
        tokio::time::timeout(moment, guard.turn(origin)).await.is_err()
    }

    #[tokio::test]
    async fn an_origin_has_one_turn_at_a_time() {
        let guard = TryGuard::new();
        let first = guard.turn(&origin("a")).await;
        assert!(waits(&guard, &origin("a")).await);
        guard.turn(&origin("b")).await.end(&Ok(()));
        first.end(&Ok(()));
        guard.turn(&origin("a")).await.end(&Ok(()));
    }

    #[tokio::test]
    async fn a_page_that_goes_away_while_a_person_is_asked_waits_like_one_that_was_refused() {
        let guard = TryGuard::new();
        let mut abandoned = guard.turn(&origin("a")).await;
        abandoned.opens_dialog();
        drop(abandoned);
        assert!(waits(&guard, &origin("a")).await);
        drop(guard.turn(&origin("b")).await);
        assert!(!waits(&guard, &origin("b")).await);
        let refused = Err::<(), _>(Failure::new(ErrorCode::PinIncorrect));
        guard.turn(&origin("c")).await.end(&refused);
        assert!(waits(&guard, &origin("c")).await);
    }
}
