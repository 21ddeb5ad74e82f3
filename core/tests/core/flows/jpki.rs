//! Flows with the public key application.

use kazashi_core::card::jpki::{self, TokenLabel};
use kazashi_core::flow::{Error, Flow};
use kazashi_core::guard::verification::{self, Presentation};
use kazashi_core::value::layout::{Key, PinReference};
use kazashi_core::value::{
    Certificate, CertificateKind, Document, Hash, Method, PinValue, Statement,
};
use kazashi_core::wire::CardRequest;

use crate::transcript::{Asked, Transcript, nonce, sign_challenge, signature, transcripts};
use crate::vectors::hex;

transcripts! {
    a_wrong_pin_reports_the_retry_counter: "pin-incorrect",
    the_right_pin_is_verified: "pin-correct",
    a_blocked_pin_is_not_presented: "pin-blocked",
    the_try_that_blocks_the_pin_says_so: "pin-blocked-by-the-last-try",
    a_pin_is_not_presented_with_fewer_tries_left_than_counted_on: "pin-too-few-retries",
    both_retry_counters_are_read: "pin-status",
    retry_counters_are_read_of_selected_files_where_short_identifiers_are_refused:
        "pin-status-selected",
    another_card_is_told_apart: "not-a-my-number-card",
    a_certificate_is_read_at_once_and_trimmed: "read-certificate",
    a_response_in_parts_is_put_together: "read-certificate-in-two-responses",
    a_certificate_is_read_in_chunks_where_extended_length_is_refused: "read-certificate-short",
    files_are_selected_where_short_identifiers_are_refused: "read-certificate-selected",
    a_corrected_le_is_taken: "read-certificate-with-corrected-le",
    a_statement_is_signed_as_openssl_would_hash_it: "sign-statement",
    a_document_is_signed_with_the_digest_info_of_its_hash: "sign-document",
    a_document_is_left_to_whoever_asks_for_consent: "certificate-available",
    the_digital_signature_certificate_is_read_after_somebody_presents_the_password:
        "read-digital-signature-certificate",
    nobody_is_asked_for_the_password_of_a_certificate_that_is_not_there: "certificate-absent",
    nobody_is_asked_for_consent_where_the_certificate_is_not_there: "certificate-absent",
    a_telephone_is_no_my_number_card: "token-of-a-telephone",
    the_token_label_tells_the_cards_apart: "token-label",
    a_flow_leaves_the_challenge_to_whoever_knows_the_origin: "authenticate",
    a_program_that_guards_no_card_cannot_run_a_guarded_flow: "authenticate",
}

fn a_wrong_pin_reports_the_retry_counter(card: Transcript) {
    assert_eq!(card.replay(present("0000", 1)), Err(Error::PinIncorrect { retries_left: 2 }));
}

fn the_right_pin_is_verified(card: Transcript) {
    assert_eq!(card.replay(present("1234", 1)), Ok(()));
}

fn a_blocked_pin_is_not_presented(card: Transcript) {
    assert_eq!(card.replay(present("1234", 1)), Err(Error::PinBlocked));
}

fn the_try_that_blocks_the_pin_says_so(card: Transcript) {
    assert_eq!(card.replay(present("0000", 1)), Err(Error::PinBlocked));
}

fn a_pin_is_not_presented_with_fewer_tries_left_than_counted_on(card: Transcript) {
    assert_eq!(card.replay(present("1234", 3)), Err(Error::TooFewRetries { retries_left: 2 }));
}

fn both_retry_counters_are_read(card: Transcript) {
    let status = card.replay(jpki::pin_status()).unwrap();
    assert_eq!((status.user_authentication.left, status.digital_signature.left), (3, 5));
}

fn retry_counters_are_read_of_selected_files_where_short_identifiers_are_refused(card: Transcript) {
    both_retry_counters_are_read(card);
}

fn another_card_is_told_apart(card: Transcript) {
    assert_eq!(card.replay(jpki::pin_status()), Err(Error::ApplicationNotFound));
}

fn a_certificate_is_read_at_once_and_trimmed(card: Transcript) {
    let certificate = card.replay(read_user_authentication_certificate()).unwrap();
    assert_eq!(certificate.as_der(), hex("3003020107"));
}

fn a_response_in_parts_is_put_together(card: Transcript) {
    a_certificate_is_read_at_once_and_trimmed(card);
}

