//! Terminal authentication (card.md 6.1): what is public of it, and our extension. The commands are
//! written by hand.

use kazashi_core::apdu::StatusWord;
use kazashi_emulator::{Card, Image, Variant};
use proptest::collection::vec;
use proptest::prelude::*;
use rand_core::OsRng;
use rsa::Pkcs1v15Sign;
use rsa::sha2::Sha256;

use crate::commands::{
    BODY, EXTERNAL_AUTHENTICATE, SIGNATURE, command, digest_info, load_commands, response, send,
    sign_command,
};
use crate::contents;
use crate::transcript::{in_jpki, in_jpki_of, play};
use crate::vectors::{cv_certificate, private_key};

const SELECT_JPKI: &str = "> 00A4040C 0A D392F000260100000001\n< 9000";
const SELECT_0016: &str = "> 00A4020C 02 0016\n< 9000";

const OK: StatusWord = StatusWord::OK;
const VERIFICATION_FAILED: StatusWord = StatusWord(0x6300);
const WRONG_LENGTH: StatusWord = StatusWord(0x6700);
const NOT_PERMITTED: StatusWord = StatusWord(0x6982);
const OUT_OF_ORDER: StatusWord = StatusWord(0x6985);
const WRONG_DATA: StatusWord = StatusWord(0x6A80);

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
fn selecting_the_authority_anew_begins_anew() {
    let mut card = trusting(Image::normal());
    play(&mut card, SELECT_0016);
    assert_eq!(authenticate(&mut card, STATEMENT), OUT_OF_ORDER);
    assert_eq!(parts(&mut card, "terminal.cv"), (OK, VERIFICATION_FAILED), "not by the authority");
    load_chain(&mut card);
    assert_eq!(authenticate(&mut card, STATEMENT), OK);
}

#[test]
fn a_foreign_chain_is_refused() {
    let mut card = in_jpki(SELECT_0016);
    assert_eq!(parts(&mut card, "foreign-terminal-intermediate.cv"), (OK, VERIFICATION_FAILED));
    assert_eq!(parts(&mut card, "terminal.cv"), (OK, VERIFICATION_FAILED));
    load(&mut card, "terminal-intermediate.cv");
    assert_eq!(parts(&mut card, "foreign-terminal.cv"), (OK, VERIFICATION_FAILED));
    assert_eq!(authenticate(&mut card, STATEMENT), VERIFICATION_FAILED);
}

#[test]
fn a_card_of_another_root_refuses_our_chain_and_takes_its_own() {
    let mut card = in_jpki_of(Image::of(Variant::ForeignRoot), SELECT_0016);
    assert_eq!(parts(&mut card, "terminal-intermediate.cv"), (OK, VERIFICATION_FAILED));
    load(&mut card, "foreign-terminal-intermediate.cv");
    load(&mut card, "terminal.cv");
    assert_eq!(authenticate(&mut card, STATEMENT), OK);
}

#[test]
fn a_certificate_that_names_another_issuer_is_refused() {
    let mut card = in_jpki(SELECT_0016);
    load(&mut card, "terminal-intermediate.cv");
    assert_eq!(parts(&mut card, "misnamed-issuer-terminal.cv"), (WRONG_DATA, OUT_OF_ORDER));
}

#[test]
fn the_published_certificate_has_the_form_but_not_our_issuer() {
    let certificate = cv_certificate("published-intermediate.bin");
    let mut card = in_jpki(SELECT_0016);
    let [body, signature] = load_commands(&certificate);
    assert_eq!((body.len(), signature.len()), (7 + 307, 7 + 261));
    assert_eq!(send(&mut card, &body), OK);
    assert_eq!(send(&mut card, &signature), VERIFICATION_FAILED);
}

#[test]
fn a_signature_needs_its_body_first() {
    let [body, signature] = load_commands(&cv_certificate("terminal-intermediate.cv"));
    let mut card = in_jpki(SELECT_0016);
    assert_eq!(send(&mut card, &signature), OUT_OF_ORDER);
    assert_eq!(send(&mut card, &body), OK);
    assert_eq!(send(&mut card, &signature), OK);
    assert_eq!(send(&mut card, &signature), OUT_OF_ORDER, "a body is for one signature");
    play(&mut card, SELECT_0016);
    assert_eq!(send(&mut card, &body), OK);
    play(&mut card, SELECT_0016);
    assert_eq!(send(&mut card, &signature), OUT_OF_ORDER);
}

