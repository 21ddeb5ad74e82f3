//! The bridge for Windows: built here, run in Wine.

pub(crate) mod installer;

use std::path::Path;

use anyhow::{Result, ensure};

use crate::debian::{Debian, inside};
use crate::dist::{self, For};
use crate::setup;
use crate::shell::Shell;

pub(crate) const TARGET: &str = "x86_64-pc-windows-gnu";

/// Debian packages with which programs for Windows are linked, and the Debian root and the installer are
/// made.
pub(crate) const PACKAGES: &[&str] =
    &["debootstrap", "gcc-mingw-w64-x86-64", "libfaketime", "msitools", "wixl"];

/// The Debian with the Wine that talks to pcscd: some 2 GB. In it are Wine with its door to pcscd, pcscd with
/// virtual readers, a screen that nobody sees, what gives windows the keyboard there, hands that type,
/// and letters for Japanese.
pub(crate) const DEBIAN: Debian = Debian {
    name: "debian-13",
    suite: "trixie",
    packages: &[
        "fonts-ipafont-gothic",
        "libpcsclite1",
        "openbox",
        "pcscd",
        "vsmartcard-vpcd",
        "wine64",
        "xdotool",
        "xvfb",
    ],
    downloads: &[],
    prepare: start_for_the_first_time,
};

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

/// Builds programs for Windows. What runs in Wine is built as what is shipped, so that it is built once.
pub(crate) fn build(shell: &Shell, whom: For, packages: &[&str]) -> Result<()> {
    setup::rust_target(shell, TARGET)?;
    let mut build = dist::cargo_build(whom, &["-Clink-arg=-Wl,--no-insert-timestamp"])?;
    build.args(["--target", TARGET, "--bins"]);
    shell.run(build.args(packages.iter().flat_map(|package| ["--package", package])))
}

/// Has Wine make what it makes for a user who comes for the first time, so that no test waits for it.
fn start_for_the_first_time(shell: &Shell, root: &Path) -> Result<()> {
    // In one go: the server that writes the registry outlives what starts it, and ends with its namespace.
    let script = "/usr/lib/wine/wine64 wineboot --init && /usr/lib/wine/wineserver64 --wait";
    let mut first_time = inside(root, "sh");
    first_time.args(["-c", script]).env("HOME", "/root").env("WINEDEBUG", "-all");
    shell.run(&mut first_time)?;
    ensure!(root.join("root/.wine/system.reg").exists(), "Wine has not written its registry");
    Ok(())
}
