//! Neighbours: other programs with the same card, which they may reset at any time, and cards of
//! other kinds, which are theirs. Over the real pcscd.

use std::ffi::CString;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use kazashi_core::value::layout;
use kazashi_emulator::{Image, Variant};
use pcsc::{Card, Context, Disposition, Error, MAX_BUFFER_SIZE, Protocols, Scope, ShareMode};
use serde_json::{Value, json};

use crate::harness::{
    Bridge, InsertedCard, ORIGIN, PROGRAM, Page, Pcscd, READERS, SELECT, alone, grant, wait_until,
};

const SIGN_INS: u32 = 100;

#[test]
fn resets_by_another_program_stop_no_sign_in_without_a_true_word() {
    let test = "alone::neighbours::resets_by_another_program_stop_no_sign_in_without_a_true_word";
    alone(test, || {
        let _pcscd = Pcscd::start();
        let card = InsertedCard::insert(Image::normal(), READERS[0]);
        let config = grant(ORIGIN, r#""events", "authenticate", "page-pin""#);
        let bridge = Bridge::over_pcscd(&config);
        wait_until("the card is seen to be there", || signs_in(&bridge).is_ok());
        for habit in [Habit::Reset, Habit::Unpower, Habit::Reconnect, Habit::Disconnect] {
            let neighbour = Neighbour::start(habit);
            let (mut signed, mut told) = (0, Vec::new());
            for round in 0..SIGN_INS {
                // At another moment of the neighbour's round each time.
                thread::sleep(Duration::from_micros(u64::from(round * 7919 % SIGN_INS) * 300));
                match signs_in(&bridge) {
                    Ok(()) => signed += 1,
                    Err(code) => told.push(code),
                }
            }
            let rounds = neighbour.stop();
            println!("{habit:?}: {signed} of {SIGN_INS} signed in, {told:?}; {rounds} rounds");
            if !told.iter().all(|code| code == "sharing-violation") {
                let log = bridge.logged();
                let lines = log
                    .lines()
                    .filter(|line| line.contains("answer") || line.contains("could not"));
                panic!("{habit:?}: {told:?}\n{}", lines.collect::<Vec<_>>().join("\n"));
            }
            assert!(signed > SIGN_INS * 9 / 10, "{habit:?}: {told:?}");
            assert!(rounds > 20, "{habit:?}: {rounds}");
            assert_eq!(card.retries_left(layout::jpki::USER_AUTHENTICATION_PIN), 3, "{habit:?}");
        }
    });
}

/// One sign-in as a page does it: certificate, PIN and signature.
fn signs_in(bridge: &Bridge) -> Result<(), String> {
    let mut page = bridge.page(ORIGIN);
    let lease = lease(&mut page).map_err(|answer| code(&answer))?;
    let mut transmit = |command: &str| -> Result<String, String> {
        let answer = page.ask(json!({ "type": "transmit", "lease": lease, "command": command }));
        answer["response"].as_str().map(str::to_owned).ok_or_else(|| code(&answer))
    };
    assert!(transmit(SELECT)?.ends_with("9000"));
    // Some drivers say of a long command what pcscd says after a reset; flows go on with short ones.
    let certificate = match transmit("00B08A00000000")? {
        refused if refused == "6700" => transmit("00B08A0000")?,
        certificate => certificate,
    };
    assert!(certificate.ends_with("9000"), "{certificate}");
    let answer = page.sign(&lease, json!({ "value": "1234" }));
    let signed = answer["type"] == "signed";
    // A page that goes away is forgotten in its time; the next would find the reader taken.
    page.ask(json!({ "type": "release", "lease": lease }));
    if signed { Ok(()) } else { Err(code(&answer)) }
}

/// The lease on the reader with a card, of the two that there are.
fn lease(page: &mut Page) -> Result<String, Value> {
    let answer = page.ask(json!({ "type": "list-readers" }));
    let readers = answer["readers"].as_array().ok_or_else(|| answer.clone())?;
    let with_card = readers.iter().find(|reader| reader["cardPresent"] == true);
    page.try_to_acquire(&with_card.ok_or_else(|| json!({ "code": "no-smartcard" }))?["id"])
}

fn code(answer: &Value) -> String {
    answer["code"].as_str().unwrap_or_else(|| panic!("{answer}")).to_owned()
}

/// What a neighbour does each time that it had the card.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Habit {
    /// Ends its transaction with a reset.
    Reset,
    /// Ends its transaction by taking the power.
    Unpower,
    /// Connects again with a reset.
    Reconnect,
    /// Disconnects with a reset.
    Disconnect,
}

