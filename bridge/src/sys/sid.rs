//! Names of accounts within Windows ([MS-DTYP], 2.4.2).

use std::fmt;

/// A SID in its binary form: revision, count, authority (6 bytes), and that many numbers.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Sid(Vec<u8>);

impl Sid {
    /// The one with which these bytes begin.
    pub(super) fn at_beginning_of(bytes: &[u8]) -> Option<Self> {
        let [1, count, ..] = *bytes else { return None };
        bytes.get(..8 + 4 * usize::from(count)).map(|sid| Self(sid.to_vec()))
    }

    /// `S-1-`, the authority, and these numbers.
    pub(super) fn of_authority(authority: u8, numbers: &[u32]) -> Self {
        let count = u8::try_from(numbers.len()).expect("a SID has at most 15 numbers");
        let mut sid = vec![1, count, 0, 0, 0, 0, 0, authority];
        sid.extend(numbers.iter().flat_map(|number| number.to_le_bytes()));
        Self(sid)
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Display for Sid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (authority, numbers) = self.0.split_at(8);
        let authority = authority.iter().skip(2).fold(0, |sum, byte| sum << 8 | u64::from(*byte));
        write!(f, "S-1-{authority}")?;
        let (numbers, _) = numbers.as_chunks();
        numbers.iter().try_for_each(|number| write!(f, "-{}", u32::from_le_bytes(*number)))
    }
}

impl fmt::Debug for Sid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::Sid;

    #[test]
    fn a_sid_is_shown_as_windows_shows_it() {
        assert_eq!(Sid::of_authority(5, &[18]).to_string(), "S-1-5-18");
        let user = Sid::of_authority(5, &[21, 1_004_336_348, 4_294_967_295, 682_003_330, 1001]);
        assert_eq!(user.to_string(), "S-1-5-21-1004336348-4294967295-682003330-1001");
        let everyone = Sid::at_beginning_of(&[1, 1, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0xFF]).unwrap();
        assert_eq!(everyone.to_string(), "S-1-1-0");
    }

    #[test]
    fn what_is_cut_short_or_of_another_form_is_none() {
        let whole = [1, 1, 0, 0, 0, 0, 0, 5, 18, 0, 0, 0];
        assert_eq!(Sid::at_beginning_of(&whole), Some(Sid::of_authority(5, &[18])));
        for length in 0..whole.len() {
            assert_eq!(Sid::at_beginning_of(&whole[..length]), None, "{length}");
        }
        assert_eq!(Sid::at_beginning_of(&[2, 1, 0, 0, 0, 0, 0, 5, 18, 0, 0, 0]), None);
    }
}
