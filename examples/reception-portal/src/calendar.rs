//! Days and times, as the institution has them.

use std::time::SystemTime;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use serde::{Serialize, Serializer};

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

    /// The zone's name, as browsers know it: `Asia/Tokyo`.
    pub(crate) fn zone(&self) -> &str {
        self.0.iana_name().unwrap_or("UTC")
    }

    /// Day and time, as spreadsheets take them: `2026-11-30 03:30:00`.
    pub(crate) fn local(&self, at: SystemTime) -> String {
        timestamp(at).to_zoned(self.0.clone()).strftime("%F %T").to_string()
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

/// RFC 3339, in UTC, with the second that has begun: the last one of a day is not the next day's.
pub(crate) fn rfc_3339(at: SystemTime) -> String {
    timestamp(at).strftime("%FT%TZ").to_string()
}

/// The same, for a field of JSON.
pub(crate) fn as_rfc_3339<S: Serializer>(at: &SystemTime, json: S) -> Result<S::Ok, S::Error> {
    json.serialize_str(&rfc_3339(*at))
}

/// The same, where there may be none.
pub(crate) fn as_rfc_3339_if_any<S: Serializer>(
    at: &Option<SystemTime>,
    json: S,
) -> Result<S::Ok, S::Error> {
    at.map(rfc_3339).serialize(json)
}

/// Reads RFC 3339.
pub(crate) fn parse_time(text: &str) -> Option<SystemTime> {
    text.parse::<Timestamp>().ok().map(SystemTime::from)
}

fn timestamp(at: SystemTime) -> Timestamp {
    Timestamp::try_from(at).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, UNIX_EPOCH};

    use super::*;

    #[test]
    fn a_morning_in_japan_is_of_its_own_day_and_written_as_a_clock_there_shows_it() {
        let calendar = Calendar::of("Asia/Tokyo").unwrap();
        // 18:30 UTC on the 29th.
        let at = UNIX_EPOCH + Duration::from_secs(1_795_977_000);
        assert_eq!(rfc_3339(at), "2026-11-29T18:30:00Z");
        assert_eq!(calendar.day(at), "2026-11-30");
        assert_eq!(calendar.local(at), "2026-11-30 03:30:00");
        assert_eq!(calendar.zone(), "Asia/Tokyo");
    }

    #[test]
    fn the_last_second_of_a_day_is_of_that_day_however_it_is_told() {
        let calendar = Calendar::of("Asia/Tokyo").unwrap();
        // 14:59:59.9 UTC on the 29th.
        let at = UNIX_EPOCH + Duration::from_millis(1_795_964_399_900);
        assert_eq!(calendar.day(at), "2026-11-29");
        assert_eq!(rfc_3339(at), "2026-11-29T14:59:59Z");
        assert_eq!(calendar.local(at), "2026-11-29 23:59:59");
    }
}
