//! `80 A2` (card.md 6.1): the chain of certificates that a terminal brings.

use kazashi_core::codec::apdu::StatusWord;
use kazashi_emulator::{Card, Image, Variant};
use proptest::collection::vec;
use proptest::prelude::*;

use crate::support::commands::{
    BODY, EXTERNAL_AUTHENTICATE, SIGNATURE, command, load_commands, send,
};
use crate::support::terminal::{
    OK, OUT_OF_ORDER, SELECT_0016, STATEMENT, VERIFICATION_FAILED, WRONG_DATA, WRONG_LENGTH,
    authenticate, challenge, external_authenticate, load, load_chain, parts, trusting,
};
use crate::support::transcript::{in_jpki, in_jpki_of, play};
use crate::support::vectors::cv_certificate;

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
fn the_short_card_has_no_way_for_terminals() {
    let mut card = in_jpki_of(Image::of(Variant::Short), SELECT_0016);
    let [body, signature] = load_commands(&cv_certificate("terminal-intermediate.cv"));
    assert_eq!(send(&mut card, &body), WRONG_LENGTH);
    assert_eq!(send(&mut card, &signature), WRONG_LENGTH);
    assert_eq!(external_authenticate(&mut card, &[0; 288]), WRONG_LENGTH);
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
