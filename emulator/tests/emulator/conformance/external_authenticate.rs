//! EXTERNAL AUTHENTICATE (card.md 6.1): what is public of it, and our extension, by which a terminal
//! has the card sign a statement without a PIN.

use kazashi_core::codec::apdu::StatusWord;
use kazashi_emulator::{Card, Image, Variant};
use rand_core::OsRng;
use rsa::Pkcs1v15Sign;
use rsa::sha2::Sha256;

use crate::support::commands::{
    EXTERNAL_AUTHENTICATE, command, digest_info, response, send, sign_command,
};
use crate::support::contents;
use crate::support::terminal::{
    NOT_PERMITTED, OK, OUT_OF_ORDER, SELECT_0016, STATEMENT, VERIFICATION_FAILED, WRONG_LENGTH,
    authenticate, authenticate_as, challenge, external_authenticate, load, load_chain, trusting,
};
use crate::support::transcript::{SELECT_JPKI, in_jpki, play};
use crate::support::vectors::private_key;

#[test]
fn a_terminal_lets_the_card_sign_its_statement_without_a_pin() {
    for variant in [Variant::Normal, Variant::WithoutPins, Variant::Blocked] {
        let mut card = trusting(Image::of(variant));
        assert_eq!(authenticate(&mut card, STATEMENT), OK, "{variant:?}");
        play(&mut card, "> 00A4020C 02 0017\n< 9000");
        let response = card.transmit(&sign_command(0x00, 0x80, STATEMENT), &mut OsRng);
        let (signature, status) = response.split_last_chunk::<2>().unwrap();
        assert_eq!(*status, [0x90, 0x00], "{variant:?}");
        let key = contents::public_key(card.image(), 0x000A);
        key.verify(Pkcs1v15Sign::new::<Sha256>(), &STATEMENT, signature).unwrap();
    }
}

#[test]
fn the_certificate_may_be_read_between_authentication_and_signature() {
    let mut card = authenticated();
    play(
        &mut card,
        "> 00A4020C 02 000A
         < 9000
         > 00B00000 00
         < 3082 ... 9000",
    );
    assert_eq!(sign(&mut card, STATEMENT), OK);
}

#[test]
fn one_authentication_is_worth_one_signature() {
    let mut card = authenticated();
    assert_eq!(sign(&mut card, STATEMENT), OK);
    assert_eq!(sign(&mut card, STATEMENT), NOT_PERMITTED);
}

#[test]
fn nothing_but_the_statement_is_signed_and_what_is_refused_uses_nothing_up() {
    let mut card = authenticated();
    assert_eq!(sign(&mut card, OTHER_STATEMENT), NOT_PERMITTED);
    let refused = [
        // Every other scheme, over the same digest or the same bytes.
        command(&[0x80, 0x2A, 0x02, 0x97], &STATEMENT, Some(0)),
        command(&[0x80, 0x2A, 0x04, 0x97], &STATEMENT, Some(0)),
        sign_command(0x01, 0x97, STATEMENT),
        sign_command(0x03, 0x97, STATEMENT),
        sign_command(0x05, 0x97, STATEMENT),
        // The digest without its DigestInfo, or with more behind it.
        command(&[0x80, 0x2A, 0x00, 0x97], &STATEMENT, Some(0)),
        command(&[0x80, 0x2A, 0x00, 0x97], &[&digest_info(STATEMENT)[..], &[0]].concat(), Some(0)),
        command(&[0x80, 0x2A, 0x00, 0x97], &[], Some(0)),
        // The other key.
        sign_command(0x00, 0x9A, STATEMENT),
    ];
    for command in refused {
        assert_eq!(send(&mut card, &command), NOT_PERMITTED, "{:02X?}", &command[..4]);
    }
    assert_eq!(sign(&mut card, STATEMENT), OK);
}

#[test]
fn a_signature_that_is_refused_for_its_length_uses_nothing_up() {
    let mut card = authenticated();
    let without_le = command(&[0x80, 0x2A, 0x00, 0x97], &digest_info(STATEMENT), None);
    assert_eq!(send(&mut card, &without_le), WRONG_LENGTH);
    assert_eq!(sign(&mut card, STATEMENT), OK);
}

