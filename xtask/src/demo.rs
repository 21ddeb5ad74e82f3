//! `cargo xtask demo`: the main job, on a machine without a reader.

mod desk;
mod pin_less;
mod portal;
mod sign_in;

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use clap::ValueEnum;

use crate::shell::{Shell, cargo, line, remove_folder, root};
use crate::{npm, setup, wasm};

/// What is shown.
#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum Demo {
    /// The reception portal, with a desk of virtual cards
    Portal,
    /// The smallest page that signs in, with a desk of virtual cards
    SignIn,
    /// A page that signs in without a PIN too, with one virtual card
    PinLess,
}

/// Sets up, builds, and serves until Ctrl-C.
pub(crate) fn run(shell: &Shell, demo: Demo) -> Result<()> {
    setup::system_packages(shell, setup::BUILD_PACKAGES)?;
    setup::wasm_target(shell)?;
    setup::npm(shell, "js")?;
    wasm::build(shell)?;
    npm::package(shell)?;
    match demo {
        Demo::Portal => portal::run(shell),
        Demo::SignIn => sign_in::run(shell),
        Demo::PinLess => pin_less::run(shell),
    }
}

fn packages(shell: &Shell, packages: &[&str]) -> Result<()> {
    let packages = packages.iter().flat_map(|package| ["--package", package]);
    shell.run(cargo().arg("build").args(packages))
}

/// An empty folder for what the demo keeps. New cards each time: one that was blocked by wrong PINs
/// is of no use to a demo.
fn folder() -> Result<PathBuf> {
    let folder = root().join("target/demo");
    remove_folder(&folder)?;
    fs::create_dir_all(&folder)?;
    Ok(folder)
}

fn until_interrupted(mut running: Vec<Server>) -> Result<()> {
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
    /// Held open, unless another program takes it: one whose output nobody takes may fail.
    output: Option<ChildStdout>,
}

impl Server {
    /// Starts a program and waits for the line by which it says that it listens.
    fn start(command: &mut Command) -> Result<Self> {
        let name = line(command);
        let mut process =
            command.stdout(Stdio::piped()).spawn().with_context(|| format!("starting {name}"))?;
        let stdout = process.stdout.take().context("a child has the standard output asked for")?;
        // Not a byte more is read than the line: what follows may be for another program.
        let mut output = BufReader::with_capacity(1, stdout);
        let said = output.read_line(&mut String::new());
        let mut server = Self { name, process, output: Some(output.into_inner()) };
        if said? == 0 {
            bail!("{} ended before it listened: {}", server.name, server.process.wait()?);
        }
        Ok(server)
    }

    /// What it says from here on, for another program to read.
    fn take_output(&mut self) -> Stdio {
        self.output.take().map_or_else(Stdio::null, Stdio::from)
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
