//! The files of `vectors/`, which the TypeScript tests read too.
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may panic")]

use std::{fs, path::PathBuf};

use kazashi_core::{
    Abilities, AttributesRecord, BirthDate, Document, Error, Hash, Nonce, Sex, VerificationNumberB,
    apdu::{CommandApdu, LengthFields, ResponseApdu, StatusWord},
    card_surface::{
        self, BirthDateSource, CardFaceReading, CertificateReading, Presence, PresenceProof,
    },
    error_code::ErrorCode,
    flow::{Flow, Question, Step, Transport, run},
    jpki::{
        self, Certificate, CertificateKind, Signature, SignedChallenge, SignedDocument, TokenLabel,
    },
    key::{Key, PinReference, Verified},
    secret::PinValue,
    session::{CardTransaction, Ending, Session},
    statement::{Method, Statement},
    terminal::{TerminalCertificate, TerminalRequest},
    tlv,
    verification::{self, Presentation},
    wire::{Ask, Failure, Notification, Reply},
};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::Value;

#[test]
fn command_apdus_are_read_and_written_as_by_hand() {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Command {
        name: String,
        bytes: String,
        header: String,
        data: String,
        ne: u32,
        length_fields: String,
    }
    #[derive(Deserialize)]
    struct Commands {
        commands: Vec<Command>,
        malformed: Vec<Named>,
    }
    let vectors: Commands = load("apdu/commands.json");
    for case in vectors.commands {
        let command = CommandApdu::from_bytes(&hex(&case.bytes)).expect(&case.name);
        assert_eq!(command.header().to_vec(), hex(&case.header), "{}", case.name);
        assert_eq!(command.data(), hex(&case.data), "{}", case.name);
        assert_eq!(command.ne(), case.ne, "{}", case.name);
        let extended = command.length_fields() == LengthFields::Extended;
        assert_eq!(extended, case.length_fields == "extended", "{}", case.name);
        assert_eq!(command.to_bytes().to_vec(), hex(&case.bytes), "{}", case.name);
    }
    for case in vectors.malformed {
        assert!(CommandApdu::from_bytes(&hex(&case.bytes)).is_err(), "{}", case.name);
    }
}

#[test]
fn response_apdus_are_read_and_written_as_by_hand() {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Response {
        name: String,
        bytes: String,
        data: String,
        status: String,
        retries_left: Option<u8>,
        #[serde(default)]
        blocked: bool,
        bytes_left: Option<u32>,
        corrected_ne: Option<u32>,
    }
    #[derive(Deserialize)]
    struct Responses {
        responses: Vec<Response>,
        malformed: Vec<String>,
    }
    let vectors: Responses = load("apdu/responses.json");
    for case in vectors.responses {
        let response = ResponseApdu::from_bytes(&hex(&case.bytes)).expect(&case.name);
        let status = response.status();
        assert_eq!(response.data(), hex(&case.data), "{}", case.name);
        assert_eq!(status.to_string(), case.status, "{}", case.name);
        assert_eq!(status.retries_left(), case.retries_left, "{}", case.name);
        assert_eq!(status.is_blocked(), case.blocked, "{}", case.name);
        assert_eq!(status.bytes_left(), case.bytes_left, "{}", case.name);
        assert_eq!(status.corrected_ne(), case.corrected_ne, "{}", case.name);
        assert_eq!(response.to_bytes().to_vec(), hex(&case.bytes), "{}", case.name);
    }
    for bytes in vectors.malformed {
        assert!(ResponseApdu::from_bytes(&hex(&bytes)).is_err(), "{bytes}");
    }
}

