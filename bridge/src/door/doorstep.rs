use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use tokio::spawn;
use tokio::task::AbortHandle;

/// So many may stand there at once.
const PLACES: usize = 128;

/// Those at one way in who have not got past the guard. Whoever stands there longest gives way to the
/// next, so that nobody who says nothing, or says it slowly, keeps others out; and whoever got in has
/// a place of another kind.
#[derive(Debug, Default)]
pub(crate) struct Doorstep(Mutex<VecDeque<AbortHandle>>);

impl Doorstep {
    /// Attends to somebody until they get in or go, or must give way.
    pub(crate) fn attend(&self, visit: impl Future<Output = ()> + Send + 'static) {
        let mut visits = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        visits.retain(|visit| !visit.is_finished());
        if visits.len() >= PLACES
            && let Some(longest) = visits.pop_front()
        {
            longest.abort();
        }
        visits.push_back(spawn(visit).abort_handle());
    }
}

#[cfg(test)]
mod tests {
    use std::future::pending;
    use std::sync::Arc;

    use tokio::task::yield_now;

    use super::{Doorstep, PLACES};

    /// Has somebody stay for ever. What is returned has one owner once they are gone.
    fn stays(doorstep: &Doorstep) -> Arc<()> {
        let presence = Arc::new(());
        let held = Arc::clone(&presence);
        doorstep.attend(async move {
            let _held = held;
            pending().await
        });
        presence
    }

    /// Has everybody had a turn.
    async fn all_have_moved() {
        for _ in 0..=PLACES {
            yield_now().await;
        }
    }

    #[tokio::test]
    async fn whoever_stands_there_longest_gives_way_and_only_where_there_is_no_room() {
        let doorstep = Doorstep::default();
        let visits: Vec<_> = (0..PLACES).map(|_| stays(&doorstep)).collect();
        let is_there = |visit: &Arc<()>| Arc::strong_count(visit) == 2;
        all_have_moved().await;
        assert!(visits.iter().all(is_there));
        let next = stays(&doorstep);
        all_have_moved().await;
        assert!(is_there(&next) && !is_there(&visits[0]) && visits[1..].iter().all(is_there));
    }

    #[tokio::test]
    async fn who_has_gone_keeps_no_place() {
        let doorstep = Doorstep::default();
        let first = stays(&doorstep);
        for _ in 0..10 * PLACES {
            doorstep.attend(async {});
            yield_now().await;
        }
        assert_eq!(Arc::strong_count(&first), 2);
    }
}
