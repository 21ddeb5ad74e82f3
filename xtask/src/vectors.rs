//! Files that are generated and checked in.

use std::fs::{self, File};

use anyhow::Result;

use crate::shell::{Shell, built, cargo, output, program, root};
use crate::tables;

/// Where the generated files are.
pub(crate) const PATHS: &[&str] = &["docs", "emulator/images", "js/src", "vectors"];

/// Builds what writes them, and has it write.
pub(crate) fn build_and_write(shell: &Shell) -> Result<()> {
    let packages = ["--package", "kazashi-emulator", "--package", "kazashi-verify"];
    shell.run(cargo().args(["build", "--examples"]).args(packages))?;
    write(shell)
}

/// Writes every generated file anew: first the certificates, then the tokens that hold them.
pub(crate) fn write(shell: &Shell) -> Result<()> {
    keeping_times(|| {
        tables::write()?;
        shell.run(&mut program(built("examples/vectors"), ""))?;
        shell.run(&mut program(built("examples/tokens"), ""))
    })
}

/// Sets the time of each file back that holds the same afterwards: by a newer one cargo would build
/// anew all that includes it.
fn keeping_times(write: impl FnOnce() -> Result<()>) -> Result<()> {
    let listed = output(program("git", "").args(["ls-files", "--"]).args(PATHS))?;
    let paths = listed.lines().map(|path| root().join(path)).filter(|path| path.exists());
    let before = paths.map(|path| {
        let (content, modified) = (fs::read(&path)?, fs::metadata(&path)?.modified()?);
        Ok((path, content, modified))
    });
    let before = before.collect::<Result<Vec<_>>>()?;
    write()?;
    for (path, content, modified) in before {
        if fs::read(&path)? == content {
            File::options().append(true).open(&path)?.set_modified(modified)?;
        }
    }
    Ok(())
}
