use crate::codec::apdu::{CommandApdu, ResponseApdu};
use crate::error_code::ErrorCode;

/// A card that this program alone may speak to.
pub trait CardTransaction {
    /// Carries one command to the card.
    fn transmit(&mut self, command: &CommandApdu) -> Result<ResponseApdu, ErrorCode>;

    /// Whether PINs can be typed on the reader itself.
    fn has_pin_pad(&mut self) -> bool {
        false
    }

    /// Has the reader put what a person types on its keys into this VERIFY, whose data field is as
    /// long as the PIN, and carry it to the card. If nothing came of that, the card was not asked:
    /// [`PinCancelled`](ErrorCode::PinCancelled), [`PinTimeout`](ErrorCode::PinTimeout) or
    /// [`PinMalformed`](ErrorCode::PinMalformed).
    fn verify_on_reader(&mut self, _verify: &CommandApdu) -> Result<ResponseApdu, ErrorCode> {
        Err(ErrorCode::PinEntryUnavailable)
    }

    /// Gives the card up.
    fn end(self: Box<Self>, ending: Ending);
}

/// How a card is given up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "who gives a card up must know each way")]
pub enum Ending {
    /// It is clean: the card manager is selected.
    LeaveCard,
    /// Power it down, which clears every VERIFY. A warm reset would not (card.md 2).
    UnpowerCard,
}
