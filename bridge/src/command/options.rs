//! Options that several commands take.

use std::path::PathBuf;

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
    pub(crate) fn files(&self) -> Result<Files, NoStateFolder> {
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
    pub(crate) fn folder(&self) -> Result<PathBuf, NoStateFolder> {
        self.folder.clone().or_else(sys::state_folder).ok_or(NoStateFolder)
    }
}

/// Nobody says where state is kept.
#[derive(Debug, Error)]
#[error("the operating system names no folder for the state of programs: give one with --state")]
pub(crate) struct NoStateFolder;

/// Reads a website that is to be named to browsers, which take some characters for patterns, and whose
/// files have others between names.
pub(crate) fn website(text: &str) -> Result<Origin, InvalidOrigin> {
    let origin = Origin::typed(text, false)?;
    let is_of_name = |c: char| c.is_ascii_alphanumeric() || "-_.:[]/".contains(c);
    if origin.as_str().chars().all(is_of_name) { Ok(origin) } else { Err(InvalidOrigin::Malformed) }
}
