//! Values that cross the line between Rust and JavaScript.

use kazashi_core::error_code::ErrorCode;
use kazashi_core::wire::Failure;
use serde::de::DeserializeOwned;
use serde::{Serialize, Serializer};
use wasm_bindgen::JsValue;

/// A plain object, with bytes as `Uint8Array`.
pub(crate) fn plain<T: Serialize>(value: &T) -> Result<JsValue, JsValue> {
    let serializer = serde_wasm_bindgen::Serializer::new().serialize_missing_as_null(false);
    value.serialize(&serializer).map_err(JsValue::from)
}

/// A failure as it is thrown: `{ code, retriesLeft?, statusWord? }`. TypeScript makes it an
/// `Error`.
pub(crate) fn thrown(failure: impl Into<Failure>) -> JsValue {
    plain(&failure.into()).unwrap_or_else(|error| error)
}

/// Reads an argument, as core writes it.
pub(crate) fn argument<T: DeserializeOwned>(value: JsValue) -> Result<T, JsValue> {
    serde_wasm_bindgen::from_value(value).map_err(|_| thrown(ErrorCode::InvalidRequest))
}

pub(crate) fn uint8_array<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_bytes(bytes)
}
