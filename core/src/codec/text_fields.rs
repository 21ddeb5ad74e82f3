use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, MapAccess, Visitor};

/// The fields of a JSON object, all of them text, as they stand in it. Derived, the same would take
/// twice the space in the WebAssembly module.
pub struct TextFields(Vec<(String, String)>);

impl TextFields {
    /// The bytes that the values of one object may have together: Web eID's bound of a token, of
    /// which a real one takes half.
    pub const MAX_LENGTH: usize = 10_000;

    /// The value of a field, which is not there any more.
    pub fn take(&mut self, name: &str) -> Option<String> {
        let at = self.0.iter().position(|(field, _)| field == name)?;
        Some(self.0.swap_remove(at).1)
    }

    /// Whether every field was taken; one that is there twice never is.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl<'de> Deserialize<'de> for TextFields {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(TextFieldsVisitor)
    }
}

struct TextFieldsVisitor;

impl<'de> Visitor<'de> for TextFieldsVisitor {
    type Value = TextFields;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object of texts")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<TextFields, A::Error> {
        let mut fields = Vec::new();
        let mut length = 0;
        while let Some((name, value)) = object.next_entry::<String, String>()? {
            length += value.len();
            if length > TextFields::MAX_LENGTH {
                return Err(A::Error::custom("too long"));
            }
            fields.push((name, value));
        }
        Ok(TextFields(fields))
    }
}

/// Shows how many there are: what they hold is personal.
impl fmt::Debug for TextFields {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TextFields({})", self.0.len())
    }
}
