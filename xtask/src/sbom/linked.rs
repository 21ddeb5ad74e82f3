//! Which crates are linked into a program, by cargo's word.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use serde::Deserialize;

use super::{Component, Origin, licences, reference};
use crate::shell::{cargo, output, root};

/// Packages that one cargo builds together: a crate has the features that any of them asks for.
#[derive(Debug)]
pub(crate) struct Build<'a> {
    pub(crate) packages: &'a [&'a str],
    /// Without one, for this machine.
    pub(crate) target: Option<&'a str>,
}

/// Every crate of the lock file.
pub(super) struct Crates {
    /// Each by its reference.
    packages: BTreeMap<String, Package>,
    checksums: BTreeMap<String, String>,
}

/// A crate, as `cargo metadata` tells it.
#[derive(Deserialize)]
struct Package {
    name: String,
    version: String,
    license: Option<String>,
    repository: Option<String>,
    manifest_path: PathBuf,
    targets: Vec<Target>,
}

#[derive(Deserialize)]
struct Target {
    name: String,
    kind: Vec<String>,
}

#[derive(Deserialize)]
struct Metadata {
    packages: Vec<Package>,
}

#[derive(Deserialize)]
struct Lock {
    package: Vec<Locked>,
}

#[derive(Deserialize)]
struct Locked {
    name: String,
    version: String,
    checksum: Option<String>,
}

impl Crates {
    pub(super) fn read() -> Result<Self> {
        let metadata = output(cargo().args(["metadata", "--format-version", "1", "--locked"]))?;
        let Metadata { packages } = serde_json::from_str(&metadata)?;
        let lock = fs::read_to_string(root().join("Cargo.lock")).context("reading Cargo.lock")?;
        let Lock { package: locked } = toml::from_str(&lock)?;
        Ok(Self {
            packages: packages
                .into_iter()
                .map(|it| (reference(&it.name, &it.version), it))
                .collect(),
            checksums: locked
                .into_iter()
                .filter_map(|it| Some((reference(&it.name, &it.version), it.checksum?)))
                .collect(),
        })
    }

    /// Reference of the crate that a program is made of.
    pub(super) fn of_program(&self, program: &str) -> Result<String> {
        let makes = |it: &Target| it.name == program && it.kind.iter().any(|kind| kind == "bin");
        let found = self.packages.iter().find(|(_, package)| package.targets.iter().any(makes));
        Ok(found.with_context(|| format!("no crate makes {program}"))?.0.clone())
    }

    /// What is linked into these of the packages that are built together, and they themselves.
    pub(super) fn linked(
        &self,
        roots: &BTreeSet<String>,
        build: &Build<'_>,
    ) -> Result<BTreeMap<String, Component>> {
        let needs = needs(build)?;
        let mut linked = BTreeMap::new();
        let mut waiting: Vec<_> = roots.iter().cloned().collect();
        while let Some(reference) = waiting.pop() {
            if linked.contains_key(&reference) {
                continue;
            }
            let needs =
                needs.get(&reference).with_context(|| format!("{reference} is not built"))?;
            waiting.extend(needs.iter().cloned());
            let component = self.component(&reference, needs.clone())?;
            linked.insert(reference, component);
        }
        Ok(linked)
    }

    fn component(&self, reference: &str, needs: BTreeSet<String>) -> Result<Component> {
        let package = self.packages.get(reference);
        let package = package.with_context(|| format!("cargo says nothing of {reference}"))?;
        let Package { name, version, license, repository, manifest_path, .. } = package;
        let licence =
            license.as_ref().with_context(|| format!("{reference} is without a licence"))?;
        let origin = self.checksums.get(reference).map(|checksum| Origin {
            purl: format!("pkg:cargo/{name}@{}", version.replace('+', "%2B")),
            algorithm: "SHA-256",
            hash: checksum.clone(),
        });
        let mut texts = Vec::new();
        if origin.is_some() {
            texts = licences::of_crate(name, manifest_path.parent().unwrap_or(Path::new("")))?;
            ensure!(!texts.is_empty(), "no text of a licence is in {reference}: see licences.rs");
        }
        Ok(Component {
            name: name.clone(),
            version: version.clone(),
            // Until 2021 cargo took a slash, too.
            licence: licence.replace(" / ", "/").replace('/', " OR "),
            repository: repository.clone(),
            origin,
            texts,
            needs,
        })
    }
}

