//! Command and response APDUs (ISO/IEC 7816-4:2020, 5.2 and 5.3).

mod command;
mod response;
mod status_word;

pub use command::{CommandApdu, LengthFields, MalformedCommand};
pub use response::{MalformedResponse, ResponseApdu};
pub use status_word::StatusWord;
