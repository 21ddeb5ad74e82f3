//! What is inside the page of the reception portal, which is inside its program.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use anyhow::{Context, Result, ensure};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;

use super::{Component, Origin, licences};
use crate::portal_page::FOLDER;
use crate::shell::root;
use crate::wasm;

#[derive(Deserialize)]
struct Lock {
    packages: BTreeMap<String, Locked>,
}

#[derive(Deserialize)]
struct Locked {
    version: Option<String>,
    license: Option<String>,
    integrity: Option<String>,
    #[serde(default)]
    dev: bool,
}

/// How a package is named in the list, beside a crate of the same name.
pub(super) fn reference(name: &str, version: &str) -> String {
    format!("npm:{name}@{version}")
}

/// Packages that the page is made of, each by its reference. Types leave nothing in it.
pub(super) fn packages() -> Result<BTreeMap<String, Component>> {
    let folder = root().join(FOLDER);
    let lock =
        fs::read(folder.join("package-lock.json")).context("reading the page's lock file")?;
    let Lock { packages } = serde_json::from_slice(&lock)?;
    let mut components = BTreeMap::new();
    for (path, Locked { version, license, integrity, dev }) in packages {
        let Some((_, name)) = path.rsplit_once("node_modules/") else { continue };
        if dev || name.starts_with("@types/") {
            continue;
        }
        let about = || format!("{name} in the page's lock file");
        let (version, licence) = version.zip(license).with_context(about)?;
        let (mut origin, mut texts) = (None, Vec::new());
        if let Some(integrity) = integrity {
            let hash = integrity.strip_prefix("sha512-").with_context(about)?;
            let hash = STANDARD.decode(hash).with_context(about)?;
            origin = Some(Origin {
                purl: format!("pkg:npm/{}@{version}", name.replace('@', "%40")),
                algorithm: "SHA-512",
                hash: hash.iter().map(|byte| format!("{byte:02x}")).collect(),
            });
            texts = licences::in_folder(&folder.join(&path))?;
            ensure!(!texts.is_empty(), "no text of a licence is in {}", about());
        }
        let reference = reference(name, &version);
        let (name, repository, needs) = (name.to_owned(), None, BTreeSet::new());
        let component = Component { name, version, licence, repository, origin, texts, needs };
        components.insert(reference, component);
    }
    Ok(components)
}

/// Crates of the WebAssembly that the page, as it was built, brings along.
pub(super) fn modules() -> Result<Vec<&'static str>> {
    let folder = root().join(FOLDER).join("dist/assets");
    let entries = fs::read_dir(&folder).with_context(|| format!("reading {}", folder.display()))?;
    let names = entries.map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned()));
    let names = names.collect::<Result<Vec<_>>>()?;
    let is_there =
        |module: &str| names.iter().any(|name| name.starts_with(&format!("{module}_bg-")));
    let modules: Vec<_> = wasm::crates().filter(|(module, _)| is_there(module)).collect();
    let files = names.iter().filter(|name| name.ends_with(".wasm")).count();
    ensure!(files > 0 && modules.len() == files, "the page has other WebAssembly than ours");
    Ok(modules.into_iter().map(|(_, package)| package).collect())
}