/// What each crate of a build has linked into it. `cargo tree`, since `cargo metadata` knows features of the
/// whole workspace alone: with them come crates that are in no program.
fn needs(build: &Build<'_>) -> Result<BTreeMap<String, BTreeSet<String>>> {
    let mut tree = cargo();
    tree.args(["tree", "--locked", "--edges", "normal,no-proc-macro"]);
    tree.args(["--prefix", "depth", "--format", " {p}"]);
    tree.args(build.target.iter().flat_map(|target| ["--target", target]));
    tree.args(build.packages.iter().flat_map(|package| ["--package", package]));
    let mut needs: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let mut path: Vec<String> = Vec::new();
    for line in output(&mut tree)?.lines().filter(|line| !line.is_empty()) {
        // Such as "2 serde v1.0.229 (*)".
        let mut words = line.split(' ');
        let (Some(depth), Some(name), Some(version)) = (words.next(), words.next(), words.next())
        else {
            anyhow::bail!("cargo tree says {line:?}");
        };
        path.truncate(depth.parse()?);
        let reference = reference(name, version.trim_start_matches('v'));
        if let Some(parent) = path.last() {
            needs.entry(parent.clone()).or_default().insert(reference.clone());
        }
        needs.entry(reference.clone()).or_default();
        path.push(reference);
    }
    Ok(needs)
}

/// Folders of crates that a program names, for the case that it panics.
pub(super) fn named_in(program: &[u8]) -> BTreeSet<String> {
    let text = String::from_utf8_lossy(program);
    let after = text.split("registry/src/").skip(1);
    // Cargo's folder of a registry, then that of a crate.
    after.filter_map(|path| path.split(['/', '\\']).nth(1)).map(ToOwned::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;
    use crate::windows::installer;
    use crate::{linux, wasm};

    /// Which crates are linked into one that is built, by the calls of the compiler that cargo plans.
    fn planned(root: &str, build: &Build<'_>) -> BTreeSet<String> {
        let mut plan = cargo();
        // Only so does a released cargo tell its plan.
        plan.env("RUSTC_BOOTSTRAP", "1").args(["build", "--unit-graph", "-Zunstable-options"]);
        plan.args(build.target.iter().flat_map(|target| ["--target", target]));
        plan.args(build.packages.iter().flat_map(|package| ["--package", package]));
        let plan: Value = serde_json::from_str(&output(&mut plan).unwrap()).unwrap();
        let units = plan["units"].as_array().unwrap();
        let is_root = |unit: &Value| unit["pkg_id"].as_str().unwrap().ends_with(root);
        let roots = plan["roots"].as_array().unwrap().iter().map(|it| it.as_u64().unwrap());
        let mut waiting: Vec<_> = roots
            .map(|index| usize::try_from(index).unwrap())
            .filter(|index| is_root(&units[*index]))
            .collect();
        assert!(!waiting.is_empty(), "{root} is not built");
        let mut seen = BTreeSet::new();
        let mut linked = BTreeSet::new();
        while let Some(index) = waiting.pop() {
            let unit = &units[index];
            let kind = unit["target"]["kind"][0].as_str().unwrap();
            let runs_while_building = kind == "proc-macro" || kind == "custom-build";
            if runs_while_building || !seen.insert(index) {
                continue;
            }
            linked.insert(name(unit["pkg_id"].as_str().unwrap()));
            for needed in unit["dependencies"].as_array().unwrap() {
                waiting.push(usize::try_from(needed["index"].as_u64().unwrap()).unwrap());
            }
        }
        linked
    }

    /// Such as "…#serde@1.0.229", or ".../xtask#0.1.0" where the folder has the name.
    fn name(package_id: &str) -> String {
        let (folder, id) = package_id.split_once('#').unwrap();
        if id.contains('@') {
            return id.to_owned();
        }
        reference(folder.rsplit('/').next().unwrap(), id)
    }

    #[track_caller]
    fn assert_lists_what_is_compiled(package: &str, build: &Build<'_>) {
        let crates = Crates::read().unwrap();
        let root = reference(package, env!("CARGO_PKG_VERSION"));
        let listed = crates.linked(&[root.clone()].into(), build).unwrap();
        let planned = planned(&format!("#{root}"), build);
        assert_eq!(listed.into_keys().collect::<BTreeSet<_>>(), planned);
    }

    #[test]
    fn every_crate_that_is_compiled_for_a_package_of_debian_is_listed() {
        assert_lists_what_is_compiled("kazashi-bridge", &linux::BUILD);
        assert_lists_what_is_compiled("kazashi-reception-portal", &linux::BUILD);
    }

    #[test]
    fn every_crate_that_is_compiled_for_windows_is_listed() {
        for program in ["kazashi-bridge", "kazashi-pinentry", "kazashi-background"] {
            assert_lists_what_is_compiled(program, &installer::BUILD);
        }
    }

    #[test]
    fn every_crate_that_is_compiled_for_a_page_is_listed() {
        for (_, package) in wasm::crates() {
            let build = Build { packages: &[package], target: Some(wasm::TARGET) };
            assert_lists_what_is_compiled(package, &build);
        }
    }

    #[test]
    fn a_program_names_the_crates_that_may_panic() {
        let program = b"\0/cargo/registry/src/index-1949cf8c6b5b557f/serde-1.0.229/src/lib.rs\xff\
            C:\\cargo\\registry/src/index\\wasi-0.11.1+wasi/src/lib.rs/kazashi/core/src/lib.rs";
        let named = ["serde-1.0.229", "wasi-0.11.1+wasi"].map(ToOwned::to_owned);
        assert_eq!(named_in(program), named.into());
    }
}
