//! The virtual card of `kazashi/testing`: the emulator's card, guarded by the session that guards
//! cards in the bridge. `js/src/testing.ts` is its only caller: it has the readers and the leases.

mod bridge;
pub mod card;
pub mod channel;
mod municipality;
pub mod terminal;
mod value;
