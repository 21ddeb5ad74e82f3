//! A Debian of its own, in a folder: it has the Wine that talks to pcscd. What is installed on this
//! machine, and which Debian that is, makes no difference to it.

use std::env;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};

use crate::shell::{Shell, create_parent, output, remove_folder};

const SUITE: &str = "trixie";

/// What is in it: Wine with its door to pcscd, pcscd with virtual readers, a screen that nobody sees,
/// what gives windows the keyboard there, hands that type, and letters for Japanese.
const PACKAGES: &[&str] = &[
    "fonts-ipafont-gothic",
    "libpcsclite1",
    "openbox",
    "pcscd",
    "vsmartcard-vpcd",
    "wine64",
    "xdotool",
    "xvfb",
];

/// In the root: what it was made with.
const MARKER: &str = "etc/kazashi-packages";

/// The folder of the root, in the cache of whoever runs this. It is made where it is missing, or was made
/// with other packages: some 2 GB, in a few minutes.
pub(crate) fn root(shell: &Shell) -> Result<PathBuf> {
    let root = cache()?.join("kazashi").join("debian-13");
    create_parent(&root)?;
    // Two that make it at once would take it from each other.
    let lock = File::create(root.with_extension("lock"))?;
    lock.lock().context("waiting for whoever makes the Debian root")?;
    if !is_current(&root) {
        make(shell, &root).context("making the Debian root")?;
    }
    Ok(root)
}

fn cache() -> Result<PathBuf> {
    let set = env::var_os("XDG_CACHE_HOME").map(PathBuf::from).filter(|path| path.is_absolute());
    let home = || Some(PathBuf::from(env::var_os("HOME")?).join(".cache"));
    set.or_else(home).context("neither XDG_CACHE_HOME nor HOME says where the cache is")
}

fn made_with() -> String {
    [&[SUITE], PACKAGES].concat().join("\n")
}

fn is_current(root: &Path) -> bool {
    fs::read_to_string(root.join(MARKER)).is_ok_and(|marker| marker == made_with())
}

/// Makes it beside its place, and moves it there when it is whole.
fn make(shell: &Shell, root: &Path) -> Result<()> {
    let making = root.with_extension("making");
    remove_folder(&making)?;
    let mirror = mirror(shell)?;
    let mut debootstrap = apart("debootstrap");
    debootstrap.args(["--variant=minbase", SUITE]).arg(&making).arg(mirror);
    shell.run(&mut debootstrap)?;
    let mut install = inside(&making, "apt-get");
    install.args(["-q", "install", "--yes", "--no-install-recommends"]).args(PACKAGES);
    shell.run(install.env("DEBIAN_FRONTEND", "noninteractive"))?;
    shell.run(inside(&making, "apt-get").arg("clean"))?;
    // What Wine makes for a user who comes for the first time, so that no test waits for it.
    let mut first_time = inside(&making, "/usr/lib/wine/wine64");
    first_time.args(["wineboot", "--init"]).env("HOME", "/root").env("WINEDEBUG", "-all");
    shell.run(&mut first_time)?;
    shell.run(inside(&making, "/usr/lib/wine/wineserver64").arg("--wait").env("HOME", "/root"))?;
    fs::write(making.join(MARKER), made_with())?;
    remove_folder(root)?;
    fs::rename(&making, root)?;
    Ok(())
}

/// Where this machine's apt has Debian from.
fn mirror(shell: &Shell) -> Result<String> {
    // It knows whose packages a source has once it has asked.
    shell.run(Command::new("apt-get").args(["-q", "update"]))?;
    let mut targets = Command::new("apt-get");
    targets.args(["indextargets", "--format", "$(REPO_URI)"]);
    let sources = output(targets.args(["Created-By: Packages", "Label: Debian"]))?;
    let mirror = sources.lines().next().unwrap_or_default();
    ensure!(!mirror.is_empty(), "apt has no source of Debian's packages");
    Ok(mirror.to_owned())
}

/// Runs a program whose mounts and processes end with it: one that is broken off leaves folders alone.
fn apart(program: &str) -> Command {
    let mut unshare = Command::new("unshare");
    unshare.args(["--mount", "--pid", "--fork", "--kill-child", "--mount-proc", program]);
    unshare
}

/// Runs a program in a root, with what programs find on a machine.
fn inside(root: &Path, program: &str) -> Command {
    let mut shell = apart("sh");
    let script = "mount --rbind /dev \"$0/dev\" && mount -t proc proc \"$0/proc\" && \
                  exec chroot \"$0\" \"$@\"";
    shell.args(["-c", script]).arg(root).arg(program);
    shell
}
