//! What a release needs besides the tests, by tools that are installed for it.

use std::process::Command;

use anyhow::Result;

use crate::shell::{Shell, cargo, output, program};

pub(crate) fn run(shell: &Shell) -> Result<()> {
    install(shell, "cargo-deny")?;
    shell.run(cargo().args(["deny", "--all-features", "check"]))?;
    shell.run(cargo().args([
        "deny",
        "--manifest-path",
        "fuzz/Cargo.toml",
        "check",
        "advisories",
    ]))?;

    // rustup's proxy, since the cargo that runs this is of one toolchain.
    let oldest = format!("+{}", env!("CARGO_PKG_RUST_VERSION"));
    shell.run(program("cargo", "").args([&oldest, "check", "--workspace", "--all-targets"]))?;

    let published = output(Command::new("cargo").args(["info", "kazashi-core"])).is_ok();
    if !published {
        return shell
            .say("no release to compare the libraries with: cargo-semver-checks is skipped");
    }
    install(shell, "cargo-semver-checks")?;
    let libraries = ["kazashi-core", "kazashi-verify", "kazashi-server", "kazashi-emulator"];
    let packages = libraries.iter().flat_map(|library| ["--package", library]);
    shell.run(cargo().arg("semver-checks").args(packages))
}

/// Installs a tool, unless it is there.
fn install(shell: &Shell, tool: &str) -> Result<()> {
    if output(Command::new(tool).arg("--version")).is_ok() {
        return Ok(());
    }
    shell.run(cargo().args(["install", "--locked", tool]))
}
