//! Tests run beside each other, but for those that measure time or memory: each of them has the
//! machine for itself.

use std::sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

/// Read by tests that run beside others, written by one that runs alone.
static MACHINE: RwLock<()> = RwLock::new(());

/// Keeps away whoever must be alone, as long as it lives. One to a thread: a second may wait for
/// somebody who waits for the first.
pub(super) fn beside_others() -> RwLockReadGuard<'static, ()> {
    MACHINE.read().unwrap_or_else(PoisonError::into_inner)
}

/// Waits until nobody else is there, and keeps everybody away.
#[cfg(target_os = "linux")]
pub(super) fn undisturbed() -> RwLockWriteGuard<'static, ()> {
    MACHINE.write().unwrap_or_else(PoisonError::into_inner)
}