#[test]
fn certificates_of_another_length_are_refused() {
    let [body, signature] = load_commands(&cv_certificate("terminal-intermediate.cv"));
    let (body, signature) = (&body[7..], &signature[7..]);
    let longer = |bytes: &[u8]| [bytes, &[0x00]].concat();
    let mut card = in_jpki(SELECT_0016);
    for command in [
        command(&BODY, &body[..306], None),
        command(&BODY, &longer(body), None),
        command(&BODY, &body[..100], None),
        command(&BODY, &[], None),
        command(&BODY, body, Some(0)),
        command(&SIGNATURE, &signature[..260], None),
        command(&SIGNATURE, &longer(signature), None),
        command(&SIGNATURE, signature, Some(0)),
    ] {
        assert_eq!(send(&mut card, &command), WRONG_LENGTH, "{} bytes", command.len());
    }
}

#[test]
fn certificates_of_another_form_are_refused() {
    let [body, signature] = load_commands(&cv_certificate("terminal-intermediate.cv"));
    let mut card = in_jpki(SELECT_0016);
    // The tags and lengths, the exponent's and the modulus's, and a modulus that is even.
    for at in (0..10).chain(42..51).chain([306]) {
        let mut body = body.clone();
        body[7 + at] ^= 0x01;
        assert_eq!(send(&mut card, &body), WRONG_DATA, "byte {at} of the body");
    }
    assert_eq!(send(&mut card, &body), OK);
    for at in 0..5 {
        let mut signature = signature.clone();
        signature[7 + at] ^= 0x01;
        assert_eq!(send(&mut card, &signature), WRONG_DATA, "byte {at} of the signature");
    }
    assert_eq!(send(&mut card, &signature), OK);
}

#[test]
fn a_damaged_certificate_is_not_verified() {
    let [body, signature] = load_commands(&cv_certificate("terminal-intermediate.cv"));
    let mut card = in_jpki(SELECT_0016);
    // An issuer, a subject, a modulus, a signature.
    for at in [10, 26, 100, 307 + 5, 307 + 260] {
        let [mut body, mut signature] = [body.clone(), signature.clone()];
        match at {
            0..307 => body[7 + at] ^= 0x02,
            _ => signature[7 + at - 307] ^= 0x02,
        }
        assert_eq!(send(&mut card, &body), OK, "byte {at}");
        assert_eq!(send(&mut card, &signature), VERIFICATION_FAILED, "byte {at}");
    }
}

#[test]
fn other_parameters_are_refused_first_of_all() {
    let mut card = in_jpki("");
    for [p1, p2] in [[0x00, 0x00], [0x00, 0xAE], [0x80, 0x00], [0x00, 0xB6], [0x06, 0x00]] {
        assert_eq!(send(&mut card, &command(&[0x80, 0xA2, p1, p2], &[], None)), StatusWord(0x6A86));
        assert_eq!(
            send(&mut card, &command(&[0x80, 0xA2, p1, p2], &[0; 307], None)),
            StatusWord(0x6A86)
        );
    }
    for [p1, p2] in [[0x00, 0x00], [0x01, 0x80], [0x00, 0x96]] {
        assert_eq!(
            send(&mut card, &command(&[0x00, 0x82, p1, p2], &[0; 288], None)),
            StatusWord(0x6A86)
        );
    }
}

#[test]
fn both_commands_have_one_class_each() {
    play(
        &mut in_jpki(SELECT_0016),
        "> 00A206C1 01 00
         < 6D00
         > 80820080 01 00
         < 6D00",
    );
}

#[test]
fn a_wrong_length_is_told_though_no_file_is_selected() {
    // Seen on a card: 256 bytes and Le, straight after SELECT (card.md 6.1).
    let command = command(&SIGNATURE, &[0; 256], Some(0));
    assert_eq!(send(&mut in_jpki(""), &command), WRONG_LENGTH);
}

