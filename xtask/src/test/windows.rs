//! `cargo xtask test windows`: the checks of the bridge for Windows, by root and on Debian.

use std::process::ExitCode;

use anyhow::{Result, ensure};

use super::suite::{self, Check};
use super::{end_to_end, set_up, set_up_npm};
use crate::shell::{Shell, cargo, is_root};
use crate::{npm, portal_page, setup, wasm, windows};

/// What the tests have outside of Wine.
const PROGRAMS_OUTSIDE: [&str; 3] = ["kazashi-emulator", "kazashi-pin-less", "other-program"];

pub(crate) fn run() -> Result<ExitCode> {
    ensure!(is_root()?, "only root can make the Debian in which Wine runs");
    let mut checks = vec![
        Check::new("set-up", |shell| {
            set_up(shell)?;
            setup::system_packages(shell, windows::PACKAGES)
        }),
        Check::new("set-up-npm", set_up_npm),
        Check::new("debian", |shell| windows::DEBIAN.root(shell).map(drop)).after(&["set-up"]),
        Check::new("wasm", wasm::build).after(&["set-up", "set-up-npm"]),
        Check::new("npm-package", npm::package).after(&["wasm"]),
        Check::new("portal-page", portal_page::build).after(&["npm-package"]),
        // The portal has its page inside.
        Check::new("windows-programs", windows::build).after(&["portal-page"]),
        Check::new("installer", windows::installer::for_tests).after(&["windows-programs"]),
        Check::new("programs", programs).after(&["wasm"]),
        Check::new("examples", |shell| npm::install_into(shell, "examples/pin-less"))
            .after(&["npm-package"]),
    ];
    checks.extend(end_to_end::windows_checks()?);
    suite::run(checks)
}

fn programs(shell: &Shell) -> Result<()> {
    let packages = PROGRAMS_OUTSIDE.iter().flat_map(|package| ["--package", package]);
    shell.run(cargo().args(["build", "--bins"]).args(packages))
}
