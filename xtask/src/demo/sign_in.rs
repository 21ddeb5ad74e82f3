//! `cargo xtask demo sign-in`: the smallest page, with its server, and a desk of virtual cards.

use anyhow::Result;

use super::{Server, desk, folder, packages, until_interrupted};
use crate::npm;
use crate::shell::{Shell, program, root};

const PORT: u16 = 8080;

const EXAMPLE: &str = "examples/sign-in";

/// Builds what belongs to it, and serves.
pub(super) fn run(shell: &Shell) -> Result<()> {
    npm::install_into(shell, EXAMPLE)?;
    packages(shell, &desk::PACKAGES)?;

    let mut running = desk::start(&folder()?, PORT, &["events", "authenticate"])?;
    let mut server = program("node", EXAMPLE);
    server.args(["server.js", "--port", &PORT.to_string(), "--accept-test-hierarchy"]);
    let authority = root().join("vectors/certificates/user-authentication-ca.der");
    running.push(Server::start(server.arg("--authorities").arg(authority))?);
    shell.say(format_args!(
        "\nThe smallest page that signs people in, and a desk of virtual cards. Open both, side by side:\n\n  \
         http://127.0.0.1:{PORT}   the page\n  \
         http://127.0.0.1:{}   the desk: cards to put on the reader, and the dialog for PINs\n\n\
         The desk says which card has which PIN. Ctrl-C ends it.",
        desk::PORT
    ))?;
    until_interrupted(running)
}
