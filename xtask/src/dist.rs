//! `cargo xtask dist`: what is given to those who install it.

use std::path::PathBuf;

use anyhow::Result;
use clap::Subcommand;

use crate::shell::Shell;
use crate::windows::installer;

#[derive(Subcommand)]
pub(crate) enum Dist {
    /// Make the installer for Windows (MSI), in target/packages
    Windows {
        /// A program that signs the file it is given: it is run for each program, and for the installer
        #[arg(long, value_name = "PROGRAM")]
        sign: Option<PathBuf>,
    },
}

pub(crate) fn run(shell: &Shell, dist: Dist) -> Result<()> {
    match dist {
        Dist::Windows { sign } => installer::run(shell, sign.as_deref()),
    }
}
