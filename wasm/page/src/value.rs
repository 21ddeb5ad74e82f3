//! Values that cross the line between Rust and JavaScript: plain objects, as JSON would write them.

use std::fmt;

use js_sys::Reflect;
use kazashi_core::wire::Failure;
use serde::de::{self, IntoDeserializer};
use serde::{Deserialize, Serialize};
use serde_wasm_bindgen::Serializer;
use wasm_bindgen::JsValue;

/// A plain object of plain values. Fails for nothing that is serialised here.
pub(crate) fn plain<T: Serialize>(value: &T) -> Result<JsValue, JsValue> {
    value.serialize(&Serializer::json_compatible()).map_err(JsValue::from)
}

/// A failure as it is thrown: `{ code, retriesLeft?, statusWord? }`. TypeScript makes it an
/// `Error`.
pub(crate) fn thrown(failure: impl Into<Failure>) -> JsValue {
    plain(&failure.into()).unwrap_or_else(|error| error)
}

/// A field of an object. `None` of what is none.
pub(crate) fn field(object: &JsValue, name: &str) -> Option<JsValue> {
    Reflect::get(object, &name.into()).ok()
}

/// A field of an object, if it is a text.
pub(crate) fn text(object: &JsValue, name: &str) -> Option<String> {
    field(object, name)?.as_string()
}

/// Reads what core writes as a text: a name, or bytes in hexadecimal.
pub(crate) fn parse<T: for<'de> Deserialize<'de>>(text: &str) -> Option<T> {
    let deserializer: de::value::StrDeserializer<'_, Malformed> = text.into_deserializer();
    T::deserialize(deserializer).ok()
}

/// Says nothing more, so that the page does not download the words.
#[derive(Debug)]
struct Malformed;

impl de::Error for Malformed {
    fn custom<T: fmt::Display>(_: T) -> Self {
        Self
    }
}

impl std::error::Error for Malformed {}

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("malformed")
    }
}
