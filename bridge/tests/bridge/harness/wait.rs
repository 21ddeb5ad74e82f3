//! Waiting for what others do in their own time.

use std::thread;
use std::time::{Duration, Instant};

/// Whatever takes longer than this has failed.
const PATIENCE: Duration = Duration::from_secs(20);

/// Looks again and again until there is what was waited for, which is named for who reads the panic.
pub(crate) fn wait_for<T>(awaited: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let begun = Instant::now();
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(begun.elapsed() < PATIENCE, "waited {PATIENCE:?} in vain for {awaited}");
        thread::sleep(Duration::from_millis(5));
    }
}

/// The same for what is or is not.
pub(crate) fn wait_until(awaited: &str, mut is_so: impl FnMut() -> bool) {
    wait_for(awaited, || is_so().then_some(()));
}
