//! What was checked, and how it went.

use std::fs;
use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;

use anyhow::{Result, anyhow};

use super::count::Count;
use crate::shell::{Shell, root};

/// Runs checks one after another, and counts.
#[derive(Debug, Default)]
pub(super) struct Report {
    passed: usize,
    failed: usize,
}

impl Report {
    /// Runs a check that counts as one; says whether it passed.
    pub(super) fn check(&mut self, name: &str, work: impl FnOnce(&Shell) -> Result<()>) -> bool {
        self.record(name, work, |_, passed| Count {
            passed: usize::from(passed),
            failed: usize::from(!passed),
        })
    }

    /// Runs a check made of tests, which are counted in its log; says whether all passed.
    pub(super) fn tests(
        &mut self,
        name: &str,
        count: impl FnOnce(&str) -> Count,
        work: impl FnOnce(&Shell) -> Result<()>,
    ) -> bool {
        self.record(name, work, |log, passed| {
            let counted = count(log);
            // A runner that stopped before its tests, or that ran none, is a failure too.
            let failed = if passed && counted.passed > 0 { 0 } else { counted.failed.max(1) };
            Count { failed, ..counted }
        })
    }

    /// Prints the last line.
    pub(super) fn finish(self) -> ExitCode {
        println!("{} passed, {} failed", self.passed, self.failed);
        if self.failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
    }

    fn record(
        &mut self,
        name: &str,
        work: impl FnOnce(&Shell) -> Result<()>,
        count: impl FnOnce(&str, bool) -> Count,
    ) -> bool {
        print!("{name} ... ");
        // Only the progress shown would suffer.
        let _ = io::stdout().flush();
        let started = Instant::now();
        let path = log_path(name);
        let outcome = Shell::log(&path).and_then(|shell| work(&shell));
        let log = fs::read(&path).unwrap_or_default();
        let log = String::from_utf8_lossy(&log);

        let Count { passed, failed } = count(&log, outcome.is_ok());
        self.passed += passed;
        self.failed += failed;
        let seconds = started.elapsed().as_secs();
        if failed == 0 {
            println!("ok ({passed} passed, {seconds} s)");
        } else {
            println!("FAILED ({passed} passed, {failed} failed, {seconds} s)\n{log}");
            println!("{:#}", outcome.err().unwrap_or_else(|| anyhow!("no test ran")));
            println!("(this is in {})", path.display());
        }
        failed == 0
    }
}

fn log_path(name: &str) -> PathBuf {
    root().join("target/xtask-logs").join(name).with_extension("log")
}
