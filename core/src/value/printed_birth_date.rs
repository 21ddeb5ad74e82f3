use std::fmt;

use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::value::{BirthDate, Era, MalformedBirthDate};

/// Birth date as it is printed on a card and compared by its card surface application: six digits of
/// a year, month and day (card.md 3.5). Erased on drop; `Debug` shows nothing of it.
#[derive(Clone, PartialEq, Eq)]
pub struct PrintedBirthDate {
    date: BirthDate,
    calendar: Calendar,
    digits: Zeroizing<[u8; 6]>,
}

/// Calendar of the year of birth that is printed on a card.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[expect(clippy::exhaustive_enums, reason = "the protocol is fixed by its version")]
pub enum Calendar {
    /// That of the Japanese era in which the day lies; the day on which Meiji or Taishō ended is taken
    /// for the first of the next era.
    #[default]
    Era,
    /// 明治.
    Meiji,
    /// 大正.
    Taisho,
    /// 昭和.
    Showa,
    /// 平成.
    Heisei,
    /// 令和.
    Reiwa,
    /// 西暦, of which the last two digits are presented. Not verified on any card (card.md 3.5).
    Western,
}

impl PrintedBirthDate {
    /// A date on a card that has its year by this calendar.
    ///
    /// Fails where no card can have it so: the date does not lie in the era, or its year is not known,
    /// or it may be that of two eras, of which none is named. Month and day that are not known are
    /// zeros, as registers have them, which is not verified on any card.
    pub fn new(date: BirthDate, calendar: Calendar) -> Result<Self, MalformedBirthDate> {
        let year = match calendar {
            Calendar::Western => date.year().map(|year| year % 100),
            Calendar::Era => Era::of(&date).and_then(|era| era.year_of(&date)),
            Calendar::Meiji => Era::Meiji.possible_year_of(&date),
            Calendar::Taisho => Era::Taisho.possible_year_of(&date),
            Calendar::Showa => Era::Showa.possible_year_of(&date),
            Calendar::Heisei => Era::Heisei.possible_year_of(&date),
            Calendar::Reiwa => Era::Reiwa.possible_year_of(&date),
        };
        let year = year.and_then(|year| u8::try_from(year).ok()).filter(|&year| year < 100);
        let is_day_of_no_month = date.day().is_some() && date.month().is_none();
        let year = year.filter(|_| !is_day_of_no_month).ok_or(MalformedBirthDate)?;
        let ([m1, m2], [d1, d2]) = (date.month_digits(), date.day_digits());
        let digits = Zeroizing::new([b'0' + year / 10, b'0' + year % 10, m1, m2, d1, d2]);
        Ok(Self { date, calendar, digits })
    }

    /// Reads a date as [`BirthDate::parse`] does.
    pub fn parse(text: &str, calendar: Calendar) -> Result<Self, MalformedBirthDate> {
        Self::new(BirthDate::parse(text)?, calendar)
    }

    /// The date.
    #[must_use]
    pub fn date(&self) -> &BirthDate {
        &self.date
    }

    /// Calendar by which the card has its year.
    #[must_use]
    pub fn calendar(&self) -> Calendar {
        self.calendar
    }

    /// `YYMMDD`: what the card compares.
    pub(crate) fn digits(&self) -> &[u8] {
        &*self.digits
    }
}

impl Calendar {
    /// The calendar of this name on the wire.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Some(match name {
            "era" => Self::Era,
            "meiji" => Self::Meiji,
            "taisho" => Self::Taisho,
            "showa" => Self::Showa,
            "heisei" => Self::Heisei,
            "reiwa" => Self::Reiwa,
            "western" => Self::Western,
            _ => return None,
        })
    }

    /// Whether it is the one that is meant where none is named.
    pub(crate) fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

impl fmt::Debug for PrintedBirthDate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PrintedBirthDate")
    }
}

#[cfg(test)]
mod tests {
    use super::{Calendar, PrintedBirthDate};
    use crate::value::MalformedBirthDate;

