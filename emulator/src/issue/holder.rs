use std::fmt;

/// A person that cards are issued to. Nobody of these names exists. `Debug` shows the number only.
#[derive(Clone, Copy)]
pub struct Holder {
    /// Tells the serial numbers and names in the certificates of one person from another's.
    pub(super) number: u8,
    pub(super) name: &'static str,
    /// The first digit is the era: 3 is Shōwa, 4 is Heisei.
    pub(super) birth_date: &'static str,
    /// As the card compares it, with the year of the era.
    pub(super) birth_date_of_era: &'static str,
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

/// What is pictured on a card: PNG, but for the photo, which is JPEG 2000.
#[derive(Clone, Copy)]
pub(super) struct Face {
    pub(super) photo: &'static [u8],
    pub(super) name: &'static [u8],
    pub(super) address: &'static [u8],
    pub(super) security_code: &'static [u8],
    pub(super) individual_number: &'static [u8],
}

macro_rules! picture {
    ($person:literal, $file:literal) => {
        include_bytes!(concat!("../../../vectors/card-face/", $person, "-", $file))
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

impl Holder {
    /// The holder of the checked-in cards.
    pub const HANAKO: Self = Self {
        number: 1,
        name: "架空　花子",
        birth_date: "319800217",
        birth_date_of_era: "550217",
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
        birth_date: "419950217",
        birth_date_of_era: "070217",
        sex: "1",
        address: "東京都清瀬市架空四丁目５番地６",
        security_code: "7491",
        individual_number: "111111111118",
        face: face!("taro"),
    };

    /// The date of birth as the records of the card have it: `YYYYMMDD`.
    pub(super) fn birth_date_without_era(&self) -> &str {
        self.birth_date.get(1..).unwrap_or_default()
    }

    /// Verification number B of a card that expires on this date, `YYYYMMDD` (card.md 3.5).
    pub(super) fn verification_number_b(&self, expiry: &str) -> String {
        let year = expiry.get(..4).unwrap_or_default();
        [self.birth_date_of_era, year, self.security_code].concat()
    }
}

impl fmt::Debug for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Holder").field("number", &self.number).finish_non_exhaustive()
    }
}
