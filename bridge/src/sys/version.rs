use std::fmt;

use serde::{Serialize, Serializer};

/// A version: numbers, and no other text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Version(Vec<u16>);

/// No version has more numbers.
const MAX_NUMBERS: usize = 4;

impl Version {
    /// The version with which a text begins, as in `6.1.0-18-amd64`.
    pub(crate) fn at_begin(text: &str) -> Option<Self> {
        let is_of_version = |c: &char| c.is_ascii_digit() || *c == '.';
        let written: String = text.chars().take_while(is_of_version).collect();
        let numbers = written.trim_end_matches('.').split('.').take(MAX_NUMBERS);
        numbers.map(|number| number.parse().ok()).collect::<Option<_>>().map(Self)
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let numbers: Vec<_> = self.0.iter().map(u16::to_string).collect();
        f.write_str(&numbers.join("."))
    }
}

impl Serialize for Version {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::Version;

    #[test]
    fn a_version_is_the_numbers_at_the_begin_and_nothing_else() {
        for (text, version) in [
            ("12", Some("12")),
            ("6.1.0-18-amd64", Some("6.1.0")),
            ("1.9.9.\nCopyright", Some("1.9.9")),
            ("10.0.22631.4317.99", Some("10.0.22631.4317")),
            ("53311424701516", None),
            ("", None),
            ("trixie/sid", None),
        ] {
            let found = Version::at_begin(text).map(|version| version.to_string());
            assert_eq!(found.as_deref(), version, "{text}");
        }
    }
}