#[test]
fn a_pin_allows_what_it_always_did_and_leaves_the_permission() {
    let mut card = authenticated();
    play(&mut card, "> 00200098 04 31323334\n< 9000");
    assert_eq!(sign(&mut card, OTHER_STATEMENT), OK);
    assert_eq!(sign(&mut card, STATEMENT), OK);
    play(&mut card, "> 00200098 04 30303030\n< 63C2");
    assert_eq!(sign(&mut card, STATEMENT), OK);
    assert_eq!(sign(&mut card, STATEMENT), NOT_PERMITTED);
}

#[test]
fn everything_else_stays_closed() {
    play(
        &mut authenticated(),
        "> 00A4020C 02 0009
         < 9000
         > 00B0000001
         < 6982
         > 00B0810001
         < 6982
         > 802A009A 01 55 00
         < 6982
         > 00B0960001
         < 6981
         > 00240198 04 31323334
         < 6982",
    );
}

#[test]
fn the_tries_of_no_pin_change() {
    let mut card = authenticated();
    assert_eq!(sign(&mut card, OTHER_STATEMENT), NOT_PERMITTED);
    load_chain(&mut card);
    assert_eq!(authenticate_as(&mut card, "foreign-ca.pem", STATEMENT), VERIFICATION_FAILED);
    assert!(!card.take_changed());
    assert_eq!(*card.image(), Image::normal());
}

#[test]
fn leaving_the_application_ends_the_permission() {
    for elsewhere in ["A0000001510000", "D3921000310001010402", "D3921000310001010100"] {
        let mut card = authenticated();
        let length = elsewhere.len() / 2;
        play(&mut card, &format!("> 00A4040C {length:02X} {elsewhere}\n< 9000\n{SELECT_JPKI}"));
        assert_eq!(sign(&mut card, STATEMENT), NOT_PERMITTED, "{elsewhere}");
    }
}

#[test]
fn selecting_the_same_application_or_none_keeps_the_permission() {
    let mut card = authenticated();
    play(&mut card, SELECT_JPKI);
    play(&mut card, "> 00A4040C 0A D3921000310001010401\n< 6A82");
    assert_eq!(sign(&mut card, STATEMENT), OK);
}

#[test]
fn a_reset_and_the_loss_of_power_end_the_permission() {
    for line in ["! reset", "! power"] {
        let mut card = authenticated();
        play(&mut card, &format!("{line}\n{SELECT_JPKI}"));
        assert_eq!(sign(&mut card, STATEMENT), NOT_PERMITTED, "{line}");
    }
}

#[test]
fn a_new_attempt_ends_the_permission_of_the_last() {
    let mut card = authenticated();
    load_chain(&mut card);
    assert_eq!(authenticate_as(&mut card, "foreign-ca.pem", STATEMENT), VERIFICATION_FAILED);
    assert_eq!(sign(&mut card, STATEMENT), NOT_PERMITTED);
    load_chain(&mut card);
    assert_eq!(authenticate(&mut card, OTHER_STATEMENT), OK);
    assert_eq!(sign(&mut card, STATEMENT), NOT_PERMITTED);
    assert_eq!(sign(&mut card, OTHER_STATEMENT), OK);
}

#[test]
fn a_response_is_for_the_last_challenge_only() {
    let mut card = trusting(Image::normal());
    let first = challenge(&mut card);
    let response = response(&private_key("terminal.pem"), &first, STATEMENT);
    challenge(&mut card);
    assert_eq!(external_authenticate(&mut card, &response), VERIFICATION_FAILED);
    assert_eq!(sign(&mut card, STATEMENT), NOT_PERMITTED);
}

#[test]
fn a_response_cannot_be_replayed() {
    let mut card = trusting(Image::normal());
    let challenge = challenge(&mut card);
    let response = response(&private_key("terminal.pem"), &challenge, STATEMENT);
    assert_eq!(external_authenticate(&mut card, &response), OK);
    assert_eq!(external_authenticate(&mut card, &response), OUT_OF_ORDER);
    self::challenge(&mut card);
    assert_eq!(external_authenticate(&mut card, &response), VERIFICATION_FAILED);
    assert_eq!(sign(&mut card, STATEMENT), NOT_PERMITTED);
}