#[test]
fn without_the_authoritys_file_there_is_nothing_to_verify_with() {
    let all = [
        command(&BODY, &[0; 307], None),
        command(&SIGNATURE, &[0; 261], None),
        command(&EXTERNAL_AUTHENTICATE, &[0; 288], None),
    ];
    for command in all {
        assert_eq!(send(&mut Card::new(Image::normal()), &command), StatusWord(0x6986));
        assert_eq!(send(&mut in_jpki(""), &command), StatusWord(0x6986));
        for ef in ["000A", "0017", "0018"] {
            let mut card = in_jpki(&format!("> 00A4020C 02 {ef}\n< 9000"));
            assert_eq!(send(&mut card, &command), StatusWord(0x6981), "{ef}");
        }
    }
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

#[test]
fn the_short_card_has_no_way_for_terminals() {
    let mut card = in_jpki_of(Image::of(Variant::Short), SELECT_0016);
    let [body, signature] = load_commands(&cv_certificate("terminal-intermediate.cv"));
    assert_eq!(send(&mut card, &body), WRONG_LENGTH);
    assert_eq!(send(&mut card, &signature), WRONG_LENGTH);
    assert_eq!(external_authenticate(&mut card, &[0; 288]), WRONG_LENGTH);
}

#[test]
fn no_reader_of_the_authoritys_file_learns_its_key() {
    play(
        &mut in_jpki(SELECT_0016),
        "> 00B0000001
         < 6981
         > 00200080
         < 6981
         > 802A0080 01 55 00
         < 6981",
    );
}

proptest! {
    #[test]
    fn any_certificate_and_any_response_get_an_answer(
        mut certificate in vec(any::<u8>(), 568),
        response in vec(any::<u8>(), 288),
        right in any::<[bool; 3]>(),
    ) {
        // As far as tags and lengths are right, what is behind them is looked at.
        let good = cv_certificate("terminal-intermediate.cv");
        let heads = [0..10, 42..51, 307..312];
        for head in heads.into_iter().zip(right).filter_map(|(head, right)| right.then_some(head)) {
            certificate[head.clone()].copy_from_slice(&good[head]);
        }
        let [body, signature] = load_commands(&certificate);
        let mut card = in_jpki(SELECT_0016);
        prop_assert!([OK, WRONG_DATA].contains(&send(&mut card, &body)));
        prop_assert_ne!(send(&mut card, &signature), OK);
        load_chain(&mut card);
        challenge(&mut card);
        prop_assert_eq!(external_authenticate(&mut card, &response), VERIFICATION_FAILED);
    }
}

const STATEMENT: [u8; 32] = [0x51; 32];
const OTHER_STATEMENT: [u8; 32] = [0x52; 32];

/// A card that holds the chain of the terminal.
fn trusting(image: Image) -> Card {
    let mut card = in_jpki_of(image, SELECT_0016);
    load_chain(&mut card);
    card
}

/// The normal card, to which the terminal showed itself for the statement.
fn authenticated() -> Card {
    let mut card = trusting(Image::normal());
    assert_eq!(authenticate(&mut card, STATEMENT), OK);
    card
}

fn load_chain(card: &mut Card) {
    play(card, SELECT_0016);
    load(card, "terminal-intermediate.cv");
    load(card, "terminal.cv");
}

fn load(card: &mut Card, name: &str) {
    assert_eq!(parts(card, name), (OK, OK), "{name}");
}

/// What the card says to body and signature.
fn parts(card: &mut Card, name: &str) -> (StatusWord, StatusWord) {
    let [body, signature] = load_commands(&cv_certificate(name));
    (send(card, &body), send(card, &signature))
}

fn authenticate(card: &mut Card, statement: [u8; 32]) -> StatusWord {
    authenticate_as(card, "terminal.pem", statement)
}

fn authenticate_as(card: &mut Card, name: &str, statement: [u8; 32]) -> StatusWord {
    let challenge = challenge(card);
    external_authenticate(card, &response(&private_key(name), &challenge, statement))
}

fn challenge(card: &mut Card) -> Vec<u8> {
    let response = card.transmit(b"\x00\x84\x00\x00\x20", &mut OsRng);
    assert_eq!(response.len(), 34);
    response[..32].to_vec()
}

fn external_authenticate(card: &mut Card, data: &[u8]) -> StatusWord {
    send(card, &command(&EXTERNAL_AUTHENTICATE, data, None))
}

fn sign(card: &mut Card, statement: [u8; 32]) -> StatusWord {
    send(card, &sign_command(0x00, 0x97, statement))
}
