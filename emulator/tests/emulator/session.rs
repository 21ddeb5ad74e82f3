//! Sessions over the emulated card: what the card believes afterwards is asked of the card.

use std::mem;

use kazashi_core::codec::Hex;
use kazashi_core::codec::apdu::{CommandApdu, StatusWord};
use kazashi_core::error_code::ErrorCode;
use kazashi_core::guard::desk::{self, Work};
use kazashi_core::guard::session::{Bookmark, Ending, Session};
use kazashi_core::guard::verification::{Presentation, Presenting};
use kazashi_core::value::layout::{Application, Key, PinReference};
use kazashi_core::value::{Calendar, Method, PinValue, PrintedBirthDate, Scope, Scopes, Statement};
use kazashi_core::wire::{CardAnswer, CardRequest, Failure};
use kazashi_emulator::reader::{Fault, Reader};
use kazashi_emulator::{Card, Image, Variant};
use rand_core::OsRng;

use crate::support::guard::{Anybody, memory, perform};
use crate::support::transcript::bytes;

const SELECT: &str = "00A4040C0AD392F000260100000001";
const READ_CERTIFICATE: &str = "00B08A00000000";
const SIGN: &str = "802A0097015500";

fn reader() -> Reader {
    Reader::new(Card::new(Image::normal()), OsRng)
}

fn open(reader: &Reader) -> Result<Session<'static>, Failure> {
    Session::open(Box::new(reader.transaction()), Bookmark::default(), memory())
}

/// What the card answers to another program.
fn ask(reader: &Reader, hex: &str) -> StatusWord {
    reader.send(&bytes(hex)).status()
}

fn command(hex: &str) -> CommandApdu {
    CommandApdu::from_bytes(&bytes(hex)).unwrap()
}

fn pin(text: &str) -> Presentation {
    Presentation::of_person(PinValue::parse(PinReference::UserAuthentication, text).unwrap(), 1)
}

fn present(session: &mut Session<'_>, pin: Presentation) -> Result<(), Failure> {
    perform(session, Work::Present, Some(pin)).map(drop)
}

/// Has the statement signed for which a PIN was presented before.
fn sign(session: &mut Session<'_>) -> Result<Hex, Failure> {
    let statement = Statement::new(Method::Pin, "https://portal.example", &"A".repeat(44));
    let sign = Work::SignChallenge(Key::UserAuthentication, statement);
    match perform(session, sign, None)? {
        CardAnswer::Signed { signature, .. } => Ok(signature),
        other => panic!("{other:?}"),
    }
}

fn scopes() -> Scopes {
    [Scope::Authenticate].into_iter().collect()
}

#[test]
fn a_verified_pin_does_not_outlive_the_session() {
    let reader = reader();
    let mut session = open(&reader).unwrap();
    present(&mut session, pin("1234")).unwrap();
    assert_eq!(sign(&mut session).unwrap().as_bytes().len(), 256);
    session.close();
    assert_eq!(reader.ending(), Some(Ending::LeaveCard));
    // Selecting the application again does not clear a VERIFY, so this shows that it was cleared.
    assert_eq!(ask(&reader, SELECT), StatusWord::OK);
    assert_eq!(ask(&reader, SIGN), StatusWord::SECURITY_STATUS_NOT_SATISFIED);
}

#[test]
fn a_reader_without_keys_takes_no_pin() {
    let reader = reader();
    let mut session = open(&reader).unwrap();
    for reference in [PinReference::UserAuthentication, PinReference::DigitalSignature] {
        assert!(!session.before_dialog(reference).unwrap().on_reader);
        let typed = Presenting::OnReader { reference, retries_left: 1 };
        let refused = session.perform(Work::Present, Some(typed), &Anybody).answer;
        assert_eq!(refused.map(drop), Err(Failure::new(ErrorCode::PinEntryUnavailable)));
    }
    session.close();
    assert_eq!(ask(&reader, SELECT), StatusWord::OK);
    assert_eq!(ask(&reader, "00200098"), StatusWord(0x63C3));
}

#[test]
fn a_pin_that_another_program_left_verified_is_cleared_first() {
    let reader = reader();
    ask(&reader, SELECT);
    assert_eq!(ask(&reader, "002000980431323334"), StatusWord::OK);
    assert_eq!(ask(&reader, SIGN), StatusWord::OK);
    let mut session = open(&reader).unwrap();
    session.transmit(&command(SELECT), &scopes()).unwrap();
    let refused = sign(&mut session);
    assert_eq!(refused, Err(Failure::new(ErrorCode::InvalidRequest)));
    // As if it were killed: what it would leave clean itself is not what is to be seen.
    mem::forget(session);
    assert_eq!(ask(&reader, SELECT), StatusWord::OK);
    assert_eq!(ask(&reader, SIGN), StatusWord::SECURITY_STATUS_NOT_SATISFIED);
}

