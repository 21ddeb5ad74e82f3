//! `cargo xtask test windows`: the checks of the bridge for Windows, by root and on Debian.

use std::process::ExitCode;

use anyhow::Result;

use super::suite::{self, Check};
use super::{debian, end_to_end};
use crate::windows;

/// What the tests have outside of Wine.
const PROGRAMS_OUTSIDE: [&str; 3] = ["kazashi-emulator", "kazashi-pin-less", "other-program"];

pub(crate) fn run() -> Result<ExitCode> {
    let system_packages = windows::PACKAGES.to_vec();
    let mut checks = debian::checks(&windows::DEBIAN, system_packages, &PROGRAMS_OUTSIDE)?;
    checks.push(Check::new("windows-programs", windows::build).after(&["portal-page"]));
    checks
        .push(Check::new("installer", windows::installer::for_tests).after(&["windows-programs"]));
    checks.extend(end_to_end::windows_checks()?);
    suite::run(checks)
}
