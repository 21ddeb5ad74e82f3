//! The end-to-end tests: a check for each file, side by side on machines of their own.

use std::cmp::Reverse;
use std::fs;
use std::process::Command;

use anyhow::{Context, Result};

use super::count::vitest_tests;
use super::suite::Check;
use crate::shell::{output, program, root};

/// One check for each file, the longest first: it takes the longest, by and large.
pub(super) fn checks() -> Result<Vec<Check>> {
    let mut git = program("git", "e2e");
    git.args(["ls-files", "--cached", "--others", "--exclude-standard", "*.test.ts", ":!bench"]);
    let listed = output(&mut git)?;
    let mut files: Vec<_> = listed.lines().map(str::to_owned).collect();
    files.sort_by_cached_key(|file| {
        Reverse(fs::metadata(root().join("e2e").join(file)).map_or(0, |file| file.len()))
    });
    Ok(files.into_iter().map(check).collect())
}

fn check(file: String) -> Check {
    let name = format!("e2e/{}", file.trim_end_matches(".test.ts"));
    let check = Check::new(name, move |shell| {
        let mut node = on_a_machine_of_its_own("node");
        shell.run(node.args(["node_modules/vitest/vitest.mjs", "run", &file]))
    });
    check.tests(vitest_tests).after(&["clippy", "portal-page", "examples"])
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
    let mut unshare = program("unshare", "e2e");
    unshare.args(["--map-root-user", "--net", "--mount", "--pid", "--fork", "--kill-child"]);
    let script = "ip link set lo up && mount -t tmpfs tmpfs /run && \"$0\" \"$@\"";
    unshare.args(["--mount-proc", "sh", "-c", script, program_name]);
    unshare
}
