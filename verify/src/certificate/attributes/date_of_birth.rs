//! Dates of birth: `EYYYYMMDD`, an era before a date of the Gregorian calendar.

use std::fmt;
use std::ops::Range;

use serde::Serialize;

/// A date of birth. Parts that the residents' register does not know are `None`.
///
/// `Debug` shows nothing of it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct DateOfBirth {
    era: Option<Era>,
    year: Option<u16>,
    month: Option<u8>,
    day: Option<u8>,
}

/// An era of the Japanese calendar (元号).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Era {
    /// 明治, from 1868.
    Meiji,
    /// 大正, from 30 July 1912.
    Taisho,
    /// 昭和, from 25 December 1926.
    Showa,
    /// 平成, from 8 January 1989.
    Heisei,
    /// 令和, from 1 May 2019.
    Reiwa,
}

impl DateOfBirth {
    /// Reads `EYYYYMMDD`. What is zero, or not in the calendar, counts as not known: registers have
    /// births of which only the year or the season is on record.
    pub(super) fn parse(text: &str) -> Option<Self> {
        if text.len() != 9 || !text.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        let number = |range: Range<usize>| text.get(range)?.parse::<u16>().ok();
        let known = |number: u16, last: u8| {
            u8::try_from(number).ok().filter(|number| (1..=last).contains(number))
        };
        let era = number(0..1)?;
        let year = number(1..5).filter(|&year| year != 0);
        let month = known(number(5..7)?, 12);
        let day = known(number(7..9)?, days_in_month(year, month));
        Some(Self { era: Era::from_digit(era), year, month, day })
    }

    /// The era that the certificate names.
    #[must_use]
    pub fn era(&self) -> Option<Era> {
        self.era
    }

    /// The year of the Gregorian calendar.
    #[must_use]
    pub fn year(&self) -> Option<u16> {
        self.year
    }

    /// The month, 1 to 12.
    #[must_use]
    pub fn month(&self) -> Option<u8> {
        self.month
    }

    /// The day of the month, 1 to 31.
    #[must_use]
    pub fn day(&self) -> Option<u8> {
        self.day
    }

    /// The year within the era: 55 for a birth in Shōwa 55 (昭和55年), which is 1980. `None` unless
    /// the date, as far as it is known, lies in the era.
    #[must_use]
    pub fn year_of_era(&self) -> Option<u16> {
        let (era, year) = (self.era?, self.year?);
        let earliest = (year, self.month.unwrap_or(1), self.day.unwrap_or(1));
        let latest = (year, self.month.unwrap_or(12), self.day.unwrap_or(31));
        let [first_day, last_day] = era.days();
        let (first_year, ..) = first_day;
        (first_day <= earliest && latest <= last_day).then(|| year - first_year + 1)
    }
}

impl fmt::Debug for DateOfBirth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DateOfBirth")
    }
}

impl Era {
    fn from_digit(digit: u16) -> Option<Self> {
        match digit {
            1 => Some(Self::Meiji),
            2 => Some(Self::Taisho),
            3 => Some(Self::Showa),
            4 => Some(Self::Heisei),
            5 => Some(Self::Reiwa),
            _ => None,
        }
    }

    /// The first and the last day: year, month, day. Meiji and Taishō ended on the first day of the
    /// next era, which counts for both.
    fn days(self) -> [(u16, u8, u8); 2] {
        match self {
            Self::Meiji => [(1868, 1, 25), (1912, 7, 30)],
            Self::Taisho => [(1912, 7, 30), (1926, 12, 25)],
            Self::Showa => [(1926, 12, 25), (1989, 1, 7)],
            Self::Heisei => [(1989, 1, 8), (2019, 4, 30)],
            Self::Reiwa => [(2019, 5, 1), (9999, 12, 31)],
        }
    }
}

/// The longest that the month may be, as far as year and month are known.
fn days_in_month(year: Option<u16>, month: Option<u8>) -> u8 {
    let is_leap = |year: u16| {
        year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400))
    };
    match month {
        Some(2) if year.is_none_or(is_leap) => 29,
        Some(2) => 28,
        Some(4 | 6 | 9 | 11) => 30,
        _ => 31,
    }
}
