//! `cargo xtask demo`: the main job, on a machine without a reader.

use std::ffi::OsString;
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::Duration;

use anyhow::{Context, Result, bail};

use crate::shell::{Shell, built, cargo, line, output, remove_folder, root};
use crate::{npm, setup, wasm};

const PORT: u16 = 8080;
const DESK_PASSWORD: &str = "madoguchi";

/// Signs in with a virtual card: sets up, builds, and serves until Ctrl-C.
pub(crate) fn run(shell: &Shell) -> Result<()> {
    setup::system_packages(shell, setup::BUILD_PACKAGES)?;
    setup::wasm_target(shell)?;
    setup::npm(shell, "js")?;
    wasm::build(shell)?;
    npm::package(shell)?;
    npm::install_into(shell, "examples/sign-in")?;
    let packages = ["kazashi-bridge", "kazashi-emulator", "kazashi-sign-in"];
    let packages = packages.into_iter().flat_map(|package| ["--package", package]);
    shell.run(cargo().arg("build").args(packages))?;

    let folder = root().join("target/demo");
    // A new card each time: one that was blocked by wrong PINs is of no use to a demo.
    remove_folder(&folder)?;
    fs::create_dir_all(&folder)?;
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
    let running = [Server::start(&mut bridge)?, Server::start(&mut server)?];
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

    let mut server = Command::new(built("kazashi-sign-in"));
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

fn until_interrupted(mut running: [Server; 2]) -> Result<()> {
    let (interrupt, interrupted) = mpsc::channel();
    ctrlc::set_handler(move || {
        // It fails only when nobody waits any more.
        let _ = interrupt.send(());
    })?;
    while let Err(RecvTimeoutError::Timeout) = interrupted.recv_timeout(Duration::from_millis(200))
    {
        for server in &mut running {
            server.still_runs()?;
        }
    }
    Ok(())
}

/// A program that serves until it is dropped.
struct Server {
    name: String,
    process: Child,
    /// Held open: a program whose output nobody takes may fail.
    output: BufReader<ChildStdout>,
}

impl Server {
    /// Starts a program and waits for the line by which it says that it listens.
    fn start(command: &mut Command) -> Result<Self> {
        let name = line(command);
        let mut process =
            command.stdout(Stdio::piped()).spawn().with_context(|| format!("starting {name}"))?;
        let stdout = process.stdout.take().context("a child has the standard output asked for")?;
        let output = BufReader::new(stdout);
        let mut server = Self { name, process, output };
        if server.output.read_line(&mut String::new())? == 0 {
            bail!("{} ended before it listened: {}", server.name, server.process.wait()?);
        }
        Ok(server)
    }

    fn still_runs(&mut self) -> Result<()> {
        match self.process.try_wait()? {
            None => Ok(()),
            Some(status) => bail!("{} ended: {status}", self.name),
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // One that has ended already cannot be ended again, and needs not be.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
