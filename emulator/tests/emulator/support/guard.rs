//! Guard of the card in tests: core's desk, and a person who types at once.

use kazashi_core::card::card_information::AttributesReading;
use kazashi_core::codec::Base64;
use kazashi_core::guard::desk::{self, Entry, Notary, Task, Work};
use kazashi_core::guard::session::Session;
use kazashi_core::guard::stay_memory::StayMemory;
use kazashi_core::guard::verification::{Presentation, Presenting};
use kazashi_core::value::layout::PinReference;
use kazashi_core::value::{Scopes, StayName, StayWord, Testimony};
use kazashi_core::wire::{CardAnswer, CardRequest, Failure, Integrity};

/// Makes a guarded request as the bridge does for a page.
pub(crate) fn ask(
    session: &mut Session<'_>,
    request: CardRequest,
    scopes: &Scopes,
    origin: &str,
    person: impl FnOnce(PinReference) -> Presentation,
) -> Result<CardAnswer, Failure> {
    let Task { entry, work } = desk::admit(request, scopes, origin)?;
    let presentation = entry.map(|entry| match entry {
        Entry::Given(presentation) => presentation,
        Entry::Asked { reference, .. } => person(reference),
    });
    perform(session, work, presentation)
}

/// Has something presented, and work done then.
pub(crate) fn perform(
    session: &mut Session<'_>,
    work: Work,
    presentation: Option<Presentation>,
) -> Result<CardAnswer, Failure> {
    session.perform(work, presentation.map(Presenting::Known), &Anybody).answer
}

/// The memory of a card that was just put on the reader.
pub(crate) fn memory() -> StayMemory {
    StayMemory::new(StayName::from_bytes([9; 16]), [7; 32].into())
}

/// The challenge in a word, for an institution that asks nobody whose word it is.
pub(crate) fn challenge(word: &Base64, nonce: &str) -> Vec<u8> {
    let word = StayWord::from_bytes(word.as_bytes()).unwrap();
    let challenge = word.testimony().challenge.as_ref().unwrap();
    challenge.for_nonce(nonce).unwrap().to_vec()
}

/// Vouches for nothing, and believes everything: the institution here takes a challenge from anyone.
pub(crate) struct Anybody;

impl Notary for Anybody {
    fn vouch(&self, testimony: Testimony) -> StayWord {
        StayWord::give(testimony, "https://example.com", [0; 32], |_| [0; 64])
    }

    fn integrity(&self, _: &AttributesReading) -> Integrity {
        Integrity::Genuine
    }
}