    fn digits(text: &str, calendar: Calendar) -> Result<String, MalformedBirthDate> {
        let printed = PrintedBirthDate::parse(text, calendar)?;
        Ok(String::from_utf8(printed.digits().to_vec()).unwrap())
    }

    #[test]
    fn the_year_is_that_of_the_era() {
        // card.md 3.5 has the first two.
        assert_eq!(digits("1980-02-17", Calendar::Era).unwrap(), "550217");
        assert_eq!(digits("20200224", Calendar::Era).unwrap(), "020224");
    }

    #[test]
    fn an_era_begins_on_its_first_day() {
        for (day, expected) in [
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
            assert_eq!(digits(day, Calendar::Era).unwrap(), expected, "{day}");
        }
    }

    #[test]
    fn the_last_day_of_an_era_is_as_the_card_has_it() {
        for (day, calendar, expected) in [
            ("1912-07-30", Calendar::Meiji, "450730"),
            ("1912-07-30", Calendar::Taisho, "010730"),
            ("1926-12-24", Calendar::Taisho, "151224"),
            ("1926-12-25", Calendar::Taisho, "151225"),
            ("1926-12-25", Calendar::Showa, "011225"),
            ("1989-01-07", Calendar::Showa, "640107"),
            ("1989-01-08", Calendar::Heisei, "010108"),
            ("2019-04-30", Calendar::Heisei, "310430"),
            ("2019-05-01", Calendar::Reiwa, "010501"),
        ] {
            assert_eq!(digits(day, calendar).unwrap(), expected, "{day} {calendar:?}");
        }
    }

    #[test]
    fn a_day_that_an_era_never_had_never_reaches_the_card() {
        for (day, calendar) in [
            ("1912-07-31", Calendar::Meiji),
            ("1912-07-29", Calendar::Taisho),
            ("1926-12-26", Calendar::Taisho),
            ("1926-12-24", Calendar::Showa),
            ("1989-01-08", Calendar::Showa),
            ("1989-01-07", Calendar::Heisei),
            ("2019-05-01", Calendar::Heisei),
            ("2019-04-30", Calendar::Reiwa),
            ("2118-01-01", Calendar::Reiwa),
            ("2118-01-01", Calendar::Era),
        ] {
            assert_eq!(digits(day, calendar), Err(MalformedBirthDate), "{day} {calendar:?}");
        }
    }

    #[test]
    fn a_western_year_is_its_last_two_digits() {
        for (day, expected) in
            [("1980-02-17", "800217"), ("2000-02-29", "000229"), ("1945-00-00", "450000")]
        {
            assert_eq!(digits(day, Calendar::Western).unwrap(), expected, "{day}");
        }
    }

    #[test]
    fn what_is_not_known_is_zeros_where_the_year_can_be_told() {
        for (day, calendar, expected) in [
            ("1945-03-00", Calendar::Era, "200300"),
            ("1945-00-00", Calendar::Era, "200000"),
            ("1989-02-00", Calendar::Era, "010200"),
            ("1926-00-00", Calendar::Taisho, "150000"),
            ("1926-00-00", Calendar::Showa, "010000"),
            ("1926-12-00", Calendar::Showa, "011200"),
        ] {
            assert_eq!(digits(day, calendar).unwrap(), expected, "{day} {calendar:?}");
        }
        for (day, calendar) in [
            // Of one era or the other
            ("1926-00-00", Calendar::Era),
            ("1989-01-00", Calendar::Era),
            ("1912-07-00", Calendar::Era),
            ("1945-00-00", Calendar::Heisei),
            // A day of no month, and no year
            ("1980-00-10", Calendar::Era),
            ("0000-02-17", Calendar::Era),
            ("0000-00-00", Calendar::Western),
            ("0000-00-00", Calendar::Showa),
        ] {
            assert_eq!(digits(day, calendar), Err(MalformedBirthDate), "{day} {calendar:?}");
        }
    }

    #[test]
    fn debug_shows_nothing() {
        let date = PrintedBirthDate::parse("1980-02-17", Calendar::Era).unwrap();
        assert_eq!(format!("{date:?}"), "PrintedBirthDate");
    }
}
