//! The project's own commands: `cargo xtask --help`.
#![expect(clippy::print_stdout, reason = "a command line program speaks on standard output")]

mod bench;
mod debian;
mod demo;
mod dist;
mod linux;
mod npm;
mod portal;
mod portal_page;
mod release_check;
mod sbom;
mod setup;
mod shell;
mod size;
mod tables;
mod test;
mod vectors;
mod wasm;
mod windows;

use std::process::ExitCode;

use anyhow::Result;
use clap::Parser;

use crate::demo::Demo;
use crate::dist::Dist;
use crate::shell::Shell;

/// The project's own commands.
#[derive(Parser)]
#[command(bin_name = "cargo xtask")]
enum Command {
    /// Try it without hardware: set up, build, start the bridge, a page and virtual cards
    Demo {
        /// What is shown
        #[arg(value_enum, default_value_t = Demo::Portal)]
        demo: Demo,
    },
    /// Build the reception portal, page and program, into target/release
    Portal,
    /// Make what is given to those who install it
    #[command(subcommand)]
    Dist(Dist),
    /// Set up and run every check
    Test {
        /// Only checks with this in their name, and what they wait for
        name: Option<String>,
    },
    /// Build the WebAssembly modules into js/src/wasm
    Wasm,
    /// Write the generated files anew: test vectors, tables of errors and scopes
    Vectors,
    /// Check what a release needs besides: advisories, licences, the oldest Rust, public APIs, and what
    /// registries want
    ReleaseCheck,
    /// Measure: commands to the card, times as ratios of one run, sizes
    Bench,
}

fn main() -> Result<ExitCode> {
    let shell = Shell::terminal();
    match Command::parse() {
        Command::Demo { demo } => demo::run(&shell, demo)?,
        Command::Portal => portal::build(&shell)?,
        Command::Dist(dist) => dist::run(&shell, dist)?,
        Command::Test { name } => return test::run(name.as_deref()),
        Command::Wasm => {
            setup::wasm_target(&shell)?;
            setup::npm(&shell, "js")?;
            wasm::build(&shell)?;
        }
        Command::Vectors => vectors::build_and_write(&shell)?,
        Command::ReleaseCheck => release_check::run(&shell)?,
        Command::Bench => bench::run(&shell)?,
    }
    Ok(ExitCode::SUCCESS)
}
