//! The bridge for Windows: built here, run in Wine.

mod debian;
pub(crate) mod installer;

use anyhow::Result;

pub(crate) use debian::root as debian_root;

use crate::setup;
use crate::shell::{Shell, cargo};

pub(crate) const TARGET: &str = "x86_64-pc-windows-gnu";

/// Debian packages with which programs for Windows are linked, and the Debian root and the installer are
/// made.
pub(crate) const PACKAGES: &[&str] =
    &["debootstrap", "gcc-mingw-w64-x86-64", "libfaketime", "msitools", "wixl"];

/// What runs in Wine: the bridge, the portal, and what the tests have beside them.
pub(crate) const PROGRAMS: [&str; 7] = [
    "kazashi-background",
    "kazashi-bridge",
    "kazashi-pinentry",
    "kazashi-reception-portal",
    "overheard-pinentry",
    "relay",
    "scripted-pinentry",
];

/// Builds the programs that run in Wine.
pub(crate) fn build(shell: &Shell) -> Result<()> {
    setup::rust_target(shell, TARGET)?;
    let mut build = cargo();
    build.args(["build", "--target", TARGET, "--bins"]);
    shell.run(build.args(PROGRAMS.iter().flat_map(|package| ["--package", package])))
}
