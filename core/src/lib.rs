//! The My Number Card (マイナンバーカード), without any I/O.

pub mod apdu;
pub mod statement;
pub mod tlv;
