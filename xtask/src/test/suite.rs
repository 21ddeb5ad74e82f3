//! Checks, side by side unless one waits for another, and how they went.

use std::fs;
use std::path::PathBuf;
use std::process::ExitCode;
use std::thread::{self, ScopedJoinHandle};
use std::time::{Duration, Instant};

use anyhow::{Result, anyhow, ensure};

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
    later_than: Vec<&'static str>,
    alone: bool,
    /// Why it cannot run here.
    impossible: Option<String>,
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
            later_than: Vec::new(),
            alone: false,
            impossible: None,
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

    /// Has it wait until the checks of these names are over, however that went, if they are to run at all.
    pub(super) fn later_than(mut self, names: &[&'static str]) -> Self {
        self.later_than.extend(names);
        self
    }

    /// Has it wait until nothing else runs, because it takes time or changes files that others read.
    pub(super) fn alone(self) -> Self {
        Self { alone: true, ..self }
    }

    /// Has it skipped, for this reason.
    pub(super) fn impossible(self, why: impl Into<String>) -> Self {
        Self { impossible: Some(why.into()), ..self }
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

/// Those with this in their name, and what they wait for.
pub(super) fn only(checks: Vec<Check>, part: &str) -> Result<Vec<Check>> {
    let mut wanted = Vec::new();
    let mut look_at: Vec<&str> = checks.iter().map(|check| check.name.as_str()).collect();
    look_at.retain(|name| name.contains(part));
    ensure!(!look_at.is_empty(), "no check has {part:?} in its name");
    while let Some(name) = look_at.pop() {
        if !wanted.iter().any(|it| it == name) {
            wanted.push(name.to_owned());
            let check = checks.iter().find(|check| check.name == name);
            look_at.extend(check.into_iter().flat_map(|check| &check.after));
        }
    }
    Ok(checks.into_iter().filter(|check| wanted.contains(&check.name)).collect())
}

/// Runs checks, the first of those that may start first, and prints the last line.
pub(super) fn run(checks: Vec<Check>) -> Result<ExitCode> {
    let (impossible, mut waiting): (Vec<_>, Vec<_>) =
        checks.into_iter().partition(|check| check.impossible.is_some());
    // Most checks wait for something most of the time.
    let places = 2 * thread::available_parallelism()?.get();
    let mut passed = Vec::new();
    let mut sum = Count::default();
    thread::scope(|scope| {
        let mut running: Vec<(String, ScopedJoinHandle<'_, Count>)> = Vec::new();
        loop {
            while running.len() < places
                && let Some(check) = next(&mut waiting, &passed, &names(&running))
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
        let missing: Vec<_> =
            after.iter().copied().filter(|name| !passed.iter().any(|it| it == name)).collect();
        println!("{name} ... skipped, for want of {}", missing.join(", "));
    }
    for Check { name, impossible, .. } in &impossible {
        println!("{name} ... skipped: {}", impossible.as_deref().unwrap_or_default());
    }
    print!("{} passed, {} failed", sum.passed, sum.failed);
    let skipped = waiting.len() + impossible.len();
    if skipped > 0 {
        print!(", {skipped} skipped")
    }
    println!();
    Ok(if sum.failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// What runs, by name.
fn names<T>(running: &[(String, T)]) -> Vec<String> {
    running.iter().map(|(name, _)| name.clone()).collect()
}

/// Takes out the next check that may start.
fn next(waiting: &mut Vec<Check>, passed: &[String], running: &[String]) -> Option<Check> {
    let is_over =
        |name: &str| !running.iter().chain(waiting.iter().map(|it| &it.name)).any(|it| it == name);
    let may_start = |check: &Check| {
        check.after.iter().all(|name| passed.iter().any(|it| it == name))
            && check.later_than.iter().all(|name| is_over(name))
    };
    let side_by_side = waiting.iter().position(|check| !check.alone && may_start(check));
    let alone = || waiting.iter().position(may_start).filter(|_| running.is_empty());
    let index = side_by_side.or_else(alone)?;
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
    fn next_of(checks: [Check; 2], passed: &[&str], running: &[&str]) -> Option<String> {
        let owned = |names: &[&str]| names.iter().map(ToString::to_string).collect::<Vec<_>>();
        next(&mut Vec::from(checks), &owned(passed), &owned(running)).map(|check| check.name)
    }

    #[test]
    fn a_check_starts_only_after_all_that_it_waits_for_has_passed() {
        let checks = || [Check::new("late", DONE).after(&["a", "b"]), Check::new("early", DONE)];
        assert_eq!(next_of(checks(), &["a"], &["c"]).as_deref(), Some("early"));
        assert_eq!(next_of(checks(), &["a", "b"], &["c"]).as_deref(), Some("late"));
        let both = || ["one", "other"].map(|name| Check::new(name, DONE).after(&["a"]));
        assert_eq!(next_of(both(), &["b"], &[]), None);
    }

    #[test]
    fn a_check_that_is_to_be_later_than_others_waits_for_their_end_and_not_for_their_success() {
        let late = || Check::new("late", DONE).later_than(&["a"]);
        let beside = || [late(), Check::new("b", DONE).after(&["c"])];
        assert_eq!(next_of(beside(), &[], &["a"]), None);
        assert_eq!(next_of([late(), Check::new("a", DONE)], &[], &["c"]).as_deref(), Some("a"));
        assert_eq!(next_of(beside(), &[], &["c"]).as_deref(), Some("late"));
    }

    #[test]
    fn what_is_chosen_by_its_name_brings_along_all_that_it_waits_for() {
        let checks = || {
            vec![
                Check::new("first", DONE),
                Check::new("other", DONE),
                Check::new("second", DONE).after(&["first"]),
                Check::new("e2e/third", DONE).after(&["second"]),
                Check::new("e2e/fourth", DONE).after(&["first"]),
            ]
        };
        let names = |part| {
            let chosen = only(checks(), part).unwrap().into_iter();
            chosen.map(|check| check.name).collect::<Vec<_>>()
        };
        assert_eq!(names("third"), ["first", "second", "e2e/third"]);
        assert_eq!(names("e2e"), ["first", "second", "e2e/third", "e2e/fourth"]);
        assert!(only(checks(), "fifth").is_err());
    }

    #[test]
    fn a_check_that_is_alone_starts_when_nothing_runs_and_nothing_else_can() {
        let checks =
            || [Check::new("alone", DONE).alone(), Check::new("beside", DONE).after(&["a"])];
        assert_eq!(next_of(checks(), &[], &["c"]), None);
        assert_eq!(next_of(checks(), &["a"], &[]).as_deref(), Some("beside"));
        assert_eq!(next_of(checks(), &[], &[]).as_deref(), Some("alone"));
    }
}