/// Another program on the first reader.
struct Neighbour {
    is_over: Arc<AtomicBool>,
    thread: JoinHandle<u32>,
}

impl Neighbour {
    fn start(habit: Habit) -> Self {
        let is_over = Arc::new(AtomicBool::new(false));
        let over = Arc::clone(&is_over);
        let thread = thread::spawn(move || {
            let context = Context::establish(Scope::User).unwrap();
            let reader = first_reader(&context);
            let mut rounds = 0;
            while !over.load(Ordering::Relaxed) {
                thread::sleep(Duration::from_millis(7));
                rounds += u32::from(round(&context, &reader, habit).is_ok());
            }
            rounds
        });
        Self { is_over, thread }
    }

    /// How often it had the card.
    fn stop(self) -> u32 {
        self.is_over.store(true, Ordering::Relaxed);
        self.thread.join().unwrap()
    }
}

fn round(context: &Context, reader: &CString, habit: Habit) -> Result<(), Error> {
    let mut card = context.connect(reader, ShareMode::Shared, Protocols::ANY)?;
    let transaction = card.transaction()?;
    thread::sleep(Duration::from_millis(13));
    let ending = match habit {
        Habit::Reset => Disposition::ResetCard,
        Habit::Unpower => Disposition::UnpowerCard,
        Habit::Reconnect | Habit::Disconnect => Disposition::LeaveCard,
    };
    transaction.end(ending).map_err(|(_, error)| error)?;
    if habit == Habit::Reconnect {
        card.reconnect(ShareMode::Shared, Protocols::ANY, Disposition::ResetCard)?;
    }
    let ending = match habit {
        Habit::Disconnect => Disposition::ResetCard,
        _ => Disposition::LeaveCard,
    };
    card.disconnect(ending).map_err(|(_, error)| error)
}

fn first_reader(context: &Context) -> CString {
    context.list_readers_owned().unwrap().into_iter().next().unwrap()
}

