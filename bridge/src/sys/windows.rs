//! Windows. What of this was tried, and on what, docs/windows.md says.

use std::io;
use std::path::Path;

use clap::Args;
use tokio::io::DuplexStream;
use tokio::process::Child;
use tokio::signal::ctrl_c;

use crate::sys::Owner;

mod access;
pub(crate) mod owner;

#[cfg(test)]
pub(crate) use access::is_for_its_owner_only;
pub(super) use access::{check_private, create_private_file, create_private_folder};
pub(crate) use access::{configuration_file, read_configuration_file};

/// Options of `serve` that other systems have not: none.
#[derive(Args, Debug)]
pub(crate) struct ServeOptions {}

impl ServeOptions {
    /// Refuses nobody: an administrator's programs run without what makes them one.
    pub(crate) fn check_user(&self) -> Result<(), &'static str> {
        Ok(())
    }

    /// None.
    pub(crate) fn program_socket(&self) -> io::Result<Option<ProgramSocket>> {
        Ok(None)
    }
}

/// The socket for programs, of which there is none yet.
#[derive(Debug)]
pub(crate) enum ProgramSocket {}

impl ProgramSocket {
    /// Waits for a program.
    pub(crate) async fn accept(&self) -> io::Result<(DuplexStream, io::Result<Option<Owner>>)> {
        match *self {}
    }
}

/// Folders are not waited for here.
pub(crate) fn sync_folder(_: &Path) -> io::Result<()> {
    Ok(())
}

/// Programs are not asked to end here, so this says that it was not.
pub(crate) fn ask_to_end(_: &Child) -> bool {
    false
}

/// Programs ask in windows here.
pub(crate) fn has_terminal() -> bool {
    false
}

/// Whether the smart card service opens its door only to hang up: here it says what it means.
pub(crate) fn smart_card_service_listens() -> bool {
    false
}

/// Waits until this program is asked to stop.
pub(crate) async fn stop_signal() -> io::Result<()> {
    ctrl_c().await
}
