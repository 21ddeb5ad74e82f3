use std::fmt;

use thiserror::Error;
use zeroize::Zeroizing;

use crate::error_code::ErrorCode;

/// Date of birth (生年月日), part by part: registers have people of whom only the year, or nothing, is
/// on record. Erased on drop; `Debug` shows nothing of it.
#[derive(Clone, PartialEq, Eq)]
pub struct BirthDate(Zeroizing<[u8; 8]>);

/// Text that is no date of the Gregorian calendar, which Japan has used since 1873, that has another
/// form than `YYYY-MM-DD` or `YYYYMMDD`, or of which no card can have what is to be presented.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("a birth date is a day since 1873, as YYYY-MM-DD")]
#[non_exhaustive]
pub struct MalformedBirthDate;

impl BirthDate {
    /// Reads `1980-02-17` or `19800217`, with zeros for what is not known: `1945-00-00`.
    pub fn parse(text: &str) -> Result<Self, MalformedBirthDate> {
        let digits = match *text.as_bytes() {
            [a, b, c, d, b'-', e, f, b'-', g, h] | [a, b, c, d, e, f, g, h] => {
                Zeroizing::new([a, b, c, d, e, f, g, h])
            }
            _ => return Err(MalformedBirthDate),
        };
        let date = Self::from_record(&*digits);
        let is_since_1873 = date.year().is_none_or(|year| year >= 1873);
        if *date.0 == *digits && is_since_1873 { Ok(date) } else { Err(MalformedBirthDate) }
    }

    /// Reads what stands as `YYYYMMDD` on a card or in a certificate. What is zero, no number or not
    /// in the calendar counts as not known: a record is not void for the one part that nobody knows.
    #[must_use]
    pub fn from_record(value: &[u8]) -> Self {
        let &[y1, y2, y3, y4, m1, m2, d1, d2] = value else {
            return Self(Zeroizing::new(*b"00000000"));
        };
        let year = number(&[y1, y2, y3, y4]);
        let [y1, y2, y3, y4] = if year == 0 { *b"0000" } else { [y1, y2, y3, y4] };
        let month = number(&[m1, m2]);
        let is_month = (1..=12).contains(&month);
        let [m1, m2] = if is_month { [m1, m2] } else { *b"00" };
        let last = days(year, if is_month { month } else { 0 });
        let is_day = (1..=last).contains(&number(&[d1, d2]));
        let [d1, d2] = if is_day { [d1, d2] } else { *b"00" };
        Self(Zeroizing::new([y1, y2, y3, y4, m1, m2, d1, d2]))
    }

    /// Year of the Gregorian calendar, if it is known.
    #[must_use]
    pub fn year(&self) -> Option<u16> {
        let [y1, y2, y3, y4, ..] = *self.0;
        Some(number(&[y1, y2, y3, y4])).filter(|&year| year != 0)
    }

    /// Month, 1 to 12, if it is known.
    #[must_use]
    pub fn month(&self) -> Option<u8> {
        known(self.month_digits())
    }

    /// Day of the month, 1 to 31, if it is known.
    #[must_use]
    pub fn day(&self) -> Option<u8> {
        known(self.day_digits())
    }

    pub(super) fn month_digits(&self) -> [u8; 2] {
        let [.., m1, m2, _, _] = *self.0;
        [m1, m2]
    }

    pub(super) fn day_digits(&self) -> [u8; 2] {
        let [.., d1, d2] = *self.0;
        [d1, d2]
    }

    /// `YYYYMMDD`, as the age record has it, with zeros for what is not known.
    #[must_use]
    pub fn digits(&self) -> &[u8] {
        &*self.0
    }
}

/// Month or day, unless it is zero.
fn known(digits: [u8; 2]) -> Option<u8> {
    u8::try_from(number(&digits)).ok().filter(|&number| number != 0)
}

/// The number that these digits are; zero if they are none.
fn number(digits: &[u8]) -> u16 {
    digits
        .iter()
        .try_fold(0, |number, digit| {
            let digit = digit.wrapping_sub(b'0');
            (digit < 10).then(|| 10 * number + u16::from(digit))
        })
        .unwrap_or_default()
}

/// The longest that the month may be, as far as year and month are known; zero stands for one that is
/// not.
fn days(year: u16, month: u16) -> u16 {
    let is_leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    match month {
        2 if is_leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

impl From<MalformedBirthDate> for ErrorCode {
    fn from(_: MalformedBirthDate) -> Self {
        Self::BirthDateMalformed
    }
}

impl fmt::Debug for BirthDate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("BirthDate")
    }
}

#[cfg(test)]
mod tests {
    use super::{BirthDate, MalformedBirthDate};

    #[test]
    fn what_is_not_known_is_zeros() {
        for (text, parts) in [
            ("1945-03-10", (Some(1945), Some(3), Some(10))),
            ("1945-03-00", (Some(1945), Some(3), None)),
            ("19450000", (Some(1945), None, None)),
            ("1945-00-17", (Some(1945), None, Some(17))),
            ("0000-00-00", (None, None, None)),
            ("00000229", (None, Some(2), Some(29))),
        ] {
            let date = BirthDate::parse(text).unwrap();
            assert_eq!((date.year(), date.month(), date.day()), parts, "{text}");
            assert_eq!(date.digits(), text.replace('-', "").as_bytes());
        }
    }

    #[test]
    fn a_record_is_read_as_far_as_it_has_a_date() {
        for (value, digits) in [
            (&b"19450310"[..], b"19450310"),
            (b"19450300", b"19450300"),
            (b"19450000", b"19450000"),
            (b"00000000", b"00000000"),
            (b"194503  ", b"19450300"),
            (b"        ", b"00000000"),
            (b"19804217", b"19800017"),
            (b"19810229", b"19810200"),
            (b"1945\xFF\xFF10", b"19450010"),
            (b"99999999", b"99990000"),
            (b"1945031", b"00000000"),
            (b"", b"00000000"),
        ] {
            assert_eq!(BirthDate::from_record(value).digits(), digits, "{value:?}");
        }
    }

    #[test]
    fn what_is_no_date_is_not_read() {
        for text in [
            "",
            "1980-2-17",
            "1980/02/17",
            "80-02-17",
            "1980-02-30",
            "1980-13-01",
            "1900-02-29",
            "1872-12-31",
            "昭和55年2月17日",
            "19800217 ",
            "1980-0217",
            "+980-02-17",
            "194503  ",
        ] {
            assert_eq!(BirthDate::parse(text), Err(MalformedBirthDate), "{text:?}");
        }
    }

    #[test]
    fn debug_shows_nothing() {
        assert_eq!(format!("{:?}", BirthDate::parse("1980-02-17").unwrap()), "BirthDate");
    }
}
