//! Days and times, as the institution has them.

use std::time::SystemTime;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan, Unit};

/// The institution's days: from midnight to midnight where it is.
#[derive(Debug)]
pub(crate) struct Calendar(TimeZone);

/// From a time up to another.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Span {
    pub(crate) from: SystemTime,
    pub(crate) until: SystemTime,
}

/// A day, and when it began.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Day {
    /// `YYYY-MM-DD`.
    pub(crate) name: String,
    pub(crate) begin: SystemTime,
}

impl Calendar {
    pub(crate) fn of(zone: &str) -> Result<Self, jiff::Error> {
        TimeZone::get(zone).map(Self)
    }

    /// A day, written `YYYY-MM-DD`, from its beginning to that of the next; nothing, if there is no
    /// such day.
    pub(crate) fn span(&self, day: &str) -> Option<Span> {
        let date = day.parse::<Date>().ok().filter(|date| date.to_string() == day)?;
        Some(Span { from: self.begin(date)?, until: self.begin(date.tomorrow().ok()?)? })
    }

    /// The day, as `YYYY-MM-DD`.
    pub(crate) fn day(&self, at: SystemTime) -> String {
        self.date(at).to_string()
    }

    /// The day so many days before; nothing, before there were any.
    pub(crate) fn day_before(&self, at: SystemTime, days: u16) -> Option<Day> {
        let date = self.date(at).checked_sub(i64::from(days).days()).ok()?;
        Some(Day { name: date.to_string(), begin: self.begin(date)? })
    }

    fn date(&self, at: SystemTime) -> Date {
        timestamp(at).to_zoned(self.0.clone()).date()
    }

    fn begin(&self, date: Date) -> Option<SystemTime> {
        Some(date.to_zoned(self.0.clone()).ok()?.timestamp().into())
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
