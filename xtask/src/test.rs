//! Every check, in order of what breaks first.

mod citations;
mod count;
mod debian;
mod end_to_end;
mod suite;

use std::process::{Command, ExitCode};

use anyhow::{Result, ensure};

use crate::shell::{Shell, cargo, npm, output, program, target};
use crate::{npm as package, portal_page, setup, vectors, wasm, windows};
use count::{cargo_tests, vitest_tests};
use suite::Check;

const WASM_PACKAGES: [&str; 7] = [
    "kazashi-core",
    "kazashi-verify",
    "kazashi-wasm-card-face",
    "kazashi-wasm-page",
    "kazashi-photo",
    "kazashi-wasm-testing",
    "kazashi-wasm-verify",
];

/// Systems of which only the compiler is here. Programs for them cannot be made, nor C be compiled.
const COMPILED_NOWHERE: [&str; 2] = ["aarch64-apple-darwin", "x86_64-pc-windows-msvc"];

/// What has no C in it. The reception portal has (SQLite, ring), and the server library with its stores.
const WITHOUT_C: [&str; 2] = ["kazashi-bridge", "kazashi-pinentry"];

/// Module of the tests that measure what others would change.
const TIMING_TESTS: &str = "alone::";

/// Runs every check, or those with this in their name.
pub(crate) fn run(name: Option<&str>) -> Result<ExitCode> {
    let mut checks = vec![
        Check::new("set-up", set_up),
        Check::new("set-up-npm", set_up_npm),
        Check::new("citations", citations::check),
        Check::new("fmt", |shell| shell.run(cargo().args(["fmt", "--all", "--check"]))),
    ];
    checks.extend(rust());
    checks.extend(javascript());
    checks.extend(debian::checks()?);
    checks.extend(end_to_end::checks()?);
    checks.push(Check::new("vectors-current", vectors_current).after(&["clippy"]).alone());
    checks.push(Check::new("tree-clean", tree_clean).alone());
    suite::run(match name {
        Some(name) => suite::only(checks, name)?,
        None => checks,
    })
}

fn set_up(shell: &Shell) -> Result<()> {
    setup::system_packages(shell, &[setup::BUILD_PACKAGES, setup::TEST_PACKAGES].concat())?;
    setup::wasm_target(shell)?;
    end_to_end::can_have_machines()
}

fn set_up_npm(shell: &Shell) -> Result<()> {
    setup::npm(shell, "js")?;
    setup::npm(shell, "e2e")
}

fn rust() -> [Check; 9] {
    [
        Check::new("clippy", |shell| {
            shell.run(clippy_compiles().args(["build", "--workspace", "--all-targets"]))
        })
        .after(&["set-up"]),
        Check::new("cargo-test", |shell| {
            let mut test = clippy_compiles();
            test.args(["test", "--workspace", "--no-fail-fast", "--"]);
            shell.run(test.args(["--skip", TIMING_TESTS]))
        })
        .tests(cargo_tests)
        .after(&["clippy"]),
        Check::new("cargo-test-timing", |shell| {
            let mut test = clippy_compiles();
            shell.run(test.args(["test", "--workspace", "--test", "bridge", TIMING_TESTS]))
        })
        .tests(cargo_tests)
        .after(&["cargo-test"])
        .alone(),
        // A cargo that builds keeps others from their tests: these come after them.
        Check::new("clippy-wasm32", |shell| clippy(shell, &[wasm::TARGET], &WASM_PACKAGES))
            .later_than(&["cargo-test"]),
        Check::new("clippy-windows", |shell| clippy(shell, &[windows::TARGET], &windows::PROGRAMS))
            .later_than(&["cargo-test"]),
        Check::new("clippy-elsewhere", |shell| clippy(shell, &COMPILED_NOWHERE, &WITHOUT_C))
            .later_than(&["cargo-test"]),
        // Not of the workspace. Its dependencies are built beside the others. To run it takes a nightly
        // compiler, to check it does not.
        Check::new("fuzz", |shell| {
            let mut check = cargo();
            check.args(["check", "--locked", "--manifest-path", "fuzz/Cargo.toml", "--bins"]);
            shell.run(check.arg("--target-dir").arg(target()))
        })
        .later_than(&["cargo-test"]),
        Check::new("doc", |shell| {
            let mut doc = cargo();
            doc.args(["doc", "--workspace", "--no-deps"]);
            shell.run(doc.env("RUSTDOCFLAGS", "-Dwarnings"))
        })
        .later_than(&["cargo-test"]),
        Check::new("systemd-units", |shell| {
            // Exposure goes from 0 to 100.
            for (unit, most) in [
                ("bridge/systemd/kazashi-bridge.service", 25),
                ("debian/kazashi-portal.service", 20),
            ] {
                let mut analyze = program("systemd-analyze", "");
                analyze.args(["security", "--offline=true", "--no-pager"]);
                shell.run(analyze.arg(format!("--threshold={most}")).arg(unit))?;
            }
            Ok(())
        })
        .after(&["set-up"]),
    ]
}

