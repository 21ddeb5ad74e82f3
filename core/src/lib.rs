//! The My Number Card (マイナンバーカード), without any I/O.
//!
//! - [`apdu`], [`tlv`] and [`card_record`]: the codecs.
//! - [`flow`]: what is said to a card, in order; [`jpki`], [`card_surface`] and [`card_information`]:
//!   the flows of three of its applications; [`terminal`]: what an institution says to it.
//! - [`key`], [`secret`], [`verification`] and [`statement`]: what signs, what the card is given to
//!   compare, and what it signs.
//! - [`policy`]: which scope a command needs, given the state of the card; [`session`]: the card
//!   within one transaction, guarded by it.
//! - [`wire`]: the messages between page and bridge; [`error_code`]: every way they can fail.
//!
//! Time and random bytes come in as arguments, bytes go out as values, nothing is logged.

mod abilities;
pub mod apdu;
mod attributes_record;
mod birth_date;
pub mod card_information;
pub mod card_record;
pub mod card_surface;
mod command;
mod digest_info;
mod document;
mod error;
pub mod error_code;
mod file;
pub mod flow;
pub mod jpki;
pub mod key;
mod nonce;
pub mod policy;
mod progress;
pub mod secret;
pub mod session;
mod sex;
pub mod statement;
pub mod terminal;
pub mod tlv;
pub mod token;
pub mod verification;
mod verification_number_b;
pub mod wire;

pub use abilities::Abilities;
pub use attributes_record::AttributesRecord;
pub use birth_date::{BirthDate, MalformedBirthDate};
pub use document::{Document, Hash, MalformedDocument};
pub use error::Error;
pub use nonce::{MalformedNonce, Nonce};
pub use progress::Progress;
pub use sex::Sex;
pub use verification_number_b::VerificationNumberB;
