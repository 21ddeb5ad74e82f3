//! What a release needs besides the tests, by tools that are installed for it.

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Result, ensure};
use serde::Deserialize;

use crate::sbom::{self, Contents};
use crate::shell::{Shell, cargo, npm, output, program, target};
use crate::windows::installer;
use crate::{linux, npm as package, portal_page};

/// The crates that are published, each after those that it needs. Programs come as packages.
const PUBLISHED: [&str; 4] =
    ["kazashi-core", "kazashi-verify", "kazashi-server", "kazashi-emulator"];

/// What the registry shows of a crate, as `cargo metadata` tells it.
#[derive(Deserialize)]
struct Package {
    name: String,
    description: Option<String>,
    license: Option<String>,
    repository: Option<String>,
    readme: Option<PathBuf>,
    rust_version: Option<String>,
    keywords: Vec<String>,
    categories: Vec<String>,
    /// The registries that it may go to, unless to all.
    publish: Option<Vec<String>>,
}

#[derive(Deserialize)]
struct Metadata {
    packages: Vec<Package>,
}

pub(crate) fn run(shell: &Shell) -> Result<()> {
    dependencies(shell)?;
    oldest_rust(shell)?;
    crates(shell)?;
    npm_package(shell)?;
    contents(shell)?;
    public_api(shell)
}

/// Advisories, licences and sources of all that is in a build.
fn dependencies(shell: &Shell) -> Result<()> {
    install(shell, "cargo-deny")?;
    shell.run(cargo().args(["deny", "--all-features", "check"]))?;
    shell.run(cargo().args(["deny", "--manifest-path", "fuzz/Cargo.toml", "check", "advisories"]))
}

fn oldest_rust(shell: &Shell) -> Result<()> {
    // rustup's proxy, since the cargo that runs this is of one toolchain.
    let oldest = format!("+{}", env!("CARGO_PKG_RUST_VERSION"));
    shell.run(program("cargo", "").args([&oldest, "check", "--workspace", "--all-targets"]))
}

/// What crates.io wants of the crates, up to the upload. Each is compiled of what is packed.
fn crates(shell: &Shell) -> Result<()> {
    for package in packages()? {
        package.hold(PUBLISHED.contains(&package.name.as_str()))?;
    }
    for package in PUBLISHED {
        shell.run(cargo().args(["package", "--list", "--package", package]))?;
    }
    let mut publish = cargo();
    publish.args(["publish", "--dry-run", "--locked"]);
    shell.run(publish.args(PUBLISHED.iter().flat_map(|package| ["--package", package])))
}

/// All crates that are ours.
fn packages() -> Result<Vec<Package>> {
    let metadata = output(cargo().args(["metadata", "--format-version", "1", "--no-deps"]))?;
    let Metadata { packages } = serde_json::from_str(&metadata)?;
    Ok(packages)
}

impl Package {
    /// Fails where something is missing that people look for, or where it might be published by mistake.
    fn hold(&self, is_published: bool) -> Result<()> {
        let Self { name, publish, .. } = self;
        if !is_published {
            ensure!(publish.as_ref().is_some_and(Vec::is_empty), "{name} lacks `publish = false`");
            return Ok(());
        }
        ensure!(publish.is_none(), "{name} is kept from being published");
        for (field, is_there) in [
            ("description", self.description.is_some()),
            ("license", self.license.is_some()),
            ("repository", self.repository.is_some()),
            ("readme", self.readme.is_some()),
            ("rust-version", self.rust_version.is_some()),
            ("keywords", !self.keywords.is_empty()),
            ("categories", !self.categories.is_empty()),
        ] {
            ensure!(is_there, "{name} lacks `{field}`");
        }
        Ok(())
    }
}

/// What npm wants of the package, up to the upload, and what others find wrong in it.
fn npm_package(shell: &Shell) -> Result<()> {
    package::run(shell)?;
    package::publint(shell)?;
    package::are_the_types_wrong(shell)?;
    shell.run(npm("").args(["publish", "--dry-run"]).arg(package::published()))
}

/// The lists of what is inside each package, by the schema of CycloneDX.
fn contents(shell: &Shell) -> Result<()> {
    portal_page::build(shell)?;
    let mut all = linux::contents()?;
    all.push(installer::contents()?);
    all.push(Contents::of_npm_package()?);
    let mut lists = Vec::new();
    for contents in all {
        let folder = target().join("contents").join(contents.name());
        contents.write(&folder, &[])?;
        lists.push(folder.join(sbom::LIST));
    }
    shell.run(program("node", "js").arg("scripts/validate-sbom.mjs").args(lists))
}

/// Whether the libraries break who uses the version before.
fn public_api(shell: &Shell) -> Result<()> {
    let published = output(Command::new("cargo").args(["info", "kazashi-core"])).is_ok();
    if !published {
        return shell
            .say("no release to compare the libraries with: cargo-semver-checks is skipped");
    }
    install(shell, "cargo-semver-checks")?;
    let packages = PUBLISHED.iter().flat_map(|library| ["--package", library]);
    shell.run(cargo().arg("semver-checks").args(packages))
}

/// Installs a tool, unless it is there.
fn install(shell: &Shell, tool: &str) -> Result<()> {
    if output(Command::new(tool).arg("--version")).is_ok() {
        return Ok(());
    }
    shell.run(cargo().args(["install", "--locked", tool]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_crate_is_complete_if_it_is_published_and_says_so_if_it_is_not() {
        for package in packages().unwrap() {
            let name = package.name.as_str();
            let is_published = PUBLISHED.contains(&name);
            package.hold(is_published).unwrap();
            assert!(package.hold(!is_published).is_err(), "{name} may be both");
        }
    }

    #[test]
    fn what_is_missing_is_named() {
        let packages = packages().unwrap();
        let core = packages.into_iter().find(|package| package.name == "kazashi-core").unwrap();
        let error = Package { readme: None, ..core }.hold(true).unwrap_err();
        assert_eq!(error.to_string(), "kazashi-core lacks `readme`");
    }
}
