//! `cargo xtask portal`: the reception portal, as it is put on a desk.

use anyhow::Result;

use crate::shell::{Shell, cargo};
use crate::{npm, portal_page, setup, wasm};

/// Builds the page, and the one program that has it inside, into `target/release`.
pub(crate) fn build(shell: &Shell) -> Result<()> {
    build_page(shell)?;
    shell.run(cargo().args(["build", "--release", "--package", "kazashi-reception-portal"]))
}

/// Builds the page, and the package that it is made with.
pub(crate) fn build_page(shell: &Shell) -> Result<()> {
    setup::wasm_target(shell)?;
    setup::npm(shell, "js")?;
    wasm::build(shell)?;
    npm::package(shell)?;
    portal_page::build(shell)
}
