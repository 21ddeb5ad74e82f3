//! The packages for Debian, made by debhelper of what `debian/` says, and those for Fedora. Where the programs
//! and the version are the same, so is each byte of them.

mod repository;
mod rpm;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result};

use crate::debian::Debian;
use crate::dist::{self, For, TIME, VERSION};
use crate::sbom::{Build, Contents};
use crate::shell::{Shell, output, program, remove_folder, target};
use crate::{portal, setup};

/// Debian packages with which packages and repositories are made.
pub(crate) const PACKAGES: &[&str] = &["apt-utils", "debhelper", "gpg", "gpg-agent", "rpm"];

/// Those with which packages are judged.
pub(crate) const TEST_PACKAGES: &[&str] = &["debootstrap", "lintian", "systemd-container"];

/// The Debians on which packages are installed: some 300 MB each. The one for Windows is another.
pub(crate) static DEBIANS: [Debian; 2] =
    [empty("debian-12", "bookworm"), empty("debian-13-plain", "trixie")];

/// A Debian that has nothing yet. Its apt has at hand what packages need, a dialog, and the driver of the
/// virtual reader.
const fn empty(name: &'static str, suite: &'static str) -> Debian {
    Debian {
        name,
        suite,
        packages: &["systemd"],
        downloads: &["libpcsclite1", "pcscd", "pinentry-gnome3", "vsmartcard-vpcd"],
        prepare: |_, _| Ok(()),
    }
}

/// The programs, each in a package of its name.
const PROGRAMS: [&str; 3] = ["kazashi-bridge", "kazashi-emulator", "kazashi-portal"];

/// What is built for that: the programs, and what writes their manual.
const CRATES: [&str; 4] =
    ["kazashi-bridge", "kazashi-emulator", "kazashi-reception-portal", "manuals"];

/// How cargo builds it: all together.
pub(crate) const BUILD: Build<'_> = Build { packages: &CRATES, target: None };

/// How often this version was packaged.
const REVISION: u32 = 1;

/// Whoever stands in `debian/control`, too.
const MAINTAINER: &str = "Kazashi developers <kazashi@localhost.invalid>";

/// What is packaged besides, and what says how.
const FILES: [&str; 11] = [
    "CHANGELOG.md",
    "LICENSE-APACHE",
    "LICENSE-MIT",
    "SECURITY.md",
    "bridge/desktop",
    "bridge/systemd",
    "debian",
    "docs",
    "examples/reception-portal/README.ja.md",
    "examples/reception-portal/README.md",
    "rpm",
];

/// Where packages are left.
fn folder() -> PathBuf {
    target().join("packages")
}

/// Makes the packages of this version, and a repository of Debian's if a folder is named for it.
pub(crate) fn run(shell: &Shell, repository: Option<&Path>) -> Result<()> {
    setup::system_packages(shell, &[setup::BUILD_PACKAGES, PACKAGES].concat())?;
    portal::build_page(shell)?;
    build(shell, For::Users)?;
    let packages = package_files()?;
    for package in packages.iter().chain(&rpm::package_files(&folder())?) {
        shell.say(package.display())?;
    }
    repository.map_or(Ok(()), |folder| repository::make(shell, folder, &packages))
}

/// Makes what the tests install: the packages of this version, in a repository. The portal's page is
/// there already.
pub(crate) fn for_tests(shell: &Shell) -> Result<()> {
    build(shell, For::Tests)?;
    let folder = folder().join("tests/apt");
    remove_folder(&folder)?;
    repository::make(shell, &folder, &package_files()?)
}

/// Has Debian's own checker look at the packages that the tests install.
pub(crate) fn lint(shell: &Shell) -> Result<()> {
    let mut lintian = Command::new("lintian");
    lintian.args(["--fail-on=error,warning", "--allow-root"]);
    shell.run(lintian.args(package_files()?))
}

/// Builds the programs, and makes packages of them.
fn build(shell: &Shell, whom: For) -> Result<()> {
    let mut build = dist::cargo_build(whom, &[])?;
    shell.run(build.args(CRATES.iter().flat_map(|package| ["--package", package])))?;

    let laid_out = folder().join("laid-out");
    remove_folder(&laid_out)?;
    lay_out(shell, &laid_out)?;
    let mut make = Command::new("dpkg-buildpackage");
    make.args(["--build=binary", "--no-sign", "--no-pre-clean"]).current_dir(&laid_out);
    shell.run(make.env("SOURCE_DATE_EPOCH", TIME.as_secs().to_string()))?;
    rpm::make(shell, &laid_out, &folder())
}

/// The packages for Debian, as they are named.
fn package_files() -> Result<Vec<PathBuf>> {
    let architecture = output(Command::new("dpkg").arg("--print-architecture"))?;
    let name = |program| format!("{program}_{VERSION}-{REVISION}_{}.deb", architecture.trim());
    Ok(PROGRAMS.map(|program| folder().join(name(program))).into())
}

/// What is inside each package.
pub(crate) fn contents() -> Result<Vec<Contents>> {
    PROGRAMS.iter().map(|name| Contents::of_programs(name, &[name], &BUILD)).collect()
}

/// Lays out what is packaged: debhelper and rpmbuild take it from there.
fn lay_out(shell: &Shell, folder: &Path) -> Result<()> {
    let (programs, manuals) = (folder.join("programs"), folder.join("manuals"));
    for folder in [&programs, &manuals] {
        fs::create_dir_all(folder).with_context(|| format!("making {}", folder.display()))?;
    }
    let built = |name: &str| target().join("dist").join(name);
    for name in PROGRAMS {
        fs::copy(built(name), programs.join(name)).with_context(|| format!("copying {name}"))?;
    }
    for contents in contents()? {
        let name = contents.name();
        contents.write(&folder.join("contents").join(name), &[built(name)])?;
    }
    shell.run(Command::new(built("manuals")).arg(&manuals))?;
    let mut copy = program("cp", "");
    copy.args(["--recursive", "--parents", "--target-directory"]).arg(folder);
    shell.run(copy.args(FILES))?;
    let changelog = folder.join("debian/changelog");
    fs::write(&changelog, debian_changelog()).context("writing the changelog of the packages")
}

/// What debhelper has version and time from, and who made the packages: [`TIME`] in words is its day.
fn debian_changelog() -> String {
    format!(
        "kazashi ({VERSION}-{REVISION}) unstable; urgency=medium\n\n  \
         * What has changed is in changelog.gz.\n\n \
         -- {MAINTAINER}  Thu, 01 Jan 2026 00:00:00 +0000\n"
    )
}
