//! The command line.

use std::error::Error;
use std::io::{self, IsTerminal, Write};
use std::process::ExitCode;
use std::sync::Mutex;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use clap::{CommandFactory, Parser, Subcommand};
use tracing::error;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::Layer;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

use crate::command::doctor::Doctor;
use crate::command::log::LogCommand;
use crate::command::log_file::LogFile;
use crate::command::machine::Machine;
use crate::command::options::State;
use crate::command::origins::Origins;
use crate::command::policies::Policies;
use crate::command::report::Report;
use crate::command::serve::Serve;
use crate::door::Identity;

mod doctor;
mod examination;
mod log;
mod log_file;
mod machine;
mod options;
mod origins;
mod policies;
mod report;
mod serve;

#[derive(Debug, Parser)]
#[command(name = "kazashi-bridge", version, about)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve the pages that the configuration lists.
    Serve(Serve),
    /// Print this bridge's public key (Ed25519, base64), for the server of an institution that is to
    /// sign for the cards on its readers. The first time, make it.
    Enrol(State),
    /// Say what was read from cards here, and for whom.
    Log {
        #[command(subcommand)]
        command: LogCommand,
        #[command(flatten)]
        state: State,
    },
    /// Say which websites may do what.
    Origins(Origins),
    /// Set this machine up, for all who sign in here: for administrators, and for the installer.
    #[command(subcommand)]
    Machine(Machine),
    /// Write the policies by which browsers let websites reach the bridge without asking anybody: files
    /// that an administrator puts in their places on many machines.
    Policies(Policies),
    /// Find out what stands in the way of cards here, and what to do about it: the codes of
    /// docs/errors.md, or ok, which alone exits with 0. What only a page and its browser can find
    /// out, diagnose() in the page says: lna-prompt, lna-denied, csp-blocked, unsupported-browser,
    /// version-mismatch.
    Doctor(Doctor),
    /// Write the state of this workstation into one file, for whoever helps: what doctor finds, versions,
    /// models of readers, websites, settings, ports. It names no person, folder, card or device.
    Report(Report),
}

/// The command line, for what is written about it.
pub fn command_line() -> clap::Command {
    Cli::command()
}

/// Does what the command line says.
pub fn run() -> ExitCode {
    let Cli { command } = Cli::parse();
    if let Err(error) = start_logging(&command) {
        let _ = writeln!(io::stderr(), "the log cannot be written: {error}");
        return ExitCode::FAILURE;
    }
    let done = match command {
        Command::Serve(serve) => serve.run(),
        Command::Enrol(state) => enrol(&state),
        Command::Log { command, state } => {
            state.folder().map_err(Into::into).and_then(|folder| log::run(command, &folder))
        }
        Command::Origins(origins) => origins.run(),
        Command::Machine(machine) => machine.run(),
        Command::Policies(policies) => policies.run(),
        Command::Report(report) => report.run(),
        Command::Doctor(doctor) => match doctor.run() {
            // It was told on standard output what stands in the way.
            Ok(false) => return ExitCode::FAILURE,
            examined => examined.map(|_| ()),
        },
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            error!(error, "stopped");
            ExitCode::FAILURE
        }
    }
}

/// Logs to a file, if one is asked for, or else to standard error. `KAZASHI_LOG` sets the level; what
/// libraries log is left out, since they do not know which of their bytes are a PIN.
fn start_logging(command: &Command) -> Result<(), Box<dyn Error>> {
    let file = match command {
        Command::Serve(serve) => serve.log_file()?,
        _ => None,
    };
    let level = std::env::var("KAZASHI_LOG").ok().and_then(|level| level.parse().ok());
    let ours = Targets::new().with_target("kazashi_bridge", level.unwrap_or(LevelFilter::INFO));
    let lines = tracing_subscriber::fmt::layer();
    let lines = match file {
        Some(path) => lines.with_ansi(false).with_writer(Mutex::new(LogFile::open(&path)?)).boxed(),
        None => lines.with_ansi(io::stderr().is_terminal()).with_writer(io::stderr).boxed(),
    };
    tracing_subscriber::registry().with(lines).with(ours).init();
    Ok(())
}

fn enrol(state: &State) -> Result<(), Box<dyn Error>> {
    let identity = Identity::load_or_create(&state.folder()?)?;
    writeln!(io::stdout(), "{}", STANDARD.encode(identity.public_key()))?;
    Ok(())
}
