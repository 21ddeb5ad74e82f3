//! Flows by which an institution proves itself to the card.

use kazashi_core::card::jpki::{self, SignedChallenge};
use kazashi_core::card::terminal::TerminalCertificate;
use kazashi_core::codec::apdu::StatusWord;
use kazashi_core::flow::{Error, Flow, Question};
use kazashi_core::value::{Method, Signature, Statement};
use kazashi_core::wire::CardRequest;

use crate::transcript::{
    Asked, Transcript, nonce, signature, terminal_signature, transcripts, word,
};
use crate::vectors::{bytes, hex};

transcripts! {
    terminal_certificates_are_sent_in_the_published_form: "terminal-certificates",
    a_card_that_refuses_the_institution_says_so: "terminal-refused",
    a_card_without_the_command_lets_no_institution_in: "terminal-unknown-command",
    a_card_without_the_authoritys_file_lets_no_institution_in: "terminal-without-ef",
    a_card_that_lets_no_institution_in_for_want_of_extended_length_says_so:
        "terminal-without-extended-length",
    a_challenge_for_an_institution_is_short: "terminal-challenge",
    an_institution_brings_its_signature_and_the_card_signs_the_same_statement: "terminal-sign",
    a_card_that_refuses_the_institutions_signature_says_so: "terminal-sign-refused",
}

fn terminal_certificates_are_sent_in_the_published_form(card: Transcript) {
    let (challenge, asked) = card.perform(authenticate_pinless());
    let nonce = nonce().as_str().to_owned();
    let signed = terminal_signature().as_bytes().into();
    let sign = CardRequest::TerminalSign { nonce: nonce.clone(), signature: signed };
    let question = Question::TerminalSignature(word());
    let challenge_asked = Asked::Guard(CardRequest::TerminalRequest { nonce });
    assert_eq!(asked, [challenge_asked, Asked::Server(question), Asked::Guard(sign)]);
    assert_eq!(challenge.certificate.as_der(), hex("3003020107"));
    assert_eq!(challenge.signature, signature());
}

fn a_card_that_refuses_the_institution_says_so(card: Transcript) {
    let refused = Error::TerminalRefused { status: StatusWord(0x6300) };
    assert_eq!(card.replay(authenticate_pinless()), Err(refused));
}

fn a_card_without_the_command_lets_no_institution_in(card: Transcript) {
    assert_eq!(card.replay(authenticate_pinless()), Err(Error::TerminalUnsupported));
}

fn a_card_without_the_authoritys_file_lets_no_institution_in(card: Transcript) {
    assert_eq!(card.replay(authenticate_pinless()), Err(Error::TerminalUnsupported));
}

fn a_card_that_lets_no_institution_in_for_want_of_extended_length_says_so(card: Transcript) {
    assert_eq!(card.replay(authenticate_pinless()), Err(Error::NoExtendedLength));
}

fn a_challenge_for_an_institution_is_short(card: Transcript) {
    assert_eq!(card.replay(jpki::terminal_challenge()), Ok((0..32).collect()));
}

fn an_institution_brings_its_signature_and_the_card_signs_the_same_statement(card: Transcript) {
    let signature = card.replay(sign_as_terminal()).unwrap();
    assert_eq!(signature.as_bytes(), hex("0102030405060708"));
}

fn a_card_that_refuses_the_institutions_signature_says_so(card: Transcript) {
    let refused = Error::TerminalRefused { status: StatusWord(0x6300) };
    assert_eq!(card.replay(sign_as_terminal()), Err(refused));
}

fn authenticate_pinless() -> Flow<SignedChallenge> {
    let certificates = ["published-intermediate.bin", "terminal.cv"]
        .map(|name| bytes(&format!("cv-certificates/{name}")))
        .map(|file| TerminalCertificate::parse(&file).unwrap());
    jpki::authenticate_pinless(nonce(), certificates.into())
}

fn sign_as_terminal() -> Flow<Signature> {
    let statement = Statement::new(Method::Terminal, "https://example.com", nonce().as_str());
    jpki::sign_as_terminal(&statement, &Signature::from_bytes([0xAB; 256]))
}
