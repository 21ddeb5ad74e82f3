//! Running programs, with their output on the terminal or in a log.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::{env, fmt};

use anyhow::{Context, Result, bail};

/// Where programs run for a command of ours say what they say.
#[derive(Debug)]
pub(crate) enum Shell {
    Terminal,
    Log(File),
}

impl Shell {
    pub(crate) fn terminal() -> Self {
        Self::Terminal
    }

    pub(crate) fn log(path: &Path) -> Result<Self> {
        create_parent(path)?;
        let file = File::create(path).with_context(|| format!("writing {}", path.display()))?;
        Ok(Self::Log(file))
    }

    /// Runs a program and fails if it does.
    pub(crate) fn run(&self, command: &mut Command) -> Result<()> {
        if let Self::Log(file) = self {
            command.stdin(Stdio::null()).stdout(file.try_clone()?).stderr(file.try_clone()?);
            command.env("NO_COLOR", "1").env("CARGO_TERM_COLOR", "never").env_remove("FORCE_COLOR");
        }
        let line = line(command);
        self.say(format_args!("$ {line}"))?;
        let status = command.status().with_context(|| format!("starting {line}"))?;
        if !status.success() {
            bail!("{line}: {status}");
        }
        Ok(())
    }

    pub(crate) fn say(&self, text: impl fmt::Display) -> Result<()> {
        match self {
            Self::Terminal => println!("{text}"),
            Self::Log(file) => writeln!(&*file, "{text}")?,
        }
        Ok(())
    }
}

/// A program that runs in a folder of this project.
pub(crate) fn program(name: impl AsRef<std::ffi::OsStr>, folder: &str) -> Command {
    let mut command = Command::new(name);
    command.current_dir(root().join(folder));
    command
}

/// The cargo that runs us, without what it has told us of ourselves: to some build scripts that would
/// be a change, and they and all that needs them would be built anew.
pub(crate) fn cargo() -> Command {
    let mut cargo = program(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()), "");
    for (name, _) in env::vars_os() {
        let told = ["CARGO_MANIFEST_", "CARGO_PKG_"];
        if name.to_str().is_some_and(|name| told.iter().any(|prefix| name.starts_with(prefix))) {
            cargo.env_remove(name);
        }
    }
    cargo
}

/// npm, by the name that it has on this system.
pub(crate) fn npm(folder: &str) -> Command {
    program(if cfg!(windows) { "npm.cmd" } else { "npm" }, folder)
}

/// What a program prints, if it succeeds.
pub(crate) fn output(command: &mut Command) -> Result<String> {
    let line = line(command);
    let output = command.output().with_context(|| format!("starting {line}"))?;
    if !output.status.success() {
        bail!("{line}: {}\n{}", output.status, String::from_utf8_lossy(&output.stderr));
    }
    Ok(String::from_utf8(output.stdout)?)
}

/// Whether whoever runs this is root.
pub(crate) fn is_root() -> Result<bool> {
    Ok(output(Command::new("id").arg("-u"))?.trim() == "0")
}

/// The folder of this project.
pub(crate) fn root() -> PathBuf {
    let xtask = Path::new(env!("CARGO_MANIFEST_DIR"));
    xtask.parent().unwrap_or(xtask).to_path_buf()
}

/// Where cargo builds.
pub(crate) fn target() -> PathBuf {
    env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), |path| root().join(path))
}

/// A program that cargo built with the `dev` profile.
pub(crate) fn built(name: &str) -> PathBuf {
    target().join("debug").join(format!("{name}{}", env::consts::EXE_SUFFIX))
}

pub(crate) fn create_parent(path: &Path) -> Result<()> {
    if let Some(parent) = path.parent() {
        fs::create_dir_all(parent).with_context(|| format!("making {}", parent.display()))?;
    }
    Ok(())
}

/// Removes a folder, if there is one.
pub(crate) fn remove_folder(path: &Path) -> Result<()> {
    match fs::remove_dir_all(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(error).with_context(|| format!("removing {}", path.display()))
        }
        _ => Ok(()),
    }
}

/// A command as it would be typed.
pub(crate) fn line(command: &Command) -> String {
    let program = Path::new(command.get_program()).file_name();
    let words = program.into_iter().chain(command.get_args());
    words.map(|word| word.to_string_lossy()).collect::<Vec<_>>().join(" ")
}
