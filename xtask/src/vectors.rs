//! Files that are generated and checked in.

use anyhow::Result;

use crate::shell::{Shell, cargo};

/// Where the generated files are.
pub(crate) const PATHS: &[&str] = &["docs/errors.md", "js/src", "vectors"];

/// Writes every generated file anew.
pub(crate) fn write(shell: &Shell) -> Result<()> {
    let mut certificates = cargo();
    certificates.args(["run", "--quiet", "--package", "kazashi-emulator", "--example", "vectors"]);
    shell.run(&mut certificates)
}
