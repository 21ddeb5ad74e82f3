use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Abilities that a card, and the reader under it, were seen to have. Keep one for each insertion: clones share
/// what is learned, so that a form of command that was refused once is not tried again.
///
/// It is learned from commands that do no harm: reading a file, asking for a retry counter. A
/// VERIFY is never repeated in another form.
#[derive(Clone, Debug, Default)]
pub struct Abilities(Arc<Lacking>);

#[derive(Debug, Default)]
struct Lacking {
    extended_length: AtomicBool,
    short_ef_identifiers: AtomicBool,
}

impl Abilities {
    /// Extended length fields: a file in one response instead of 256 bytes at a time.
    pub(crate) fn extended_length(&self) -> bool {
        !self.0.extended_length.load(Ordering::Relaxed)
    }

    /// Short EF identifiers: no SELECT before each file.
    pub(crate) fn short_ef_identifiers(&self) -> bool {
        !self.0.short_ef_identifiers.load(Ordering::Relaxed)
    }

    pub(crate) fn lacks_extended_length(&self) {
        self.0.extended_length.store(true, Ordering::Relaxed);
    }

    pub(crate) fn lacks_short_ef_identifiers(&self) {
        self.0.short_ef_identifiers.store(true, Ordering::Relaxed);
    }
}
