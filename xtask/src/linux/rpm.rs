//! The packages for Fedora and its relatives: made by rpmbuild of what `rpm/` says.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::Result;

use super::REVISION;
use crate::dist::{TIME, VERSION};
use crate::shell::{Shell, output};

/// The programs, each in a package of its name. Cards for developers are in a package for Debian only, whose
/// virtual reader was tried.
const PROGRAMS: [&str; 2] = ["kazashi-bridge", "kazashi-portal"];

/// Makes them of what is laid out in a folder, and leaves them in another.
pub(super) fn make(shell: &Shell, laid_out: &Path, folder: &Path) -> Result<()> {
    let mut make = Command::new("rpmbuild");
    make.args(["-bb", "--build-in-place", "rpm/kazashi.spec"]).current_dir(laid_out);
    make.env("SOURCE_DATE_EPOCH", TIME.as_secs().to_string());
    for definition in [
        format!("_topdir {}", laid_out.join("rpmbuild").display()),
        format!("_rpmdir {}", folder.display()),
        "_build_name_fmt %%{NAME}-%%{VERSION}-%%{RELEASE}.%%{ARCH}.rpm".to_owned(),
        format!("kazashi_version {VERSION}"),
        format!("kazashi_revision {REVISION}"),
    ] {
        make.args(["--define", &definition]);
    }
    shell.run(&mut make)
}

/// The packages in a folder, as they are named.
pub(super) fn package_files(folder: &Path) -> Result<Vec<PathBuf>> {
    let architecture = output(Command::new("rpm").args(["--eval", "%{_target_cpu}"]))?;
    let name = |program| format!("{program}-{VERSION}-{REVISION}.{}.rpm", architecture.trim());
    Ok(PROGRAMS.map(|program| folder.join(name(program))).into())
}