#[test]
fn data_objects_are_read_as_by_hand() {
    #[derive(Deserialize)]
    struct Ber {
        name: String,
        bytes: String,
        objects: Vec<(String, String)>,
    }
    #[derive(Deserialize)]
    struct Simple {
        name: String,
        bytes: String,
        tag: String,
        value: String,
        rest: String,
    }
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Objects {
        ber: Vec<Ber>,
        malformed_ber: Vec<Named>,
        simple: Vec<Simple>,
        malformed_simple: Vec<String>,
    }
    let vectors: Objects = load("apdu/tlv.json");
    for case in vectors.ber {
        let bytes = hex(&case.bytes);
        let objects: Vec<_> = tlv::read(&bytes)
            .map(|object| object.expect(&case.name))
            .map(|object| (format!("{:?}", object.tag()), object.value().to_vec()))
            .collect();
        let expected: Vec<_> =
            case.objects.into_iter().map(|(tag, value)| (tag, hex(&value))).collect();
        assert_eq!(objects, expected, "{}", case.name);
    }
    for case in vectors.malformed_ber {
        let bytes = hex(&case.bytes);
        assert!(tlv::read(&bytes).last().unwrap().is_err(), "{}", case.name);
    }
    for case in vectors.simple {
        let bytes = hex(&case.bytes);
        let (tag, value, rest) = tlv::read_simple(&bytes).expect(&case.name);
        assert_eq!(vec![tag], hex(&case.tag), "{}", case.name);
        assert_eq!(value, hex(&case.value), "{}", case.name);
        assert_eq!(rest, hex(&case.rest), "{}", case.name);
    }
    for bytes in vectors.malformed_simple {
        assert!(tlv::read_simple(&hex(&bytes)).is_err(), "{bytes}");
    }
}

#[test]
fn messages_are_read_and_written_as_by_hand() {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Messages {
        requests: Vec<Value>,
        answers: Vec<Value>,
        notifications: Vec<Value>,
        malformed_requests: Vec<Value>,
    }
    fn round_trip<T: DeserializeOwned + serde::Serialize>(message: &Value) -> Value {
        // From text, as it comes over the wire.
        let parsed: T = serde_json::from_str(&message.to_string()).expect("a message");
        serde_json::to_value(parsed).unwrap()
    }
    let vectors: Messages = load("wire/messages.json");
    for message in vectors.requests {
        assert_eq!(round_trip::<Ask>(&message), message);
    }
    for message in vectors.answers {
        assert_eq!(round_trip::<Reply>(&message), message);
    }
    for message in vectors.notifications {
        assert_eq!(round_trip::<Notification>(&message), message);
    }
    for message in vectors.malformed_requests {
        assert!(serde_json::from_str::<Ask>(&message.to_string()).is_err(), "{message}");
    }
}

#[test]
fn a_wrong_pin_reports_the_retry_counter() {
    let result = replay(present("0000", 1), "pin-incorrect");
    assert_eq!(result, Err(Error::PinIncorrect { retries_left: 2 }));
}

#[test]
fn the_right_pin_is_verified() {
    let verified = replay(present("1234", 1), "pin-correct").unwrap();
    assert_eq!(verified.reference, PinReference::UserAuthentication);
}

#[test]
fn a_blocked_pin_is_not_presented() {
    assert_eq!(replay(present("1234", 1), "pin-blocked"), Err(Error::PinBlocked));
}

#[test]
fn the_try_that_blocks_the_pin_says_so() {
    assert_eq!(replay(present("0000", 1), "pin-blocked-by-the-last-try"), Err(Error::PinBlocked));
}

#[test]
fn a_pin_is_not_presented_with_fewer_tries_left_than_counted_on() {
    let result = replay(present("1234", 3), "pin-too-few-retries");
    assert_eq!(result, Err(Error::TooFewRetries { retries_left: 2 }));
}

#[test]
fn both_retry_counters_are_read() {
    let status = replay(jpki::pin_status(), "pin-status").unwrap();
    assert_eq!((status.user_authentication.left, status.digital_signature.left), (3, 5));
}

#[test]
fn another_card_is_told_apart() {
    let result = replay(jpki::pin_status(), "not-a-my-number-card");
    assert_eq!(result, Err(Error::ApplicationNotFound));
}

#[test]
fn a_certificate_is_read_at_once_and_trimmed() {
    let flow = jpki::read_certificate(CertificateKind::UserAuthentication);
    let certificate = replay(flow, "read-certificate").unwrap();
    assert_eq!(certificate.as_der(), hex("3003020107"));
}

#[test]
fn a_response_in_parts_is_put_together() {
    let flow = jpki::read_certificate(CertificateKind::UserAuthentication);
    let certificate = replay(flow, "read-certificate-in-two-responses").unwrap();
    assert_eq!(certificate.as_der(), hex("3003020107"));
}

