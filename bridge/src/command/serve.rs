//! `kazashi-bridge serve`: the bridge as it runs.

use std::error::Error;
use std::io::{self, Write};
use std::path::PathBuf;
use std::sync::Arc;
use std::thread;

use clap::Args;
use tokio::runtime;
use tracing::{info, warn};

use crate::command::options::{FileOptions, StateError};
use crate::door::{Bridge, Server, VERSION, serve_programs};
use crate::reader::virtual_card::VirtualReader;
use crate::reader::{Readers, pcsc};
use crate::sys::{ServeOptions, owner, stop_signal};

#[derive(Args, Debug)]
pub(crate) struct Serve {
    /// The port on 127.0.0.1 and ::1; 0 takes a free one. Without it, the first that no other user has
    /// of those at which pages look for a bridge.
    #[arg(long)]
    port: Option<u16>,
    #[command(flatten)]
    files: FileOptions,
    /// Use this card image of kazashi-emulator instead of the workstation's readers. Standard input
    /// takes insert, remove and swap DIR.
    #[arg(long, value_name = "DIR")]
    virtual_card: Option<PathBuf>,
    /// Log to this file, which is begun anew when it has 1 MiB, instead of to standard error; without a
    /// name, to bridge.log where the state is.
    #[arg(long, value_name = "FILE", num_args = 0..=1)]
    log: Option<Option<PathBuf>>,
    #[command(flatten)]
    of_this_system: ServeOptions,
}

impl Serve {
    /// The file for the log, if it does not go to standard error.
    pub(super) fn log_file(&self) -> Result<Option<PathBuf>, StateError> {
        match &self.log {
            Some(None) => Ok(Some(self.files.state.folder()?.join("bridge.log"))),
            Some(file) => Ok(file.clone()),
            None => Ok(None),
        }
    }

    pub(crate) fn run(self) -> Result<(), Box<dyn Error>> {
        self.of_this_system.check_user()?;
        if !owner::TELLS_USERS_APART {
            warn!("programs of other users of this machine are not told from this user's own");
        }
        let runtime = runtime::Builder::new_current_thread().enable_all().build()?;
        let readers = runtime.block_on(self.serve_until_stopped())?;
        info!("stopping");
        // Requests hold on to a reader while they wait, perhaps for a dialog: they are let go. What
        // a card is doing right now is waited for.
        runtime.shutdown_background();
        readers.shut_down();
        Ok(())
    }

    async fn serve_until_stopped(self) -> Result<Arc<Readers>, Box<dyn Error>> {
        let state = self.files.state.folder()?;
        let bridge = Arc::new(Bridge::open(self.files.files()?, &state)?);
        if self.virtual_card.is_none() {
            pcsc::clean_cards();
        }
        // A program that does not work is in the log before anybody needs it.
        let pin_entry = bridge.pin_entry.clone();
        tokio::spawn(async move { pin_entry.is_available().await });
        let server = match self.port {
            Some(port) => Server::bind(port).await?,
            None => Server::bind_first_free().await?,
        };
        let readers = Arc::clone(&bridge.readers);
        match self.virtual_card {
            Some(image) => {
                let reader = VirtualReader::with_card(readers, image)?;
                thread::spawn(|| reader.obey(io::stdin().lock()));
            }
            None => {
                let keys = bridge.keys;
                thread::spawn(move || pcsc::monitor(&readers, keys));
            }
        }
        let programs = self.of_this_system.program_socket()?;
        let address = server.address();
        info!(version = VERSION, %address, developer_mode = self.files.dev, "listening");
        writeln!(io::stdout(), "listening on {address}")?;
        tokio::select! {
            never = server.run(&bridge) => match never {},
            never = serve_programs(programs, &bridge) => match never {},
            never = Arc::clone(&bridge.access).keep_current() => match never {},
            signal = stop_signal() => signal?,
        }
        bridge.access.refresh();
        Ok(Arc::clone(&bridge.readers))
    }
}
