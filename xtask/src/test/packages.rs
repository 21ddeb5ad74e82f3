//! `cargo xtask test packages`: the packages for Debian, by root and on Debian.

use std::process::ExitCode;

use anyhow::{Result, ensure};

use super::suite::{self, Check};
use super::{end_to_end, set_up, set_up_npm};
use crate::shell::{Shell, cargo, is_root};
use crate::{linux, npm, portal_page, setup, wasm};

/// What the tests have besides what they install.
const PROGRAMS: [&str; 3] = ["kazashi-emulator", "kazashi-pin-less", "scripted-pinentry"];

pub(crate) fn run() -> Result<ExitCode> {
    ensure!(is_root()?, "only root can make the Debian on which packages are installed");
    let mut checks = vec![
        Check::new("set-up", |shell| {
            set_up(shell)?;
            setup::system_packages(shell, &[linux::PACKAGES, linux::TEST_PACKAGES].concat())
        }),
        Check::new("set-up-npm", set_up_npm),
        Check::new("debian", |shell| linux::DEBIAN.root(shell).map(drop)).after(&["set-up"]),
        Check::new("wasm", wasm::build).after(&["set-up", "set-up-npm"]),
        Check::new("npm-package", npm::package).after(&["wasm"]),
        // The portal has its page inside.
        Check::new("portal-page", portal_page::build).after(&["npm-package"]),
        Check::new("packages", linux::for_tests).after(&["portal-page"]),
        Check::new("lintian", linux::lint).after(&["packages"]),
        Check::new("programs", programs).after(&["wasm"]),
        Check::new("examples", |shell| npm::install_into(shell, "examples/pin-less"))
            .after(&["npm-package"]),
    ];
    checks.extend(end_to_end::packages_checks()?);
    suite::run(checks)
}

fn programs(shell: &Shell) -> Result<()> {
    let packages = PROGRAMS.iter().flat_map(|package| ["--package", package]);
    shell.run(cargo().args(["build", "--bins"]).args(packages))
}
