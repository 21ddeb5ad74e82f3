use std::fmt;

use zeroize::Zeroizing;

use crate::error_code::ErrorCode;
use crate::value::PrintedBirthDate;
use crate::value::pin::four_digits;

/// Verification number B (照合番号B), which opens the card face to whoever has the card before them:
/// birth date, year of expiry and security code, all printed on it (card.md 3.5). Erased on drop;
/// `Debug` shows nothing of it.
#[derive(Clone, PartialEq, Eq)]
pub struct VerificationNumberB {
    birth_date: PrintedBirthDate,
    expiry_year: Zeroizing<Box<[u8]>>,
    security_code: Zeroizing<Box<[u8]>>,
}

impl VerificationNumberB {
    /// Reads, beside the birth date, the year of expiry in the Gregorian calendar (`2035`) and the
    /// security code (`2285`), both of four digits, ASCII or full-width.
    ///
    /// What cannot be right is `verification-number-malformed`.
    pub fn parse(
        birth_date: PrintedBirthDate,
        expiry_year: &str,
        security_code: &str,
    ) -> Result<Self, ErrorCode> {
        let digits = |text| four_digits(text).ok_or(ErrorCode::VerificationNumberMalformed);
        let (expiry_year, security_code) = (digits(expiry_year)?, digits(security_code)?);
        Ok(Self { birth_date, expiry_year, security_code })
    }

    /// The holder's birth date.
    #[must_use]
    pub fn birth_date(&self) -> &PrintedBirthDate {
        &self.birth_date
    }

    /// The year in which the card expires: four digits.
    #[must_use]
    pub fn expiry_year(&self) -> &[u8] {
        &self.expiry_year
    }

    /// The security code: four digits.
    #[must_use]
    pub fn security_code(&self) -> &[u8] {
        &self.security_code
    }

    /// The 14 digits that the card compares: birth date as `YYMMDD`, year of expiry, security code.
    pub(crate) fn digits(&self) -> Zeroizing<Box<[u8]>> {
        let digits = [self.birth_date.digits(), self.expiry_year(), self.security_code()].concat();
        Zeroizing::new(digits.into())
    }
}

impl fmt::Debug for VerificationNumberB {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("VerificationNumberB")
    }
}

#[cfg(test)]
mod tests {
    use super::VerificationNumberB;
    use crate::error_code::ErrorCode;
    use crate::value::{Calendar, PrintedBirthDate};

    fn birth_date() -> PrintedBirthDate {
        PrintedBirthDate::parse("1980-02-17", Calendar::Era).unwrap()
    }

    #[test]
    fn the_digits_are_what_the_card_compares() {
        // card.md 3.5 has this one, confirmed on a card.
        for (year, code) in [("2035", "2285"), ("２０３５", "2２8５")] {
            let number = VerificationNumberB::parse(birth_date(), year, code).unwrap();
            assert_eq!(&**number.digits(), b"55021720352285");
        }
    }

    #[test]
    fn what_cannot_be_a_number_never_reaches_the_card() {
        let malformed = Err(ErrorCode::VerificationNumberMalformed);
        for text in ["", "35", "20355", "2O35", "-035", "令和17", "2035 "] {
            let parse = |year, code| VerificationNumberB::parse(birth_date(), year, code);
            assert_eq!(parse(text, "2285"), malformed, "{text:?}");
            assert_eq!(parse("2035", text), malformed, "{text:?}");
        }
    }

    #[test]
    fn debug_shows_nothing() {
        let number = VerificationNumberB::parse(birth_date(), "2035", "2285").unwrap();
        assert_eq!(format!("{number:?}"), "VerificationNumberB");
    }
}
