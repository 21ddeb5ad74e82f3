//! The page of the reception portal: built by Vite to where its server takes it from.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

use crate::shell::{Shell, npm, root};
use crate::{npm as package, size};

pub(crate) const FOLDER: &str = "examples/reception-portal/page";

/// What the page's own scripts and style sheets may take together, compressed. Nobody downloads all
/// of them: each screen loads its own.
const BUDGET: usize = 150 * size::KB;

/// Builds the page with the package in `target/npm`, and holds it to its budget.
pub(crate) fn build(shell: &Shell) -> Result<()> {
    package::install_into(shell, FOLDER)?;
    shell.run(npm(FOLDER).args(["run", "build"]))?;
    let downloads = downloads(&root().join(FOLDER).join("dist/assets"))?;
    size::hold(shell, "page of the portal", &downloads, Some(BUDGET))
}

/// The same, after its types and its tests.
pub(crate) fn test(shell: &Shell) -> Result<()> {
    build(shell)?;
    shell.run(npm(FOLDER).args(["run", "types"]))?;
    shell.run(npm(FOLDER).args(["run", "test"]))
}

/// Scripts and style sheets, but for the one that lists which file of a font has which characters.
fn downloads(folder: &Path) -> Result<Vec<Vec<u8>>> {
    let entries = fs::read_dir(folder).with_context(|| format!("reading {}", folder.display()))?;
    let mut downloads = Vec::new();
    for entry in entries {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let counts = name.ends_with(".js") || name.ends_with(".css");
        if counts && !name.starts_with("fonts-") {
            downloads.push(fs::read(path)?);
        }
    }
    Ok(downloads)
}
