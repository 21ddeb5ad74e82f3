//! Helpers: commands and transcripts by hand, and what they are held against.

pub(crate) mod commands;
pub(crate) mod contents;
pub(crate) mod guard;
pub(crate) mod terminal;
pub(crate) mod transcript;
pub(crate) mod vectors;
