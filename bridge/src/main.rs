//! The bridge: the workstation's card readers, for the web pages that the administrator lists.
//!
//! `kazashi-bridge serve` listens on loopback, speaks the WebSocket subprotocol `kazashi.v1`, and
//! judges every request by the origin that the browser names.

use std::{
    convert::Infallible,
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
use tokio::{runtime, sync::Semaphore};
use tracing::{error, info, level_filters::LevelFilter, warn};
use tracing_subscriber::{filter::Targets, layer::SubscriberExt, util::SubscriberInitExt};

use crate::{
    access::{Access, Files},
    approvals::ApprovalsFile,
    config::ConfigFile,
    disclosure_log::DisclosureLog,
    doctor::Doctor,
    events::Events,
    identity::{Identity, IdentityError},
    lease::Leases,
    limits::Limits,
    log_command::LogCommand,
    native::NativeSocket,
    origins::Origins,
    pin_entry::PinEntry,
    places::Places,
    readers::Readers,
    refusals::Refusals,
    server::Server,
    try_guard::TryGuard,
    virtual_card::VirtualReader,
    worker::Shared,
};

mod access;
mod approvals;
mod assuan;
mod card;
mod card_root;
mod config;
mod connection;
mod disclosure_log;
mod doctor;
mod events;
mod grants;
mod guard;
mod identity;
mod lease;
mod limits;
mod log_command;
#[cfg(unix)]
mod native;
mod origin;
mod origins;
mod peer;
mod pending;
mod pin_entry;
mod pin_pad;
mod places;
mod private_file;
mod readers;
mod refusals;
mod resource_manager;
mod server;
mod try_guard;
mod until;
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
    /// Say which websites may do what.
    Origins(Origins),
    /// Find out what stands in the way of cards here, and what to do about it: the codes of
    /// docs/errors.md, or ok, which alone exits with 0. What only a page and its browser can find
    /// out, diagnose() in the page says: lna-prompt, lna-denied, csp-blocked, unsupported-browser,
    /// version-mismatch.
    Doctor(Doctor),
}

#[derive(Args, Debug)]
struct Serve {
    /// The port on 127.0.0.1 and ::1; 0 takes a free one.
    #[arg(long, default_value_t = DEFAULT_PORT)]
    port: u16,
    #[command(flatten)]
    files: FileOptions,
    /// The Unix socket for programs that are no browser. Without it, kazashi/bridge.sock in
    /// $XDG_RUNTIME_DIR, if there is such a folder.
    #[cfg(unix)]
    #[arg(long, value_name = "PATH")]
    socket: Option<PathBuf>,
    /// Use this card image of kazashi-emulator instead of the workstation's readers. Standard input
    /// takes insert, remove and swap DIR.
    #[arg(long, value_name = "DIR")]
    virtual_card: Option<PathBuf>,
    /// Run as root, who can do more than a bridge may.
    #[cfg(unix)]
    #[arg(long)]
    allow_root: bool,
}

/// Where it is written who may do what.
#[derive(Args, Debug)]
struct FileOptions {
    /// The administrator's file (TOML): which origins may do what. Without it, the one of this
    /// machine: /etc/kazashi/bridge.toml, if there is one.
    #[arg(long, value_name = "FILE", global = true)]
    config: Option<PathBuf>,
    #[command(flatten)]
    state: State,
    /// Developer mode: http://localhost and http://127.0.0.1 may be listed as origins.
    #[arg(long, global = true)]
    dev: bool,
}

impl FileOptions {
    fn files(&self) -> Result<Files, IdentityError> {
        Ok(Files {
            config: ConfigFile::new(self.config.clone()),
            approvals: ApprovalsFile::in_folder(&self.state.folder()?),
            developer_mode: self.dev,
        })
    }
}

#[derive(Args, Debug)]
struct State {
    /// Where the bridge keeps its key, what its user approved, and the disclosure log. Without it,
    /// where the operating system keeps such things.
    #[arg(long = "state", value_name = "DIR", global = true)]
    folder: Option<PathBuf>,
}

impl State {
    fn folder(&self) -> Result<PathBuf, IdentityError> {
        self.folder.clone().map_or_else(identity::default_state_folder, Ok)
    }

    fn identity(&self) -> Result<Identity, IdentityError> {
        Identity::load_or_create(&self.folder()?)
    }
}

/// What every connection shares.
#[derive(Debug)]
struct Bridge {
    access: Arc<Access>,
    limits: Limits,
    /// Places for connections, of all origins together.
    sockets: Arc<Semaphore>,
    places: Arc<Places>,
    refusals: Refusals,
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
            state.folder().map_err(Into::into).and_then(|folder| log_command::run(command, &folder))
        }
        Command::Origins(origins) => origins.run(),
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
    #[cfg(unix)]
    if rustix::process::geteuid().is_root() && !options.allow_root {
        return Err(
            "a bridge runs as the user whose browser it serves; --allow-root says otherwise".into(),
        );
    }
    if !peer::TELLS_USERS_APART {
        warn!("programs of other users of this machine are not told from this user's own");
    }
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
    let files = options.files.files()?;
    let config = files.config.load(options.files.dev)?;
    let identity = options.files.state.identity()?;
    let access = Arc::new(Access::new(files, &options.files.state.folder()?));
    let limits = config.limits;
    let events = Events::new();
    let leases = Arc::new(Leases::new(&limits, events.clone()));
    let log = Arc::new(DisclosureLog::open(&options.files.state.folder()?)?);
    let shared = Shared { leases: Arc::clone(&leases), log, apdu_timeout: limits.apdu() };
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
    let bridge = Arc::new(Bridge {
        access: Arc::clone(&access),
        sockets: Arc::new(Semaphore::new(limits.sockets.get())),
        places: Places::new(limits.sockets_per_origin),
        refusals: Refusals::new(),
        limits,
        identity,
        events,
        leases,
        readers: Arc::clone(&readers),
        pin_entry,
        try_guard: TryGuard::default(),
    });
    #[cfg(unix)]
    let serve_programs = serve_programs(options.socket, Arc::clone(&bridge))?;
    #[cfg(not(unix))]
    let serve_programs = std::future::pending::<Infallible>();
    info!(version = VERSION, %address, developer_mode = options.files.dev, "listening");
    writeln!(io::stdout(), "listening on {address}")?;
    tokio::select! {
        never = server.run(bridge) => match never {},
        never = serve_programs => match never {},
        never = Arc::clone(&access).keep_current() => match never {},
        signal = stop_signal() => signal?,
    }
    access.refresh();
    Ok(readers)
}

/// Serves programs by the Unix socket that was named, or by the default one if it can be had.
#[cfg(unix)]
fn serve_programs(
    named: Option<PathBuf>,
    bridge: Arc<Bridge>,
) -> io::Result<impl Future<Output = Infallible>> {
    let socket = match named {
        Some(path) => Some(NativeSocket::bind(&path)?),
        None => NativeSocket::default_path().and_then(|path| {
            NativeSocket::bind(&path)
                .inspect_err(
                    |error| warn!(path = %path.display(), %error, "no socket for programs"),
                )
                .ok()
        }),
    };
    Ok(async {
        match socket {
            Some(socket) => socket.run(bridge).await,
            None => std::future::pending().await,
        }
    })
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
    hexadecimal(&bytes)
}

fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
