//! `cargo xtask bench`: commands to the card, times as ratios of one run, the bridge
//! under load, at its door and in a sign-in, a crowd at the portal's gate, and sizes.

use anyhow::Result;

use crate::shell::{Shell, cargo, npm as npm_program};
use crate::{npm, portal_page, setup, wasm};

/// Measures, and prints what it finds. Building the modules and the package prints their sizes.
pub(crate) fn run(shell: &Shell) -> Result<()> {
    setup::system_packages(shell, &[setup::BUILD_PACKAGES, setup::TEST_PACKAGES].concat())?;
    setup::wasm_target(shell)?;
    setup::npm(shell, "js")?;
    setup::npm(shell, "e2e")?;
    wasm::build(shell)?;
    npm::package(shell)?;
    npm::install_into(shell, "examples/pin-less")?;
    portal_page::build(shell)?;

    let packages = [
        "kazashi-bridge",
        "kazashi-emulator",
        "kazashi-reception-portal",
        "kazashi-pin-less",
        "other-program",
        "scripted-pinentry",
    ];
    let packages = packages.into_iter().flat_map(|package| ["--package", package]);
    shell.run(cargo().args(["build", "--release"]).args(packages))?;
    let native = ["bench", "--package", "kazashi-bridge", "--bench", "native", "--no-run"];
    shell.run(cargo().args(native))?;
    let mut load = cargo();
    load.args(["test", "--release", "--package", "kazashi-bridge", "--test", "bridge"]);
    load.env("KAZASHI_LOAD_PAGES", "500").env("KAZASHI_LOAD_SECONDS", "60");
    shell.run(load.args(["alone::load::", "--", "--nocapture"]))?;
    let mut door = cargo();
    door.args(["test", "--release", "--package", "kazashi-bridge", "--test", "bridge", "--"]);
    door.env("KAZASHI_LOAD_CONNECTIONS", "15000").env("KAZASHI_LOAD_SECONDS", "60");
    shell.run(door.args([
        "alone::accept::",
        "alone::sign_in::",
        "alone::strangers::",
        "--nocapture",
    ]))?;
    let mut crowd = npm_program("e2e");
    crowd.args(["test", "--", "hostile/crowd.test.ts", "--disableConsoleIntercept=true"]);
    crowd.env("KAZASHI_CROWD_SECONDS", "60");
    shell.run(crowd.env("KAZASHI_E2E_PROFILE", "release"))?;
    let mut bench = npm_program("e2e");
    shell.run(bench.args(["run", "bench"]).env("KAZASHI_E2E_PROFILE", "release"))
}
