//! Days and times, as the institution has them.

use std::time::SystemTime;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, Unit};

/// The institution's days: from midnight to midnight where it is.
#[derive(Debug)]
pub(crate) struct Calendar(TimeZone);

/// From a time up to another.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Span {
    pub(crate) from: SystemTime,
    pub(crate) until: SystemTime,
}

impl Calendar {
    pub(crate) fn of(zone: &str) -> Result<Self, jiff::Error> {
        TimeZone::get(zone).map(Self)
    }

    /// A day, written `YYYY-MM-DD`, from its beginning to that of the next; nothing, if there is no
    /// such day.
    pub(crate) fn span(&self, day: &str) -> Option<Span> {
        let date = day.parse::<Date>().ok().filter(|date| date.to_string() == day)?;
        let begin = |date: Date| Some(date.to_zoned(self.0.clone()).ok()?.timestamp().into());
        Some(Span { from: begin(date)?, until: begin(date.tomorrow().ok()?)? })
    }

    /// The day, as `YYYY-MM-DD`.
    pub(crate) fn day(&self, at: SystemTime) -> String {
        timestamp(at).to_zoned(self.0.clone()).date().to_string()
    }
}

/// RFC 3339, to the second, in UTC.
pub(crate) fn rfc_3339(at: SystemTime) -> String {
    let timestamp = timestamp(at);
    timestamp.round(Unit::Second).unwrap_or(timestamp).to_string()
}

/// Reads RFC 3339.
pub(crate) fn parse_time(text: &str) -> Option<SystemTime> {
    text.parse::<Timestamp>().ok().map(SystemTime::from)
}

fn timestamp(at: SystemTime) -> Timestamp {
    Timestamp::try_from(at).unwrap_or(Timestamp::MAX)
}
