//! A repository for apt: a folder with packages, what is in them, and who says so.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};

use crate::shell::{Shell, output, remove_folder};

/// The public key, by which apt knows that the repository is whole.
const KEY: &str = "kazashi.asc";

/// Makes one of these packages in a folder, new or empty.
pub(super) fn make(shell: &Shell, folder: &Path, packages: &[PathBuf]) -> Result<()> {
    fs::create_dir_all(folder).with_context(|| format!("making {}", folder.display()))?;
    ensure!(fs::read_dir(folder)?.next().is_none(), "{} is not empty", folder.display());
    for package in packages {
        let name = package.file_name().context("a package is a file")?;
        fs::copy(package, folder.join(name))?;
    }
    for (file, arguments) in [
        ("Packages", &["packages", "."][..]),
        ("Release", &["-o", "APT::FTPArchive::Release::Origin=Kazashi", "release", "."]),
    ] {
        let mut index = Command::new("apt-ftparchive");
        index.args(arguments).current_dir(folder);
        fs::write(folder.join(file), output(&mut index)?)?;
    }
    sign(shell, folder)
}

/// Signs what is in a repository, and leaves the public key there. The private one is made for it, and
/// ends with it.
fn sign(shell: &Shell, repository: &Path) -> Result<()> {
    let keys = output(Command::new("mktemp").arg("--directory"))?;
    let keys = PathBuf::from(keys.trim_end());
    let signed = sign_with(shell, repository, &keys);
    let mut end_agent = Command::new("gpgconf");
    shell.run(end_agent.arg("--homedir").arg(&keys).args(["--kill", "gpg-agent"]))?;
    remove_folder(&keys)?;
    signed
}

fn sign_with(shell: &Shell, repository: &Path, keys: &Path) -> Result<()> {
    let key = ["--passphrase", "", "--quick-generate-key", "Kazashi packages", "ed25519", "sign"];
    for arguments in [
        &key[..],
        &["--armor", "--output", KEY, "--export"],
        &["--output", "InRelease", "--clearsign", "Release"],
    ] {
        let mut gpg = Command::new("gpg");
        gpg.current_dir(repository).arg("--homedir").arg(keys).arg("--batch").args(arguments);
        shell.run(&mut gpg)?;
    }
    Ok(())
}
