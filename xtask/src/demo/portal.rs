//! `cargo xtask demo`: the reception portal, and a desk of virtual cards in place of a reader.

use std::ffi::OsString;
use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};

use super::{Server, desk, folder, packages, until_interrupted};
use crate::portal_page;
use crate::shell::{Shell, built, line, output, root};

const PORT: u16 = 8080;

/// What the portal does.
const SCOPES: [&str; 6] =
    ["events", "authenticate", "authenticate-pinless", "card-presence", "card-face", "attributes"];
/// Name, password and role of those who may sign in.
const ACCOUNTS: [(&str, &str, &str); 2] =
    [("uketsuke", "uketsuke-demo", "staff"), ("kanri", "kanri-demo-1", "administrator")];

/// Builds what belongs to it, and serves.
pub(super) fn run(shell: &Shell) -> Result<()> {
    portal_page::build(shell)?;
    packages(shell, &[desk::PACKAGES.as_slice(), &["kazashi-reception-portal"]].concat())?;

    let folder = folder()?;
    let mut database = OsString::from("sqlite:");
    database.push(folder.join("portal.db"));
    for (name, password, role) in ACCOUNTS {
        let mut add = Command::new(built("kazashi-portal"));
        add.args(["account", "add", name, "--role", role, "--database"]).arg(&database);
        type_into(&mut add, password)?;
    }

    let state = ["--state".as_ref(), folder.as_os_str()];
    let key = output(Command::new(built("kazashi-bridge")).arg("enrol").args(state))?;
    let mut running = desk::start(&folder, PORT, &SCOPES)?;
    running.push(Server::start(&mut portal(&folder, &database, key.trim())?)?);

    let [(staff, staff_password, _), (administrator, administrator_password, _)] = ACCOUNTS;
    shell.say(format_args!(
        "\nA reception desk, with virtual cards. Open both, side by side:\n\n  \
         http://127.0.0.1:{PORT}   the portal\n  \
         http://127.0.0.1:{}   the desk: cards to put on the reader, and the dialog for PINs\n\n\
         staff          {staff}   password  {staff_password}\n\
         administrator  {administrator}      password  {administrator_password}\n\n\
         The desk says which card has which PIN and which numbers. To try the gate: receive a visitor \
         with the\nPIN and have the card remembered, export the day from the board (as CSV), and import \
         that\nas the tickets of an event in the settings (as administrator).\n\
         cargo xtask demo sign-in shows the smallest page instead. Ctrl-C ends it.",
        desk::PORT
    ))?;
    until_interrupted(running)
}

/// The server believes the virtual cards, and has the key of an institution that they believe.
fn portal(folder: &Path, database: &OsString, bridge: &str) -> Result<Command> {
    let pairwise_key = folder.join("pairwise.key");
    // No secret: these visitors are nobody.
    fs::write(&pairwise_key, [7; 32])?;
    let vectors = root().join("vectors");
    let mut card_surface = OsString::from("39303030303233080530303100000000=");
    card_surface.push(vectors.join("cv-certificates/card-surface-authority.pem"));

    let mut portal = Command::new(built("kazashi-portal"));
    portal.args(["serve", "--port", &PORT.to_string(), "--accept-test-hierarchy"]);
    portal.arg("--database").arg(database).arg("--pairwise-key").arg(pairwise_key);
    portal.arg("--authorities").arg(vectors.join("certificates/user-authentication-ca.der"));
    portal.arg("--card-surface-root").arg(card_surface);
    for certificate in ["terminal-intermediate.cv", "terminal.cv"] {
        let certificate = vectors.join("cv-certificates").join(certificate);
        portal.arg("--terminal-certificate").arg(certificate);
    }
    portal.arg("--terminal-key").arg(vectors.join("keys/terminal.pem"));
    portal.args(["--bridge", &format!("demo={bridge}")]);
    portal.args(["--institution-ja", "かざし診療所", "--institution-en", "Kazashi Clinic"]);
    Ok(portal)
}

/// Runs a program that asks for a text on its standard input.
fn type_into(command: &mut Command, text: &str) -> Result<()> {
    let name = line(command);
    let mut process = command.stdin(Stdio::piped()).spawn().with_context(|| name.clone())?;
    let mut input = process.stdin.take().context("a child has the standard input asked for")?;
    writeln!(input, "{text}")?;
    drop(input);
    ensure!(process.wait()?.success(), "{name} failed");
    Ok(())
}
