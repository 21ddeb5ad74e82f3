//! This test program, run once more: one test in a process of its own.

use std::env;
use std::process::{Child, Command, Stdio};

/// Starts `test`, by its whole name, with these variables in its environment.
pub(crate) fn start(test: &str, environment: &[(&str, &str)]) -> Child {
    Command::new(env::current_exe().unwrap())
        .args([test, "--exact", "--nocapture"])
        .envs(environment.iter().copied())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

/// Waits until it has passed.
pub(crate) fn passed(child: Child) {
    let output = child.wait_with_output().unwrap();
    let stdout = String::from_utf8_lossy(&output.stdout);
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(stdout.contains("1 passed"), "{stdout}\n{stderr}");
}
