//! `cargo xtask dist`: what is given to those who install it.

use std::env;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result};
use clap::Subcommand;

use crate::shell::{Shell, cargo, root};
use crate::windows::installer;
use crate::{linux, npm};

#[derive(Subcommand)]
pub(crate) enum Dist {
    /// Make the packages for Debian and Fedora and their relatives, in target/packages
    Linux {
        /// A folder, new or empty: make a repository for apt of those for Debian there, signed with a key that is
        /// made for it and not kept
        #[arg(long, value_name = "FOLDER")]
        repository: Option<PathBuf>,
    },
    /// Make the npm package as it is published, in target/packages
    Npm,
    /// Make the installer for Windows (MSI), in target/packages
    Windows {
        /// A program that signs the file it is given: it is run for each program, and for the installer
        #[arg(long, value_name = "PROGRAM")]
        sign: Option<PathBuf>,
    },
}

/// This version, as it is in Cargo.toml.
pub(crate) const VERSION: &str = env!("CARGO_PKG_VERSION");

/// The time that everything in a package has, and the package itself: 2026-01-01, in seconds since 1970.
pub(crate) const TIME: Duration = Duration::from_secs(1_767_225_600);

pub(crate) fn run(shell: &Shell, dist: Dist) -> Result<()> {
    match dist {
        Dist::Linux { repository } => linux::run(shell, repository.as_deref()),
        Dist::Npm => npm::run(shell),
        Dist::Windows { sign } => installer::run(shell, sign.as_deref()),
    }
}

/// Whom programs are built for.
#[derive(Clone, Copy)]
pub(crate) enum For {
    /// Those who install them.
    Users,
    /// Tests, which are not to wait for all that a compiler can do.
    Tests,
}

/// A cargo that builds programs to be packaged, with these flags for rustc besides.
pub(crate) fn cargo_build(whom: For, flags: &[&str]) -> Result<Command> {
    let mut build = cargo_anywhere(flags)?;
    build.args(["build", "--profile", "dist", "--locked"]);
    if matches!(whom, For::Tests) {
        build.env("CARGO_PROFILE_DIST_OPT_LEVEL", "1");
    }
    Ok(build)
}

/// A cargo with these flags for rustc. Nothing that it compiles says where that was.
pub(crate) fn cargo_anywhere(flags: &[&str]) -> Result<Command> {
    let folders = [(root(), "/kazashi"), (cargo_home()?, "/cargo")];
    let folders = folders.map(|(folder, name)| format!("{}={name}", folder.display()));
    let remapped = |option: &str| folders.each_ref().map(|folder| format!("{option}={folder}"));
    let mut rust = Vec::from(remapped("--remap-path-prefix"));
    rust.extend(flags.iter().map(ToString::to_string));
    let mut cargo = cargo();
    cargo.env("CARGO_ENCODED_RUSTFLAGS", rust.join("\u{1f}"));
    // Of the libraries that are written in C.
    cargo.env("CFLAGS", remapped("-ffile-prefix-map").join(" "));
    Ok(cargo)
}

/// Where cargo keeps what it downloads.
fn cargo_home() -> Result<PathBuf> {
    let set = env::var_os("CARGO_HOME").map(PathBuf::from);
    let home = || Some(PathBuf::from(env::var_os("HOME")?).join(".cargo"));
    set.or_else(home).context("neither CARGO_HOME nor HOME says where cargo's folder is")
}
