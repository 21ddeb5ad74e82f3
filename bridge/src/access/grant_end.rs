use std::str::FromStr;

use jiff::tz::TimeZone;
use jiff::{Timestamp, civil};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use thiserror::Error;
use toml::value::Datetime;

/// The end of a grant: a moment (RFC 3339), or the end of a day as this workstation counts days.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct GrantEnd {
    written: Datetime,
    end: Timestamp,
}

/// The text is no such time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("an end is written 2026-12-31 or 2026-12-31T17:00:00+09:00")]
pub(crate) struct MalformedGrantEnd;

impl GrantEnd {
    /// Whether it is over.
    pub(crate) fn has_passed(&self, now: Timestamp) -> bool {
        now >= self.end
    }

    pub(crate) fn written(&self) -> Datetime {
        self.written
    }
}

impl TryFrom<Datetime> for GrantEnd {
    type Error = MalformedGrantEnd;

    fn try_from(written: Datetime) -> Result<Self, MalformedGrantEnd> {
        let text = written.to_string();
        let end = match (written.time, written.offset) {
            (None, None) => end_of_day(&text),
            (Some(_), Some(_)) => text.parse().ok(),
            _ => None,
        };
        Ok(Self { written, end: end.ok_or(MalformedGrantEnd)? })
    }
}

fn end_of_day(date: &str) -> Option<Timestamp> {
    let next: civil::Date = date.parse::<civil::Date>().ok()?.tomorrow().ok()?;
    Some(next.to_zoned(TimeZone::system()).ok()?.timestamp())
}

impl FromStr for GrantEnd {
    type Err = MalformedGrantEnd;

    fn from_str(text: &str) -> Result<Self, MalformedGrantEnd> {
        text.parse::<Datetime>().map_err(|_| MalformedGrantEnd)?.try_into()
    }
}

impl<'de> Deserialize<'de> for GrantEnd {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Datetime::deserialize(deserializer)?.try_into().map_err(D::Error::custom)
    }
}

impl Serialize for GrantEnd {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.written.serialize(serializer)
    }
}

/// This moment, as TOML writes it, to the second.
pub(crate) fn now_written() -> Option<Datetime> {
    format!("{:.0}", Timestamp::now()).parse().ok()
}

#[cfg(test)]
mod tests {
    use jiff::{SignedDuration, Timestamp};

    use super::{GrantEnd, now_written};

    #[test]
    fn a_moment_ends_at_that_moment() {
        let until: GrantEnd = "2026-12-31T17:00:00+09:00".parse().unwrap();
        let end: Timestamp = "2026-12-31T08:00:00Z".parse().unwrap();
        assert!(until.has_passed(end));
        assert!(!until.has_passed(end - SignedDuration::from_secs(1)));
    }

    #[test]
    fn a_day_ends_when_the_next_begins_here() {
        let until: GrantEnd = "2026-12-31".parse().unwrap();
        let next = jiff::civil::date(2027, 1, 1).to_zoned(jiff::tz::TimeZone::system()).unwrap();
        assert!(until.has_passed(next.timestamp()));
        assert!(!until.has_passed(next.timestamp() - SignedDuration::from_secs(1)));
    }

    #[test]
    fn what_leaves_the_moment_open_is_refused() {
        for text in
            ["", "2026", "2026-12", "2026-13-01", "2026-12-31T17:00:00", "17:00:00", "tomorrow"]
        {
            assert!(text.parse::<GrantEnd>().is_err(), "{text}");
        }
    }

    #[test]
    fn now_is_written_to_the_second() {
        assert_eq!(now_written().unwrap().to_string().len(), "2026-12-31T08:00:00Z".len());
    }
}
