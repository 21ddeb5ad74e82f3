//! 券面事項確認AP (card.md 3.3).

use super::Access;

pub(super) const AID: [u8; 10] = [0xD3, 0x92, 0x10, 0x00, 0x31, 0x00, 0x01, 0x01, 0x04, 0x02];

const AGE_RECORD: u16 = 0x0001;
const CARD_FACE: u16 = 0x0002;
const BASIC_INFORMATION: u16 = 0x0003;
const CV_CERTIFICATE: u16 = 0x0004;
const INDIVIDUAL_NUMBER_IMAGE: u16 = 0x0005;
/// Of unknown meaning.
const UNKNOWN: u16 = 0x0006;
const BIRTH_DATE: u16 = 0x0011;
const VERIFICATION_NUMBER_B: u16 = 0x0012;
const VERIFICATION_NUMBER_A: u16 = 0x0013;
pub(super) const KEY: u16 = 0x001A;

pub(super) fn access(id: u16) -> Access {
    match id {
        AGE_RECORD => Access::AfterAnyOf(&[BIRTH_DATE]),
        CARD_FACE | UNKNOWN => Access::AfterAnyOf(&[VERIFICATION_NUMBER_A, VERIFICATION_NUMBER_B]),
        INDIVIDUAL_NUMBER_IMAGE => Access::AfterAnyOf(&[VERIFICATION_NUMBER_A]),
        BASIC_INFORMATION | CV_CERTIFICATE | KEY => Access::Free,
        // What opens the others is not known.
        _ => Access::AfterAnyOf(&[]),
    }
}
