//! What tests need that have a Debian beside this machine: that Debian, and what they bring along.

use anyhow::{Result, ensure};

use super::suite::Check;
use super::{set_up, set_up_npm};
use crate::debian::Debian;
use crate::shell::{cargo, is_root};
use crate::{npm, portal_page, setup, wasm};

/// The checks that come first: this machine has these system packages, and these programs besides those
/// that the tests look at there.
pub(super) fn checks(
    debian: &'static Debian,
    system_packages: Vec<&'static str>,
    programs: &'static [&str],
) -> Result<Vec<Check>> {
    ensure!(is_root()?, "only root can make the Debian that these tests need");
    Ok(vec![
        Check::new("set-up", move |shell| {
            set_up(shell)?;
            setup::system_packages(shell, &system_packages)
        }),
        Check::new("set-up-npm", set_up_npm),
        Check::new("debian", |shell| debian.root(shell).map(drop)).after(&["set-up"]),
        Check::new("wasm", wasm::build).after(&["set-up", "set-up-npm"]),
        Check::new("npm-package", npm::package).after(&["wasm"]),
        // The portal has its page inside.
        Check::new("portal-page", portal_page::build).after(&["npm-package"]),
        Check::new("programs", |shell| {
            let packages = programs.iter().flat_map(|package| ["--package", package]);
            shell.run(cargo().args(["build", "--bins"]).args(packages))
        })
        .after(&["wasm"]),
        Check::new("examples", |shell| npm::install_into(shell, "examples/pin-less"))
            .after(&["npm-package"]),
    ])
}
