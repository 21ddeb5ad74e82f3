//! Sessions over the virtual card: what the card believes afterwards is asked of the card.
#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::{cell::RefCell, rc::Rc};

use kazashi_core::{
    Abilities, Nonce,
    apdu::{CommandApdu, ResponseApdu, StatusWord},
    error_code::ErrorCode,
    jpki::Signature,
    key::{Key, PinReference},
    policy::{Application, Scope, Scopes},
    secret::PinValue,
    session::{CardTransaction, Ending, Session},
    verification::Presentation,
    wire::Failure,
};
use kazashi_emulator::{Card, Image};
use rand_core::OsRng;

/// A card that outlives its sessions.
#[derive(Clone)]
struct Desk(Rc<RefCell<State>>);

struct State {
    card: Card,
    ending: Option<Ending>,
    /// Answers this many commands, then none.
    commands: usize,
    /// Answers the next command with this instead.
    corrected: Option<StatusWord>,
}

impl Desk {
    fn new() -> Self {
        let mut card = Card::new(Image::normal());
        card.power_on();
        Self(Rc::new(RefCell::new(State {
            card,
            ending: None,
            commands: usize::MAX,
            corrected: None,
        })))
    }

    fn session(&self) -> Session<'_> {
        Session::open(Box::new(self.clone()), None, Abilities::default()).unwrap()
    }

    /// What the card answers to another program.
    fn ask(&self, hex: &str) -> StatusWord {
        self.clone().transmit(&command(hex)).unwrap().status()
    }
}

impl CardTransaction for Desk {
    fn transmit(&mut self, command: &CommandApdu) -> Result<ResponseApdu, ErrorCode> {
        let mut state = self.0.borrow_mut();
        state.commands = state.commands.checked_sub(1).ok_or(ErrorCode::RemovedCard)?;
        if let Some(corrected) = state.corrected.take() {
            return Ok(ResponseApdu::new([], corrected));
        }
        let response = state.card.transmit(&command.to_bytes(), &mut OsRng);
        Ok(ResponseApdu::from_bytes(&response).unwrap())
    }

    fn end(self: Box<Self>, ending: Ending) {
        self.0.borrow_mut().ending = Some(ending);
    }
}

const SELECT: &str = "00A4040C0AD392F000260100000001";
const READ_CERTIFICATE: &str = "00B08A00000000";
const SIGN: &str = "802A0097015500";

fn command(hex: &str) -> CommandApdu {
    let bytes: Vec<u8> = (0..hex.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap())
        .collect();
    CommandApdu::from_bytes(&bytes).unwrap()
}

fn pin(text: &str) -> Presentation {
    Presentation::of_person(PinValue::parse(PinReference::UserAuthentication, text).unwrap(), 1)
}

fn sign(session: &mut Session<'_>) -> Result<Signature, Failure> {
    let nonce = Nonce::parse(&"A".repeat(44)).unwrap();
    session.sign_challenge(Key::UserAuthentication, "https://portal.example", &nonce)
}

fn scopes() -> Scopes {
    [Scope::Authenticate].into_iter().collect()
}

#[test]
fn a_verified_pin_does_not_outlive_the_session() {
    let desk = Desk::new();
    let mut session = desk.session();
    session.present(pin("1234")).unwrap();
    assert_eq!(sign(&mut session).unwrap().as_bytes().len(), 256);
    session.close();
    assert_eq!(desk.0.borrow().ending, Some(Ending::LeaveCard));
    // Selecting the application again does not clear a VERIFY, so this shows that it was cleared.
    assert_eq!(desk.ask(SELECT), StatusWord::OK);
    assert_eq!(desk.ask(SIGN), StatusWord::SECURITY_STATUS_NOT_SATISFIED);
}

#[test]
fn a_reader_without_keys_takes_no_pin() {
    let desk = Desk::new();
    let mut session = desk.session();
    for reference in [PinReference::UserAuthentication, PinReference::DigitalSignature] {
        assert!(!session.takes_on_reader(reference));
        let refused = session.present_on_reader(reference, 1);
        assert_eq!(refused, Err(Failure::new(ErrorCode::PinEntryUnavailable)));
    }
    session.close();
    assert_eq!(desk.ask(SELECT), StatusWord::OK);
    assert_eq!(desk.ask("00200098"), StatusWord(0x63C3));
}

#[test]
fn a_pin_that_another_program_left_verified_is_cleared_first() {
    let desk = Desk::new();
    desk.ask(SELECT);
    assert_eq!(desk.ask("002000980431323334"), StatusWord::OK);
    assert_eq!(desk.ask(SIGN), StatusWord::OK);
    let mut session = desk.session();
    session.transmit(&command(SELECT), &scopes()).unwrap();
    let refused = sign(&mut session);
    assert_eq!(refused, Err(Failure::new(ErrorCode::InvalidRequest)));
    drop(session);
    assert_eq!(desk.ask(SELECT), StatusWord::OK);
    assert_eq!(desk.ask(SIGN), StatusWord::SECURITY_STATUS_NOT_SATISFIED);
}

#[test]
fn a_card_that_refuses_the_card_manager_is_powered_down_and_not_spoken_to() {
    for (status, code) in [
        (StatusWord::NOT_FOUND, ErrorCode::UnsupportedCard),
        (StatusWord(0x6581), ErrorCode::CommunicationError),
    ] {
        let desk = Desk::new();
        desk.ask(SELECT);
        assert_eq!(desk.ask("002000980431323334"), StatusWord::OK);
        desk.0.borrow_mut().corrected = Some(status);
        let opened = Session::open(Box::new(desk.clone()), None, Abilities::default());
        assert_eq!(opened.map(drop), Err(Failure::new(code)));
        assert_eq!(desk.0.borrow().ending, Some(Ending::UnpowerCard));
    }
}

