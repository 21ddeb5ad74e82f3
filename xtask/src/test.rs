//! Every check, in order of what breaks first.

mod count;
mod report;

use std::process::ExitCode;

use anyhow::{Result, ensure};

use crate::shell::{Shell, cargo, npm, output, program};
use crate::{npm as package, portal_page, setup, vectors, wasm};
use count::{cargo_tests, vitest_tests};
use report::Report;

const WASM_PACKAGES: [&str; 6] = [
    "kazashi-core",
    "kazashi-verify",
    "kazashi-wasm-card-face",
    "kazashi-wasm-page",
    "kazashi-wasm-testing",
    "kazashi-wasm-verify",
];

pub(crate) fn run() -> Result<ExitCode> {
    let mut report = Report::default();
    if report.check("set-up", set_up) {
        rust(&mut report);
        if report.check("wasm", wasm::build) && report.check("npm-package", package::package) {
            javascript(&mut report);
        }
        report.check("vectors-current", vectors_current);
    }
    report.check("tree-clean", tree_clean);
    Ok(report.finish())
}

fn set_up(shell: &Shell) -> Result<()> {
    setup::system_packages(shell, &[setup::BUILD_PACKAGES, setup::TEST_PACKAGES].concat())?;
    setup::wasm_target(shell)?;
    setup::npm(shell, "js")?;
    setup::npm(shell, "e2e")
}

fn rust(report: &mut Report) {
    report.check("fmt", |shell| shell.run(cargo().args(["fmt", "--all", "--check"])));
    report.check("clippy", |shell| {
        let mut clippy = cargo();
        clippy.args(["clippy", "--workspace", "--all-targets"]);
        shell.run(clippy.args(["--", "--deny", "warnings"]))
    });
    report.check("clippy-wasm32", |shell| {
        let mut clippy = cargo();
        clippy.args(["clippy", "--target", "wasm32-unknown-unknown"]);
        clippy.args(WASM_PACKAGES.iter().flat_map(|package| ["--package", package]));
        shell.run(clippy.args(["--", "--deny", "warnings"]))
    });
    // Not of the workspace, and made of files of the bridge. Its dependencies are built beside the
    // others. To run it takes a nightly compiler, to check it does not.
    report.check("fuzz", |shell| {
        let mut check = cargo();
        check.args(["check", "--locked", "--manifest-path", "fuzz/Cargo.toml", "--bins"]);
        shell.run(check.args(["--target-dir", "target"]))
    });
    report.tests("cargo-test", cargo_tests, |shell| {
        shell.run(cargo().args(["test", "--workspace", "--no-fail-fast"]))
    });
    report.check("systemd-unit", |shell| {
        let mut analyze = program("systemd-analyze", "bridge/systemd");
        // Exposure goes from 0 to 100.
        analyze.args(["security", "--offline=true", "--threshold=30", "--no-pager"]);
        shell.run(analyze.arg("kazashi-bridge.service"))
    });
    report.check("doc", |shell| {
        let mut doc = cargo();
        shell.run(doc.args(["doc", "--workspace", "--no-deps"]).env("RUSTDOCFLAGS", "-Dwarnings"))
    });
}

fn javascript(report: &mut Report) {
    report.check("biome", |shell| {
        shell.run(program("node", "").args([
            "js/node_modules/@biomejs/biome/bin/biome",
            "ci",
            "--colors=off",
            "--error-on-warnings",
        ]))
    });
    report.check("types", |shell| shell.run(npm("e2e").args(["run", "types"])));
    report.tests("vitest", vitest_tests, |shell| shell.run(npm("js").args(["run", "test"])));
    report.tests("portal-page", vitest_tests, portal_page::test);
    report.check("publint", |shell| {
        let mut publint = program("node", "js");
        publint.args(["node_modules/publint/src/cli.js", "run", "--strict"]);
        shell.run(publint.arg(package::tarball()))
    });
    report.check("attw", |shell| {
        let mut attw = program("node", "js");
        attw.args(["node_modules/@arethetypeswrong/cli/dist/index.js", "--profile", "esm-only"]);
        shell.run(attw.arg(package::tarball()))
    });
    report.tests("end-to-end", vitest_tests, |shell| {
        package::install_into(shell, "examples/sign-in")?;
        // Tests too, though none is run: without them some dependencies would be built once more,
        // with fewer features.
        shell.run(cargo().args(["build", "--workspace", "--bins", "--tests"]))?;
        shell.run(npm("e2e").args(["run", "test"]))
    });
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
