//! The record of what cards disclosed.

mod disclosure_log;
mod show;
mod tail;
mod verification;

pub(crate) use disclosure_log::{CardId, Disclosure, DisclosureLog, Entry, Line, Signed, lines};
pub(crate) use show::{about, about_unknown_cards};
pub(crate) use tail::read;
pub(crate) use verification::verify;
