//! How many tests ran, read from what the test runners print.

#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Count {
    pub(super) passed: usize,
    pub(super) failed: usize,
}

/// Adds up cargo's lines: `test result: ok. 3 passed; 0 failed; …`.
pub(super) fn cargo_tests(log: &str) -> Count {
    let results = log.lines().filter_map(|line| line.strip_prefix("test result: "));
    results.fold(Count::default(), |sum, result| Count {
        passed: sum.passed + number_before(result, "passed"),
        failed: sum.failed + number_before(result, "failed"),
    })
}

/// Reads vitest's summary: `Tests  1 failed | 4 passed (5)`.
pub(super) fn vitest_tests(log: &str) -> Count {
    let summary = log.lines().find_map(|line| line.trim_start().strip_prefix("Tests  "));
    let summary = summary.unwrap_or_default();
    Count { passed: number_before(summary, "passed"), failed: number_before(summary, "failed") }
}

fn number_before(line: &str, word: &str) -> usize {
    let words: Vec<_> = line.split([' ', ';', '.']).filter(|word| !word.is_empty()).collect();
    let mut pairs = words.windows(2);
    let number = pairs.find_map(|pair| match pair {
        [number, next] if *next == word => number.parse().ok(),
        _ => None,
    });
    number.unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_of_several_test_binaries_are_added_up() {
        let log = "running 3 tests\n\
            test result: ok. 3 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out\n\
            test result: FAILED. 10 passed; 2 failed; 0 ignored; 0 measured; 0 filtered out\n";
        assert_eq!(cargo_tests(log), Count { passed: 13, failed: 2 });
    }

    #[test]
    fn the_summary_of_vitest_is_read_with_failures_and_without() {
        let all_passed = " Test Files  2 passed (2)\n      Tests  7 passed (7)\n";
        assert_eq!(vitest_tests(all_passed), Count { passed: 7, failed: 0 });
        let one_failed =
            " Test Files  1 failed | 1 passed (2)\n      Tests  1 failed | 6 passed (7)";
        assert_eq!(vitest_tests(one_failed), Count { passed: 6, failed: 1 });
    }

    #[test]
    fn a_log_without_results_counts_nothing() {
        assert_eq!(cargo_tests("error: could not compile"), Count::default());
        assert_eq!(vitest_tests("Error: no such file"), Count::default());
    }
}
