use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// How much of a file is read. Clones share it: a flow writes, its driver looks.
#[derive(Clone, Debug, Default)]
pub struct Progress(Arc<Bytes>);

#[derive(Debug, Default)]
struct Bytes {
    read: AtomicUsize,
    total: AtomicUsize,
}

impl Progress {
    /// How many bytes are read; 0 before the first response.
    #[must_use]
    pub fn read(&self) -> usize {
        self.0.read.load(Ordering::Relaxed)
    }

    /// How many bytes there are; 0 before the first response.
    #[must_use]
    pub fn total(&self) -> usize {
        self.0.total.load(Ordering::Relaxed)
    }

    pub(crate) fn set(&self, read: usize, total: usize) {
        self.0.read.store(read, Ordering::Relaxed);
        self.0.total.store(total, Ordering::Relaxed);
    }
}