#[test]
fn a_challenge_is_used_up_by_a_failed_attempt() {
    let mut card = trusting(Image::normal());
    let challenge = challenge(&mut card);
    let [wrong, right] = ["foreign-ca.pem", "terminal.pem"]
        .map(|name| response(&private_key(name), &challenge, STATEMENT));
    assert_eq!(external_authenticate(&mut card, &wrong), VERIFICATION_FAILED);
    assert_eq!(external_authenticate(&mut card, &right), OUT_OF_ORDER);
}

#[test]
fn a_challenge_is_lost_with_power_and_by_a_reset() {
    for line in ["! reset", "! power"] {
        let mut card = trusting(Image::normal());
        let challenge = challenge(&mut card);
        play(&mut card, &format!("{line}\n{SELECT_JPKI}\n{SELECT_0016}"));
        load_chain(&mut card);
        let response = response(&private_key("terminal.pem"), &challenge, STATEMENT);
        assert_eq!(external_authenticate(&mut card, &response), OUT_OF_ORDER, "{line}");
    }
}

#[test]
fn a_challenge_survives_another_application() {
    let mut card = Card::new(Image::normal());
    let challenge = challenge(&mut card);
    play(&mut card, &format!("{SELECT_JPKI}\n{SELECT_0016}"));
    load_chain(&mut card);
    let response = response(&private_key("terminal.pem"), &challenge, STATEMENT);
    assert_eq!(external_authenticate(&mut card, &response), OK);
}

#[test]
fn a_short_challenge_is_none() {
    let mut card = trusting(Image::normal());
    challenge(&mut card);
    let short = card.transmit(b"\x00\x84\x00\x00\x08", &mut OsRng);
    let response = response(&private_key("terminal.pem"), &short[..8], STATEMENT);
    assert_eq!(external_authenticate(&mut card, &response), OUT_OF_ORDER);
}

#[test]
fn a_response_is_for_its_statement_only() {
    let mut card = trusting(Image::normal());
    let challenge = challenge(&mut card);
    let mut response = response(&private_key("terminal.pem"), &challenge, STATEMENT);
    response[..32].copy_from_slice(&OTHER_STATEMENT);
    assert_eq!(external_authenticate(&mut card, &response), VERIFICATION_FAILED);
}

#[test]
fn a_terminal_needs_a_certificate_first() {
    let mut card = in_jpki(SELECT_0016);
    assert_eq!(authenticate(&mut card, STATEMENT), OUT_OF_ORDER);
    load(&mut card, "terminal-intermediate.cv");
    assert_eq!(authenticate(&mut card, STATEMENT), VERIFICATION_FAILED, "not its own key");
    load(&mut card, "terminal.cv");
    assert_eq!(authenticate(&mut card, STATEMENT), OK);
}

#[test]
fn an_intermediate_may_be_a_terminal() {
    let mut card = in_jpki(SELECT_0016);
    load(&mut card, "terminal-intermediate.cv");
    assert_eq!(authenticate_as(&mut card, "terminal-intermediate.pem", STATEMENT), OK);
    load(&mut card, "terminal.cv");
    assert_eq!(
        authenticate_as(&mut card, "terminal-intermediate.pem", STATEMENT),
        VERIFICATION_FAILED
    );
}

#[test]
fn external_authenticate_refuses_other_lengths_and_uses_up_no_challenge() {
    let mut card = trusting(Image::normal());
    let challenge = challenge(&mut card);
    let response = response(&private_key("terminal.pem"), &challenge, STATEMENT);
    for data in [&[][..], &response[..287], &[&response[..], &[0]].concat()] {
        assert_eq!(external_authenticate(&mut card, data), WRONG_LENGTH);
    }
    let with_le = command(&EXTERNAL_AUTHENTICATE, &response, Some(0));
    assert_eq!(send(&mut card, &with_le), WRONG_LENGTH);
    assert_eq!(external_authenticate(&mut card, &response), OK);
}

const OTHER_STATEMENT: [u8; 32] = [0x52; 32];

/// The normal card, to which the terminal showed itself for the statement.
fn authenticated() -> Card {
    let mut card = trusting(Image::normal());
    assert_eq!(authenticate(&mut card, STATEMENT), OK);
    card
}

fn sign(card: &mut Card, statement: [u8; 32]) -> StatusWord {
    send(card, &sign_command(0x00, 0x97, statement))
}
