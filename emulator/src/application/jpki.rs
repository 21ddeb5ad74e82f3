//! 公的個人認証AP (card.md 3.1).

use super::Access;

pub(super) const AID: [u8; 10] = [0xD3, 0x92, 0xF0, 0x00, 0x26, 0x01, 0x00, 0x00, 0x00, 0x01];

const DIGITAL_SIGNATURE_CERTIFICATE: u16 = 0x0001;
/// Of unknown content; opened by neither PIN.
const PROTECTED: u16 = 0x0009;
const USER_AUTHENTICATION_KEY: u16 = 0x0017;
const USER_AUTHENTICATION_PIN: u16 = 0x0018;
const DIGITAL_SIGNATURE_KEY: u16 = 0x001A;
const DIGITAL_SIGNATURE_PASSWORD: u16 = 0x001B;

pub(super) fn access(id: u16) -> Access {
    match id {
        DIGITAL_SIGNATURE_CERTIFICATE | DIGITAL_SIGNATURE_KEY => {
            Access::AfterAnyOf(&[DIGITAL_SIGNATURE_PASSWORD])
        }
        USER_AUTHENTICATION_KEY => Access::AfterPinOrTerminal(USER_AUTHENTICATION_PIN),
        PROTECTED => Access::AfterAnyOf(&[]),
        _ => Access::Free,
    }
}

pub(super) fn accepts_new_pin(id: u16, value: &[u8]) -> bool {
    match id {
        USER_AUTHENTICATION_PIN => value.len() == 4 && value.iter().all(u8::is_ascii_digit),
        DIGITAL_SIGNATURE_PASSWORD => {
            (6..=16).contains(&value.len())
                && value.iter().all(|byte| byte.is_ascii_digit() || byte.is_ascii_uppercase())
        }
        _ => false,
    }
}
