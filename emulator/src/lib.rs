//! A software My Number Card (マイナンバーカード): the same files, keys, PINs, states and status words as
//! the card has at its interface, so far as they are public.
//!
//! A [`Card`] takes command APDUs and gives response APDUs. It does no I/O, has no clock, and takes
//! its random bytes as an argument. What is on it is an [`Image`]; [`folder`] keeps images on disk,
//! and a [`Reader`](reader::Reader) carries the commands of whoever guards the card, or fails to.
//!
//! It has the applications for certificates, the card surface, card information, and the common one;
//! not the one for residence registers, and no secure messaging.
//!
//! What has been learned of the card stands in docs/card.md, and is cited by section. Where
//! nothing is public, a comment says what was chosen here.
//!
//! ```
//! use kazashi_emulator::{Card, Image};
//! use rand_core::OsRng;
//!
//! let mut card = Card::new(Image::normal());
//! let select_jpki = b"\x00\xA4\x04\x0C\x0A\xD3\x92\xF0\x00\x26\x01\x00\x00\x00\x01";
//! assert_eq!(card.transmit(select_jpki, &mut OsRng), [0x90, 0x00]);
//! ```

mod application;
mod card;
// For the program and its manual.
#[cfg(not(target_family = "wasm"))]
#[doc(hidden)]
pub mod command_line;
mod deed;
pub mod folder;
mod image;
pub mod issue;
pub mod reader;
mod timing;

pub use application::Application;
pub use card::Card;
pub use deed::Deed;
pub use image::{
    Contents, Ef, Image, ImageError, Pin, PrivateKey, PublicKey, UnknownVariant, Variant,
};
pub use timing::Timing;
