//! What is inside a package: a list for programs (CycloneDX), and the licences of others with their texts, for
//! people.

mod cyclonedx;
mod licences;
mod linked;
mod page;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};

use crate::dist::VERSION;
use crate::shell::output;
use crate::wasm;
use linked::Crates;

pub(crate) use linked::Build;

/// The list, in each package and in the npm tarball.
pub(crate) const LIST: &str = "sbom.cdx.json";

/// The licences and their texts, beside it.
pub(crate) const LICENCES: &str = "third-party-licences.txt";

/// The program that has a page inside.
const PORTAL: &str = "kazashi-portal";

/// What is inside a package of this name.
#[derive(Debug)]
pub(crate) struct Contents {
    name: String,
    /// Each by its reference.
    components: BTreeMap<String, Component>,
    /// What the package was made of.
    roots: BTreeSet<String>,
}

/// A crate or an npm package that is inside.
#[derive(Debug)]
struct Component {
    name: String,
    version: String,
    /// In SPDX's way of writing.
    licence: String,
    repository: Option<String>,
    /// Where the world has it from: what is ours is in no registry yet, and may become another's there.
    origin: Option<Origin>,
    /// The texts of its licences, as they lie beside it.
    texts: Vec<String>,
    /// References of what it needs itself.
    needs: BTreeSet<String>,
}

/// A place from where a component comes, and the hash of what was taken from there.
#[derive(Debug)]
struct Origin {
    purl: String,
    algorithm: &'static str,
    hash: String,
}

impl Contents {
    /// What is linked into these programs, of all that was built together.
    pub(crate) fn of_programs(name: &str, programs: &[&str], build: &Build<'_>) -> Result<Self> {
        let crates = Crates::read()?;
        let roots = programs.iter().map(|program| crates.of_program(program));
        let roots = roots.collect::<Result<BTreeSet<_>>>()?;
        let mut contents = Self::new(name, crates.linked(&roots, build)?, roots)?;
        if programs.contains(&PORTAL) {
            contents.add_page(&crates)?;
        }
        Ok(contents)
    }

    /// What is linked into the WebAssembly of the npm package, which has no dependencies in JavaScript.
    pub(crate) fn of_npm_package() -> Result<Self> {
        let crates = Crates::read()?;
        let mut contents = Self::new("kazashi", BTreeMap::new(), BTreeSet::new())?;
        for (_, package) in wasm::crates() {
            let module = contents.add_module(&crates, package)?;
            contents.roots.insert(module);
        }
        Ok(contents)
    }

    /// Into everything, the standard library of Rust is linked.
    fn new(
        name: &str,
        mut components: BTreeMap<String, Component>,
        mut roots: BTreeSet<String>,
    ) -> Result<Self> {
        let library = standard_library()?;
        let reference = reference(&library.name, &library.version);
        components.insert(reference.clone(), library);
        roots.insert(reference);
        Ok(Self { name: name.to_owned(), components, roots })
    }

    /// Adds what the page of the portal is made of.
    fn add_page(&mut self, crates: &Crates) -> Result<()> {
        let mut packages = page::packages()?;
        let kazashi = page::reference("kazashi", VERSION);
        let kazashi = packages.get_mut(&kazashi).context("the page is without this kazashi")?;
        for package in page::modules()? {
            kazashi.needs.insert(self.add_module(crates, package)?);
        }
        self.roots.extend(packages.keys().cloned());
        self.components.append(&mut packages);
        Ok(())
    }

    /// Adds what is linked into a module of WebAssembly.
    fn add_module(&mut self, crates: &Crates, package: &str) -> Result<String> {
        let root = reference(package, VERSION);
        let build = Build { packages: &[package], target: Some(wasm::TARGET) };
        for (reference, component) in crates.linked(&[root.clone()].into(), &build)? {
            let needs = component.needs.clone();
            self.components.entry(reference).or_insert(component).needs.extend(needs);
        }
        Ok(root)
    }