/// Has Clippy look at what these packages are for other systems than this one.
fn clippy(shell: &Shell, targets: &[&str], packages: &[&str]) -> Result<()> {
    let mut clippy = cargo();
    clippy.arg("clippy");
    for target in targets {
        setup::rust_target(shell, target)?;
        clippy.args(["--target", target]);
    }
    clippy.args(packages.iter().flat_map(|package| ["--package", package]));
    shell.run(clippy.args(["--", "--deny", "warnings"]))
}

/// A cargo that has Clippy compile what is ours and fails at a warning. `cargo clippy` would go through
/// all of it, and all that it depends on, only to have the tests compile it once more.
fn clippy_compiles() -> Command {
    let mut cargo = cargo();
    cargo.env("RUSTC_WORKSPACE_WRAPPER", "clippy-driver");
    cargo.env("CLIPPY_ARGS", "--deny__CLIPPY_HACKERY__warnings");
    cargo
}

fn javascript() -> [Check; 9] {
    [
        Check::new("wasm", wasm::build).after(&["set-up", "set-up-npm"]),
        Check::new("npm-package", package::package).after(&["wasm"]),
        Check::new("examples", |shell| {
            package::install_into(shell, "examples/pin-less")?;
            package::install_into(shell, "examples/sign-in")
        })
        .after(&["npm-package"]),
        Check::new("portal-page", portal_page::test).tests(vitest_tests).after(&["npm-package"]),
        Check::new("biome", |shell| {
            shell.run(program("node", "").args([
                "js/node_modules/@biomejs/biome/bin/biome",
                "ci",
                "--colors=off",
                "--error-on-warnings",
            ]))
        })
        .after(&["npm-package"]),
        Check::new("types", |shell| shell.run(npm("e2e").args(["run", "types"])))
            .after(&["npm-package"]),
        Check::new("vitest", |shell| shell.run(npm("js").args(["run", "test"])))
            .tests(vitest_tests)
            .after(&["npm-package"]),
        Check::new("publint", package::publint).after(&["npm-package"]),
        Check::new("attw", package::are_the_types_wrong).after(&["npm-package"]),
    ]
}

/// What is generated must be what is checked in.
fn vectors_current(shell: &Shell) -> Result<()> {
    vectors::write(shell)?;
    let mut diff = program("git", "");
    shell.run(diff.args(["diff", "--exit-code", "--"]).args(vectors::PATHS))
}

/// Nothing of the above may leave files behind, or need any that are not checked in.
fn tree_clean(_: &Shell) -> Result<()> {
    let status = output(program("git", "").args(["status", "--porcelain"]))?;
    ensure!(status.is_empty(), "changed or not checked in:\n{status}");
    Ok(())
}