#[test]
fn nothing_is_signed_without_a_pin_in_the_same_session() {
    let desk = Desk::new();
    let mut session = desk.session();
    session.present(pin("1234")).unwrap();
    session.close();
    let refused = sign(&mut desk.session());
    assert_eq!(refused, Err(Failure::new(ErrorCode::InvalidRequest)));
}

#[test]
fn a_select_by_the_page_ends_what_a_pin_allowed() {
    let desk = Desk::new();
    let mut session = desk.session();
    session.present(pin("1234")).unwrap();
    session.transmit(&Application::CardManager.select(), &scopes()).unwrap();
    let refused = sign(&mut session);
    assert_eq!(refused, Err(Failure::new(ErrorCode::InvalidRequest)));
}

#[test]
fn a_wrong_pin_unlocks_nothing() {
    let desk = Desk::new();
    let mut session = desk.session();
    session.present(pin("1234")).unwrap();
    let wrong = session.present(pin("0000")).unwrap_err();
    assert_eq!((wrong.code, wrong.retries_left), (ErrorCode::PinIncorrect, Some(2)));
    let refused = sign(&mut session);
    assert_eq!(refused, Err(Failure::new(ErrorCode::InvalidRequest)));
}

#[test]
fn the_pages_application_is_selected_again_in_the_next_session() {
    let desk = Desk::new();
    let mut session = desk.session();
    session.transmit(&command(SELECT), &scopes()).unwrap();
    let page_application = session.close();
    let mut session =
        Session::open(Box::new(desk.clone()), page_application, Abilities::default()).unwrap();
    let response = session.transmit(&command(READ_CERTIFICATE), &scopes()).unwrap();
    assert_eq!(response.status(), StatusWord::OK);
    assert!(response.data().len() > 1000);
}

#[test]
fn what_no_scope_allows_does_not_reach_the_card() {
    let desk = Desk::new();
    let mut session = desk.session();
    session.transmit(&command(SELECT), &scopes()).unwrap();
    let commands = desk.0.borrow().commands;
    for refused in ["002000980430303030", SIGN, "00B0810000", "0084000008", "00CA004500"] {
        let answer = session.transmit(&command(refused), &scopes());
        assert_eq!(answer, Err(Failure::new(ErrorCode::NotPermitted)), "{refused}");
    }
    assert_eq!(desk.0.borrow().commands, commands);
}

#[test]
fn raw_commands_read_beyond_the_table() {
    let desk = Desk::new();
    let raw: Scopes = [Scope::RawApdu].into_iter().collect();
    let mut session = desk.session();
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
    let desk = Desk::new();
    let raw: Scopes = [Scope::Authenticate, Scope::RawApdu].into_iter().collect();
    let mut session = desk.session();
    desk.0.borrow_mut().corrected = Some(StatusWord(0x6104));
    session.transmit(&command("00CA004500"), &raw).unwrap();
    assert!(session.transmit(&command("00C0000004"), &raw).is_ok());
    assert_eq!(session.reading().map(|reading| reading.scope), Some(Scope::RawApdu));

    session.present(pin("1234")).unwrap();
    desk.0.borrow_mut().corrected = Some(StatusWord(0x6100));
    assert!(sign(&mut session).is_err(), "the reader fails at GET RESPONSE");
    let rest = session.transmit(&command("00C0000000"), &raw);
    assert_eq!(rest, Err(Failure::new(ErrorCode::NotPermitted)));
}

#[test]
fn a_raw_command_ends_what_a_pin_allowed() {
    let desk = Desk::new();
    let raw: Scopes = [Scope::Authenticate, Scope::RawApdu].into_iter().collect();
    let mut session = desk.session();
    session.present(pin("1234")).unwrap();
    session.transmit(&command("0084000008"), &raw).unwrap();
    assert_eq!(sign(&mut session), Err(Failure::new(ErrorCode::InvalidRequest)));
    session.present(pin("1234")).unwrap();
    assert!(sign(&mut session).is_ok());
}

#[test]
fn a_reader_that_corrects_le_still_reads_to_the_end() {
    let desk = Desk::new();
    let mut session = desk.session();
    session.transmit(&command(SELECT), &scopes()).unwrap();
    session.transmit(&command("00A4020C02000A"), &scopes()).unwrap();
    desk.0.borrow_mut().corrected = Some(StatusWord(0x6C10));
    let corrected = session.transmit(&command("00B0000000"), &scopes()).unwrap();
    assert_eq!(corrected.status(), StatusWord(0x6C10));
    let response = session.transmit(&command("00B0000010"), &scopes()).unwrap();
    assert_eq!((response.status(), response.data().len()), (StatusWord::OK, 0x10));
}

#[test]
fn a_card_pulled_at_any_command_ends_the_session_with_its_code() {
    for commands in 0..4 {
        let desk = Desk::new();
        desk.0.borrow_mut().commands = commands;
        let failure = match Session::open(Box::new(desk.clone()), None, Abilities::default()) {
            Err(failure) => failure,
            Ok(mut session) => {
                let failure = session.present(pin("1234")).unwrap_err();
                assert!(session.is_finished());
                session.close();
                failure
            }
        };
        assert_eq!(failure.code, ErrorCode::RemovedCard, "after {commands} commands");
        // It cannot be told what state the card is in: power decides.
        assert_eq!(desk.0.borrow().ending, Some(Ending::UnpowerCard));
    }
}
