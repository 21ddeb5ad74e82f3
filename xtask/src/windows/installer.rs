//! The installer for Windows: made by wixl of what `bridge/windows/kazashi.wxs` says. Where the programs and
//! the version are the same, so is each byte of it.

use std::fs::{self, File};
use std::path::Path;
use std::process::Command;
use std::time::SystemTime;

use anyhow::{Context, Result, ensure};
use sha2::{Digest, Sha256};

use crate::dist::{For, TIME, VERSION};
use crate::sbom::{Build, Contents};
use crate::shell::{Shell, create_parent, root, target};
use crate::{sbom, setup, windows};

const PROGRAMS: [&str; 3] = ["kazashi-bridge", "kazashi-pinentry", "kazashi-background"];

/// How cargo builds them: all together.
pub(crate) const BUILD: Build<'_> = Build { packages: &PROGRAMS, target: Some(windows::TARGET) };

/// The time that everything in an installer has, and the installer itself, as libfaketime takes it.
const CLOCK: &str = "2026-01-01 00:00:00";

/// Properties that Windows hands on from whoever starts the installer to the part of it that may install.
const PROPERTIES: &str =
    "AUTOSTART;CONFIG;POLICY_ORIGINS;WIX_DOWNGRADE_DETECTED;WIX_UPGRADE_DETECTED";

/// Makes the installer of this version. A program may sign what is in it, and itself.
pub(crate) fn run(shell: &Shell, sign: Option<&Path>) -> Result<()> {
    setup::system_packages(shell, windows::PACKAGES)?;
    windows::build(shell, For::Users, &PROGRAMS)?;
    let installer = target().join("packages").join(format!("kazashi-{VERSION}-x64.msi"));
    package(shell, VERSION, &installer, sign)?;
    shell.say(installer.display())
}

/// Makes what the tests install: this version, and a higher one of the same programs.
pub(crate) fn for_tests(shell: &Shell) -> Result<()> {
    windows::build(shell, For::Tests, &PROGRAMS)?;
    let folder = target().join("packages").join("tests");
    package(shell, VERSION, &folder.join("this.msi"), None)?;
    package(shell, VERSION, &folder.join("again.msi"), None)?;
    package(shell, "99.0.0", &folder.join("higher.msi"), None)
}

/// Puts the programs into an installer of this version.
fn package(shell: &Shell, version: &str, installer: &Path, sign: Option<&Path>) -> Result<()> {
    let numbers = version.split('.').filter(|number| number.parse::<u16>().is_ok()).count();
    ensure!(numbers == 3, "Windows Installer knows versions of three numbers, and not {version}");
    let recipe = root().join("bridge/windows/kazashi.wxs");
    let programs = installer.with_extension("programs");
    let mut content = Sha256::new_with_prefix(version).chain_update(fs::read(&recipe)?);
    for name in PROGRAMS.map(|name| format!("{name}.exe")) {
        let program = programs.join(&name);
        create_parent(&program)?;
        fs::copy(target().join(windows::TARGET).join("dist").join(&name), &program)
            .with_context(|| format!("copying {name}"))?;
        self::sign(shell, sign, &program)?;
        File::options().write(true).open(&program)?.set_modified(SystemTime::UNIX_EPOCH + TIME)?;
        content.update(fs::read(&program)?);
    }
    let built = PROGRAMS.map(|name| programs.join(name).with_extension("exe"));
    contents()?.write(&programs, &built)?;
    for name in [sbom::LIST, sbom::LICENCES] {
        let file = programs.join(name);
        File::options().write(true).open(&file)?.set_modified(SystemTime::UNIX_EPOCH + TIME)?;
        content.update(fs::read(&file)?);
    }
    let mut wixl = Command::new("wixl");
    // The library by itself: the program `faketime` fails where one of the same process id was killed.
    wixl.env("LD_PRELOAD", "/usr/$LIB/faketime/libfaketime.so.1").env("FAKETIME", CLOCK);
    wixl.args(["--arch", "x64"]);
    wixl.args(["--define", &format!("Version={version}")]);
    // Each version is a product of its own, and takes the place of those before it.
    let product = guid(Sha256::new_with_prefix(format!("Kazashi {version}")));
    wixl.args(["--define", &format!("ProductCode={product}")]);
    wixl.arg("--output").arg(installer).arg(recipe);
    shell.run(wixl.current_dir(&programs).env("TZ", "UTC"))?;
    // wixl would give it a code by chance, and knows no properties but its own.
    let code = format!("{{{}}}", guid(content));
    change(shell, installer, &["-s", "Kazashi", "Kazashi developers", "x64;1033", &code])?;
    let properties = format!(
        "UPDATE `Property` SET `Value`='{PROPERTIES}' WHERE `Property`='SecureCustomProperties'"
    );
    change(shell, installer, &["-q", &properties])?;
    self::sign(shell, sign, installer)
}

/// What is inside an installer.
pub(crate) fn contents() -> Result<Contents> {
    Contents::of_programs("kazashi-windows", &PROGRAMS, &BUILD)
}

fn change(shell: &Shell, installer: &Path, change: &[&str]) -> Result<()> {
    shell.run(Command::new("msibuild").arg(installer).args(change))
}

/// Has a program sign a file, if there is one that does.
fn sign(shell: &Shell, program: Option<&Path>, file: &Path) -> Result<()> {
    program.map_or(Ok(()), |program| shell.run(Command::new(program).arg(file)))
}

/// An identifier that is made of what it is for.
fn guid(content: Sha256) -> String {
    let hash: String = content.finalize().iter().map(|byte| format!("{byte:02X}")).collect();
    let mut rest = hash.as_str();
    [8, 4, 4, 4, 12]
        .map(|length| {
            let (part, after) = rest.split_at(length);
            rest = after;
            part
        })
        .join("-")
}
