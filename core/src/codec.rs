//! Codecs: bytes of the card and of the wire, and nothing that depends on what they mean.

pub mod apdu;
pub(crate) mod base64;
pub mod card_record;
mod hex;
mod text_fields;
pub mod tlv;

pub use base64::{Base64, MalformedBase64};
pub use hex::{Hex, MalformedHex};
pub use text_fields::TextFields;
