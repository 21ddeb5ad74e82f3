use std::error::Error;
use std::fmt;

/// What stands against serving, each in words for whoever chose the options. All are found before
/// anything is said, so that one reading mends them all.
#[derive(Default)]
pub(crate) struct Findings(Vec<String>);

impl Findings {
    /// The value, if there is one; else why not is noted.
    pub(crate) fn note<T, E: ToString>(&mut self, result: Result<T, E>) -> Option<T> {
        result.map_err(|error| self.add(error)).ok()
    }

    pub(crate) fn add(&mut self, finding: impl ToString) {
        self.0.push(finding.to_string());
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Display for Findings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the portal cannot be served:")?;
        self.0.iter().try_for_each(|finding| write!(f, "\n- {finding}"))
    }
}

/// As it is said: a program that ends in it shows this.
impl fmt::Debug for Findings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Error for Findings {}
