//! The portal as its page meets it: the program itself, with SQLite and with PostgreSQL (Debian's,
//! started by the tests), and cards of the emulator.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may panic")]

mod accounts;
mod backend;
mod board;
mod card;
mod client;
mod desk;
mod gate;
mod operation;
#[expect(dead_code, reason = "it can do more for the stores' own tests")]
#[path = "../../../../server/tests/server/postgres.rs"]
mod postgres;
mod race;
mod retention;
mod server;
mod session;

/// How browsers name the portal.
const ORIGIN: &str = "https://portal.example";

/// A new id of the page's own.
fn id() -> String {
    let mut random = [0; 16];
    rand_core::RngCore::fill_bytes(&mut rand_core::OsRng, &mut random);
    uuid::Builder::from_random_bytes(random).into_uuid().to_string()
}
