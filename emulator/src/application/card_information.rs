//! 券面事項入力補助AP (card.md 3.2), without secure messaging and the key that begins it (EF 0006).

use super::Access;

pub(super) const AID: [u8; 10] = [0xD3, 0x92, 0x10, 0x00, 0x31, 0x00, 0x01, 0x01, 0x04, 0x08];

const INDIVIDUAL_NUMBER: u16 = 0x0001;
const BASIC_ATTRIBUTES: u16 = 0x0002;
const INTEGRITY_RECORD: u16 = 0x0003;
const CV_CERTIFICATE: u16 = 0x0004;
const BASIC_INFORMATION: u16 = 0x0005;
const PUBLIC_KEY: u16 = 0x0007;
/// Of unknown meaning. What opens it is not public either: here what opens those beside it.
const UNKNOWN: u16 = 0x0008;
const PIN: u16 = 0x0011;
pub(super) const KEY: u16 = 0x0013;
const VERIFICATION_NUMBER_A: u16 = 0x0014;
const VERIFICATION_NUMBER_B: u16 = 0x0015;

pub(super) fn access(id: u16) -> Access {
    match id {
        INDIVIDUAL_NUMBER => Access::AfterAnyOf(&[PIN, VERIFICATION_NUMBER_A]),
        BASIC_ATTRIBUTES => Access::AfterAnyOf(&[PIN, VERIFICATION_NUMBER_B]),
        INTEGRITY_RECORD | PUBLIC_KEY | UNKNOWN => {
            Access::AfterAnyOf(&[PIN, VERIFICATION_NUMBER_A, VERIFICATION_NUMBER_B])
        }
        CV_CERTIFICATE | BASIC_INFORMATION | KEY => Access::Free,
        // What opens the others is not known.
        _ => Access::AfterAnyOf(&[]),
    }
}

pub(super) fn accepts_new_pin(id: u16, value: &[u8]) -> bool {
    id == PIN && value.len() == 4 && value.iter().all(u8::is_ascii_digit)
}
