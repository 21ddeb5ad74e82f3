//! The checks that have a Debian beside this machine: in one, Wine runs what is for Windows, and on
//! those that are empty, packages are installed.

use std::iter;

use anyhow::Result;

use super::end_to_end;
use super::suite::Check;
use crate::debian;
use crate::dist::For;
use crate::windows::installer;
use crate::{linux, setup, windows};

/// All of them, to be skipped where no Debian can be made.
pub(super) fn checks() -> Result<Vec<Check>> {
    let mut checks = vec![
        Check::new("set-up-debian", |shell| {
            let packages = [linux::PACKAGES, linux::TEST_PACKAGES, windows::PACKAGES];
            setup::system_packages(shell, &packages.concat())
        })
        .after(&["set-up"]),
        // One after the other: each asks apt, which serves one at a time.
        Check::new("debian", |shell| {
            let mut debians = iter::once(&windows::DEBIAN).chain(&linux::DEBIANS);
            debians.try_for_each(|debian| debian.root(shell).map(drop))
        })
        .after(&["set-up-debian"]),
        // These compile, and come after the tests as others do that compile.
        Check::new("windows-programs", |shell| {
            windows::build(shell, For::Tests, &windows::PROGRAMS)
        })
        .after(&["set-up-debian", "portal-page"])
        .later_than(&["cargo-test"]),
        Check::new("windows-installer", installer::for_tests).after(&["windows-programs"]),
        Check::new("packages", linux::for_tests)
            .after(&["set-up-debian", "portal-page"])
            .later_than(&["cargo-test"]),
        Check::new("packages-lintian", linux::lint).after(&["packages"]),
    ];
    checks.extend(end_to_end::windows_checks()?);
    checks.extend(end_to_end::packages_checks()?);
    Ok(match debian::may_be_made() {
        Ok(()) => checks,
        Err(why) => checks.into_iter().map(|check| check.impossible(format!("{why:#}"))).collect(),
    })
}
