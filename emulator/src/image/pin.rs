use std::fmt;

use zeroize::Zeroizing;

use super::ImageError;

/// A PIN or password with its retry counter. One that was never set has no tries left: this is what
/// the card answers for a key reference that it was issued with unused (card.md 3.2, EF 0012), so a
/// PIN that was never set cannot be told from a blocked one. `Debug` shows the counter only.
#[derive(Clone, PartialEq, Eq)]
pub struct Pin {
    /// None, if it was never set or is not known.
    value: Option<Zeroizing<String>>,
    retries_left: u8,
    retries_max: u8,
}

impl Pin {
    /// A PIN with all tries left.
    pub fn new(value: &str, retries_max: u8) -> Result<Self, ImageError> {
        Self::with_retries_left(value, retries_max, retries_max)
    }

    /// A PIN of which some tries are used.
    pub fn with_retries_left(
        value: &str,
        retries_left: u8,
        retries_max: u8,
    ) -> Result<Self, ImageError> {
        if !value.is_ascii() || !(1..=16).contains(&value.len()) {
            return Err(ImageError::PinValue);
        }
        let pin = Self::without_value(retries_left, retries_max)?;
        Ok(Self { value: Some(Zeroizing::new(value.to_owned())), ..pin })
    }

    /// A PIN that nobody can present: it was never set (then there are no tries), or is not known.
    pub fn without_value(retries_left: u8, retries_max: u8) -> Result<Self, ImageError> {
        if retries_left > retries_max || !(1..=15).contains(&retries_max) {
            return Err(ImageError::RetryCounter);
        }
        Ok(Self { value: None, retries_left, retries_max })
    }

    /// The value that VERIFY expects, if there is one.
    #[must_use]
    pub fn value(&self) -> Option<&str> {
        self.value.as_ref().map(|value| value.as_str())
    }

    /// Number of tries that are left.
    #[must_use]
    pub fn retries_left(&self) -> u8 {
        self.retries_left
    }

    /// Number of tries after a correct one.
    #[must_use]
    pub fn retries_max(&self) -> u8 {
        self.retries_max
    }

    /// Compares, and keeps the counter. A blocked PIN matches nothing.
    pub(crate) fn present(&mut self, value: &[u8]) -> bool {
        let correct = self.retries_left > 0 && self.value().map(str::as_bytes) == Some(value);
        self.retries_left =
            if correct { self.retries_max } else { self.retries_left.saturating_sub(1) };
        correct
    }

    pub(crate) fn change(&mut self, value: &[u8]) {
        self.value = Some(Zeroizing::new(String::from_utf8_lossy(value).into_owned()));
        self.retries_left = self.retries_max;
    }
}

impl fmt::Debug for Pin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pin")
            .field("retries_left", &self.retries_left)
            .field("retries_max", &self.retries_max)
            .finish_non_exhaustive()
    }
}
