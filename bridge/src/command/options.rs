//! Options that several commands take.

use std::path::{Path, PathBuf};
use std::{fs, io};

use clap::Args;
use thiserror::Error;

use crate::access::{ApprovalsFile, ConfigFile, Files, InvalidOrigin, Origin};
use crate::sys;

/// The files that say who may do what.
#[derive(Args, Debug)]
pub(crate) struct FileOptions {
    /// The administrator's file (TOML): which origins may do what. Without it, the one of this
    /// machine: /etc/kazashi/bridge.toml, if there is one.
    #[arg(long, value_name = "FILE", global = true)]
    pub(crate) config: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) state: State,
    /// Developer mode: http://localhost and http://127.0.0.1 may be listed as origins.
    #[arg(long, global = true)]
    pub(crate) dev: bool,
}

impl FileOptions {
    pub(crate) fn files(&self) -> Result<Files, StateError> {
        Ok(Files {
            config: ConfigFile::new(self.config.clone()),
            approvals: ApprovalsFile::in_folder(&self.state.folder()?),
            developer_mode: self.dev,
        })
    }
}

#[derive(Args, Debug)]
pub(crate) struct State {
    /// Where the bridge keeps its key, what its user approved, and the disclosure log. Without it,
    /// where the operating system keeps such things.
    #[arg(long = "state", value_name = "DIR", global = true)]
    folder: Option<PathBuf>,
}

impl State {
    /// The folder, unless a newer bridge has changed what is in it.
    pub(crate) fn folder(&self) -> Result<PathBuf, StateError> {
        let folder = self.folder.clone().or_else(sys::state_folder).ok_or(StateError::NoFolder)?;
        must_be_known(&folder)?;
        Ok(folder)
    }
}

/// The reason why there is no state that this bridge may use.
#[derive(Debug, Error)]
pub(crate) enum StateError {
    #[error(
        "the operating system names no folder for the state of programs: give one with --state"
    )]
    NoFolder,
    #[error("cannot read {}: {source}", path.display())]
    Unreadable { path: PathBuf, source: io::Error },
    #[error("{} was changed by a newer version, and this one leaves it alone", folder.display())]
    Newer { folder: PathBuf },
}

/// The layout of the state folder, which a bridge writes there that lays it out otherwise. Where nothing
/// is written, it is this one.
const LAYOUT: &str = "1";

fn must_be_known(folder: &Path) -> Result<(), StateError> {
    let path = folder.join("layout");
    match fs::read(&path) {
        Ok(layout) if layout.trim_ascii() == LAYOUT.as_bytes() => Ok(()),
        Ok(_) => Err(StateError::Newer { folder: folder.to_owned() }),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(source) => Err(StateError::Unreadable { path, source }),
    }
}

/// Reads a website that is to be named to browsers, which take some characters for patterns, and whose
/// files have others between names.
pub(crate) fn website(text: &str) -> Result<Origin, InvalidOrigin> {
    let origin = Origin::typed(text, false)?;
    let is_of_name = |c: char| c.is_ascii_alphanumeric() || "-_.:[]/".contains(c);
    if origin.as_str().chars().all(is_of_name) { Ok(origin) } else { Err(InvalidOrigin::Malformed) }
}
