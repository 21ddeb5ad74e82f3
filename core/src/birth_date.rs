use std::fmt;

use thiserror::Error;
use zeroize::Zeroizing;

/// A date of birth. The card surface application compares it as six digits with the year of the
/// Japanese era (card.md 3.5). Erased on drop; `Debug` shows nothing of it.
#[derive(Clone, PartialEq, Eq)]
pub struct BirthDate(Zeroizing<Box<[u8]>>);

/// What was given is no date of the Gregorian calendar, which Japan has used since 1873, or has
/// another form than `YYYY-MM-DD` or `YYYYMMDD`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("a birth date is a day since 1873, as YYYY-MM-DD")]
#[non_exhaustive]
pub struct MalformedBirthDate;

/// The first day of each era, as `YYYYMMDD`, and the year before it. The day of a change belongs to
/// the new era.
const ERAS: [(&[u8; 8], u32); 5] = [
    (b"20190501", 2018), // Reiwa
    (b"19890108", 1988), // Heisei
    (b"19261225", 1925), // Shōwa
    (b"19120730", 1911), // Taishō
    (b"18730101", 1867), // Meiji, as far as the Gregorian calendar reaches back
];

impl BirthDate {
    /// Reads `1980-02-17` or `19800217`.
    pub fn parse(text: &str) -> Result<Self, MalformedBirthDate> {
        let digits = Zeroizing::new(match *text.as_bytes() {
            [a, b, c, d, b'-', e, f, b'-', g, h] | [a, b, c, d, e, f, g, h] => {
                [a, b, c, d, e, f, g, h]
            }
            _ => return Err(MalformedBirthDate),
        });
        let [y1, y2, y3, y4, m1, m2, d1, d2] = *digits;
        let parts = (number(&[y1, y2, y3, y4]), number(&[m1, m2]), number(&[d1, d2]));
        match parts {
            (Some(year @ 1873..), Some(month), Some(day @ 1..)) if day <= days(year, month) => {
                Ok(Self(Zeroizing::new(digits.as_slice().into())))
            }
            _ => Err(MalformedBirthDate),
        }
    }

    /// `YYYYMMDD`, as the age record has it.
    #[must_use]
    pub fn digits(&self) -> &[u8] {
        &self.0
    }

    /// `YYMMDD` with the year of the era: what the card compares.
    pub(crate) fn era_digits(&self) -> Zeroizing<Box<[u8]>> {
        let (_, before) = ERAS
            .into_iter()
            .find(|&(first, _)| self.digits() >= first.as_slice())
            .expect("parsing takes no earlier day");
        let number = number(&self.0).expect("parsing takes digits only") - before * 10_000;
        Zeroizing::new(format!("{number:06}").into_bytes().into())
    }
}

fn number(digits: &[u8]) -> Option<u32> {
    digits.iter().try_fold(0, |number, digit| Some(10 * number + char::from(*digit).to_digit(10)?))
}

/// How many days a month has; none, if there is no such month.
fn days(year: u32, month: u32) -> u32 {
    match month {
        2 if year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400)) => {
            29
        }
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => 0,
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

    fn era_digits(text: &str) -> String {
        String::from_utf8(BirthDate::parse(text).unwrap().era_digits().to_vec()).unwrap()
    }

    #[test]
    fn the_year_is_that_of_the_era() {
        // card.md 3.5 has the first two.
        assert_eq!(era_digits("1980-02-17"), "550217");
        assert_eq!(era_digits("20200224"), "020224");
    }

    #[test]
    fn an_era_begins_on_its_first_day() {
        for (day, digits) in [
            ("1873-01-01", "060101"),
            ("1912-07-29", "450729"),
            ("1912-07-30", "010730"),
            ("1926-12-24", "151224"),
            ("1926-12-25", "011225"),
            ("1989-01-07", "640107"),
            ("1989-01-08", "010108"),
            ("2019-04-30", "310430"),
            ("2019-05-01", "010501"),
            ("2000-02-29", "120229"),
        ] {
            assert_eq!(era_digits(day), digits, "{day}");
        }
    }

    #[test]
    fn what_is_no_day_never_reaches_the_card() {
        for text in [
            "",
            "1980-2-17",
            "1980/02/17",
            "80-02-17",
            "1980-02-30",
            "1980-13-01",
            "1980-00-10",
            "1980-01-00",
            "1900-02-29",
            "1872-12-31",
            "昭和55年2月17日",
            "19800217 ",
            "1980-0217",
            "+980-02-17",
        ] {
            assert_eq!(BirthDate::parse(text), Err(MalformedBirthDate), "{text:?}");
        }
    }

    #[test]
    fn debug_shows_nothing() {
        assert_eq!(format!("{:?}", BirthDate::parse("1980-02-17").unwrap()), "BirthDate");
    }
}
