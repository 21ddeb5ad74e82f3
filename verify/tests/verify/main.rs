//! Tokens, certificates and authorities, good and bad.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may panic")]

mod certificate;
mod statement;
mod token;
mod vector;
