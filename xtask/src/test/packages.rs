//! `cargo xtask test packages`: the packages for Debian, by root and on Debian.

use std::process::ExitCode;

use anyhow::Result;

use super::suite::{self, Check};
use super::{debian, end_to_end};
use crate::linux;

/// What the tests have besides what they install.
const PROGRAMS: [&str; 3] = ["kazashi-emulator", "kazashi-pin-less", "scripted-pinentry"];

pub(crate) fn run() -> Result<ExitCode> {
    let system_packages = [linux::PACKAGES, linux::TEST_PACKAGES].concat();
    let mut checks = debian::checks(&linux::DEBIAN, system_packages, &PROGRAMS)?;
    checks.push(Check::new("packages", linux::for_tests).after(&["portal-page"]));
    checks.push(Check::new("lintian", linux::lint).after(&["packages"]));
    checks.extend(end_to_end::packages_checks()?);
    suite::run(checks)
}
