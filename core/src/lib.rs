//! The My Number Card (マイナンバーカード), without any I/O.
//!
//! In order, each built on those before it:
//!
//! - [`codec`]: APDUs, data objects, text forms of bytes.
//! - [`value`]: what the card has, is given and signs; [`value::layout`] says where it lies on the card.
//! - [`error_code`]: every way to fail; [`wire`]: the messages between page and bridge.
//! - [`flow`]: what is said to a card, in order; [`card`]: the flows of its applications.
//! - [`guard`]: which scope a command needs, and the card within one transaction.
//!
//! Time and random bytes come in as arguments, bytes go out as values, nothing is logged.

pub mod card;
pub mod codec;
pub mod error_code;
pub mod flow;
pub mod guard;
pub mod value;
pub mod wire;
