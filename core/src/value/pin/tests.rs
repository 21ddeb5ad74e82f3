use super::{MalformedPin, Password, Pin, PinValue};
use crate::value::layout::PinReference;

#[test]
fn full_width_digits_are_the_same_pin() {
    assert_eq!(Pin::parse("１２３４"), Pin::parse("1234"));
}

#[test]
fn small_letters_are_the_same_password() {
    assert_eq!(Password::parse("abc123"), Password::parse("ABC123"));
    assert_eq!(Password::parse("ａｂｃ１２３"), Password::parse("ABC123"));
}

#[test]
fn what_cannot_be_a_pin_never_reaches_the_card() {
    for text in ["", "123", "12345", "12 34", "12a4", "-123", "１２３", "あいうえ", "1234\n"]
    {
        assert_eq!(Pin::parse(text), Err(MalformedPin::Pin), "{text:?}");
    }
}

#[test]
fn what_cannot_be_a_password_never_reaches_the_card() {
    let long = "A".repeat(17);
    let huge = "1".repeat(100_000);
    for text in ["", "ABC12", "ABC 123", "ABC-123", "パスワード1", "ÄBC123", &long, &huge] {
        assert_eq!(Password::parse(text), Err(MalformedPin::Password), "{text:?}");
    }
}

#[test]
fn the_bytes_are_what_the_card_compares() {
    let pin = PinValue::parse(PinReference::UserAuthentication, "１２３4").unwrap();
    assert_eq!(pin.as_bytes(), b"1234");
    let pin = PinValue::parse(PinReference::CardInformation, "１２３4").unwrap();
    assert_eq!(pin.as_bytes(), b"1234");
    let password = PinValue::parse(PinReference::DigitalSignature, "abc123").unwrap();
    assert_eq!(password.as_bytes(), b"ABC123");
}

#[test]
fn debug_shows_no_secret() {
    let pin = PinValue::parse(PinReference::UserAuthentication, "1234").unwrap();
    assert_eq!(format!("{pin:?}"), "UserAuthentication(Pin)");
}
