//! The commands that flows send, one function each (ISO/IEC 7816-4:2020, 11; card.md 4).

use crate::codec::apdu::{CommandApdu, ResponseApdu};
use crate::value::layout::Application;

/// VERIFY (11.5.6).
pub(crate) const INS_VERIFY: u8 = 0x20;
/// READ BINARY (11.3.3).
const INS_READ_BINARY: u8 = 0xB0;

impl Application {
    /// SELECT (11.2.2) by DF name, without FCI.
    #[must_use]
    pub fn select(self) -> CommandApdu {
        CommandApdu::new(0x00, 0xA4, 0x04, 0x0C).with_data(self.aid()).expect(SHORT)
    }
}

/// SELECT (11.2.2) of an EF under the current application, without FCI.
pub(crate) fn select_file(ef: u8) -> CommandApdu {
    CommandApdu::new(0x00, 0xA4, 0x02, 0x0C).with_data([0x00, ef]).expect(SHORT)
}

/// READ BINARY (11.3.3): P1 names a file by its short identifier, or begins the offset in the
/// current one.
pub(crate) fn read_binary(p1: u8, p2: u8, ne: u32) -> CommandApdu {
    CommandApdu::new(0x00, INS_READ_BINARY, p1, p2).with_ne(ne).expect(SHORT)
}

/// Whether a command has read something although the status word is no `9000`: what was read is judged,
/// and not the card's remark about it.
pub(crate) fn has_read(ins: u8, response: &ResponseApdu) -> bool {
    ins == INS_READ_BINARY && response.status().is_warning() && !response.data().is_empty()
}

/// VERIFY (11.5.6) without data: asks for the retry counter and spends no try.
pub(crate) fn retries_left(p2: u8) -> CommandApdu {
    CommandApdu::new(0x00, INS_VERIFY, 0x00, p2)
}

/// VERIFY (11.5.6) with data: spends a try if the value is wrong.
pub(crate) fn verify(p2: u8, value: &[u8]) -> CommandApdu {
    CommandApdu::new(0x00, INS_VERIFY, 0x00, p2).with_data(value).expect(SHORT)
}

/// COMPUTE DIGITAL SIGNATURE in the card's own class: PKCS #1 v1.5 over a DigestInfo (card.md 4.3).
pub(crate) fn compute_digital_signature(p2: u8, digest_info: &[u8]) -> CommandApdu {
    CommandApdu::new(0x80, 0x2A, 0x00, p2)
        .with_data(digest_info)
        .and_then(|command| command.with_ne(CommandApdu::MAX_SHORT_NE))
        .expect(SHORT)
}

/// GET CHALLENGE (11.5.3), always in the short form (card.md 4.4).
pub(crate) fn get_challenge(length: u8) -> CommandApdu {
    CommandApdu::new(0x00, 0x84, 0x00, 0x00).with_ne(length.into()).expect(SHORT)
}

/// GET RESPONSE (11.8.1).
pub(crate) fn get_response(ne: u32) -> CommandApdu {
    CommandApdu::new(0x00, 0xC0, 0x00, 0x00).with_ne(ne).expect(SHORT)
}

const SHORT: &str = "names, PINs, DigestInfos and Ne are within bounds";