#[test]
fn a_certificate_is_read_in_chunks_where_extended_length_is_refused() {
    let flow = jpki::read_certificate(CertificateKind::UserAuthentication);
    let progress = flow.progress();
    let certificate = replay(flow, "read-certificate-short").unwrap();
    assert_eq!(certificate.as_der().len(), 4 + 0x0101);
    assert_eq!((progress.read(), progress.total()), (4 + 0x0101, 4 + 0x0101));
    assert!(certificate.as_der().ends_with(&hex("AA0102030405")));
}

#[test]
fn files_are_selected_where_short_identifiers_are_refused() {
    let flow = jpki::read_certificate(CertificateKind::UserAuthentication);
    let certificate = replay(flow, "read-certificate-selected").unwrap();
    assert_eq!(certificate.as_der(), hex("3003020107"));
    let status = replay(jpki::pin_status(), "pin-status-selected").unwrap();
    assert_eq!((status.user_authentication.left, status.digital_signature.left), (3, 5));
}

#[test]
fn a_corrected_le_is_taken() {
    let flow = jpki::read_certificate(CertificateKind::UserAuthentication);
    let certificate = replay(flow, "read-certificate-with-corrected-le").unwrap();
    assert_eq!(certificate.as_der(), hex("3003020107"));
}

#[test]
fn a_statement_is_signed_as_openssl_would_hash_it() {
    let statement = Statement::new(Method::Pin, "https://example.com", &"A".repeat(44));
    let flow = jpki::sign_statement(&statement);
    let signature = replay(flow, "sign-statement").unwrap();
    assert_eq!(signature.as_bytes(), hex("0102030405060708"));
}

#[test]
fn a_document_is_signed_with_the_digest_info_of_its_hash() {
    let document = Document::new("A lease", Hash::Sha512, [7; 64]).unwrap();
    let signed = replay(jpki::sign_document(&document), "sign-document").unwrap();
    assert_eq!(signed.certificate.as_der(), hex("3003020107"));
    assert_eq!(signed.signature.as_bytes(), hex("0102030405060708"));
}

#[test]
fn a_document_is_left_to_whoever_asks_for_consent() {
    let document = Document::new("A lease", Hash::Sha256, [7; 32]).unwrap();
    let mut card = Transcript::load("certificate-available");
    let mut step = jpki::sign(document.clone()).start().unwrap();
    while let Step::Transmit(command, waiting) = step {
        step = waiting.resume(card.answer(&command)).unwrap();
    }
    let Step::Sign(shown, waiting) = step else { panic!("a step to sign") };
    assert_eq!(shown, document);
    let signed = SignedDocument::new(Certificate::from_der([0x30, 0]), Signature::from_bytes([7]));
    assert!(matches!(waiting.resume(signed.clone()), Ok(Step::Done(done)) if done == signed));
}

#[test]
fn the_digital_signature_certificate_is_read_after_somebody_presents_the_password() {
    let mut card = Transcript::load("read-digital-signature-certificate");
    let flow = jpki::read_certificate(CertificateKind::DigitalSignature);
    let mut step = flow.start().unwrap();
    let certificate = loop {
        step = match step {
            Step::Transmit(command, waiting) => waiting.resume(card.answer(&command)).unwrap(),
            Step::VerifyPin(reference, waiting) => {
                assert_eq!(reference, PinReference::DigitalSignature);
                waiting.resume(Verified::new(reference)).unwrap()
            }
            Step::Done(certificate) => break certificate,
            other => panic!("{other:?}"),
        };
    };
    assert_eq!(certificate.as_der(), hex("3003020107"));
}

#[test]
fn nobody_is_asked_for_the_password_of_a_certificate_that_is_not_there() {
    let flow = jpki::read_certificate(CertificateKind::DigitalSignature);
    assert_eq!(replay(flow, "certificate-absent"), Err(Error::CertificateAbsent));
    let document = Document::new("A lease", Hash::Sha256, [7; 32]).unwrap();
    assert_eq!(replay(jpki::sign(document), "certificate-absent"), Err(Error::CertificateAbsent));
}

