//! The stores, each against every backend, and the desk with its keys: PostgreSQL and SoftHSM are
//! Debian's, started by the tests.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may panic")]

mod again;
mod backend;
mod database;
mod enrolment;
mod errors;
mod nonce;
mod options;
mod pkcs11;
mod race;
mod session;
mod stay;
mod terminal;

use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// A time to begin at. The stores have no clock of their own.
fn noon() -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(1_800_000_000)
}
