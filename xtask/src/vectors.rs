//! Files that are generated and checked in.

use anyhow::Result;

use crate::errors;
use crate::shell::{Shell, cargo};

/// Where the generated files are.
pub(crate) const PATHS: &[&str] = &["docs/errors.md", "emulator/images", "js/src", "vectors"];

/// Writes every generated file anew: first the certificates, then the tokens that hold them.
pub(crate) fn write(shell: &Shell) -> Result<()> {
    errors::write()?;
    let examples = [("kazashi-emulator", "vectors"), ("kazashi-verify", "tokens")];
    examples.into_iter().try_for_each(|(package, example)| {
        let mut cargo = cargo();
        shell.run(cargo.args(["run", "--quiet", "--package", package, "--example", example]))
    })
}