#[test]
fn a_card_that_is_no_my_number_card_is_left_as_it_was() {
    for (answer, code) in [
        (Fault::Refused(StatusWord::NOT_FOUND), ErrorCode::UnsupportedCard),
        (Fault::Refused(StatusWord::INS_NOT_SUPPORTED), ErrorCode::UnsupportedCard),
        (Fault::Refused(StatusWord::SECURITY_STATUS_NOT_SATISFIED), ErrorCode::UnsupportedCard),
        (Fault::Refused(StatusWord::UNKNOWN), ErrorCode::CommunicationError),
        (Fault::CommandLost, ErrorCode::CommunicationError),
    ] {
        let reader = reader();
        // What stands for another program's session with it.
        ask(&reader, SELECT);
        assert_eq!(ask(&reader, "002000980431323334"), StatusWord::OK);
        reader.set_plan(move |_, _| Some(answer));
        let opened = open(&reader);
        assert_eq!(opened.map(drop), Err(Failure::new(code)), "{answer:?}");
        assert_eq!(reader.ending(), Some(Ending::LeaveCard), "{answer:?}");
        assert_eq!(ask(&reader, SIGN), StatusWord::OK, "{answer:?}");
    }
}

#[test]
fn a_card_is_asked_once_in_a_stay_whether_it_is_a_my_number_card() {
    let (reader, memory) = (reader(), memory());
    for commands in [3, 2, 2] {
        let before = reader.commands();
        let card = Box::new(reader.transaction());
        Session::open(card, Bookmark::default(), memory.clone()).unwrap().close();
        assert_eq!(reader.commands() - before, commands);
    }
}

#[test]
fn a_card_that_refuses_the_card_manager_is_powered_down_and_not_spoken_to() {
    for (status, code) in [
        (StatusWord::NOT_FOUND, ErrorCode::UnsupportedCard),
        (StatusWord(0x6581), ErrorCode::CommunicationError),
    ] {
        let reader = reader();
        ask(&reader, SELECT);
        assert_eq!(ask(&reader, "002000980431323334"), StatusWord::OK);
        reader.set_plan(move |number, _| (number == 1).then_some(Fault::Refused(status)));
        let opened = open(&reader);
        assert_eq!(opened.map(drop), Err(Failure::new(code)));
        assert_eq!((reader.commands(), reader.ending()), (2, Some(Ending::UnpowerCard)));
        assert_eq!(ask(&reader, SELECT), StatusWord::OK);
        assert_eq!(ask(&reader, SIGN), StatusWord::SECURITY_STATUS_NOT_SATISFIED);
    }
}

#[test]
fn nothing_is_signed_without_a_pin_in_the_same_session() {
    let reader = reader();
    let mut session = open(&reader).unwrap();
    present(&mut session, pin("1234")).unwrap();
    session.close();
    let refused = sign(&mut open(&reader).unwrap());
    assert_eq!(refused, Err(Failure::new(ErrorCode::InvalidRequest)));
}

#[test]
fn a_select_by_the_page_ends_what_a_pin_allowed() {
    let reader = reader();
    let mut session = open(&reader).unwrap();
    present(&mut session, pin("1234")).unwrap();
    session.transmit(&Application::CardManager.select(), &scopes()).unwrap();
    let refused = sign(&mut session);
    assert_eq!(refused, Err(Failure::new(ErrorCode::InvalidRequest)));
}

#[test]
fn a_wrong_pin_unlocks_nothing() {
    let reader = reader();
    let mut session = open(&reader).unwrap();
    present(&mut session, pin("1234")).unwrap();
    let wrong = present(&mut session, pin("0000")).unwrap_err();
    assert_eq!((wrong.code, wrong.retries_left), (ErrorCode::PinIncorrect, Some(2)));
    let refused = sign(&mut session);
    assert_eq!(refused, Err(Failure::new(ErrorCode::InvalidRequest)));
}

#[test]
fn the_pages_application_is_selected_again_in_the_next_session() {
    let reader = reader();
    let mut session = open(&reader).unwrap();
    session.transmit(&command(SELECT), &scopes()).unwrap();
    let bookmark = session.close();
    let mut session = Session::open(Box::new(reader.transaction()), bookmark, memory()).unwrap();
    let response = session.transmit(&command(READ_CERTIFICATE), &scopes()).unwrap();
    assert_eq!(response.status(), StatusWord::OK);
    assert!(response.data().len() > 1000);
}

