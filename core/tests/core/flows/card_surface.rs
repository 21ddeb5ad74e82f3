//! Flows with the card surface application.

use kazashi_core::card::card_surface::{
    BirthDateSource, PresenceProof, prove_presence, read_card_face,
};
use kazashi_core::card::jpki::CertificateReading;
use kazashi_core::error_code::ErrorCode;
use kazashi_core::flow::{Error, Question};
use kazashi_core::guard::desk::Work;
use kazashi_core::guard::verification::Presentation;
use kazashi_core::value::layout::Key;
use kazashi_core::value::{
    Calendar, Method, PrintedBirthDate, PrivateText, Statement, VerificationNumberB,
};
use kazashi_core::wire::{CardAnswer, CardRequest, Failure};

use crate::notary::{Believer, present};
use crate::transcript::{Asked, Transcript, nonce, sign_challenge, signature, transcripts};
use crate::vectors::hex;

transcripts! {
    presence_is_proved_with_the_certificate: "prove-presence",
    presence_is_proved_with_the_head_of_the_certificate: "prove-presence-head",
    a_card_without_the_card_surface_application_says_so: "presence-without-application",
    a_birth_date_is_presented_as_the_card_compares_it: "birth-date-correct",
    a_western_year_is_presented_where_the_card_is_said_to_have_it: "birth-date-western",
    a_birth_date_that_is_known_in_part_is_presented_so: "birth-date-known-in-part",
    the_last_day_of_an_era_is_presented_as_the_card_has_it: "birth-date-last-day-of-an-era",
    a_wrong_birth_date_reports_the_retry_counter: "birth-date-incorrect",
    a_blocked_birth_date_is_not_presented: "birth-date-blocked",
    a_birth_date_is_not_presented_with_too_few_tries_left: "birth-date-too-few-retries",
    the_card_face_is_read_after_somebody_presents_the_verification_number: "read-card-face",
    the_card_face_is_read_in_chunks_where_extended_length_is_refused: "read-card-face-short",
    a_card_without_a_face_says_so: "card-face-without-application",
    a_verification_number_is_presented_as_the_card_compares_it: "verification-number-correct",
    a_wrong_verification_number_reports_the_retry_counter: "verification-number-incorrect",
    a_blocked_verification_number_is_not_presented: "verification-number-blocked",
    a_verification_number_is_not_presented_with_too_few_tries_left:
        "verification-number-too-few-retries",
    the_card_surface_signs_a_statement_of_its_own: "sign-presence",
}

fn presence_is_proved_with_the_certificate(card: Transcript) {
    presence_is_proved(card, CertificateReading::Whole, &hex("3003020107"));
}

fn presence_is_proved_with_the_head_of_the_certificate(card: Transcript) {
    let head = [hex("30820600"), vec![0xAA; 252]].concat();
    presence_is_proved(card, CertificateReading::Head, &head);
}

/// Of somebody whose birth date the server knows.
fn presence_is_proved(card: Transcript, reading: CertificateReading, certificate: &[u8]) {
    let flow = prove_presence(nonce(), BirthDateSource::Server, reading);
    let (presence, asked) = card.perform(flow);
    let question = Question::BirthDate { certificate: certificate.to_vec() };
    let birth_date = CardRequest::from(&birth_date());
    let [birth_date, sign] = [birth_date, sign_challenge(Key::CardSurface)].map(Asked::Guard);
    assert_eq!(asked, [Asked::Server(question), birth_date, sign]);
    assert_eq!((&*presence.certificate, presence.reading), (certificate, reading));
    assert_eq!(presence.age_record, hex("FF10820003010203"));
    assert_eq!(presence.cv_certificate, hex("7F21820003040506"));
    assert_eq!(presence.signature, signature());
    let proof = serde_json::to_value(PresenceProof::new(&presence, "a bridge")).unwrap();
    let whole = reading == CertificateReading::Whole;
    assert_eq!(proof.get("unverifiedCertificate").is_some(), whole);
    assert_eq!(proof.get("certificateHead").is_some(), !whole);
}

fn a_card_without_the_card_surface_application_says_so(card: Transcript) {
    let source = BirthDateSource::Known(birth_date());
    let flow = prove_presence(nonce(), source, CertificateReading::Whole);
    assert_eq!(card.replay(flow), Err(Error::ApplicationAbsent));
}

fn a_birth_date_is_presented_as_the_card_compares_it(card: Transcript) {
    assert_eq!(present_birth_date(card), Ok(()));
}

fn a_western_year_is_presented_where_the_card_is_said_to_have_it(card: Transcript) {
    assert_eq!(present_printed(card, "1980-02-17", Calendar::Western), Ok(()));
}

