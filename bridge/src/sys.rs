//! Everything of an operating system: the one room that asks which of them it is on.

use std::path::PathBuf;

use directories::ProjectDirs;
use rand_core::{OsRng, RngCore};

#[cfg(unix)]
use unix as system;
#[cfg(windows)]
use windows as system;

pub(crate) mod browsers;
pub(crate) mod private_file;
// What Windows answers is read and judged without asking it anything, so that it is tested everywhere.
#[cfg(any(windows, test))]
mod security_descriptor;
#[cfg(any(windows, test))]
mod sid;
#[cfg(any(windows, test))]
mod tcp_table;
#[cfg(unix)]
mod unix;
mod version;
#[cfg(windows)]
mod windows;

pub(crate) use system::{
    PINENTRY, ProgramSocket, SERVICE_GOES_WITH_LAST_READER, ServeOptions, ask_to_end,
    browser_policy, configuration_file, create_configuration_file, distribution,
    has_readers_of_another_computer, has_terminal, locale, owner, read_configuration_file,
    smart_card_service_listens, smart_card_service_version, stop_signal, sync_folder,
    system_version,
};
#[cfg(test)]
pub(crate) use system::{is_for_its_owner_only, place_on_disk};
pub(crate) use version::Version;

/// The user whom a program belongs to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Owner {
    /// The one that this program runs as.
    ThisUser,
    /// Somebody else, by name or number.
    Another(String),
}

/// The folder for what must outlive a program, if this user has one.
pub(crate) fn state_folder() -> Option<PathBuf> {
    let folders = ProjectDirs::from("", "", "kazashi")?;
    Some(folders.state_dir().unwrap_or(folders.data_local_dir()).to_owned())
}

/// An identifier that nobody can guess: 128 random bits.
pub(crate) fn identifier() -> String {
    format!("{:032x}", u128::from_be_bytes(random()))
}

/// Random bytes.
pub(crate) fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    OsRng.fill_bytes(&mut bytes);
    bytes
}
