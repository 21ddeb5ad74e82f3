//! Debians of their own, each in a folder: what is installed on this machine, and which Debian that is,
//! makes no difference to them.

use std::env;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};

use crate::shell::{Shell, create_parent, is_root, output, remove_folder};

/// A Debian: its root is a folder in the cache of whoever runs this.
pub(crate) struct Debian {
    /// The folder's name.
    pub(crate) name: &'static str,
    pub(crate) suite: &'static str,
    /// What is in it besides the least that a Debian has.
    pub(crate) packages: &'static [&'static str],
    /// What its apt has at hand, with all that this needs, for machines without a network.
    pub(crate) downloads: &'static [&'static str],
    /// What is done in it when it is new.
    pub(crate) prepare: fn(&Shell, &Path) -> Result<()>,
}

/// Whether one can be made here, and a machine be laid out above it.
pub(crate) fn may_be_made() -> Result<()> {
    ensure!(Path::new("/etc/debian_version").exists(), "only on a Debian can another be made");
    ensure!(is_root()?, "only root can make a Debian");
    let mut overlay = apart("sh");
    overlay.args([
        "-c",
        "mount -t tmpfs tmpfs /run && mkdir /run/above /run/work && \
         mount -t overlay -o lowerdir=/etc,upperdir=/run/above,workdir=/run/work overlay /mnt",
    ]);
    output(&mut overlay).map(drop).context("this system lays no file system above another")
}

/// In the root: what it was made with.
const MARKER: &str = "etc/kazashi-packages";

impl Debian {
    /// The folder of the root. It is made where it is missing, or was made with other packages, in a few
    /// minutes.
    pub(crate) fn root(&self, shell: &Shell) -> Result<PathBuf> {
        let root = cache()?.join("kazashi").join(self.name);
        create_parent(&root)?;
        // Two that make it at once would take it from each other.
        let lock = File::create(root.with_extension("lock"))?;
        lock.lock().context("waiting for whoever makes the Debian root")?;
        if !self.is_current(&root) {
            self.make(shell, &root).context("making the Debian root")?;
        }
        Ok(root)
    }

    fn made_with(&self) -> String {
        [&[self.suite], self.packages, self.downloads].concat().join("\n")
    }

    fn is_current(&self, root: &Path) -> bool {
        fs::read_to_string(root.join(MARKER)).is_ok_and(|marker| marker == self.made_with())
    }

    /// Makes it beside its place, and moves it there when it is whole.
    fn make(&self, shell: &Shell, root: &Path) -> Result<()> {
        let making = root.with_extension("making");
        remove_folder(&making)?;
        let mirror = mirror(shell)?;
        let mut debootstrap = apart("debootstrap");
        debootstrap.args(["--variant=minbase", self.suite]).arg(&making).arg(mirror);
        shell.run(&mut debootstrap)?;
        let mut install = inside(&making, "apt-get");
        install.args(["-q", "install", "--yes", "--no-install-recommends"]).args(self.packages);
        shell.run(install.env("DEBIAN_FRONTEND", "noninteractive"))?;
        shell.run(inside(&making, "apt-get").arg("clean"))?;
        let mut download = inside(&making, "apt-get");
        download.args(["-q", "install", "--yes", "--download-only"]).args(self.downloads);
        shell.run(&mut download)?;
        (self.prepare)(shell, &making)?;
        fs::write(making.join(MARKER), self.made_with())?;
        remove_folder(root)?;
        fs::rename(&making, root)?;
        Ok(())
    }
}

fn cache() -> Result<PathBuf> {
    let set = env::var_os("XDG_CACHE_HOME").map(PathBuf::from).filter(|path| path.is_absolute());
    let home = || Some(PathBuf::from(env::var_os("HOME")?).join(".cache"));
    set.or_else(home).context("neither XDG_CACHE_HOME nor HOME says where the cache is")
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
pub(crate) fn inside(root: &Path, program: &str) -> Command {
    let mut shell = apart("sh");
    let script = "mount --rbind /dev \"$0/dev\" && mount -t proc proc \"$0/proc\" && \
                  exec chroot \"$0\" \"$@\"";
    shell.args(["-c", script]).arg(root).arg(program);
    shell
}
