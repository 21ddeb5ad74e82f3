//! The project's own commands: `cargo xtask --help`.
#![expect(clippy::print_stdout, reason = "a command line program speaks on standard output")]

mod bench;
mod demo;
mod errors;
mod npm;
mod portal;
mod portal_page;
mod setup;
mod shell;
mod size;
mod test;
mod vectors;
mod wasm;

use std::process::ExitCode;

use anyhow::Result;
use clap::Parser;

use crate::demo::Demo;
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
    /// Set up and run every check
    Test,
    /// Build the WebAssembly modules into js/src/wasm
    Wasm,
    /// Write the generated files anew: test vectors, error codes
    Vectors,
    /// Measure: commands to the card, times as ratios of one run, sizes
    Bench,
}

fn main() -> Result<ExitCode> {
    let shell = Shell::terminal();
    match Command::parse() {
        Command::Demo { demo } => demo::run(&shell, demo)?,
        Command::Portal => portal::build(&shell)?,
        Command::Test => return test::run(),
        Command::Wasm => {
            setup::wasm_target(&shell)?;
            setup::npm(&shell, "js")?;
            wasm::build(&shell)?;
        }
        Command::Vectors => vectors::write(&shell)?,
        Command::Bench => bench::run(&shell)?,
    }
    Ok(ExitCode::SUCCESS)
}
