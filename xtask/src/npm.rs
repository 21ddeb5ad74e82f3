//! The npm package: built, packed, and unpacked to where the examples take it from.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::shell::{Shell, npm, program, remove_folder, root};
use crate::size;

/// What the package's own JavaScript may take, compressed.
const BUDGET: usize = 10 * size::KB;

/// Builds the package and leaves it, packed and unpacked, in `target/npm`.
pub(crate) fn package(shell: &Shell) -> Result<()> {
    shell.run(npm("js").args(["run", "build"]))?;
    let scripts = files(&root().join("js/dist"), "js")?;
    // As one download, as a bundler makes it, without what few pages import besides, with a module of
    // its own; none is minified here.
    let besides = ["card-face.js", "testing.js"];
    let scripts =
        scripts.into_iter().filter(|script| !besides.iter().any(|it| script.ends_with(it)));
    let scripts = scripts.map(fs::read).collect::<Result<Vec<_>, _>>()?.concat();
    size::hold(shell, "JavaScript of the package", &[scripts], Some(BUDGET))?;

    let folder = folder();
    remove_folder(&folder)?;
    fs::create_dir_all(&folder)?;
    shell.run(npm("js").args(["pack", "--pack-destination"]).arg(&folder))?;
    fs::rename(find_tarball(&folder)?, tarball())?;
    let mut unpack = program("tar", "target/npm");
    shell.run(unpack.args(["-xzf", "kazashi.tgz"]))?;
    fs::rename(folder.join("package"), folder.join("kazashi"))?;
    Ok(())
}

/// Installs the package where an example uses it: each time anew, it may have changed.
pub(crate) fn install_into(shell: &Shell, folder: &str) -> Result<()> {
    shell.run(npm(folder).args(["ci", "--no-audit", "--no-fund"]))
}

/// The package as it would be published.
pub(crate) fn tarball() -> PathBuf {
    folder().join("kazashi.tgz")
}

/// In the project's own target folder, wherever cargo builds: lock files name it.
fn folder() -> PathBuf {
    root().join("target/npm")
}

fn find_tarball(folder: &Path) -> Result<PathBuf> {
    files(folder, "tgz")?.pop().context("npm pack left no tarball")
}

/// The files directly in a folder that have this extension.
fn files(folder: &Path, extension: &str) -> Result<Vec<PathBuf>> {
    let entries = fs::read_dir(folder).with_context(|| format!("reading {}", folder.display()))?;
    let paths = entries.map(|entry| Ok(entry?.path())).collect::<Result<Vec<_>>>()?;
    Ok(paths
        .into_iter()
        .filter(|path| path.extension().is_some_and(|it| it == extension))
        .collect())
}
