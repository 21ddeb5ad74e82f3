//! What a machine needs before it can build and test: asked for only where it is missing.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Result, bail};

use crate::shell::{Shell, is_root, npm as npm_program, output, root};
use crate::wasm;

/// Debian packages with which everything builds and the demo runs.
pub(crate) const BUILD_PACKAGES: &[&str] = &["libpcsclite-dev", "pkg-config", "pinentry-curses"];

/// Debian packages that the tests use besides: two browsers, readers, a database, an HSM, clocks
/// that are wrong, a compiler for Windows, a screen that nobody sees, what judges the unit of systemd. Of
/// PostgreSQL the programs are needed; the tests start a server of their own.
pub(crate) const TEST_PACKAGES: &[&str] = &[
    "chromium",
    "faketime",
    "firefox-esr",
    "gcc-mingw-w64-x86-64",
    "iproute2",
    "opensc",
    "openssl",
    "pcscd",
    "pinentry-gtk2",
    "pinentry-tty",
    "postgresql",
    "softhsm2",
    "systemd",
    "vsmartcard-vpcd",
    "xdotool",
    "xvfb",
];

/// Installs the Debian packages that are missing; without the right to, says how and fails.
pub(crate) fn system_packages(shell: &Shell, packages: &[&str]) -> Result<()> {
    if !Path::new("/etc/debian_version").exists() {
        return shell.say(format_args!(
            "this is no Debian: please see to what these packages hold: {}",
            packages.join(" ")
        ));
    }
    let missing: Vec<_> = packages.iter().copied().filter(|package| !installed(package)).collect();
    if missing.is_empty() {
        return Ok(());
    }
    if !is_root()? {
        bail!(
            "some packages are missing; run this, then start again:\n\n  \
             sudo apt-get update && sudo apt-get install --no-install-recommends {}\n",
            missing.join(" ")
        );
    }
    let mut update = Command::new("apt-get");
    shell.run(update.args(["-q", "update"]))?;
    let mut install = Command::new("apt-get");
    install.args(["-q", "install", "--yes", "--no-install-recommends"]).args(missing);
    shell.run(install.env("DEBIAN_FRONTEND", "noninteractive"))
}

fn installed(package: &str) -> bool {
    let mut query = Command::new("dpkg-query");
    output(query.args(["--show", "--showformat=${db:Status-Status}", package]))
        .is_ok_and(|status| status == "installed")
}

/// Sees that Rust can build for a page.
pub(crate) fn wasm_target(shell: &Shell) -> Result<()> {
    rust_target(shell, wasm::TARGET)
}

/// Sees that Rust can build for a target.
pub(crate) fn rust_target(shell: &Shell, target: &str) -> Result<()> {
    let sysroot = output(Command::new("rustc").args(["--print", "sysroot"]))?;
    if Path::new(sysroot.trim()).join("lib/rustlib").join(target).exists() {
        return Ok(());
    }
    shell.run(Command::new("rustup").args(["target", "add", target]))
}

/// Installs what a folder's lock file names, unless it is there already.
pub(crate) fn npm(shell: &Shell, folder: &str) -> Result<()> {
    let version = output(Command::new("node").arg("--version")).unwrap_or_default();
    let mut numbers = version.trim().trim_start_matches('v').split('.').map(str::parse);
    let found: Option<(u32, u32)> =
        numbers.next().and_then(Result::ok).zip(numbers.next().and_then(Result::ok));
    if found.is_none_or(|found| found < (20, 16)) {
        bail!("Node.js 20.16 or later is needed, with npm; found {:?}", version.trim());
    }
    let folder_path = root().join(folder);
    let locked = fs::metadata(folder_path.join("package-lock.json"))?.modified()?;
    let installed = fs::metadata(folder_path.join("node_modules/.package-lock.json"));
    if installed.and_then(|file| file.modified()).is_ok_and(|installed| installed > locked) {
        return Ok(());
    }
    shell.run(npm_program(folder).args(["ci", "--no-audit", "--no-fund"]))
}
