//! Command and response APDUs (ISO/IEC 7816-4:2020, 5.2 and 5.3).

mod command_apdu;
mod response_apdu;
mod status_word;

pub use command_apdu::{CommandApdu, LengthFields, MalformedCommand};
pub use response_apdu::{MalformedResponse, ResponseApdu};
pub use status_word::StatusWord;