fn a_birth_date_that_is_known_in_part_is_presented_so(card: Transcript) {
    assert_eq!(present_printed(card, "1945-03-00", Calendar::Era), Ok(()));
}

fn the_last_day_of_an_era_is_presented_as_the_card_has_it(card: Transcript) {
    assert_eq!(present_printed(card, "1926-12-25", Calendar::Taisho), Ok(()));
}

fn a_wrong_birth_date_reports_the_retry_counter(card: Transcript) {
    assert_eq!(present_birth_date(card), failure(ErrorCode::BirthDateIncorrect, 9));
}

fn a_blocked_birth_date_is_not_presented(card: Transcript) {
    assert_eq!(present_birth_date(card), failure(ErrorCode::BirthDateBlocked, 0));
}

fn a_birth_date_is_not_presented_with_too_few_tries_left(card: Transcript) {
    assert_eq!(present_birth_date(card), failure(ErrorCode::TooFewRetries, 2));
}

fn the_card_face_is_read_after_somebody_presents_the_verification_number(card: Transcript) {
    let (reading, asked) = card.perform(read_card_face(nonce(), number_b()));
    let number_b = CardRequest::VerifyNumberB {
        birth_date: PrivateText::new("1980-02-17"),
        calendar: Calendar::Era,
        expiry_year: PrivateText::new("2035"),
        security_code: PrivateText::new("2285"),
    };
    assert_eq!(asked, [number_b, sign_challenge(Key::CardSurface)].map(Asked::Guard));
    assert_eq!(reading.record, [hex("FF20820101"), vec![0xAA; 0x0101]].concat());
    assert_eq!(reading.cv_certificate, hex("7F21820003040506"));
    assert_eq!(reading.signature, signature());
    assert_eq!(format!("{reading:?}"), "CardFaceReading { .. }");
}

fn the_card_face_is_read_in_chunks_where_extended_length_is_refused(card: Transcript) {
    the_card_face_is_read_after_somebody_presents_the_verification_number(card);
}

fn a_card_without_a_face_says_so(card: Transcript) {
    let read = card.replay(read_card_face(nonce(), number_b()));
    assert_eq!(read, Err(Error::ApplicationAbsent));
}

fn a_verification_number_is_presented_as_the_card_compares_it(card: Transcript) {
    assert_eq!(present_number_b(card), Ok(()));
}

fn a_wrong_verification_number_reports_the_retry_counter(card: Transcript) {
    assert_eq!(present_number_b(card), failure(ErrorCode::VerificationNumberIncorrect, 9));
}

fn a_blocked_verification_number_is_not_presented(card: Transcript) {
    assert_eq!(present_number_b(card), failure(ErrorCode::VerificationNumberBlocked, 0));
}

fn a_verification_number_is_not_presented_with_too_few_tries_left(card: Transcript) {
    assert_eq!(present_number_b(card), failure(ErrorCode::TooFewRetries, 2));
}

fn the_card_surface_signs_a_statement_of_its_own(card: Transcript) {
    let statement = Statement::new(Method::Presence, "https://example.com", nonce().as_str());
    let sign = Work::SignChallenge(Key::CardSurface, statement);
    let answer = card.in_session(|card| card.perform(sign, None, &Believer::default()).answer);
    let CardAnswer::Signed { signature, certificate: None } = answer.unwrap() else {
        panic!("other than a signature");
    };
    assert_eq!(signature.as_bytes(), hex("0102030405060708"));
}

fn present_birth_date(card: Transcript) -> Result<(), Failure> {
    present_printed(card, "1980-02-17", Calendar::Era)
}

fn present_printed(card: Transcript, date: &str, calendar: Calendar) -> Result<(), Failure> {
    let birth_date = PrintedBirthDate::parse(date, calendar).unwrap();
    let birth_date = Presentation::of_birth_date(birth_date);
    card.in_session(|card| present(card, Work::Present, birth_date)).map(drop)
}

fn present_number_b(card: Transcript) -> Result<(), Failure> {
    let number_b = Presentation::of_number_b(number_b());
    card.in_session(|card| present(card, Work::Present, number_b)).map(drop)
}

fn failure(code: ErrorCode, retries_left: u8) -> Result<(), Failure> {
    Err(Failure::new(code).with_retries_left(retries_left))
}

fn birth_date() -> PrintedBirthDate {
    PrintedBirthDate::parse("1980-02-17", Calendar::Era).unwrap()
}

fn number_b() -> VerificationNumberB {
    VerificationNumberB::parse(birth_date(), "2035", "2285").unwrap()
}