#[test]
fn a_telephone_is_no_my_number_card() {
    let flow = jpki::read_certificate(CertificateKind::UserAuthentication);
    assert_eq!(replay(flow, "token-of-a-telephone"), Err(Error::ApplicationNotFound));
}

#[test]
fn the_token_label_tells_the_cards_apart() {
    assert_eq!(replay(jpki::token_label(), "token-label"), Ok(TokenLabel::MyNumberCard));
}

#[test]
fn a_flow_leaves_the_challenge_to_whoever_knows_the_origin() {
    let nonce = Nonce::parse(&"A".repeat(44)).unwrap();
    let mut card = Transcript::load("read-certificate");
    let mut step = jpki::authenticate(nonce.clone()).start().unwrap();
    let challenge = loop {
        step = match step {
            Step::Transmit(command, waiting) => waiting.resume(card.answer(&command)).unwrap(),
            Step::SignChallenge(key, asked, waiting) => {
                assert_eq!((key, &asked), (Key::UserAuthentication, &nonce));
                waiting.resume(Signature::from_bytes([7; 256])).unwrap()
            }
            Step::Done(challenge) => break challenge,
            other => panic!("{other:?}"),
        };
    };
    assert_eq!(challenge.certificate.as_der(), hex("3003020107"));
    assert_eq!(challenge.signature.as_bytes(), [7; 256]);
}

#[test]
fn terminal_certificates_are_sent_in_the_published_form() {
    let nonce = Nonce::parse(&"A".repeat(44)).unwrap();
    let request = TerminalRequest {
        challenge: [1; 32].into(),
        bridge: [2; 32].into(),
        signature: [3; 64].into(),
    };
    let mut card = Transcript::load("terminal-certificates");
    let mut step = authenticate_pinless().start().unwrap();
    let challenge = loop {
        step = match step {
            Step::Transmit(command, waiting) => waiting.resume(card.answer(&command)).unwrap(),
            Step::TerminalChallenge(asked, waiting) => {
                assert_eq!(card.0.next(), None, "the card has the whole chain");
                assert_eq!(asked, nonce);
                waiting.resume(request.clone()).unwrap()
            }
            Step::Ask(question, waiting) => {
                assert_eq!(question, Question::TerminalSignature(request.clone()));
                waiting.resume(vec![4; 256]).unwrap()
            }
            Step::TerminalSign(answer, waiting) => {
                assert_eq!(
                    (answer.nonce, answer.signature.as_bytes()),
                    (nonce.clone(), &[4; 256][..])
                );
                waiting.resume(Signature::from_bytes([7; 256])).unwrap()
            }
            Step::Done(challenge) => break challenge,
            other => panic!("{other:?}"),
        };
    };
    assert_eq!(challenge.certificate.as_der(), hex("3003020107"));
    assert_eq!(challenge.signature.as_bytes(), [7; 256]);
}

#[test]
fn a_card_that_lets_no_institution_in_says_why() {
    for (transcript, error) in [
        ("terminal-refused", Error::TerminalRefused { status: StatusWord(0x6300) }),
        ("terminal-unknown-command", Error::TerminalUnsupported),
        ("terminal-without-ef", Error::TerminalUnsupported),
        ("terminal-without-extended-length", Error::NoExtendedLength),
    ] {
        assert_eq!(replay(authenticate_pinless(), transcript), Err(error), "{transcript}");
    }
}

#[test]
fn a_challenge_for_an_institution_is_short() {
    let challenge: Vec<u8> = (0..32).collect();
    assert_eq!(replay(jpki::terminal_challenge(), "terminal-challenge"), Ok(challenge));
}

#[test]
fn an_institution_brings_its_signature_and_the_card_signs_the_same_statement() {
    let statement = Statement::new(Method::Terminal, "https://example.com", &"A".repeat(44));
    let sign = || jpki::sign_as_terminal(&statement, &Signature::from_bytes([0xAB; 256]));
    let signature = replay(sign(), "terminal-sign").unwrap();
    assert_eq!(signature.as_bytes(), hex("0102030405060708"));
    let refused = Error::TerminalRefused { status: StatusWord(0x6300) };
    assert_eq!(replay(sign(), "terminal-sign-refused"), Err(refused));
}

