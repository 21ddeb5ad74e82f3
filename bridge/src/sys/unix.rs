//! Linux, macOS and their kin.

use std::fs::{self, DirBuilder, File};
use std::io::Write;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, io};

use clap::Args;
use nix::unistd::{Uid, User};
use rustix::process::{Pid, Signal, geteuid, kill_process};
use rustix::system::uname;
use tokio::process::Child;
use tokio::signal::ctrl_c;
use tokio::signal::unix::{SignalKind, signal};

use crate::sys::{Owner, Version};

pub(crate) mod browser_policy;
pub(crate) mod owner;
mod socket;

pub(crate) use socket::ProgramSocket;

/// Options of `serve` that other systems have not.
#[derive(Args, Debug)]
pub(crate) struct ServeOptions {
    /// The Unix socket for programs that are no browser. Without it, kazashi/bridge.sock in
    /// $XDG_RUNTIME_DIR, if there is such a folder.
    #[arg(long, value_name = "PATH")]
    socket: Option<PathBuf>,
    /// Run as root, who can do more than a bridge may.
    #[arg(long)]
    allow_root: bool,
}

impl ServeOptions {
    /// Refuses to run as a user who can do more than a bridge may.
    pub(crate) fn check_user(&self) -> Result<(), &'static str> {
        if geteuid().is_root() && !self.allow_root {
            return Err(
                "a bridge runs as the user whose browser it serves; --allow-root says otherwise",
            );
        }
        Ok(())
    }

    /// The socket for programs, if there can be one.
    pub(crate) fn program_socket(&self) -> io::Result<Option<ProgramSocket>> {
        match &self.socket {
            Some(path) => ProgramSocket::bind(path).map(Some),
            None => Ok(ProgramSocket::bind_default()),
        }
    }
}

impl Owner {
    /// The user with this number, by name if there is one.
    fn with_uid(uid: u32) -> Self {
        if uid == geteuid().as_raw() {
            return Self::ThisUser;
        }
        let user = User::from_uid(Uid::from_raw(uid)).ok().flatten();
        Self::Another(user.map_or_else(|| uid.to_string(), |user| user.name))
    }
}

/// The administrator's file of this machine.
pub(crate) fn configuration_file() -> PathBuf {
    PathBuf::from(if cfg!(target_os = "macos") {
        "/Library/Application Support/kazashi/bridge.toml"
    } else {
        "/etc/kazashi/bridge.toml"
    })
}

/// Reads the administrator's file. Who may write it is for the administrator to see to.
pub(crate) fn read_configuration_file(path: &Path) -> io::Result<String> {
    fs::read_to_string(path)
}

/// Makes the administrator's file, and its folder where there is none: for all to read.
pub(crate) fn create_configuration_file(path: &Path, text: &str) -> io::Result<()> {
    if let Some(folder) = path.parent() {
        DirBuilder::new().mode(0o755).recursive(true).create(folder)?;
    }
    let mut file = File::options().write(true).create_new(true).mode(0o644).open(path)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}

/// Makes a folder, and those above it, that only this user may enter, unless it is there.
pub(super) fn create_private_folder(path: &Path) -> io::Result<()> {
    DirBuilder::new().mode(0o700).recursive(true).create(path)
}

/// Makes a file that is for its owner only.
pub(super) fn create_private_file(path: &Path) -> io::Result<File> {
    File::options().read(true).write(true).create_new(true).mode(0o600).open(path)
}

/// A file was made for its owner only. If they let others have it, they meant to.
pub(super) fn check_private(_: &File) -> io::Result<()> {
    Ok(())
}

/// Waits until the names of the files in a folder are on the disk too.
pub(crate) fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

/// The program that asks for PINs, where nobody chose another.
pub(crate) const PINENTRY: &str =
    if cfg!(target_os = "macos") { "pinentry-mac" } else { "pinentry" };

/// The language of the person at the machine, as POSIX has it: `LC_ALL` before `LC_MESSAGES` before `LANG`.
pub(crate) fn locale() -> Option<String> {
    let names = ["LC_ALL", "LC_MESSAGES", "LANG"].into_iter();
    names.filter_map(|name| env::var(name).ok()).find(|locale| !locale.is_empty())
}

