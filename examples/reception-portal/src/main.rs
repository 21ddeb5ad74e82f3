//! The reception portal, as it stands on a desk: see [`kazashi_reception_portal`].
//!
//! An institution that may ask about revocation writes a `main` of its own like this one, with its
//! own [`RevocationChecker`](kazashi_reception_portal::RevocationChecker).

use std::error::Error;
use std::sync::Arc;

use kazashi_reception_portal::{NobodyAsked, Options, run};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    run(Options::from_command_line(), Arc::new(NobodyAsked)).await
}