    /// The name of the package.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// Writes list and licences into a folder, unless one of the programs says that more is inside.
    pub(crate) fn write(&self, folder: &Path, programs: &[PathBuf]) -> Result<()> {
        for program in programs {
            let bytes =
                fs::read(program).with_context(|| format!("reading {}", program.display()))?;
            let named = linked::named_in(&bytes);
            let listed: BTreeSet<_> = self.components.values().map(Component::folder).collect();
            let missing: Vec<_> = named.difference(&listed).collect();
            ensure!(missing.is_empty(), "{} has {missing:?} inside", program.display());
        }
        fs::create_dir_all(folder).with_context(|| format!("making {}", folder.display()))?;
        fs::write(folder.join(LIST), cyclonedx::list(self)?).context("writing what is inside")?;
        fs::write(folder.join(LICENCES), licences::texts(self)).context("writing licences")
    }
}

impl Component {
    /// The folder that cargo unpacks a crate into.
    fn folder(&self) -> String {
        format!("{}-{}", self.name, self.version)
    }
}

/// How a component is named in the list.
fn reference(name: &str, version: &str) -> String {
    format!("{name}@{version}")
}

/// The standard library, under that licence of the two of which one text is enough. What is in it
/// besides is said in the compiler's own notice.
fn standard_library() -> Result<Component> {
    let version = output(Command::new("rustc").arg("--version"))?;
    let version = version.split(' ').nth(1).context("rustc has no version")?.to_owned();
    let sysroot = output(Command::new("rustc").args(["--print", "sysroot"]))?;
    let folder = Path::new(sysroot.trim()).join("share/doc/rust/licenses");
    let texts = ["Apache-2.0.txt", "Unicode-3.0.txt"].map(|name| {
        let path = folder.join(name);
        fs::read_to_string(&path).with_context(|| format!("reading {}", path.display()))
    });
    Ok(Component {
        name: "std".to_owned(),
        version,
        licence: "(MIT OR Apache-2.0) AND Unicode-3.0".to_owned(),
        repository: Some("https://github.com/rust-lang/rust".to_owned()),
        origin: None,
        texts: Vec::from(texts).into_iter().collect::<Result<_>>()?,
        needs: BTreeSet::new(),
    })
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn a_list_is_the_same_each_time_and_says_of_a_crate_where_it_comes_from() {
        let list = || cyclonedx::list(&Contents::of_npm_package().unwrap()).unwrap();
        let text = list();
        assert_eq!(text, list());
        let list: Value = serde_json::from_str(&text).unwrap();
        let component = |name: &str| {
            let components = list["components"].as_array().unwrap();
            components.iter().find(|it| it["name"] == name).unwrap().clone()
        };
        let base64 = component("base64");
        let version = base64["version"].as_str().unwrap();
        assert_eq!(base64["purl"], format!("pkg:cargo/base64@{version}"));
        let lock = fs::read_to_string(crate::shell::root().join("Cargo.lock")).unwrap();
        let hash = base64["hashes"][0]["content"].as_str().unwrap();
        assert!(lock.contains(&format!("checksum = \"{hash}\"")));
        assert_eq!(base64["licenses"], json!([{ "expression": "MIT OR Apache-2.0" }]));
        // Ours comes from here, and from no registry.
        assert_eq!(component("kazashi-core")["purl"], Value::Null);
    }

    #[test]
    fn a_program_with_more_inside_than_is_listed_is_refused() {
        let folder = crate::shell::target().join("contents/refused");
        let programs = [folder.join("program")];
        fs::create_dir_all(&folder).unwrap();
        fs::write(&programs[0], "/kazashi/core/src/lib.rs").unwrap();
        let contents = Contents::of_npm_package().unwrap();
        contents.write(&folder, &programs).unwrap();
        fs::write(&programs[0], "/cargo/registry/src/index/unknown-1.0.0/src/lib.rs").unwrap();
        let error = contents.write(&folder, &programs).unwrap_err().to_string();
        assert!(error.ends_with("program has [\"unknown-1.0.0\"] inside"), "{error}");
    }
}
