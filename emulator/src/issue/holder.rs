use std::fmt;

/// A person that cards are issued to. Nobody of these names exists. `Debug` shows the number only.
#[derive(Clone, Copy)]
pub struct Holder {
    /// Tells the serial numbers and names in the certificates of one person from another's.
    pub(super) number: u16,
    pub(super) name: &'static str,
    pub(super) birth_date: BirthDate,
    /// `1` is male, `2` is female (JIS X 0303; the certificates use the same digits).
    pub(super) sex: &'static str,
    pub(super) address: &'static str,
    /// Printed on the card, and the end of verification number B.
    pub(super) security_code: &'static str,
    /// Verification number A. Obviously nobody's; the check digit is right, so that programs that
    /// look at it take it.
    pub(super) individual_number: &'static str,
    pub(super) face: Face,
}

/// A date of birth, by the era (JIS X 0301).
#[derive(Clone, Copy)]
pub(super) struct BirthDate {
    era: Era,
    year_of_era: u16,
    month: u16,
    day: u16,
}

#[derive(Clone, Copy)]
enum Era {
    Showa,
    Heisei,
}

/// Pictures on a card: PNG, but for the photo, which is JPEG 2000.
#[derive(Clone, Copy)]
pub(super) struct Face {
    pub(super) photo: &'static [u8],
    pub(super) name: &'static [u8],
    pub(super) address: &'static [u8],
    pub(super) security_code: &'static [u8],
    pub(super) individual_number: &'static [u8],
}

macro_rules! picture {
    ($person:expr, $file:literal) => {
        include_bytes!(concat!("../../faces/", $person, "-", $file))
    };
}

macro_rules! face {
    ($person:literal) => {
        Face {
            photo: picture!($person, "photo.jp2"),
            name: picture!($person, "name.png"),
            address: picture!($person, "address.png"),
            security_code: picture!($person, "security-code.png"),
            individual_number: picture!($person, "individual-number.png"),
        }
    };
}

macro_rules! crowd {
    ($name:literal, $person:literal) => {
        ($name, picture!(concat!("crowd/", $person), "name.png"))
    };
}

/// The people of a crowd: their names, and those as pictures. The first half are women.
const CROWD: [(&str, &[u8]); 20] = [
    crowd!("架空　梅子", "umeko"),
    crowd!("架空　桃子", "momoko"),
    crowd!("架空　桜子", "sakurako"),
    crowd!("架空　菊子", "kikuko"),
    crowd!("架空　松子", "matsuko"),
    crowd!("架空　竹子", "takeko"),
    crowd!("架空　藤子", "fujiko"),
    crowd!("架空　蘭子", "ranko"),
    crowd!("架空　百合子", "yuriko"),
    crowd!("架空　蓮子", "hasuko"),
    crowd!("架空　一郎", "ichiro"),
    crowd!("架空　二郎", "jiro"),
    crowd!("架空　三郎", "saburo"),
    crowd!("架空　四郎", "shiro"),
    crowd!("架空　五郎", "goro"),
    crowd!("架空　六郎", "rokuro"),
    crowd!("架空　七郎", "shichiro"),
    crowd!("架空　八郎", "hachiro"),
    crowd!("架空　九郎", "kuro"),
    crowd!("架空　十郎", "juro"),
];

impl Holder {
    /// The holder of the checked-in cards.
    pub const HANAKO: Self = Self {
        number: 1,
        name: "架空　花子",
        birth_date: BirthDate { era: Era::Showa, year_of_era: 55, month: 2, day: 17 },
        sex: "2",
        address: "東京都清瀬市架空一丁目２番地３",
        security_code: "2285",
        individual_number: "123456789018",
        face: face!("hanako"),
    };

    /// The holder of the card that is another person's.
    pub const TARO: Self = Self {
        number: 2,
        name: "架空　太郎",
        birth_date: BirthDate { era: Era::Heisei, year_of_era: 7, month: 2, day: 17 },
        sex: "1",
        address: "東京都清瀬市架空四丁目５番地６",
        security_code: "7491",
        individual_number: "111111111118",
        face: face!("taro"),
    };

    /// One of many: of this number, which tells the serial numbers from another's, and with a name
    /// and a date of birth that others may have too. What else is printed on the card is that of
    /// [`Holder::HANAKO`] or [`Holder::TARO`], since it is drawn.
    #[must_use]
    pub fn of_crowd(number: u16) -> Self {
        let at = usize::from(number) % CROWD.len();
        let &(name, picture) = CROWD.get(at).expect("a remainder is less than the divisor");
        let alike = if at < CROWD.len() / 2 { Self::HANAKO } else { Self::TARO };
        // Within Shōwa in whole years, and days that every month has.
        let birth_date = BirthDate {
            era: Era::Showa,
            year_of_era: 2 + number % 62,
            month: 1 + number % 12,
            day: 1 + number % 28,
        };
        let face = Face { name: picture, ..alike.face };
        Self { number, name, birth_date, face, ..alike }
    }

    /// Verification number B of a card that expires on this date, `YYYYMMDD` (card.md 3.5).
    pub(super) fn verification_number_b(&self, expiry: &str) -> String {
        let year = expiry.get(..4).unwrap_or_default();
        format!("{}{year}{}", self.birth_date.of_era(), self.security_code)
    }
}

impl BirthDate {
    /// As the records of the card have it: `YYYYMMDD`.
    pub(super) fn to_digits(self) -> String {
        let before = match self.era {
            Era::Showa => 1925,
            Era::Heisei => 1988,
        };
        format!("{:04}{:02}{:02}", before + self.year_of_era, self.month, self.day)
    }

    /// As certificates have it: the digit of the era in front.
    pub(super) fn with_era(self) -> String {
        let era = match self.era {
            Era::Showa => 3,
            Era::Heisei => 4,
        };
        format!("{era}{}", self.to_digits())
    }

    /// As the card compares it: `YYMMDD` with the year of the era.
    pub(super) fn of_era(self) -> String {
        format!("{:02}{:02}{:02}", self.year_of_era, self.month, self.day)
    }
}

impl fmt::Debug for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Holder").field("number", &self.number).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::Holder;

    #[test]
    fn whoever_is_of_a_crowd_was_born_on_a_day_that_was() {
        for number in 0..=u16::MAX {
            let date = Holder::of_crowd(number).birth_date;
            assert!((1927..=1988).contains(&(1925 + date.year_of_era)), "{number}");
            assert!((1..=12).contains(&date.month) && (1..=28).contains(&date.day), "{number}");
            assert_eq!((date.to_digits().len(), date.of_era().len()), (8, 6), "{number}");
        }
    }

    #[test]
    fn a_date_of_birth_is_written_in_three_ways() {
        let [hanako, taro] = [Holder::HANAKO, Holder::TARO].map(|holder| {
            let date = holder.birth_date;
            [date.to_digits(), date.with_era(), date.of_era()]
        });
        assert_eq!(hanako, ["19800217", "319800217", "550217"]);
        assert_eq!(taro, ["19950217", "419950217", "070217"]);
    }

    #[test]
    fn debug_shows_nothing_of_a_person() {
        assert_eq!(format!("{:?}", Holder::HANAKO), "Holder { number: 1, .. }");
    }
}
