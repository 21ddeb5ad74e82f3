//! The npm package: built, packed, and unpacked to where the examples take it from.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::dist::VERSION;
use crate::sbom::Contents;
use crate::shell::{Shell, create_parent, npm, program, remove_folder, root, target};
use crate::{setup, size, wasm};

/// Bytes that the package's own JavaScript may take in a page, compressed: what it takes, and 2 %.
const BUDGET: usize = 11_250;

/// The same of `kazashi/verify`, which is for servers: pages load it for the words of a certificate.
const VERIFY_BUDGET: usize = 3_250;

/// What is there for `kazashi/verify` alone, or for entry points that few pages import.
const VERIFY: [&str; 7] = [
    "cv-key.js",
    "encoding.js",
    "revocation.js",
    "stay.js",
    "stay-word.js",
    "verify.js",
    "verify-arguments.js",
];

/// Makes the tarball that is published, in `target/packages`.
pub(crate) fn run(shell: &Shell) -> Result<()> {
    setup::wasm_target(shell)?;
    setup::npm(shell, "js")?;
    wasm::build(shell)?;
    package(shell)?;
    create_parent(&published())?;
    fs::copy(tarball(), published())?;
    shell.say(published().display())
}

/// The tarball that is published.
pub(crate) fn published() -> PathBuf {
    target().join("packages").join(format!("kazashi-{VERSION}.tgz"))
}

/// Builds the package and leaves it, packed and unpacked, in `target/npm`.
pub(crate) fn package(shell: &Shell) -> Result<()> {
    shell.run(npm("js").args(["run", "build"]))?;
    let dist = root().join("js/dist");
    Contents::of_npm_package()?.write(&dist, &files(&root().join("js/src/wasm"), "wasm")?)?;
    let scripts = [files(&dist, "js")?, files(&dist.join("generated"), "js")?].concat();
    // Each as one download, as a bundler makes it; none is minified here. A page's is without what few
    // pages import besides, with a module of its own.
    let besides = ["card-face.js", "testing.js", "types.js"];
    let is_one_of = |names: &[&str], script: &Path| names.iter().any(|it| script.ends_with(it));
    let (verify, page): (Vec<_>, Vec<_>) = scripts
        .into_iter()
        .filter(|script| !is_one_of(&besides, script))
        .partition(|script| is_one_of(&VERIFY, script));
    for (label, scripts, budget) in [
        ("JavaScript of the package", page, BUDGET),
        ("JavaScript of kazashi/verify besides", verify, VERIFY_BUDGET),
    ] {
        let scripts = scripts.iter().map(fs::read).collect::<Result<Vec<_>, _>>()?.concat();
        size::hold(shell, label, &[scripts], Some(budget))?;
    }

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

/// Has publint look at how the package is laid out.
pub(crate) fn publint(shell: &Shell) -> Result<()> {
    let mut publint = program("node", "js");
    publint.args(["node_modules/publint/src/cli.js", "run", "--strict"]);
    shell.run(publint.arg(tarball()))
}

/// Has attw look at how its types are found.
pub(crate) fn are_the_types_wrong(shell: &Shell) -> Result<()> {
    let mut attw = program("node", "js");
    attw.args(["node_modules/@arethetypeswrong/cli/dist/index.js", "--profile"]);
    attw.arg("esm-only").arg(tarball());
    // What is imported of them is an address, of which bundlers have the type.
    attw.args(["--exclude-entrypoints", "page.wasm", "verify.wasm", "card-face.wasm"]);
    shell.run(attw.arg("testing.wasm"))
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
