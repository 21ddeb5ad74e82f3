//! Readers on whose own keys a PIN is typed (PC/SC part 10, "IFDs with Secure PIN Entry
//! Capabilities"): the reader puts it into the VERIFY, and this program never has it.

use std::time::Duration;

use kazashi_core::codec::apdu::{CommandApdu, ResponseApdu, StatusWord};
use kazashi_core::error_code::ErrorCode;
use pcsc::{Card, ctl_code};

/// Until the first key, and from then on, in seconds. The transaction is open meanwhile.
const SECONDS_TO_FIRST_KEY: u8 = 15;
const SECONDS_FROM_FIRST_KEY: u8 = 15;
/// How long a person has: both.
pub(crate) const TIME_TO_TYPE: Duration = Duration::from_secs(30);

/// FEATURE_VERIFY_PIN_DIRECT: the reader collects a PIN and presents it at once.
const VERIFY_PIN_DIRECT: u8 = 0x06;
/// bmFormatString: system units are bytes; the PIN begins with the data field, to its left, as ASCII.
const ASCII_AT_START: u8 = 0x82;
/// bEntryValidationCondition: the person presses the key that confirms, and can correct until then.
const KEY_PRESSED: u8 = 0x02;
/// bNumberMessage: what the reader shows by itself.
const OWN_MESSAGE: u8 = 0xFF;
/// wLangId: English (United States), which every reader with a display has.
const LANGUAGE: u16 = 0x0409;

/// Status words of a reader that presented nothing.
const TIMED_OUT: StatusWord = StatusWord(0x6400);
const CANCELLED: StatusWord = StatusWord(0x6401);
const TWO_DIFFER: StatusWord = StatusWord(0x6402);
const TOO_SHORT_OR_LONG: StatusWord = StatusWord(0x6403);

/// The keys of the reader that a card is in.
pub(crate) struct PinPad<'c> {
    card: &'c Card,
    control_code: u32,
}

impl<'c> PinPad<'c> {
    /// The reader's, if it has any.
    pub(crate) fn of(card: &'c Card) -> Option<Self> {
        let mut buffer = [0; pcsc::MAX_BUFFER_SIZE];
        let features = card.control(ctl_code(3400), &[], &mut buffer).ok()?;
        Some(Self { card, control_code: control_code(features)? })
    }

    /// Has a PIN typed into a VERIFY whose data field is as long, and presented.
    pub(crate) fn verify(&self, verify: &CommandApdu) -> Result<Vec<u8>, pcsc::Error> {
        let mut buffer = [0; pcsc::MAX_BUFFER_SIZE];
        #[allow(clippy::useless_conversion)] // what has 32 bits on Windows has 64 on Linux
        let code = self.control_code.into();
        self.card.control(code, &structure(verify), &mut buffer).map(<[u8]>::to_vec)
    }
}

/// The card's answer, unless the reader says that it has none.
pub(crate) fn outcome(response: ResponseApdu) -> Result<ResponseApdu, ErrorCode> {
    match response.status() {
        TIMED_OUT => Err(ErrorCode::PinTimeout),
        CANCELLED => Err(ErrorCode::PinCancelled),
        TWO_DIFFER | TOO_SHORT_OR_LONG => Err(ErrorCode::PinMalformed),
        _ => Ok(response),
    }
}

/// The control code of VERIFY_PIN_DIRECT among a reader's features: tag, length 4, and the code in
/// big-endian.
fn control_code(features: &[u8]) -> Option<u32> {
    let (features, _) = features.as_chunks::<6>();
    features.iter().find_map(|feature| match *feature {
        [VERIFY_PIN_DIRECT, 4, a, b, c, d] => Some(u32::from_be_bytes([a, b, c, d])),
        _ => None,
    })
}

/// PIN_VERIFY_STRUCTURE, packed; its numbers in the order of bytes of this machine.
fn structure(verify: &CommandApdu) -> Vec<u8> {
    let command = verify.to_bytes();
    let digits = u8::try_from(verify.data().len()).unwrap_or_default();
    // The PIN fills its block, and its length is nowhere written.
    let (block, length_format) = (digits, 0x00);
    // wPINMaxExtraDigit: at least in its high byte, at most in its low byte.
    let sizes = u16::from_be_bytes([digits, digits]);
    let length = u32::try_from(command.len()).unwrap_or_default();
    [
        &[SECONDS_TO_FIRST_KEY, SECONDS_FROM_FIRST_KEY, ASCII_AT_START, block, length_format][..],
        &sizes.to_ne_bytes(),
        &[KEY_PRESSED, OWN_MESSAGE],
        &LANGUAGE.to_ne_bytes(),
        // bMsgIndex, and bTeoPrologue, which the reader fills.
        &[0x00, 0x00, 0x00, 0x00],
        &length.to_ne_bytes(),
        &command,
    ]
    .concat()
}

#[cfg(test)]
mod tests {
    use kazashi_core::codec::apdu::{CommandApdu, ResponseApdu, StatusWord};
    use kazashi_core::error_code::ErrorCode;

    use super::{control_code, outcome, structure};

    #[test]
    fn the_code_is_found_among_other_features() {
        let modify = [0x07, 4, 0x42, 0x33, 0x00, 0x07];
        let verify = [0x06, 4, 0x42, 0x33, 0x00, 0x06];
        assert_eq!(control_code(&[modify, verify].concat()), Some(0x4233_0006));
        for none in [&[][..], &modify, &verify[..5], &[0x06, 2, 0x42, 0x33, 0x00, 0x06]] {
            assert_eq!(control_code(none), None, "{none:?}");
        }
    }

    #[test]
    #[cfg(target_endian = "little")]
    fn four_digits_are_typed_into_the_data_field() {
        let verify = CommandApdu::new(0x00, 0x20, 0x00, 0x98).with_data([0xFF; 4]).unwrap();
        let expected = [
            15, 15, 0x82, 4, 0x00, 0x04, 0x04, 0x02, 0xFF, 0x09, 0x04, 0x00, 0x00, 0x00, 0x00, 9,
            0, 0, 0, 0x00, 0x20, 0x00, 0x98, 0x04, 0xFF, 0xFF, 0xFF, 0xFF,
        ];
        assert_eq!(structure(&verify), expected);
    }

    #[test]
    fn what_the_reader_says_is_told_from_what_the_card_says() {
        for (status, expected) in [
            (0x6400, Err(ErrorCode::PinTimeout)),
            (0x6401, Err(ErrorCode::PinCancelled)),
            (0x6402, Err(ErrorCode::PinMalformed)),
            (0x6403, Err(ErrorCode::PinMalformed)),
            (0x9000, Ok(StatusWord(0x9000))),
            (0x63C2, Ok(StatusWord(0x63C2))),
            (0x6983, Ok(StatusWord(0x6983))),
        ] {
            let response = ResponseApdu::new([], StatusWord(status));
            assert_eq!(outcome(response).map(|response| response.status()), expected);
        }
    }
}
