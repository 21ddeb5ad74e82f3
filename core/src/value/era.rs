use serde::Serialize;

use crate::value::BirthDate;

/// Era of the Japanese calendar (元号).
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

impl Era {
    /// Newest first.
    const ALL: [Self; 5] = [Self::Reiwa, Self::Heisei, Self::Showa, Self::Taisho, Self::Meiji];

    /// The era in which the date lies, as far as it is known. The day on which Meiji or Taishō ended
    /// is taken for the first of the next era.
    #[must_use]
    pub fn of(date: &BirthDate) -> Option<Self> {
        Self::ALL.into_iter().find(|era| era.year_of(date).is_some())
    }

    /// Year within this era: 55 for a birth in Shōwa 55 (昭和55年), which is 1980; 1 for 元年. `None`
    /// unless the date, as far as it is known, lies in the era.
    #[must_use]
    pub fn year_of(self, date: &BirthDate) -> Option<u16> {
        let [first, last] = self.days();
        let [earliest, latest] = span(date);
        if first <= earliest && latest <= last { self.counted(date) } else { None }
    }

    /// The same for a date that, as far as it is known, may lie in the era.
    pub(super) fn possible_year_of(self, date: &BirthDate) -> Option<u16> {
        let [first, last] = self.days();
        let [earliest, latest] = span(date);
        if first <= latest && earliest <= last { self.counted(date) } else { None }
    }

    fn counted(self, date: &BirthDate) -> Option<u16> {
        let [first, _] = self.days();
        date.year()?.checked_sub(u16::try_from(first / 10_000).ok()?)?.checked_add(1)
    }

    /// The first and the last day. Meiji and Taishō ended on the first day of the next
    /// era, which counts for both.
    fn days(self) -> [u32; 2] {
        match self {
            Self::Meiji => [day(1868, 1, 25), day(1912, 7, 30)],
            Self::Taisho => [day(1912, 7, 30), day(1926, 12, 25)],
            Self::Showa => [day(1926, 12, 25), day(1989, 1, 7)],
            Self::Heisei => [day(1989, 1, 8), day(2019, 4, 30)],
            Self::Reiwa => [day(2019, 5, 1), day(9999, 12, 31)],
        }
    }
}

/// The earliest and the latest day that it may be. A year that is not known is before all eras.
fn span(date: &BirthDate) -> [u32; 2] {
    let year = date.year().unwrap_or_default();
    let or = |month, last| day(year, date.month().unwrap_or(month), date.day().unwrap_or(last));
    [or(1, 1), or(12, 31)]
}

/// `YYYYMMDD`, to be compared.
fn day(year: u16, month: u8, day: u8) -> u32 {
    10_000 * u32::from(year) + 100 * u32::from(month) + u32::from(day)
}
