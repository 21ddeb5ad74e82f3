//! Readers as they are: that carry short commands only, cut long answers, claim keys that they have
//! not, and a service that refuses, never waits or stands still. Over the real pcscd, with a driver
//! (`pin_pad/reader.c`) and words of its library (`readers/shim.c`) made for this.

use std::os::unix::net::UnixListener;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};
use std::{fs, thread};

use kazashi_core::error_code::ErrorCode;
use kazashi_core::value::layout;
use kazashi_emulator::Image;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::harness::{
    Bridge, InsertedCard, ORIGIN, PINLESS, PROGRAM, Page, Pcscd, READ_CERTIFICATE, READERS, Reader,
    SELECT, apart, build, folder_with, grant, stdout, wait_until,
};

/// READ BINARY of the first 256 bytes of the user authentication certificate.
const READ_HEAD: &str = "00B08A0000";

#[test]
fn a_reader_of_short_commands_is_known_under_each_name_that_drivers_have_for_it() {
    let test =
        "readers::a_reader_of_short_commands_is_known_under_each_name_that_drivers_have_for_it";
    at_a_reader(test, "", |desk| {
        for habit in ["long-error", "long-unsupported", "long-buffer", "long-protocol"] {
            desk.reader_has(habit);
            let (mut page, lease) = desk.bridge.sit_down(PINLESS);
            page.transmit(&lease, SELECT);
            // As a card says that knows short commands only. Pages go on with those.
            assert_eq!(page.transmit(&lease, READ_CERTIFICATE), "6700", "{habit}");
            assert!(page.transmit(&lease, READ_HEAD).ends_with("9000"), "{habit}");
            page.transmit(&lease, "00A4020C020016");
            let part = format!("80A206C1000133{}", "7F".repeat(307));
            assert_eq!(page.transmit(&lease, &part), "6700", "{habit}");
            release(&mut page, &lease);
            desk.signs_in(habit);
        }
        assert_eq!(desk.tries(), 3);
    });
}

#[test]
fn a_long_answer_that_is_cut_is_read_in_short_ones() {
    at_a_reader("readers::a_long_answer_that_is_cut_is_read_in_short_ones", "", |desk| {
        for habit in ["long-cut", "long-empty", "long-zeros"] {
            desk.reader_has(habit);
            let (mut page, lease) = desk.bridge.sit_down(PINLESS);
            page.transmit(&lease, SELECT);
            assert_eq!(page.transmit(&lease, READ_CERTIFICATE), "6700", "{habit}");
            assert!(page.transmit(&lease, READ_HEAD).ends_with("9000"), "{habit}");
            release(&mut page, &lease);
            desk.signs_in(habit);
        }
    });
}

#[test]
fn keys_that_do_not_exist_give_way_to_the_dialog() {
    at_a_reader("readers::keys_that_do_not_exist_give_way_to_the_dialog", "", |mut desk| {
        for habit in ["keys-none", "keys-error", "keys-unknown"] {
            desk.reader_has(habit);
            desk.signs_in(habit);
        }
        assert_eq!(desk.tries(), 3);
        // It was tried once.
        let log = desk.bridge.stop();
        assert_eq!(log.matches("it is taken for one without").count(), 1, "{log}");
        assert_eq!(desk.bridge.dialog().matches("MESSAGE").count(), 1);
    });
}

#[test]
fn each_way_in_which_keys_fail_at_once_is_told_from_a_person_who_takes_time() {
    let test = "readers::each_way_in_which_keys_fail_at_once_is_told_from_a_person_who_takes_time";
    apart(test, || {
        for habit in ["keys-none", "keys-error", "keys-unknown"] {
            at_a_reader(test, "", |desk| {
                desk.reader_has(habit);
                desk.signs_in(habit);
            });
        }
    });
}

#[test]
fn keys_that_the_administrator_turned_off_are_not_used() {
    let test = "readers::keys_that_the_administrator_turned_off_are_not_used";
    at_a_reader(test, "[reader]\nkeys = false\n", |desk| {
        desk.signs_in("keys that work");
        assert!(!desk.bridge.dialog().contains("MESSAGE"));
    });
}