#[test]
fn a_card_of_another_kind_keeps_its_session_with_another_program() {
    let test = "alone::neighbours::a_card_of_another_kind_keeps_its_session_with_another_program";
    alone(test, || {
        let _pcscd = Pcscd::start();
        // A staff card on the first reader, and the visitor's on the second.
        let staff_card = InsertedCard::insert(Image::empty(Variant::Normal), READERS[0]);
        let context = Context::establish(Scope::User).unwrap();
        let mut staff = connect(&context);
        let disturbances = staff_card.disturbances();

        let config = grant(ORIGIN, r#""events", "authenticate", "page-pin""#);
        let mut bridge = Bridge::over_pcscd(&config);
        let mut page = bridge.page(ORIGIN);
        let reader = page.reader();
        let lease = page.ask(json!({ "type": "acquire", "reader": reader }));
        assert_eq!(lease["unsupported"], true, "{lease}");
        let lease = lease["lease"].as_str().unwrap().to_owned();
        for _ in 0..3 {
            let transmit = json!({ "type": "transmit", "lease": lease, "command": SELECT });
            assert_eq!(page.ask(transmit)["code"], "unsupported-card");
            let signed = page.sign(&lease, json!({ "value": "1234" }));
            assert_eq!(signed["code"], "unsupported-card");
        }
        let mut doctor = Command::new(PROGRAM);
        doctor.args(["doctor", "--port", &bridge.port.to_string(), "--config"]);
        doctor.arg(bridge.path("bridge.toml")).arg("--state").arg(bridge.path("state"));
        let found = doctor.env("LC_ALL", "C").output().unwrap();
        assert!(String::from_utf8_lossy(&found.stdout).starts_with("unsupported-card: "));
        bridge.stop();

        // Not reset, without power or spoken to beyond the one question.
        let mut buffer = [0; MAX_BUFFER_SIZE];
        staff
            .transaction()
            .unwrap()
            .transmit(&[0x00, 0xB0, 0x00, 0x00, 0x00], &mut buffer)
            .unwrap();
        assert_eq!(staff_card.disturbances(), disturbances);
        let select = layout::Application::Jpki.select().to_bytes().to_vec();
        let (others, last) = staff_card
            .commands()
            .split_off(0)
            .into_iter()
            .fold((0, Vec::new()), |(others, _), (_, command)| {
                (others + usize::from(command != select), command)
            });
        assert_eq!((others, last.len()), (1, 5));
        staff.disconnect(Disposition::LeaveCard).map_err(|(_, error)| error).unwrap();
    });
}

fn connect(context: &Context) -> Card {
    context.connect(&first_reader(context), ShareMode::Shared, Protocols::ANY).unwrap()
}

#[test]
fn a_page_that_asks_on_and_on_leaves_others_a_turn() {
    alone("alone::neighbours::a_page_that_asks_on_and_on_leaves_others_a_turn", || {
        let _pcscd = Pcscd::start();
        let card = InsertedCard::insert(Image::normal(), READERS[0]);
        let bridge = Bridge::over_pcscd(&grant(ORIGIN, r#""events", "authenticate", "page-pin""#));
        for with_pin in [false, true] {
            let (mut page, lease) = bridge.sit_down(ORIGIN);
            wait_until("a clean card", || card.was_left_clean());
            let is_over = AtomicBool::new(false);
            let waited = thread::scope(|scope| {
                scope.spawn(|| asks_on_and_on(&mut page, &lease, with_pin, &is_over));
                thread::sleep(Duration::from_millis(500));
                let begun = Instant::now();
                let context = Context::establish(Scope::User).unwrap();
                let mut other = connect(&context);
                let transaction = other.transaction();
                let waited = begun.elapsed();
                is_over.store(true, Ordering::Relaxed);
                transaction.unwrap().end(Disposition::LeaveCard).map_err(|(_, e)| e).unwrap();
                other.disconnect(Disposition::LeaveCard).map_err(|(_, error)| error).unwrap();
                waited
            });
            println!("waited {waited:?}");
            // Longer with a PIN that still waits for what it is to serve.
            let longest = Duration::from_secs(if with_pin { 17 } else { 7 });
            assert!(waited < longest, "{waited:?}");
            page.ask(json!({ "type": "release", "lease": lease }));
        }
    });
}

/// One harmless command after another, each long before the transaction would end for want of one.
fn asks_on_and_on(page: &mut Page, lease: &str, with_pin: bool, is_over: &AtomicBool) {
    page.transmit(lease, SELECT);
    if with_pin {
        let reference = "user-authentication";
        let verify = json!({
            "type": "verify-pin", "lease": lease, "reference": reference, "value": "1234"
        });
        assert_eq!(page.ask(verify)["type"], "verified");
    }
    let begun = Instant::now();
    // It gives up, though not before it was shown that nobody else gets a turn.
    while !is_over.load(Ordering::Relaxed) && begun.elapsed() < Duration::from_secs(30) {
        let read = json!({ "type": "transmit", "lease": lease, "command": "00B0880000" });
        page.ask(read);
        thread::sleep(Duration::from_millis(100));
    }
}
