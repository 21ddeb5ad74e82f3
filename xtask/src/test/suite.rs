//! Checks, side by side unless one waits for another, and how they went.

use std::fs;
use std::path::PathBuf;
use std::process::ExitCode;
use std::thread::{self, ScopedJoinHandle};
use std::time::{Duration, Instant};

use anyhow::{Result, anyhow};

use super::count::Count;
use crate::shell::{Shell, root};

/// What a check does.
type Work = dyn FnOnce(&Shell) -> Result<()> + Send;

/// Something that must hold.
pub(super) struct Check {
    name: String,
    work: Box<Work>,
    /// Finds in the log how many tests there were; without it, the check counts as one.
    count: Option<fn(&str) -> Count>,
    after: Vec<&'static str>,
    alone: bool,
}

impl Check {
    /// A check that counts as one.
    pub(super) fn new(
        name: impl Into<String>,
        work: impl FnOnce(&Shell) -> Result<()> + Send + 'static,
    ) -> Self {
        Self {
            name: name.into(),
            work: Box::new(work),
            count: None,
            after: Vec::new(),
            alone: false,
        }
    }

    /// Has it count as the tests that it is made of, by its log.
    pub(super) fn tests(self, count: fn(&str) -> Count) -> Self {
        Self { count: Some(count), ..self }
    }

    /// Has it wait until the checks of these names have passed, too.
    pub(super) fn after(mut self, names: &[&'static str]) -> Self {
        self.after.extend(names);
        self
    }

    /// Has it wait until nothing else runs, because it takes time or changes files that others read.
    pub(super) fn alone(self) -> Self {
        Self { alone: true, ..self }
    }

    /// Runs it, and prints its line.
    fn run(self) -> Count {
        let Self { name, work, count, .. } = self;
        let started = Instant::now();
        let path = log_path(&name);
        let outcome = Shell::log(&path).and_then(|shell| work(&shell));
        let log = fs::read(&path).unwrap_or_default();
        let log = String::from_utf8_lossy(&log);

        let holds = outcome.is_ok();
        let counted = match count {
            Some(count) => count(&log),
            None => Count { passed: holds.into(), failed: (!holds).into() },
        };
        let passed = counted.passed;
        // A runner that stopped before its tests, or that ran none, is a failure too.
        let failed = if holds && passed > 0 { 0 } else { counted.failed.max(1) };

        let seconds = started.elapsed().as_secs();
        if failed == 0 {
            println!("{name} ... ok ({passed} passed, {seconds} s)");
        } else {
            let error = outcome.err().unwrap_or_else(|| anyhow!("no test ran"));
            println!(
                "{name} ... FAILED ({passed} passed, {failed} failed, {seconds} s)\n{log}\n\
                 {error:#}\n(this is in {})",
                path.display()
            );
        }
        Count { passed, failed }
    }
}

/// Runs checks, the first of those that may start first, and prints the last line.
pub(super) fn run(mut waiting: Vec<Check>) -> Result<ExitCode> {
    // Most checks wait for something most of the time.
    let places = 2 * thread::available_parallelism()?.get();
    let mut passed = Vec::new();
    let mut sum = Count::default();
    thread::scope(|scope| {
        let mut running: Vec<(String, ScopedJoinHandle<'_, Count>)> = Vec::new();
        loop {
            while running.len() < places
                && let Some(check) = next(&mut waiting, &passed, running.is_empty())
            {
                running.push((check.name.clone(), scope.spawn(|| check.run())));
            }
            if running.is_empty() {
                break;
            }
            thread::sleep(Duration::from_millis(20));
            for (name, ended) in running.extract_if(.., |(_, check)| check.is_finished()) {
                let count = ended.join().unwrap_or_else(|_| {
                    println!("{name} ... FAILED (it panicked)");
                    Count { passed: 0, failed: 1 }
                });
                sum.passed += count.passed;
                sum.failed += count.failed;
                if count.failed == 0 {
                    passed.push(name);
                }
            }
        }
    });

    for Check { name, after, .. } in &waiting {
        println!("{name} ... skipped, for want of {}", after.join(", "));
    }
    print!("{} passed, {} failed", sum.passed, sum.failed);
    if !waiting.is_empty() {
        print!(", {} skipped", waiting.len())
    }
    println!();
    Ok(if sum.failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Takes out the next check that may start.
fn next(waiting: &mut Vec<Check>, passed: &[String], nothing_runs: bool) -> Option<Check> {
    let may_start =
        |check: &Check| check.after.iter().all(|name| passed.iter().any(|it| it == name));
    let side_by_side = waiting.iter().position(|check| !check.alone && may_start(check));
    let index = side_by_side
        .or_else(|| nothing_runs.then(|| waiting.iter().position(may_start)).flatten())?;
    Some(waiting.remove(index))
}

fn log_path(name: &str) -> PathBuf {
    root().join("target/xtask-logs").join(format!("{name}.log"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const DONE: fn(&Shell) -> Result<()> = |_| Ok(());

    /// Which check would start next.
    fn next_of(checks: [Check; 2], passed: &[&str], nothing_runs: bool) -> Option<String> {
        let passed: Vec<_> = passed.iter().map(ToString::to_string).collect();
        next(&mut Vec::from(checks), &passed, nothing_runs).map(|check| check.name)
    }

    #[test]
    fn a_check_starts_only_after_all_that_it_waits_for_has_passed() {
        let checks = || [Check::new("late", DONE).after(&["a", "b"]), Check::new("early", DONE)];
        assert_eq!(next_of(checks(), &["a"], false).as_deref(), Some("early"));
        assert_eq!(next_of(checks(), &["a", "b"], false).as_deref(), Some("late"));
        let both = || ["one", "other"].map(|name| Check::new(name, DONE).after(&["a"]));
        assert_eq!(next_of(both(), &["b"], true), None);
    }

    #[test]
    fn a_check_that_is_alone_starts_when_nothing_runs_and_nothing_else_can() {
        let checks =
            || [Check::new("alone", DONE).alone(), Check::new("beside", DONE).after(&["a"])];
        assert_eq!(next_of(checks(), &[], false), None);
        assert_eq!(next_of(checks(), &["a"], true).as_deref(), Some("beside"));
        assert_eq!(next_of(checks(), &[], true).as_deref(), Some("alone"));
    }
}
