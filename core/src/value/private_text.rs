use std::fmt;

use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::value::BirthDate;

/// A PIN, a birth date or a part of a verification number as the page supplies it, not parsed yet; or
/// what a card says of its holder. Erased on drop; never shown.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PrivateText(#[serde(with = "zeroizing_string")] Zeroizing<String>);

impl PrivateText {
    /// The text that a page read from its input.
    #[must_use]
    pub fn new(text: impl Into<String>) -> Self {
        Self(Zeroizing::new(text.into()))
    }

    /// A birth date as `YYYY-MM-DD`, with zeros for what is not known.
    #[must_use]
    pub fn of_birth_date(birth_date: &BirthDate) -> Self {
        let mut text = String::with_capacity(10);
        for (index, digit) in birth_date.digits().iter().enumerate() {
            if matches!(index, 4 | 6) {
                text.push('-');
            }
            text.push(char::from(*digit));
        }
        Self::new(text)
    }

    /// Digits, in ASCII.
    #[must_use]
    pub(crate) fn of_digits(digits: &[u8]) -> Self {
        Self::new(digits.iter().copied().map(char::from).collect::<String>())
    }

    /// The text, to be parsed for a key by [`PinValue::parse`](super::PinValue::parse).
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

mod zeroizing_string {
    use serde::{Deserialize, Deserializer, Serializer};
    use zeroize::Zeroizing;

    pub(super) fn serialize<S: Serializer>(
        text: &Zeroizing<String>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(text)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Zeroizing<String>, D::Error> {
        String::deserialize(deserializer).map(Zeroizing::new)
    }
}

impl fmt::Debug for PrivateText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PrivateText")
    }
}
