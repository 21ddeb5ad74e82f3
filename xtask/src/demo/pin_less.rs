//! `cargo xtask demo pin-less`: the page that signs in without a PIN too, with its server.

use std::ffi::OsString;
use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::Result;

use super::{Server, folder, packages, until_interrupted};
use crate::npm;
use crate::shell::{Shell, built, output};

const PORT: u16 = 8080;
const DESK_PASSWORD: &str = "madoguchi";

/// Builds what belongs to it, and serves.
pub(crate) fn run(shell: &Shell) -> Result<()> {
    npm::install_into(shell, "examples/pin-less")?;
    packages(shell, &["kazashi-bridge", "kazashi-emulator", "kazashi-pin-less"])?;

    let folder = folder()?;
    let card = folder.join("card");
    shell.run(Command::new(built("kazashi-emulator")).arg("issue").arg(&card))?;
    let config = folder.join("bridge.toml");
    fs::write(&config, bridge_config())?;

    let state = ["--state".into(), folder.into_os_string()];
    let key = output(Command::new(built("kazashi-bridge")).arg("enrol").args(&state))?;
    let mut bridge = Command::new(built("kazashi-bridge"));
    bridge.args(["serve", "--allow-root", "--dev", "--config"]).arg(config).args(&state);
    bridge.arg("--virtual-card").arg(&card);
    let mut server = server(&card.join("authorities"), key.trim());
    let running = vec![Server::start(&mut bridge)?, Server::start(&mut server)?];
    shell.say(format_args!(
        "\nA My Number Card lies on a virtual reader. To sign in with it, open\n\n  \
         http://127.0.0.1:{PORT}\n\n\
         PIN                   1234\n\
         date of birth         1980-02-17\n\
         password of the desk  {DESK_PASSWORD}\n\n\
         Type the PIN into the page; or leave the page's field empty, and type it into the dialog \
         of the\nbridge. After a wrong one the page may not bring another: the dialog takes it, or \
         a new demo.\nCtrl-C ends it."
    ))?;
    until_interrupted(running)
}

/// The server believes the card's authorities, and has the key of an institution that the card
/// believes.
fn server(authorities: &Path, bridge: &str) -> Command {
    let terminal = authorities.join("terminal");
    // Zero bytes at the end, as the identifiers of the card surface have.
    let mut root = OsString::from("39303030303233080530303100000000=");
    root.push(authorities.join("card-surface-authority.pem"));

    let mut server = Command::new(built("kazashi-pin-less"));
    server.args(["--port", &PORT.to_string(), "--accept-test-hierarchy"]);
    server.arg("--authorities").arg(authorities.join("user-authentication-ca.der"));
    server.arg("--card-surface-root").arg(root);
    server.arg("--terminal-certificate").arg(terminal.join("intermediate.cv"));
    server.arg("--terminal-certificate").arg(terminal.join("terminal.cv"));
    server.arg("--terminal-key").arg(terminal.join("terminal.pem"));
    server.args(["--bridge", &format!("demo={bridge}")]);
    server.env("KAZASHI_DESK_PASSWORD", DESK_PASSWORD);
    server
}

/// The page may bring the PIN itself, so that the demo runs where no dialog can be shown.
fn bridge_config() -> String {
    format!(
        "[[origin]]\n\
         origin = \"http://127.0.0.1:{PORT}\"\n\
         scopes = [\"events\", \"authenticate\", \"authenticate-pinless\", \"card-presence\", \
         \"page-pin\"]\n"
    )
}
