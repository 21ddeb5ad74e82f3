//! Time that a card in a reader takes.

use std::num::NonZeroU32;
use std::time::Duration;

use kazashi_core::codec::apdu::{CommandApdu, ResponseApdu, StatusWord};

use crate::card::INS_PERFORM_SECURITY_OPERATION;

/// The time that a card takes, for measurements. By default it takes none.
///
/// The library only says how long: who runs the card waits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "what takes time, part by part")]
pub struct Timing {
    /// The bit rate of the interface in kbit/s; none takes no time. A contactless card begins with
    /// 106, and may be asked for 212, 424 and 848 (ISO/IEC 14443-3:2018, 7.1).
    pub bit_rate: Option<NonZeroU32>,
    /// Time that each command takes, in card, reader and cable.
    pub command: Duration,
    /// Time that a signature takes on top.
    pub signature: Duration,
}

impl Timing {
    /// From the first bit of this command to the last bit of this response.
    #[must_use]
    pub fn duration(&self, command: &[u8], response: &[u8]) -> Duration {
        let mut duration = self.command + self.transfer(command.len() + response.len());
        if is_signature(command, response) {
            duration += self.signature;
        }
        duration
    }

    /// A byte of Type B travels between a start bit and a stop bit (ISO/IEC 14443-3:2018, 7.1.1).
    /// What frames its blocks is left out.
    fn transfer(&self, bytes: usize) -> Duration {
        let Some(bit_rate) = self.bit_rate else { return Duration::ZERO };
        let bits = 10 * u64::try_from(bytes).unwrap_or(u64::MAX / 10);
        Duration::from_micros(bits.saturating_mul(1_000) / u64::from(bit_rate.get()))
    }
}

fn is_signature(command: &[u8], response: &[u8]) -> bool {
    let (Ok(command), Ok(response)) =
        (CommandApdu::from_bytes(command), ResponseApdu::from_bytes(response))
    else {
        return false;
    };
    command.ins() == INS_PERFORM_SECURITY_OPERATION && response.status() == StatusWord::OK
}