/// Asks a program to end, and says whether it was asked.
pub(crate) fn ask_to_end(program: &Child) -> bool {
    let id = program.id().and_then(|id| i32::try_from(id).ok()).and_then(Pid::from_raw);
    id.is_some_and(|id| kill_process(id, Signal::TERM).is_ok())
}

/// Whether there is a terminal for a program that asks on one.
pub(crate) fn has_terminal() -> bool {
    File::options().read(true).write(true).open("/dev/tty").is_ok()
}

/// Whether the smart card service stops when the last reader is taken away, and starts with the next.
pub(crate) const SERVICE_GOES_WITH_LAST_READER: bool = false;

/// Whether this session is shown at another computer, whose readers it has in place of this one's. Here
/// readers are the machine's, wherever it is shown.
pub(crate) fn has_readers_of_another_computer() -> bool {
    false
}

/// Whether the smart card service opens its door, which it may do only to hang up on a user whom polkit
/// does not let in.
pub(crate) fn smart_card_service_listens() -> bool {
    let socket = env::var_os("PCSCLITE_CSOCK_NAME").unwrap_or("/run/pcscd/pcscd.comm".into());
    UnixStream::connect(socket).is_ok()
}

/// Where distributions of Linux have it. On macOS the service is part of the system.
const PCSCD: &str = "/usr/sbin/pcscd";

/// The version of the smart card service, where it has one of its own: `pcsc-lite version 1.9.9.`
pub(crate) fn smart_card_service_version() -> Option<Version> {
    let said = Command::new(PCSCD).arg("--version").output().ok()?.stdout;
    Version::at_begin(str::from_utf8(&said).ok()?.split_once(" version ")?.1)
}

/// The version of the kernel.
pub(crate) fn system_version() -> Option<Version> {
    Version::at_begin(uname().release().to_str().ok()?)
}

/// Distributions that are told by name (os-release(5)).
const DISTRIBUTIONS: [&str; 12] = [
    "almalinux",
    "arch",
    "centos",
    "debian",
    "fedora",
    "linuxmint",
    "nixos",
    "opensuse-leap",
    "opensuse-tumbleweed",
    "rhel",
    "rocky",
    "ubuntu",
];

/// Which distribution of Linux this is, if it is one of those, and its version.
pub(crate) fn distribution() -> Option<(&'static str, Option<Version>)> {
    let text = fs::read_to_string("/etc/os-release").ok()?;
    let value = |name: &str| {
        let mut values = text.lines().filter_map(|line| line.strip_prefix(name)?.strip_prefix('='));
        values.next().map(|value| value.trim_matches('"'))
    };
    let id = value("ID")?;
    let name = DISTRIBUTIONS.into_iter().find(|name| *name == id)?;
    Some((name, value("VERSION_ID").and_then(Version::at_begin)))
}

/// Waits until this program is asked to stop.
pub(crate) async fn stop_signal() -> io::Result<()> {
    let mut terminate = signal(SignalKind::terminate())?;
    tokio::select! {
        interrupted = ctrl_c() => interrupted,
        _ = terminate.recv() => Ok(()),
    }
}

/// Whether nobody but its owner may read a file, or enter a folder.
#[cfg(test)]
pub(crate) fn is_for_its_owner_only(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    let metadata = path.metadata().unwrap();
    let mode = if metadata.is_dir() { 0o700 } else { 0o600 };
    metadata.permissions().mode() & 0o777 == mode
}

/// How many blocks a file has on the disk, and which file it is.
#[cfg(test)]
pub(crate) fn place_on_disk(path: &Path) -> (u64, u64) {
    use std::os::unix::fs::MetadataExt;
    let metadata = path.metadata().unwrap();
    (metadata.blocks(), metadata.ino())
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::io::ErrorKind;
    use std::os::unix::fs::PermissionsExt;

    use super::create_configuration_file;

    #[test]
    fn an_administrators_file_is_for_all_to_read_and_never_overwritten() {
        let around = tempfile::tempdir().unwrap();
        let path = around.path().join("kazashi").join("bridge.toml");
        create_configuration_file(&path, "disclose = true").unwrap();
        let again = create_configuration_file(&path, "disclose = false").unwrap_err();
        assert_eq!(again.kind(), ErrorKind::AlreadyExists);
        assert_eq!(fs::read_to_string(&path).unwrap(), "disclose = true");
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o644);
    }
}