#[test]
fn the_preferred_reader_comes_first_and_the_others_by_name() {
    apart("readers::the_preferred_reader_comes_first_and_the_others_by_name", || {
        let _pcscd = Pcscd::start();
        let reader = "https://reader.example";
        for (preferred, expected) in [("", ["00 00", "00 01"]), ("00 01", ["00 01", "00 00"])] {
            for _ in 0..3 {
                let config = format!("[reader]\npreferred = \"{preferred}\"\n");
                let bridge = Bridge::over_pcscd(&(config + &grant(reader, r#""reader""#)));
                let mut page = bridge.page(reader);
                let mut names = Vec::new();
                wait_until("two readers", || {
                    let readers = page.ask(json!({ "type": "list-readers" }));
                    let readers = readers["readers"].as_array().unwrap();
                    let name = |reader: &Value| reader["name"].as_str().unwrap().to_owned();
                    names = readers.iter().map(name).collect();
                    names.len() == 2
                });
                assert!(names.iter().zip(expected).all(|(name, end)| name.ends_with(end)));
            }
        }
    });
}

#[test]
fn a_card_that_the_systems_policy_refuses_is_told_so_and_written_down_once() {
    let test = "readers::a_card_that_the_systems_policy_refuses_is_told_so_and_written_down_once";
    apart(test, || {
        let _pcscd = Pcscd::start();
        let _card = InsertedCard::insert(Image::normal(), READERS[0]);
        let config = grant(ORIGIN, r#""events", "authenticate""#);
        let bridge = Bridge::over_odd_pcscd(&config, "card-denied");
        let (mut page, lease) = bridge.sit_down(ORIGIN);
        let written = || bridge.logged().matches("the system's policy").count();
        let mut before = None;
        for _ in 0..3 {
            let transmit = json!({ "type": "transmit", "lease": lease, "command": SELECT });
            assert_eq!(page.ask(transmit)["code"], "reader-access-denied");
            assert_eq!(*before.get_or_insert_with(written), written());
        }
        let found = doctor(&bridge, "card-denied");
        assert!(found.starts_with(&told(ErrorCode::ReaderAccessDenied)), "{found}");
        let cause = "Access was denied because of a security violation";
        assert!(bridge.logged().contains(cause), "{}", bridge.logged());
    });
}

#[test]
fn a_service_that_the_systems_policy_refuses_is_told_from_one_that_does_not_run() {
    let test =
        "readers::a_service_that_the_systems_policy_refuses_is_told_from_one_that_does_not_run";
    apart(test, || {
        let config = grant(ORIGIN, r#""events", "authenticate""#);
        let bridge = Bridge::over_odd_pcscd(&config, "service-denied");
        let found = doctor(&bridge, "service-denied");
        assert!(found.starts_with(&told(ErrorCode::ReaderAccessDenied)), "{found}");
        is_told(&bridge, ErrorCode::ReaderAccessDenied);
    });
}

#[test]
fn a_service_that_lets_in_and_hangs_up_refuses() {
    let folder = tempfile::tempdir().unwrap();
    let socket = folder.path().join("pcscd.comm");
    let door = UnixListener::bind(&socket).unwrap();
    thread::spawn(move || door.incoming().for_each(drop));
    let folder = folder_with(&grant(ORIGIN, r#""events", "authenticate""#));
    let bridge = Bridge::serve(folder, |serve| {
        serve.args(["--port", "0"]).env("PCSCLITE_CSOCK_NAME", &socket);
    });
    is_told(&bridge, ErrorCode::ReaderAccessDenied);
    let mut command = doctor_command(&bridge);
    let found = stdout(&command.env("PCSCLITE_CSOCK_NAME", &socket).output().unwrap());
    assert!(found.starts_with(&told(ErrorCode::ReaderAccessDenied)), "{found}");
}

#[test]
fn a_status_that_is_told_at_once_costs_neither_time_nor_log() {
    apart("readers::a_status_that_is_told_at_once_costs_neither_time_nor_log", || {
        let _pcscd = Pcscd::start();
        for word in ["at-once-unknown", "at-once-nothing", "at-once-invalid", "at-once-gone"] {
            let bridge = Bridge::over_odd_pcscd(&grant(ORIGIN, r#""events""#), word);
            // The pauses grow for some seconds.
            thread::sleep(Duration::from_secs(4));
            let (time, lines) =
                (processor_time(bridge.process_id()), bridge.logged().lines().count());
            thread::sleep(Duration::from_secs(4));
            let spent = processor_time(bridge.process_id()) - time;
            let logged = bridge.logged().lines().count() - lines;
            println!("{word}: {spent:?} in 4 s, {logged} lines");
            assert!(spent < Duration::from_millis(400), "{word}: {spent:?}");
            assert!(logged <= 12, "{word}: {}", bridge.logged());
        }
    });
}

#[test]
fn where_nobody_tells_of_new_readers_they_are_looked_for() {
    apart("readers::where_nobody_tells_of_new_readers_they_are_looked_for", || {
        let _pcscd = Pcscd::start();
        let bridge = Bridge::over_odd_pcscd(&grant(ORIGIN, r#""events""#), "no-notification");
        let mut page = bridge.page(ORIGIN);
        let mut readers_with_cards = || {
            let readers = page.ask(json!({ "type": "list-readers" }));
            let readers = readers["readers"].as_array().unwrap().iter();
            readers.map(|reader| reader["cardPresent"] == true).collect::<Vec<_>>()
        };
        wait_until("two readers", || readers_with_cards() == [false, false]);
        let _card = InsertedCard::insert(Image::normal(), READERS[0]);
        wait_until("a card on one of them", || readers_with_cards() == [true, false]);
    });
}

#[test]
fn a_reset_of_which_the_service_tells_too_late_or_never_is_no_refusal_of_the_card() {
    let test =
        "readers::a_reset_of_which_the_service_tells_too_late_or_never_is_no_refusal_of_the_card";
    apart(test, || {
        let _pcscd = Pcscd::start();
        let card = InsertedCard::insert(Image::normal(), READERS[0]);
        let config = grant(ORIGIN, r#""events", "authenticate", "page-pin""#);
        for word in ["reset-unnoticed", "reset-untold"] {
            let bridge = Bridge::over_odd_pcscd(&config, word);
            let (mut page, lease) = bridge.sit_down(ORIGIN);
            let first = page.sign(&lease, json!({ "value": "1234" }));
            assert_eq!(first["code"], ErrorCode::SharingViolation.as_str(), "{word}: {first}");
            let second = page.sign(&lease, json!({ "value": "1234" }));
            assert_eq!(second["type"], "signed", "{word}: {second}");
            assert_eq!(card.retries_left(layout::jpki::USER_AUTHENTICATION_PIN), 3);
        }
    });
}

#[test]
fn a_service_that_stands_still_is_not_said_to_be_another_program() {
    let test = "readers::a_service_that_stands_still_is_not_said_to_be_another_program";
    apart(test, || {
        let pcscd = Pcscd::start();
        let card = InsertedCard::insert(Image::normal(), READERS[0]);
        let bridge = Bridge::over_pcscd(&grant(ORIGIN, r#""events", "authenticate", "page-pin""#));
        let (mut page, lease) = bridge.sit_down(ORIGIN);
        wait_until("a clean card", || card.was_left_clean());
        pcscd.sleep().begin();
        for _ in 0..2 {
            let begun = Instant::now();
            assert_eq!(page.sign(&lease, json!({ "value": "1234" }))["code"], "no-service");
            assert!(begun.elapsed() < Duration::from_secs(9), "{:?}", begun.elapsed());
        }
        let begun = Instant::now();
        let found = stdout(&doctor_command(&bridge).output().unwrap());
        assert!(found.starts_with(&told(ErrorCode::NoService)), "{found}");
        assert!(begun.elapsed() < Duration::from_secs(9), "{:?}", begun.elapsed());
        pcscd.sleep().end();
        wait_until("a service that goes on", || {
            page.sign(&lease, json!({ "value": "1234" }))["type"] == "signed"
        });
        assert_eq!(card.retries_left(layout::jpki::USER_AUTHENTICATION_PIN), 3);
    });
}

#[test]
fn a_service_that_stops_in_the_middle_of_a_command_is_told_soon_and_costs_no_try() {
    let test =
        "readers::a_service_that_stops_in_the_middle_of_a_command_is_told_soon_and_costs_no_try";
    apart(test, || {
        let pcscd = Pcscd::start();
        let card = InsertedCard::insert(Image::normal(), READERS[0]);
        let bridge = Bridge::over_pcscd(&grant(ORIGIN, r#""events", "authenticate", "page-pin""#));
        let (mut page, lease) = bridge.sit_down(ORIGIN);
        let sleep = pcscd.sleep();
        const VERIFY: u8 = 0x20;
        // A card that takes its time behind a service that answers is waited for.
        card.before_answering(VERIFY, || thread::sleep(Duration::from_secs(3)));
        assert_eq!(page.sign(&lease, json!({ "value": "1234" }))["type"], "signed");
        card.before_answering(VERIFY, move || sleep.begin());
        let begun = Instant::now();
        assert_eq!(page.sign(&lease, json!({ "value": "1234" }))["code"], "no-service");
        assert!(begun.elapsed() < Duration::from_secs(9), "{:?}", begun.elapsed());
        sleep.end();
        wait_until("a clean card", || card.was_left_clean());
        wait_until("a service that goes on", || {
            page.sign(&lease, json!({ "value": "1234" }))["type"] == "signed"
        });
        assert_eq!(card.retries_left(layout::jpki::USER_AUTHENTICATION_PIN), 3);
    });
}

/// A workstation with a reader that has habits.
struct Desk {
    bridge: Bridge,
    card: InsertedCard,
    reader: TempDir,
    _pcscd: Pcscd,
}

/// Does the work of this test with a pcscd of its own.
fn at_a_reader(test: &str, config: &str, work: impl FnOnce(Desk)) {
    apart(test, || {
        let reader = tempfile::tempdir().unwrap();
        let driver = build("pin_pad/reader.c", reader.path());
        let name = "Kazashi test reader with habits";
        let readers = [Reader { name, port: READERS[0], driver: &driver }];
        let pcscd = Pcscd::with(reader.path(), &readers);
        let card = InsertedCard::insert(Image::normal(), READERS[0]);
        let grants = [
            grant(ORIGIN, r#""events", "authenticate""#),
            grant(PINLESS, r#""authenticate-pinless""#),
        ];
        let bridge = Bridge::over_pcscd(&(config.to_owned() + &grants.concat()));
        work(Desk { bridge, card, reader, _pcscd: pcscd });
    });
}

impl Desk {
    fn reader_has(&self, habit: &str) {
        fs::write(self.reader.path().join("habit"), habit).unwrap();
    }

    /// A person signs in, who types the PIN into the dialog if asked there.
    fn signs_in(&self, habit: &str) {
        // Its keys would wait.
        if !habit.starts_with("keys") {
            fs::write(self.reader.path().join("keys"), "1234").unwrap();
        }
        self.bridge.will_type(&["1234"]);
        let (mut page, lease) = self.bridge.sit_down(ORIGIN);
        let signed = page.sign(&lease, json!({}));
        assert_eq!(signed["signature"].as_str().map(str::len), Some(512), "{habit}: {signed}");
        release(&mut page, &lease);
    }

    fn tries(&self) -> u8 {
        self.card.retries_left(layout::jpki::USER_AUTHENTICATION_PIN)
    }
}

fn release(page: &mut Page, lease: &str) {
    assert_eq!(page.ask(json!({ "type": "release", "lease": lease }))["type"], "released");
}

/// Sees that a page which asks for readers is told this.
fn is_told(bridge: &Bridge, code: ErrorCode) {
    let mut page = bridge.page(ORIGIN);
    wait_until("the code", || page.ask(json!({ "type": "list-readers" }))["code"] == code.as_str());
}

/// What the doctor finds where libpcsclite says this.
fn doctor(bridge: &Bridge, word: &str) -> String {
    let shim = bridge.path("shim.so");
    let mut command = doctor_command(bridge);
    stdout(&command.env("LD_PRELOAD", shim).env("KAZASHI_TEST_SHIM", word).output().unwrap())
}

fn doctor_command(bridge: &Bridge) -> Command {
    let mut command = Command::new(PROGRAM);
    command.args(["doctor", "--port", &bridge.port.to_string(), "--config"]);
    command.arg(bridge.path("bridge.toml")).arg("--state").arg(bridge.path("state"));
    command.env("LC_ALL", "C");
    command
}

fn told(code: ErrorCode) -> String {
    format!("{}: {}\n", code.as_str(), code.en())
}

/// Time that a process has had of the processor.
fn processor_time(process: u32) -> Duration {
    let stat = fs::read_to_string(Path::new("/proc").join(process.to_string()).join("stat"));
    let stat = stat.unwrap();
    let (_, fields) = stat.rsplit_once(") ").unwrap();
    let ticks = fields.split(' ').skip(11).take(2).map(|field| field.parse::<u64>().unwrap());
    // A hundred ticks a second, on every Linux.
    Duration::from_millis(10 * ticks.sum::<u64>())
}
