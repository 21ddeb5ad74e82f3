use std::env;
use std::process::{Command, Stdio};
use std::sync::LazyLock;

use super::turn::{beside_others, undisturbed};

/// Set in a process that has a network and a pcscd of its own.
const APART: &str = "KAZASHI_TEST_APART";

/// Does the work of this test in a process that has a network and process numbers of its own, and a
/// place of its own for pcscd's socket: there is one of each on a machine otherwise. It takes itself for
/// root; where root may do so as itself, it can become others.
pub(crate) fn apart(test: &str, work: impl FnOnce()) {
    if env::var_os(APART).is_some() {
        return work();
    }
    let _turn = beside_others();
    run_apart(test);
}

/// The same while no other test runs.
pub(crate) fn alone(test: &str, work: impl FnOnce()) {
    if env::var_os(APART).is_some() {
        return work();
    }
    let _turn = undisturbed();
    run_apart(test);
}

/// Whether there are other users on such a machine, whom whoever runs the tests can become: root can, where
/// the system lets it make namespaces as itself.
pub(crate) fn can_become_others() -> bool {
    static CAN: LazyLock<bool> = LazyLock::new(|| {
        let mut unshare = Command::new("unshare");
        unshare.args(["--net", "--mount", "--pid", "true"]).stderr(Stdio::null());
        unshare.status().is_ok_and(|status| status.success())
    });
    *CAN
}

fn run_apart(test: &str) {
    let script = "ip link set lo up && mkdir -p /run/pcscd && mount -t tmpfs tmpfs /run/pcscd && \
                  mount -t proc proc /proc && exec \"$0\" \"$@\"";
    let mut unshare = Command::new("unshare");
    if !can_become_others() {
        unshare.arg("--map-root-user");
    }
    unshare.args(["--net", "--mount", "--pid", "--fork", "--kill-child"]);
    unshare.args(["sh", "-c", script]).arg(env::current_exe().unwrap());
    unshare.args(["--exact", test, "--nocapture"]).env(APART, "1").stderr(Stdio::inherit());
    let output = unshare.output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    // Set off, so that who counts the results of tests counts each once.
    for line in said.lines() {
        println!("  {line}");
    }
    assert!(output.status.success() && said.contains("1 passed"), "{}", output.status);
}
