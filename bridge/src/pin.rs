//! The person at the machine: how they are asked for a PIN, how often it is tried, and how they are
//! asked about websites.

mod assuan;
mod pin_entry;
pub(crate) mod pin_pad;
mod program;
mod site_dialog;
mod site_words;
mod try_guard;
mod words;

pub(crate) use pin_entry::{Entered, PinEntry};
pub(crate) use program::Unable;
pub(crate) use site_dialog::{Decision, SiteDialog};
pub(crate) use site_words::Proposal;
pub(crate) use try_guard::{TryGuard, Turn};
pub(crate) use words::{Language, Prompt};
