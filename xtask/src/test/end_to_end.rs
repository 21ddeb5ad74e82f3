//! The end-to-end tests: a check for each file, side by side on machines of their own.

use std::cmp::Reverse;
use std::fs;
use std::process::Command;
use std::sync::LazyLock;

use anyhow::{Context, Result};

use super::count::vitest_tests;
use super::suite::Check;
use crate::debian::Debian;
use crate::shell::{output, program, root};
use crate::{linux, windows};

/// One check for each file, the longest first: it takes the longest, by and large.
pub(super) fn checks() -> Result<Vec<Check>> {
    let mut files = files(&["*.test.ts", ":!bench", ":!packages", ":!windows"])?;
    files.sort_by_cached_key(|file| {
        Reverse(fs::metadata(root().join("e2e").join(file)).map_or(0, |file| file.len()))
    });
    let checks = files.into_iter().map(|file| {
        let check = Check::new(name(&file), move |shell| {
            let mut node = on_a_machine_of_its_own("node");
            shell.run(node.args(VITEST).arg(&file))
        });
        check.tests(vitest_tests).after(&["clippy", "portal-page", "examples"])
    });
    Ok(checks.collect())
}

/// Of those whose bridge runs in Wine, the file in which keys are typed: a dialog does not take them
/// from hands that falter.
const TYPES_KEYS: &str = "windows/native-dialog.test.ts";

/// And the one that needs the installer, which takes the longest to build.
const INSTALLS: &str = "windows/installer.test.ts";

/// One check for each file of those whose bridge runs in Wine.
pub(super) fn windows_checks() -> Result<Vec<Check>> {
    let checks = files(&["windows/*.test.ts"])?.into_iter().map(|file| {
        let (types_keys, installs) = (file == TYPES_KEYS, file == INSTALLS);
        let mut check = on_debian(&windows::DEBIAN, file).after(&["windows-programs"]);
        if installs {
            check = check.after(&["windows-installer"]);
        }
        if types_keys { check.alone() } else { check }
    });
    Ok(checks.collect())
}

/// One check for each file of those that install packages, on each Debian.
pub(super) fn packages_checks() -> Result<Vec<Check>> {
    let mut checks = Vec::new();
    for file in files(&["packages/*.test.ts"])? {
        for debian in &linux::DEBIANS {
            checks.push(on_debian(debian, file.clone()).after(&["packages"]));
        }
    }
    Ok(checks)
}

/// The check of a file whose tests have a machine with a Debian beside this one.
fn on_debian(debian: &'static Debian, file: String) -> Check {
    let check = Check::new(name(&format!("{}/{file}", debian.name)), move |shell| {
        let mut machine = apart("./machine.sh");
        machine.arg(debian.root(shell)?).arg("node").args(VITEST).arg(&file);
        shell.run(&mut machine)
    });
    check.tests(vitest_tests).after(&["clippy", "examples", "debian"])
}

const VITEST: [&str; 2] = ["node_modules/vitest/vitest.mjs", "run"];

/// The files of tests that git knows of, or will.
fn files(patterns: &[&str]) -> Result<Vec<String>> {
    let mut git = program("git", "e2e");
    git.args(["ls-files", "--cached", "--others", "--exclude-standard"]).args(patterns);
    Ok(output(&mut git)?.lines().map(str::to_owned).collect())
}

fn name(file: &str) -> String {
    format!("e2e/{}", file.trim_end_matches(".test.ts"))
}

/// Sees that this system lets tests have machines of their own.
pub(super) fn can_have_machines() -> Result<()> {
    output(&mut on_a_machine_of_its_own("true")).map(drop).context(
        "Tests run in namespaces of their own, which this system does not let its users make. \
         Root can allow it: sysctl -w user.max_user_namespaces=10000, and, if there is AppArmor, \
         kernel.apparmor_restrict_unprivileged_userns=0",
    )
}

/// Has a program take itself for root on a machine with a network, processes, and a pcscd of its own,
/// whose socket is in `/run`.
fn on_a_machine_of_its_own(program_name: &str) -> Command {
    let mut shell = apart("sh");
    let script = "ip link set lo up && mount -t tmpfs tmpfs /run && \"$0\" \"$@\"";
    shell.args(["-c", script, program_name]);
    shell
}

/// Whether root may make namespaces as itself here.
static IS_ROOT_ITSELF: LazyLock<bool> = LazyLock::new(|| {
    output(Command::new("unshare").args(["--net", "--mount", "--pid", "true"])).is_ok()
});

/// Has a program take itself for root, with a network, mounts and processes of its own. Where root may do
/// so as itself, it can become others there, which some tests need.
fn apart(program_name: &str) -> Command {
    let mut unshare = program("unshare", "e2e");
    if !*IS_ROOT_ITSELF {
        unshare.arg("--map-root-user");
    }
    unshare.args(["--net", "--mount", "--pid", "--fork", "--kill-child"]);
    unshare.args(["--mount-proc", program_name]);
    unshare
}
