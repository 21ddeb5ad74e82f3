//! The WebAssembly modules: cargo, wasm-bindgen, wasm-opt, and a look at the result.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};
use wasm_bindgen_cli_support::Bindgen;

use crate::shell::{Shell, output, program, remove_folder, root, target};
use crate::{dist, size};

pub(crate) const TARGET: &str = "wasm32-unknown-unknown";

const MODULES: [Module; 4] = [
    Module { starts_anew: true, ..module("card-face", "kazashi-wasm-card-face", Some(109_700)) },
    module("page", "kazashi-wasm-page", Some(59_700)),
    module("testing", "kazashi-wasm-testing", None),
    Module { starts_anew: true, ..module("verify", "kazashi-wasm-verify", Some(102_400)) },
];

struct Module {
    name: &'static str,
    package: &'static str,
    /// Bytes that the module and its glue may take, compressed, where pages download it: what they take,
    /// and 2 % at most.
    budget: Option<usize>,
    /// Whether JavaScript can start it anew, after a trap.
    starts_anew: bool,
}

const fn module(name: &'static str, package: &'static str, budget: Option<usize>) -> Module {
    Module { name, package, budget, starts_anew: false }
}

/// Every module, and the crate that it is made of.
pub(crate) fn crates() -> impl Iterator<Item = (&'static str, &'static str)> {
    MODULES.iter().map(|module| (module.name, module.package))
}

/// Builds every module into `js/src/wasm` and holds it to its budget.
pub(crate) fn build(shell: &Shell) -> Result<()> {
    // Each by itself: together, all would get the features that one of them needs.
    for module in &MODULES {
        let mut build = dist::cargo_anywhere(&[])?;
        build.args(["build", "--profile=wasm", "--target", TARGET]);
        shell.run(build.args(["--package", module.package]))?;
    }

    let folder = root().join("js/src/wasm");
    remove_folder(&folder)?;
    let features = rustc_features()?;
    for module in &MODULES {
        bind(module, &folder)?;
        let wasm = folder.join(format!("{}_bg.wasm", module.name));
        let glue = folder.join(format!("{}.js", module.name));
        optimise(shell, &wasm, &features)?;
        instantiate(shell, &wasm, &glue)?;
        let downloads = [fs::read(wasm)?, fs::read(glue)?];
        size::hold(shell, &format!("{} module with glue", module.name), &downloads, module.budget)?;
    }
    Ok(())
}

fn bind(module: &Module, folder: &Path) -> Result<()> {
    let built = module.package.replace('-', "_");
    let input = target().join(TARGET).join("wasm").join(built).with_extension("wasm");
    Bindgen::new()
        .web(true)?
        .typescript(true)
        .input_path(input)
        .out_name(module.name)
        .remove_name_section(true)
        .remove_producers_section(true)
        .reset_state_function(module.starts_anew)
        .generate(folder)
}

/// Shrinks a module. Only what rustc used already may be used: with more features than those,
/// wasm-opt writes modules that engines refuse.
fn optimise(shell: &Shell, wasm: &Path, features: &[String]) -> Result<()> {
    let mut wasm_opt = program("node", "js");
    wasm_opt.args(["node_modules/binaryen/bin/wasm-opt", "-Oz", "--mvp-features"]).args(features);
    shell.run(wasm_opt.arg(wasm).arg("-o").arg(wasm))
}

/// The features that rustc has switched on for WebAssembly, as wasm-opt calls them.
fn rustc_features() -> Result<Vec<String>> {
    let cfg = output(Command::new("rustc").args(["--print", "cfg", "--target", TARGET]))?;
    let names =
        cfg.lines().filter_map(|line| line.strip_prefix("target_feature=\"")?.strip_suffix('"'));
    Ok(names
        .map(|name| match name {
            "nontrapping-fptoint" => "--enable-nontrapping-float-to-int".to_owned(),
            name => format!("--enable-{name}"),
        })
        .collect())
}

/// Loads a module with its glue. An import from `env` would mean that something native leaked in.
fn instantiate(shell: &Shell, wasm: &Path, glue: &Path) -> Result<()> {
    let mut node = program("node", "xtask/src/wasm");
    let node = node.arg("instantiate.mjs").arg(wasm).arg(glue);
    shell.run(node).with_context(|| format!("instantiating {}", wasm.display()))
}
