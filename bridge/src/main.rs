//! The bridge: the workstation's card readers, for the web pages that the administrator lists.
//!
//! `kazashi-bridge serve` listens on loopback, speaks the WebSocket subprotocol `kazashi.v1`, and
//! judges every request by the origin that the browser names.

use std::{
    io::{self, IsTerminal, Write},
    path::PathBuf,
    process::ExitCode,
    sync::Arc,
    thread,
};

use base64::{Engine, engine::general_purpose::STANDARD};
use clap::{Args, Parser, Subcommand};
use kazashi_core::wire::DEFAULT_PORT;
use rand_core::{OsRng, RngCore};
use tokio::runtime;
use tracing::{error, info, level_filters::LevelFilter, warn};
use tracing_subscriber::{filter::Targets, layer::SubscriberExt, util::SubscriberInitExt};

use crate::{
    config::Config,
    disclosure_log::DisclosureLog,
    events::Events,
    identity::Identity,
    lease::Leases,
    log_command::LogCommand,
    pin_entry::PinEntry,
    readers::Readers,
    server::Server,
    try_guard::TryGuard,
    virtual_card::VirtualReader,
    worker::{APDU_TIMEOUT, Shared},
};

mod assuan;
mod card;
mod config;
mod connection;
mod disclosure_log;
mod events;
mod guard;
mod identity;
mod lease;
mod log_command;
mod origin;
mod pin_entry;
mod readers;
mod resource_manager;
mod server;
mod try_guard;
mod virtual_card;
mod visit;
mod worker;

/// What `hello` and the token say of this program.
const VERSION: &str = concat!("kazashi-bridge ", env!("CARGO_PKG_VERSION"));

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
}

#[derive(Args, Debug)]
struct Serve {
    /// The port on 127.0.0.1 and ::1; 0 takes a free one.
    #[arg(long, default_value_t = DEFAULT_PORT)]
    port: u16,
    /// Which origins may do what (TOML). Without it, none may do anything.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    #[command(flatten)]
    state: State,
    /// Use this card image of kazashi-emulator instead of the workstation's readers. Standard input
    /// takes insert, remove and swap DIR.
    #[arg(long, value_name = "DIR")]
    virtual_card: Option<PathBuf>,
    /// Developer mode: http://localhost and http://127.0.0.1 may be listed as origins.
    #[arg(long)]
    dev: bool,
}

#[derive(Args, Debug)]
struct State {
    /// Where the bridge keeps its key and the disclosure log. Without it, where the operating system
    /// keeps such things.
    #[arg(long = "state", value_name = "DIR", global = true)]
    folder: Option<PathBuf>,
}

impl State {
    fn folder(&self) -> Result<PathBuf, Box<dyn std::error::Error>> {
        match &self.folder {
            Some(folder) => Ok(folder.clone()),
            None => Ok(identity::default_state_folder()?),
        }
    }

    fn identity(&self) -> Result<Identity, Box<dyn std::error::Error>> {
        Ok(Identity::load_or_create(&self.folder()?)?)
    }
}

/// What every connection shares.
#[derive(Debug)]
struct Bridge {
    config: Config,
    identity: Identity,
    events: Events,
    leases: Arc<Leases>,
    readers: Arc<Readers>,
    pin_entry: PinEntry,
    try_guard: TryGuard,
}

fn main() -> ExitCode {
    let Cli { command } = Cli::parse();
    start_logging();
    let done = match command {
        Command::Serve(options) => serve(options),
        Command::Enrol(state) => enrol(&state),
        Command::Log { command, state } => {
            state.folder().and_then(|folder| log_command::run(command, &folder))
        }
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            error!(error, "stopped");
            ExitCode::FAILURE
        }
    }
}

/// Logs to standard error. `KAZASHI_LOG` sets the level; what libraries log is left out, since they
/// do not know which of their bytes are a PIN.
fn start_logging() {
    let level = std::env::var("KAZASHI_LOG").ok().and_then(|level| level.parse().ok());
    let ours = Targets::new().with_target("kazashi_bridge", level.unwrap_or(LevelFilter::INFO));
    let colours = io::stderr().is_terminal();
    let lines = tracing_subscriber::fmt::layer().with_ansi(colours).with_writer(io::stderr);
    tracing_subscriber::registry().with(lines).with(ours).init();
}

fn enrol(state: &State) -> Result<(), Box<dyn std::error::Error>> {
    writeln!(io::stdout(), "{}", STANDARD.encode(state.identity()?.public_key()))?;
    Ok(())
}

fn serve(options: Serve) -> Result<(), Box<dyn std::error::Error>> {
    let runtime = runtime::Builder::new_current_thread().enable_all().build()?;
    let readers = runtime.block_on(serve_until_stopped(options))?;
    info!("stopping");
    // Requests hold on to a reader while they wait, perhaps for a dialog: they are let go. What a
    // card is doing right now is waited for.
    runtime.shutdown_background();
    readers.shut_down();
    Ok(())
}

async fn serve_until_stopped(options: Serve) -> Result<Arc<Readers>, Box<dyn std::error::Error>> {
    let config = Config::load(options.config.as_deref(), options.dev)?;
    let identity = options.state.identity()?;
    let events = Events::new();
    let leases = Arc::new(Leases::new(events.clone()));
    let log = Arc::new(DisclosureLog::open(&options.state.folder()?)?);
    let shared = Shared { leases: Arc::clone(&leases), log, apdu_timeout: APDU_TIMEOUT };
    let readers = Arc::new(Readers::new(shared, events.clone()));
    let pin_entry = PinEntry::new(config.pinentry.clone());
    if !pin_entry.is_available() {
        warn!(program = %config.pinentry.display(), "the program that asks for PINs is missing");
    }
    if options.virtual_card.is_none() {
        resource_manager::clean_cards();
    }
    let server = Server::bind(options.port).await?;
    match options.virtual_card {
        Some(image) => {
            let reader = VirtualReader::with_card(Arc::clone(&readers), image)?;
            thread::spawn(|| reader.obey(io::stdin().lock()));
        }
        None => {
            let readers = Arc::clone(&readers);
            thread::spawn(move || resource_manager::monitor(&readers));
        }
    }
    let address = server.address();
    let bridge = Bridge {
        config,
        identity,
        events,
        leases,
        readers: Arc::clone(&readers),
        pin_entry,
        try_guard: TryGuard::default(),
    };
    info!(version = VERSION, %address, developer_mode = options.dev, "listening");
    writeln!(io::stdout(), "listening on {address}")?;
    tokio::select! {
        never = server.run(Arc::new(bridge)) => match never {},
        signal = stop_signal() => signal?,
    }
    Ok(readers)
}

/// Waits until this program is asked to stop.
async fn stop_signal() -> io::Result<()> {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        let mut terminate = signal(SignalKind::terminate())?;
        tokio::select! {
            interrupted = tokio::signal::ctrl_c() => interrupted,
            _ = terminate.recv() => Ok(()),
        }
    }
    #[cfg(not(unix))]
    tokio::signal::ctrl_c().await
}

/// An identifier that nobody can guess: 128 random bits.
fn identifier() -> String {
    let mut bytes = [0; 16];
    OsRng.fill_bytes(&mut bytes);
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
