//! The PIN of the person at the machine: how it is asked for, and how often it is tried.

mod assuan;
mod pin_entry;
pub(crate) mod pin_pad;
mod program;
mod try_guard;
mod words;

pub(crate) use pin_entry::{Entered, PinEntry};
pub(crate) use program::Unable;
pub(crate) use try_guard::{TryGuard, Turn};
pub(crate) use words::{Language, Prompt};
