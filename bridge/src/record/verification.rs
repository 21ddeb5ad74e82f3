use std::fmt;
use std::path::PathBuf;

use crate::record::disclosure_log::{NO_HASH, chained, split};

/// A fault of the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Finding {
    /// A line that is none.
    Unreadable(Place),
    /// A line other than its hash says, or than the hash of the line before.
    Changed(Place, u64),
    /// These lines are not where they should be.
    Missing(Place, u64, u64),
    /// A line that stands behind later ones, or a second time.
    Moved(Place, u64),
    /// A line is not written to its end: the machine stopped while it was written.
    Unfinished(Place),
    /// No line has the hash that was noted: lines are missing at the end, or all was written anew.
    NoHead,
}

/// Its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    file: String,
    line: usize,
}

/// Holds the chain against itself and, if there is one, against a hash that was noted before.
pub(crate) fn verify(files: &[(PathBuf, String)], head: Option<&str>) -> Vec<Finding> {
    let mut findings = Vec::new();
    let (mut before, mut due) = (NO_HASH.to_owned(), 1);
    let mut has_head = head.is_none();
    for (path, text) in files {
        let file = path.file_name().unwrap_or_default().to_string_lossy();
        for (index, line) in text.split_inclusive('\n').enumerate() {
            let place = Place { file: file.clone().into_owned(), line: index + 1 };
            if !line.ends_with('\n') || line.contains('\0') {
                findings.push(Finding::Unfinished(place));
                continue;
            }
            let Some((hash, json, line)) = split(line.trim_end()) else {
                findings.push(Finding::Unreadable(place));
                continue;
            };
            match line.n {
                n if n < due => {
                    findings.push(Finding::Moved(place, n));
                    continue;
                }
                n if n > due => findings.push(Finding::Missing(place, due, n - 1)),
                n if chained(&before, json) != hash => findings.push(Finding::Changed(place, n)),
                _ => {}
            }
            has_head |= Some(hash) == head;
            before = hash.to_owned();
            due = line.n + 1;
        }
    }
    if !has_head {
        findings.push(Finding::NoHead);
    }
    findings
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreadable(place) => write!(f, "{place} cannot be read"),
            Self::Changed(place, n) => {
                write!(f, "{place}, number {n}, was changed, or the hash before it")
            }
            Self::Missing(place, from, to) if from == to => {
                write!(f, "number {from} is missing before {place}")
            }
            Self::Missing(place, from, to) => {
                write!(f, "numbers {from} to {to} are missing before {place}")
            }
            Self::Moved(place, n) => write!(f, "{place}, number {n}, was moved or repeated"),
            Self::Unfinished(place) => write!(f, "{place} is not finished"),
            Self::NoHead => f.write_str(
                "no line has this hash: lines were cut off the end, or the log was written anew",
            ),
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {} of {}", self.line, self.file)
    }
}
