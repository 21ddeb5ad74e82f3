//! Windows. What of this was tried, and on what, docs/windows.md says.

use std::future::pending;
use std::io;
use std::path::Path;

use clap::Args;
use kazashi_windows_calls::{is_remote_session, session_end};
use tokio::process::Child;
use tokio::signal::windows::{ctrl_c, ctrl_close, ctrl_logoff, ctrl_shutdown};
use tracing::warn;
use windows_registry::LOCAL_MACHINE;

use crate::sys::Version;

mod access;
pub(crate) mod browser_policy;
pub(crate) mod owner;
mod pipe;

#[cfg(test)]
pub(crate) use access::is_for_its_owner_only;
pub(super) use access::{check_private, create_private_file, create_private_folder};
pub(crate) use access::{configuration_file, create_configuration_file, read_configuration_file};
pub(crate) use pipe::ProgramSocket;

/// Options of `serve` that other systems have not.
#[derive(Args, Debug)]
pub(crate) struct ServeOptions {
    /// The named pipe for programs that are no browser. Without it,
    /// \\.\pipe\kazashi-bridge-SID-SESSION, by this user's SID and the number of the session.
    #[arg(long, value_name = "NAME")]
    pipe: Option<String>,
}

impl ServeOptions {
    /// Refuses nobody: an administrator's programs run without what makes them one.
    pub(crate) fn check_user(&self) -> Result<(), &'static str> {
        Ok(())
    }

    /// The pipe for programs, if there can be one.
    pub(crate) fn program_socket(&self) -> io::Result<Option<ProgramSocket>> {
        match &self.pipe {
            Some(name) => ProgramSocket::bind(name.clone()).map(Some),
            None => Ok(ProgramSocket::bind_default()),
        }
    }
}

/// The smart card service is part of the system, and has its version.
pub(crate) fn smart_card_service_version() -> Option<Version> {
    None
}

/// The version of Windows, with the number of its build.
pub(crate) fn system_version() -> Option<Version> {
    let key = LOCAL_MACHINE.open(r"SOFTWARE\Microsoft\Windows NT\CurrentVersion").ok()?;
    let major = key.get_u32("CurrentMajorVersionNumber").ok()?;
    let minor = key.get_u32("CurrentMinorVersionNumber").ok()?;
    let build = key.get_string("CurrentBuildNumber").ok()?;
    Version::at_begin(&format!("{major}.{minor}.{build}"))
}

/// Windows comes in no distributions.
pub(crate) fn distribution() -> Option<(&'static str, Option<Version>)> {
    None
}

/// Folders are not waited for here.
pub(crate) fn sync_folder(_: &Path) -> io::Result<()> {
    Ok(())
}

/// The program that asks for PINs, where nobody chose another: it comes with this one.
pub(crate) const PINENTRY: &str = "kazashi-pinentry";

/// The language of the person at the machine.
pub(crate) fn locale() -> Option<String> {
    sys_locale::get_locale()
}

/// Programs are not asked to end here, so this says that it was not.
pub(crate) fn ask_to_end(_: &Child) -> bool {
    false
}

/// Programs ask in windows here.
pub(crate) fn has_terminal() -> bool {
    false
}

/// Whether the smart card service stops when the last reader is taken away, and starts with the next.
pub(crate) const SERVICE_GOES_WITH_LAST_READER: bool = true;

/// Whether this session is shown at another computer, whose readers it has in place of this one's.
pub(crate) fn has_readers_of_another_computer() -> bool {
    is_remote_session()
}

/// Whether the smart card service opens its door only to hang up: here it says what it means.
pub(crate) fn smart_card_service_listens() -> bool {
    false
}

/// Waits until this program is asked to stop: by Ctrl-C, by its console, which is closed, or by the
/// session, which ends. Of that, programs hear by their console or, without one, by a window.
pub(crate) async fn stop_signal() -> io::Result<()> {
    let (mut pressed, mut closed) = (ctrl_c()?, ctrl_close()?);
    let (mut logged_off, mut shut_down) = (ctrl_logoff()?, ctrl_shutdown()?);
    tokio::select! {
        _ = pressed.recv() => {}
        _ = closed.recv() => {}
        _ = logged_off.recv() => {}
        _ = shut_down.recv() => {}
        () = session_ended() => {}
    }
    Ok(())
}

/// Waits until the session ends; for ever, if nobody says so.
async fn session_ended() {
    if let Err(error) = session_end().await {
        warn!(%error, "the end of the session will not be heard of");
        pending().await
    }
}

/// Which place a file has on the disk: that is not asked here.
#[cfg(test)]
pub(crate) fn place_on_disk(_: &Path) {}