fn a_certificate_is_read_in_chunks_where_extended_length_is_refused(card: Transcript) {
    let flow = read_user_authentication_certificate();
    let progress = flow.progress();
    let certificate = card.replay(flow).unwrap();
    assert_eq!(certificate.as_der().len(), 4 + 0x0101);
    assert_eq!((progress.read(), progress.total()), (4 + 0x0101, 4 + 0x0101));
    assert!(certificate.as_der().ends_with(&hex("AA0102030405")));
}

fn files_are_selected_where_short_identifiers_are_refused(card: Transcript) {
    a_certificate_is_read_at_once_and_trimmed(card);
}

fn a_corrected_le_is_taken(card: Transcript) {
    a_certificate_is_read_at_once_and_trimmed(card);
}

fn a_statement_is_signed_as_openssl_would_hash_it(card: Transcript) {
    let statement = Statement::new(Method::Pin, "https://example.com", nonce().as_str());
    let signature = card.replay(jpki::sign_statement(&statement)).unwrap();
    assert_eq!(signature.as_bytes(), hex("0102030405060708"));
}

fn a_document_is_signed_with_the_digest_info_of_its_hash(card: Transcript) {
    let document = Document::new("A lease", Hash::Sha512, [7; 64]).unwrap();
    let signed = card.replay(jpki::sign_document(&document)).unwrap();
    assert_eq!(signed.certificate.as_der(), hex("3003020107"));
    assert_eq!(signed.signature.as_bytes(), hex("0102030405060708"));
}

fn a_document_is_left_to_whoever_asks_for_consent(card: Transcript) {
    let (signed, asked) = card.perform(jpki::sign(document()));
    assert_eq!(asked, [Asked::Guard(document().into())]);
    assert_eq!(signed.certificate.as_der(), hex("3000"));
    assert_eq!(signed.signature.as_bytes(), hex("07"));
}

fn the_digital_signature_certificate_is_read_after_somebody_presents_the_password(
    card: Transcript,
) {
    let flow = jpki::read_certificate(CertificateKind::DigitalSignature);
    let (certificate, asked) = card.perform(flow);
    let reference = PinReference::DigitalSignature;
    assert_eq!(asked, [Asked::Guard(CardRequest::VerifyPin { reference, value: None })]);
    assert_eq!(certificate.as_der(), hex("3003020107"));
}

fn nobody_is_asked_for_the_password_of_a_certificate_that_is_not_there(card: Transcript) {
    let flow = jpki::read_certificate(CertificateKind::DigitalSignature);
    assert_eq!(card.replay(flow), Err(Error::CertificateAbsent));
}

fn nobody_is_asked_for_consent_where_the_certificate_is_not_there(card: Transcript) {
    assert_eq!(card.replay(jpki::sign(document())), Err(Error::CertificateAbsent));
}

fn a_telephone_is_no_my_number_card(card: Transcript) {
    let read = card.replay(read_user_authentication_certificate());
    assert_eq!(read, Err(Error::ApplicationNotFound));
}

fn the_token_label_tells_the_cards_apart(card: Transcript) {
    assert_eq!(card.replay(jpki::token_label()), Ok(TokenLabel::MyNumberCard));
}

fn a_flow_leaves_the_challenge_to_whoever_knows_the_origin(card: Transcript) {
    let (challenge, asked) = card.perform(jpki::authenticate(nonce()));
    assert_eq!(asked, [Asked::Guard(sign_challenge(Key::UserAuthentication))]);
    assert_eq!(challenge.certificate.as_der(), hex("3003020107"));
    assert_eq!(challenge.signature, signature());
}

fn a_program_that_guards_no_card_cannot_run_a_guarded_flow(card: Transcript) {
    let result = card.replay(jpki::authenticate(nonce()));
    assert_eq!(result, Err(Error::Unguarded));
}

fn present(pin: &str, at_least: u8) -> Flow<()> {
    let value = PinValue::parse(PinReference::UserAuthentication, pin).unwrap();
    verification::present(Presentation::of_person(value, at_least))
}

fn read_user_authentication_certificate() -> Flow<Certificate> {
    jpki::read_certificate(CertificateKind::UserAuthentication)
}

fn document() -> Document {
    Document::new("A lease", Hash::Sha256, [7; 32]).unwrap()
}
