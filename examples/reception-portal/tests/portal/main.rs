//! The portal as its page meets it: the program itself, with SQLite and with PostgreSQL (Debian's,
//! started by the tests), and cards of the emulator.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may panic")]

mod accounts;
mod backend;
mod board;
mod card;
mod client;
mod clocks;
mod deletion;
mod desk;
mod gate;
mod guards;
mod late;
mod layouts;
mod openapi;
mod operation;
mod people;
mod race;
mod record;
mod retention;
mod roles;
mod search;
mod server;
mod session;
mod start;
mod watch;
mod workstation;

/// How browsers name the portal.
const ORIGIN: &str = "https://portal.example";

/// A new id of the page's own.
fn id() -> String {
    let mut random = [0; 16];
    rand_core::RngCore::fill_bytes(&mut rand_core::OsRng, &mut random);
    uuid::Builder::from_random_bytes(random).into_uuid().to_string()
}
