//! `kazashi-bridge machine`: what an administrator sets up for all who sign in here. The installer for
//! Windows runs these.

use std::error::Error;
use std::fs;
use std::io::{self, Write};
use std::path::PathBuf;

use clap::Subcommand;

use crate::access::{ConfigFile, Origin};
use crate::command::options::website;
use crate::sys::{browser_policy, configuration_file, create_configuration_file};

#[derive(Debug, Subcommand)]
pub(crate) enum Machine {
    /// Put a file where bridges look for the administrator's, if it has no mistake and none is there yet.
    Configure {
        /// The file (TOML).
        file: PathBuf,
    },
    /// Have Chromium, Chrome and Edge let these websites reach the bridge without asking anybody, in place
    /// of those that they were told of before.
    AllowInBrowsers {
        /// A website, such as `https://portal.example`
        #[arg(required = true, value_delimiter = ',', value_parser = website)]
        origins: Vec<Origin>,
    },
    /// Take back what Chromium, Chrome and Edge were told.
    ForgetInBrowsers,
}

impl Machine {
    pub(crate) fn run(self) -> Result<(), Box<dyn Error>> {
        match self {
            Self::Configure { file } => configure(file),
            Self::AllowInBrowsers { origins } => {
                let origins: Vec<_> = origins.iter().map(Origin::as_str).collect();
                Ok(browser_policy::allow(&origins)?)
            }
            Self::ForgetInBrowsers => Ok(browser_policy::forget()?),
        }
    }
}

fn configure(file: PathBuf) -> Result<(), Box<dyn Error>> {
    let developer_mode = false;
    ConfigFile::new(Some(file.clone())).load(developer_mode)?;
    let text = fs::read_to_string(file)?;
    let path = configuration_file();
    let mut out = io::stdout();
    match create_configuration_file(&path, &text) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            writeln!(out, "{} is there already, and left as it is", path.display())?;
        }
        made => {
            made?;
            writeln!(out, "made {}", path.display())?;
        }
    }
    Ok(())
}