#[test]
fn presence_is_proved_with_the_certificate_or_its_head() {
    let head = [hex("30820600"), vec![0xAA; 252]].concat();
    for (reading, transcript, certificate) in [
        (CertificateReading::Whole, "prove-presence", hex("3003020107")),
        (CertificateReading::Head, "prove-presence-head", head),
    ] {
        let presence = prove_presence(reading, transcript);
        assert_eq!((&presence.certificate, presence.reading), (&certificate, reading));
        assert_eq!(presence.age_record, hex("FF10820003010203"));
        assert_eq!(presence.cv_certificate, hex("7F21820003040506"));
        assert_eq!(presence.signature.as_bytes(), [7; 256]);
        let proof = serde_json::to_value(PresenceProof::new(&presence, "a bridge")).unwrap();
        let whole = reading == CertificateReading::Whole;
        assert_eq!(proof.get("unverifiedCertificate").is_some(), whole);
        assert_eq!(proof.get("certificateHead").is_some(), !whole);
    }
}

#[test]
fn a_card_without_the_card_surface_application_says_so() {
    let nonce = Nonce::parse(&"A".repeat(44)).unwrap();
    let birth_date = BirthDateSource::Known(BirthDate::parse("1980-02-17").unwrap());
    let flow = card_surface::prove_presence(nonce, birth_date, CertificateReading::Whole);
    let result = replay(flow, "presence-without-application");
    assert_eq!(result, Err(Error::ApplicationAbsent));
}

#[test]
fn a_birth_date_is_presented_as_the_card_compares_it() {
    let failure = |code, retries_left| Err(Failure::new(code).with_retries_left(retries_left));
    for (transcript, expected) in [
        ("birth-date-correct", Ok(())),
        ("birth-date-incorrect", failure(ErrorCode::BirthDateIncorrect, 9)),
        ("birth-date-blocked", failure(ErrorCode::BirthDateBlocked, 0)),
        ("birth-date-too-few-retries", failure(ErrorCode::TooFewRetries, 2)),
    ] {
        let birth_date = BirthDate::parse("1980-02-17").unwrap();
        let verify = |card: &mut Session<'_>| card.present(Presentation::of_birth_date(birth_date));
        assert_eq!(in_session(transcript, verify), expected, "{transcript}");
    }
}

#[test]
fn the_card_face_is_read_after_somebody_presents_the_verification_number() {
    for transcript in ["read-card-face", "read-card-face-short"] {
        let reading = read_card_face(transcript);
        assert_eq!(reading.record, [hex("FF20820101"), vec![0xAA; 0x0101]].concat());
        assert_eq!(reading.cv_certificate, hex("7F21820003040506"));
        assert_eq!(reading.signature.as_bytes(), [7; 256]);
        assert_eq!(format!("{reading:?}"), "CardFaceReading { .. }");
    }
}

#[test]
fn a_card_without_a_face_says_so() {
    let nonce = Nonce::parse(&"A".repeat(44)).unwrap();
    let flow = card_surface::read_card_face(nonce, number_b());
    assert_eq!(replay(flow, "card-face-without-application"), Err(Error::ApplicationAbsent));
}

#[test]
fn a_verification_number_is_presented_as_the_card_compares_it() {
    let failure = |code, retries_left| Err(Failure::new(code).with_retries_left(retries_left));
    for (transcript, expected) in [
        ("verification-number-correct", Ok(())),
        ("verification-number-incorrect", failure(ErrorCode::VerificationNumberIncorrect, 9)),
        ("verification-number-blocked", failure(ErrorCode::VerificationNumberBlocked, 0)),
        ("verification-number-too-few-retries", failure(ErrorCode::TooFewRetries, 2)),
    ] {
        let verify = |card: &mut Session<'_>| card.present(Presentation::of_number_b(number_b()));
        assert_eq!(in_session(transcript, verify), expected, "{transcript}");
    }
}

