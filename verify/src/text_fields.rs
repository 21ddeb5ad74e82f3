//! JSON objects whose fields are all text.

use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};

/// The fields of an object, as they stand in it. Derived, the same would take twice the space in the
/// WebAssembly module.
pub(crate) struct TextFields(Vec<(String, String)>);

impl TextFields {
    pub(crate) fn take(&mut self, name: &str) -> Option<String> {
        let at = self.0.iter().position(|(field, _)| field == name)?;
        Some(self.0.swap_remove(at).1)
    }

    /// Whether every field was taken; one that is there twice never is.
    pub(crate) fn is_empty(&self) -> bool {
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
        while let Some(field) = object.next_entry()? {
            fields.push(field);
        }
        Ok(TextFields(fields))
    }
}
