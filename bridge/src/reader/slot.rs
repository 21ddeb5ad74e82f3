//! Slots: where a card can be.

use kazashi_core::error_code::ErrorCode;
use kazashi_core::guard::session::{Bookmark, CardTransaction, Session};
use kazashi_core::guard::stay_memory::StayMemory;
use kazashi_core::value::StayName;
use kazashi_core::wire::Failure;

use crate::sys::random;

/// A PC/SC reader, or one of virtual cards.
pub(crate) trait Slot: Send + 'static {
    /// Waits until the card is ours alone.
    fn begin(&mut self) -> Result<(Box<dyn CardTransaction + '_>, Insertion), ErrorCode>;

    /// Lets go of the card between transactions, so that other programs can have it.
    fn rest(&mut self);

    /// Whether the service behind it answers, should nothing be heard of the card.
    fn service_answers() -> bool {
        true
    }
}

/// Tells one stay of a card on the reader from the next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Insertion(pub(crate) u32);

/// Does something with the card on a reader without a lease, and leaves it clean.
pub(crate) fn once<R>(
    slot: &mut impl Slot,
    work: impl FnOnce(&mut Session<'_>) -> Result<R, Failure>,
) -> Result<R, ErrorCode> {
    let done = slot.begin().map_err(Failure::from).and_then(|(card, _)| {
        let memory = new_memory(StayName::from_bytes(random()));
        let mut session = Session::open(card, Bookmark::default(), memory)?;
        let done = work(&mut session);
        session.close();
        done
    });
    slot.rest();
    done.map_err(|failure| failure.code)
}

/// The session's memory of a card that was just put on the reader.
pub(crate) fn new_memory(name: StayName) -> StayMemory {
    StayMemory::new(name, random().into())
}