#[test]
fn the_card_surface_signs_a_statement_of_its_own() {
    let nonce = Nonce::parse(&"A".repeat(44)).unwrap();
    let signature = in_session("sign-presence", |card| {
        card.sign_challenge(Key::CardSurface, "https://example.com", &nonce)
    });
    assert_eq!(signature.unwrap().as_bytes(), hex("0102030405060708"));
}

#[test]
fn the_basic_attributes_are_read_after_their_pin_and_only_then() {
    let reading = in_session("read-attributes", |card| {
        assert_eq!(card.read_attributes(), Err(ErrorCode::InvalidRequest.into()));
        let pin = PinValue::parse(PinReference::CardInformation, "1234").unwrap();
        card.present_for(Presentation::of_person(pin, 3), Session::read_attributes)
    });
    let reading = reading.unwrap();
    let attributes = AttributesRecord::parse(&reading.record).unwrap();
    assert_eq!((attributes.name(), attributes.address()), ("山　花", "東"));
    assert_eq!(
        (attributes.birth_date().digits(), attributes.sex()),
        (&b"19800217"[..], Sex::Female)
    );
    assert_eq!(*reading.integrity_record, hex("FF30820003010203"));
    assert_eq!(reading.cv_certificate, hex("7F21820003040506"));
    assert_eq!(format!("{reading:?}"), "AttributesReading { .. }");
}

#[test]
fn nobody_is_asked_for_a_pin_of_an_application_that_is_not_there() {
    let retries_left = in_session("attributes-without-application", |card| {
        card.retries_before_dialog(PinReference::CardInformation)
    });
    assert_eq!(retries_left, Err(ErrorCode::ApplicationAbsent.into()));
}

#[test]
fn a_program_that_guards_no_card_cannot_run_a_guarded_flow() {
    let nonce = Nonce::parse(&"A".repeat(44)).unwrap();
    let result = replay(jpki::authenticate(nonce), "read-certificate");
    assert_eq!(result, Err(Error::Unguarded));
}

fn present(pin: &str, at_least: u8) -> Flow<Verified> {
    let value = PinValue::parse(PinReference::UserAuthentication, pin).unwrap();
    let reference = value.reference();
    verification::present(Presentation::of_person(value, at_least))
        .map(move |()| Verified::new(reference))
}

fn authenticate_pinless() -> Flow<SignedChallenge> {
    let nonce = Nonce::parse(&"A".repeat(44)).unwrap();
    let certificates = ["published-intermediate.bin", "terminal.cv"].map(|name| {
        let file = fs::read(vectors().join("cv-certificates").join(name)).unwrap();
        TerminalCertificate::parse(&file).unwrap()
    });
    jpki::authenticate_pinless(nonce, certificates.into())
}

/// Proves a presence with a server that knows the birth date.
fn prove_presence(reading: CertificateReading, transcript: &str) -> Presence {
    let nonce = Nonce::parse(&"A".repeat(44)).unwrap();
    let birth_date = BirthDate::parse("1980-02-17").unwrap();
    let mut card = Transcript::load(transcript);
    let flow = card_surface::prove_presence(nonce.clone(), BirthDateSource::Server, reading);
    let mut step = flow.start().unwrap();
    loop {
        step = match step {
            Step::Transmit(command, waiting) => waiting.resume(card.answer(&command)).unwrap(),
            Step::Ask(Question::BirthDate { certificate }, waiting) => {
                assert_eq!(certificate.first(), Some(&0x30));
                waiting.resume(b"1980-02-17".to_vec()).unwrap()
            }
            Step::VerifyBirthDate(presented, waiting) => {
                assert_eq!(presented, birth_date);
                waiting.resume(()).unwrap()
            }
            Step::SignChallenge(key, asked, waiting) => {
                assert_eq!((key, &asked), (Key::CardSurface, &nonce));
                assert_eq!(card.0.next(), None, "everything is read");
                waiting.resume(Signature::from_bytes([7; 256])).unwrap()
            }
            Step::Done(presence) => return presence,
            other => panic!("{other:?}"),
        };
    }
}

