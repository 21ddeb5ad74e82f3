//! Readers, the cards on them, and whose turn it is.

mod driver_words;
mod events;
mod lease;
mod leased_card;
pub(crate) mod pcsc;
mod reader_ids;
mod readers;
pub(crate) mod slot;
mod stay;
mod stay_names;
pub(crate) mod virtual_card;
mod watch;
mod worker;

pub(crate) use events::{Event, Events};
pub(crate) use lease::{Asker, InUse, Leases};
pub(crate) use leased_card::LeasedCard;
pub(crate) use reader_ids::ReaderIds;
pub(crate) use readers::Readers;
pub(crate) use worker::{Holder, Shared};