#[test]
fn the_pages_file_is_selected_again_in_the_next_session() {
    let reader = Reader::new(Card::new(Image::of(Variant::Short)), OsRng);
    let whole = |pause: bool| {
        let mut session = open(&reader).unwrap();
        session.transmit(&command(SELECT), &scopes()).unwrap();
        session.transmit(&command("00A4020C02000A"), &scopes()).unwrap();
        let mut file = session.transmit(&command("00B0000000"), &scopes()).unwrap().data().to_vec();
        if pause {
            let bookmark = session.close();
            let card = Box::new(reader.transaction());
            session = Session::open(card, bookmark, memory()).unwrap();
        }
        let rest = session.transmit(&command("00B0010000"), &scopes()).unwrap();
        assert_eq!(rest.status(), StatusWord::OK);
        file.extend_from_slice(rest.data());
        session.close();
        file
    };
    let file = whole(false);
    assert_eq!(file.len(), 512);
    assert_eq!(whole(true), file);
}

/// A session that goes on where this one left off, in another transaction.
fn next(reader: &Reader, session: Session<'_>) -> Session<'static> {
    let bookmark = session.close();
    Session::open(Box::new(reader.transaction()), bookmark, memory()).unwrap()
}

#[test]
fn what_ran_out_with_a_transaction_is_not_said_to_be_forbidden() {
    let timeout = Err(Failure::new(ErrorCode::Timeout));
    let all: Scopes = [Scope::Sign, Scope::Authenticate, Scope::CardPresence].into_iter().collect();

    // A PIN, for a signature.
    let reader = reader();
    let mut session = open(&reader).unwrap();
    session.transmit(&command(SELECT), &all).unwrap();
    present(&mut session, pin("1234")).unwrap();
    let mut session = next(&reader, session);
    assert_eq!(sign(&mut session).map(drop), timeout);
    // The page begins anew: from then on it is a request out of turn.
    session.transmit(&command(SELECT), &all).unwrap();
    assert_eq!(sign(&mut session), Err(Failure::new(ErrorCode::InvalidRequest)));

    // A password, for the certificate that it opens.
    let password = PinValue::parse(PinReference::DigitalSignature, "ABC123").unwrap();
    present(&mut session, Presentation::of_person(password, 1)).unwrap();
    let mut session = next(&reader, session);
    let read = command("00B08100000000");
    assert_eq!(session.transmit(&read, &all).map(drop), timeout);

    // A birth date, for the record that it opens.
    session.transmit(&command("00A4040C0AD3921000310001010402"), &all).unwrap();
    let birth_date = PrintedBirthDate::parse("1980-02-17", Calendar::Era).unwrap();
    present(&mut session, Presentation::of_birth_date(birth_date)).unwrap();
    let mut session = next(&reader, session);
    assert_eq!(session.transmit(&read, &all).map(drop), timeout);

    // The rest of a response.
    let mut session = next(&reader, session);
    session.transmit(&command(SELECT), &all).unwrap();
    reader.fail_next(Fault::InParts(9));
    session.transmit(&command(READ_CERTIFICATE), &all).unwrap();
    let mut session = next(&reader, session);
    assert_eq!(session.transmit(&command("00C0000000"), &all).map(drop), timeout);
}

#[test]
fn a_pin_serves_one_signature() {
    let reader = reader();
    let mut session = open(&reader).unwrap();
    present(&mut session, pin("1234")).unwrap();
    assert!(sign(&mut session).is_ok());
    assert!(session.is_finished());
    assert_eq!(sign(&mut session), Err(Failure::new(ErrorCode::InvalidRequest)));
    let mut session = next(&reader, session);
    assert_eq!(sign(&mut session), Err(Failure::new(ErrorCode::InvalidRequest)));
}

#[test]
fn a_session_that_is_dropped_powers_the_card_down() {
    let reader = reader();
    let mut session = open(&reader).unwrap();
    present(&mut session, pin("1234")).unwrap();
    drop(session);
    assert_eq!(reader.ending(), Some(Ending::UnpowerCard));
    assert_eq!(ask(&reader, SELECT), StatusWord::OK);
    assert_eq!(ask(&reader, SIGN), StatusWord::SECURITY_STATUS_NOT_SATISFIED);
}

#[test]
fn an_institutions_signature_longer_than_any_is_refused_unsent() {
    for length in [513, 65_504, 70_000] {
        let request = CardRequest::TerminalSign {
            nonce: "A".repeat(44),
            signature: vec![0x55; length].into(),
        };
        let scopes = [Scope::AuthenticatePinless].into_iter().collect();
        let refused = desk::admit(request, &scopes, "https://portal.example");
        assert_eq!(refused.map(drop), Err(ErrorCode::InvalidRequest), "{length} bytes");
    }
}

#[test]
fn what_no_scope_allows_does_not_reach_the_card() {
    let reader = reader();
    let mut session = open(&reader).unwrap();
    session.transmit(&command(SELECT), &scopes()).unwrap();
    let commands = reader.commands();
    for refused in ["002000980430303030", SIGN, "00B0810000", "0084000008", "00CA004500"] {
        let answer = session.transmit(&command(refused), &scopes());
        assert_eq!(answer, Err(Failure::new(ErrorCode::NotPermitted)), "{refused}");
    }
    assert_eq!(reader.commands(), commands);
}

#[test]
fn raw_commands_read_beyond_the_table() {
    let reader = reader();
    let raw: Scopes = [Scope::RawApdu].into_iter().collect();
    let mut session = open(&reader).unwrap();
    for read in ["00CA004500", "00A4040C0AD3921000310001010100", "00B2010C00", SELECT, "00B08A0000"]
    {
        let response = session.transmit(&command(read), &raw).unwrap();
        assert_eq!(response.status(), StatusWord::OK, "{read}");
    }
    for refused in ["002000980430303030", SIGN, "00240198023131", "0088009901AA00"] {
        let answer = session.transmit(&command(refused), &raw);
        assert_eq!(answer, Err(Failure::new(ErrorCode::NotPermitted)), "{refused}");
    }
}

#[test]
fn what_a_raw_command_left_is_fetched_and_what_the_bridges_own_left_is_not() {
    let reader = reader();
    let raw: Scopes = [Scope::Authenticate, Scope::RawApdu].into_iter().collect();
    let mut session = open(&reader).unwrap();
    reader.fail_next(Fault::InParts(9));
    let first = session.transmit(&command("00CA004500"), &raw).unwrap();
    assert_eq!((first.data().len(), first.status()), (9, StatusWord(0x6104)));
    let rest = session.transmit(&command("00C0000004"), &raw).unwrap();
    assert_eq!((rest.data(), rest.status()), (&b"0001"[..], StatusWord::OK));
    assert_eq!(session.reading().map(|reading| reading.scope), Some(Scope::RawApdu));

    present(&mut session, pin("1234")).unwrap();
    reader.fail_next(Fault::Refused(StatusWord(0x6100)));
    assert!(sign(&mut session).is_err(), "the reader fails at GET RESPONSE");
    let rest = session.transmit(&command("00C0000000"), &raw);
    assert_eq!(rest, Err(Failure::new(ErrorCode::NotPermitted)));
}

#[test]
fn a_raw_command_ends_what_a_pin_allowed() {
    let reader = reader();
    let raw: Scopes = [Scope::Authenticate, Scope::RawApdu].into_iter().collect();
    let mut session = open(&reader).unwrap();
    present(&mut session, pin("1234")).unwrap();
    session.transmit(&command("0084000008"), &raw).unwrap();
    assert_eq!(sign(&mut session), Err(Failure::new(ErrorCode::InvalidRequest)));
    present(&mut session, pin("1234")).unwrap();
    assert!(sign(&mut session).is_ok());
}

#[test]
fn a_reader_that_corrects_le_still_reads_to_the_end() {
    let reader = reader();
    let mut session = open(&reader).unwrap();
    session.transmit(&command(SELECT), &scopes()).unwrap();
    session.transmit(&command("00A4020C02000A"), &scopes()).unwrap();
    reader.fail_next(Fault::Refused(StatusWord(0x6C10)));
    let corrected = session.transmit(&command("00B0000000"), &scopes()).unwrap();
    assert_eq!(corrected.status(), StatusWord(0x6C10));
    let response = session.transmit(&command("00B0000010"), &scopes()).unwrap();
    assert_eq!((response.status(), response.data().len()), (StatusWord::OK, 0x10));
}

#[test]
fn a_card_pulled_at_any_command_ends_the_session_with_its_code() {
    for commands in 0..5 {
        let reader = reader();
        reader.set_plan(move |number, _| (number == commands).then_some(Fault::Removed));
        let failure = match open(&reader) {
            Err(failure) => failure,
            Ok(mut session) => {
                let failure = present(&mut session, pin("1234")).unwrap_err();
                assert!(session.is_finished());
                session.close();
                failure
            }
        };
        assert_eq!(failure.code, ErrorCode::RemovedCard, "after {commands} commands");
        // It cannot be told what state the card is in: power decides, if it is one of ours.
        let is_ours = commands > 0;
        let ending = if is_ours { Ending::UnpowerCard } else { Ending::LeaveCard };
        assert_eq!(reader.ending(), Some(ending));
    }
}