/// Reads the card face with somebody who guards the card.
fn read_card_face(transcript: &str) -> CardFaceReading {
    let nonce = Nonce::parse(&"A".repeat(44)).unwrap();
    let mut card = Transcript::load(transcript);
    let mut step = card_surface::read_card_face(nonce.clone(), number_b()).start().unwrap();
    loop {
        step = match step {
            Step::Transmit(command, waiting) => waiting.resume(card.answer(&command)).unwrap(),
            Step::VerifyNumberB(number, waiting) => {
                assert_eq!(number, number_b());
                waiting.resume(()).unwrap()
            }
            Step::SignChallenge(key, asked, waiting) => {
                assert_eq!((key, &asked), (Key::CardSurface, &nonce));
                assert_eq!(card.0.next(), None, "everything is read");
                waiting.resume(Signature::from_bytes([7; 256])).unwrap()
            }
            Step::Done(reading) => return reading,
            other => panic!("{other:?}"),
        };
    }
}

fn number_b() -> VerificationNumberB {
    VerificationNumberB::parse("1980-02-17", "2035", "2285").unwrap()
}

/// Does something with the card of a transcript as whoever guards it does, to the end of both.
fn in_session<T>(
    name: &str,
    work: impl FnOnce(&mut Session<'_>) -> Result<T, Failure>,
) -> Result<T, Failure> {
    let card = Box::new(Transcript::load(name));
    let mut session = Session::open(card, None, Abilities::default()).unwrap();
    let done = work(&mut session);
    session.close();
    done
}

/// Runs a flow against a transcript to the end of both.
fn replay<T>(flow: Flow<T>, name: &str) -> Result<T, Error> {
    let mut card = Transcript::load(name);
    let result = run(flow, &mut card);
    assert_eq!(card.0.next(), None, "{name}: the flow ended before the transcript");
    result
}

/// The lines of `vectors/transcripts`: `>` to the card, `<` from it.
struct Transcript(Box<dyn Iterator<Item = (Vec<u8>, Vec<u8>)>>);

impl Transcript {
    fn load(name: &str) -> Self {
        let text = read(&format!("transcripts/{name}.txt"));
        let mut lines: Vec<_> =
            text.lines().filter(|line| !line.starts_with('#')).map(str::to_owned).collect();
        let mut pairs = Vec::new();
        while let [command, response, ..] = &lines[..] {
            let command = hex(command.strip_prefix('>').expect(name));
            let response = hex(response.strip_prefix('<').expect(name));
            pairs.push((command, response));
            lines.drain(..2);
        }
        assert!(lines.is_empty() && !pairs.is_empty(), "{name}: commands and responses in turns");
        Self(Box::new(pairs.into_iter()))
    }

    fn answer(&mut self, command: &CommandApdu) -> ResponseApdu {
        let (expected, response) = self.0.next().expect("one command more than the transcript");
        assert_eq!(command.to_bytes().to_vec(), expected);
        ResponseApdu::from_bytes(&response).unwrap()
    }
}

impl Transport for Transcript {
    type Error = Error;

    fn transmit(&mut self, command: &CommandApdu) -> Result<ResponseApdu, Error> {
        Ok(self.answer(command))
    }
}

impl CardTransaction for Transcript {
    fn transmit(&mut self, command: &CommandApdu) -> Result<ResponseApdu, ErrorCode> {
        Ok(self.answer(command))
    }

    fn end(mut self: Box<Self>, ending: Ending) {
        assert_eq!(ending, Ending::LeaveCard);
        assert_eq!(self.0.next(), None, "the transaction ended before the transcript");
    }
}

#[derive(Deserialize)]
struct Named {
    name: String,
    bytes: String,
}

fn load<T: DeserializeOwned>(path: &str) -> T {
    serde_json::from_str(&read(path)).expect(path)
}

fn read(path: &str) -> String {
    fs::read_to_string(vectors().join(path)).expect(path)
}

fn vectors() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../vectors")
}

fn hex(text: &str) -> Vec<u8> {
    let digits: Vec<u8> = text
        .chars()
        .filter(|c| !c.is_whitespace())
        .map(|c| c.to_digit(16).expect(text).try_into().unwrap())
        .collect();
    assert!(digits.len().is_multiple_of(2), "{text}");
    digits.chunks(2).map(|pair| pair[0] << 4 | pair[1]).collect()
}
