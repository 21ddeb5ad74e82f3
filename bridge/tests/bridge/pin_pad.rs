//! PINs that are typed on the reader: over the real pcscd, with a reader made for this
//! (`pin_pad/reader.c`), in which the software card lies.

use std::fs;
use std::time::{Duration, Instant};

use kazashi_core::value::layout;
use kazashi_emulator::Image;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::harness::{
    Bridge, InsertedCard, ORIGIN, Page, Pcscd, READERS, Reader, SIGN, apart, build, grant,
    signatures_without_a_pin, wait_until,
};

#[test]
fn a_pin_typed_on_the_reader_signs_in_and_is_seen_by_the_card_alone() {
    at_a_desk(
        "pin_pad::a_pin_typed_on_the_reader_signs_in_and_is_seen_by_the_card_alone",
        |mut desk| {
            let (mut page, lease) = desk.sit_down();
            let signed = desk.sign(&mut page, &lease, "1234");
            assert_eq!(signed["signature"].as_str().unwrap().len(), 512, "{signed}");
            let wrong = desk.sign(&mut page, &lease, "9753");
            assert_eq!(wrong["code"], "pin-incorrect");

            let dialog = desk.bridge.dialog();
            assert!(dialog.contains("SETDESC https://portal.example%0A"), "{dialog}");
            assert!(dialog.contains("Tries left: 3"), "{dialog}");
            assert!(dialog.contains("then type the PIN on the card reader"), "{dialog}");
            assert!(dialog.contains("MESSAGE") && !dialog.contains("GETPIN"), "{dialog}");

            // In the certificate, as it came from the card, any digits may stand.
            let mut signed = signed;
            signed.as_object_mut().unwrap().remove("certificate");
            let log = desk.bridge.stop();
            assert!(log.contains("typed on the reader command=00 20 00 98 Nc=4"), "{log}");
            for secret in ["1234", "31323334", "9753", "39373533"] {
                // A time of day may have any digits, so only what follows it is searched.
                let hits =
                    log.lines().filter(|line| line.split_once("Z ").unwrap().1.contains(secret));
                assert_eq!(hits.collect::<Vec<_>>(), Vec::<&str>::new(), "{secret}");
                assert!(!signed.to_string().contains(secret), "{signed}");
                assert!(!wrong.to_string().contains(secret), "{wrong}");
            }
        },
    );
}

#[test]
fn another_program_finds_no_pin_verified() {
    at_a_desk("pin_pad::another_program_finds_no_pin_verified", |desk| {
        let (mut page, lease) = desk.sit_down();
        assert_eq!(desk.sign(&mut page, &lease, "1234")["type"], "signed");
        assert_eq!(signatures_without_a_pin(), 0);
    });
}

#[test]
fn a_wrong_pin_counts_once() {
    at_a_desk("pin_pad::a_wrong_pin_counts_once", |desk| {
        let (mut page, lease) = desk.sit_down();
        let wrong = desk.sign(&mut page, &lease, "0000");
        assert_eq!(outcome(&wrong), ("pin-incorrect", Some(2)));
        assert_eq!(desk.tries(), 2);
        assert_eq!(desk.sign(&mut page, &lease, "1234")["type"], "signed");
        assert_eq!(desk.tries(), 3);
    });
}

#[test]
fn what_is_cancelled_or_cannot_be_a_pin_spends_no_try() {
    at_a_desk("pin_pad::what_is_cancelled_or_cannot_be_a_pin_spends_no_try", |desk| {
        let (mut page, lease) = desk.sit_down();
        for (keys, code) in
            [("C", "pin-cancelled"), ("123", "pin-malformed"), ("12345", "pin-malformed")]
        {
            assert_eq!(outcome(&desk.sign(&mut page, &lease, keys)), (code, None), "{keys}");
        }
        assert_eq!(desk.tries(), 3);
        desk.wait_until_card_is_clean();
    });
}

#[test]
fn a_person_has_time_to_type_but_not_for_ever() {
    at_a_desk("pin_pad::a_person_has_time_to_type_but_not_for_ever", |desk| {
        let (mut page, lease) = desk.sit_down();
        let begun = Instant::now();
        page.send_sign(&lease, json!({}));
        // Longer than the card may take for a command, which is 1 s here.
        assert_eq!(outcome(&page.read()), ("pin-timeout", None));
        assert!(begun.elapsed() > Duration::from_secs(10), "{:?}", begun.elapsed());
        assert!(begun.elapsed() < Duration::from_secs(30), "{:?}", begun.elapsed());
        assert_eq!(desk.tries(), 3);
        // Perhaps it has no keys but in name: while this card stays, the PIN is typed into the dialog.
        desk.bridge.will_type(&["1234"]);
        assert_eq!(page.sign(&lease, json!({}))["type"], "signed");
        assert!(!desk.reader_waits());
    });
}

#[test]
fn the_last_try_is_confirmed_before_the_reader_takes_it() {
    at_a_desk("pin_pad::the_last_try_is_confirmed_before_the_reader_takes_it", |desk| {
        let (mut page, lease) = desk.sit_down();
        for keys in ["0000", "1111"] {
            assert_eq!(desk.sign(&mut page, &lease, keys)["code"], "pin-incorrect");
        }
        assert!(!desk.bridge.dialog().contains("Only one try is left"));
        desk.bridge.person("refuses");
        assert_eq!(outcome(&page.sign(&lease, json!({}))), ("pin-cancelled", None));
        assert!(desk.bridge.dialog().contains("Only one try is left"));
        assert!(!desk.reader_waits());
        desk.bridge.person_no_longer("refuses");
        assert_eq!(desk.sign(&mut page, &lease, "1234")["type"], "signed");
        assert_eq!(desk.tries(), 3);
    });
}

#[test]
fn the_card_is_free_until_the_person_goes_to_the_reader() {
    at_a_desk("pin_pad::the_card_is_free_until_the_person_goes_to_the_reader", |desk| {
        let (mut page, lease) = desk.sit_down();
        desk.bridge.person("ponders");
        page.send_sign(&lease, json!({}));
        desk.bridge.wait_until_dialog_has("CONFIRM");
        assert_eq!(signatures_without_a_pin(), 0);
        assert!(!desk.reader_waits());
        desk.bridge.person_no_longer("ponders");
        desk.type_when_asked("1234");
        assert_eq!(page.read()["type"], "signed");
    });
}

#[test]
fn a_card_that_is_pulled_while_the_reader_waits_is_told_so() {
    at_a_desk("pin_pad::a_card_that_is_pulled_while_the_reader_waits_is_told_so", |desk| {
        let (mut page, lease) = desk.sit_down();
        page.send_sign(&lease, json!({}));
        desk.wait_for_reader();
        desk.card.remove();
        assert_eq!(page.read()["code"], "removed-card");
        assert_eq!(desk.tries(), 3);
        // The message is gone as well.
        desk.bridge.wait_until_dialog_has("TERM");
    });
}

#[test]
fn a_pin_that_is_typed_after_the_page_went_away_unlocks_nothing() {
    at_a_desk("pin_pad::a_pin_that_is_typed_after_the_page_went_away_unlocks_nothing", |desk| {
        let (mut page, lease) = desk.sit_down();
        page.send_sign(&lease, json!({}));
        desk.wait_for_reader();
        drop(page);
        desk.type_when_asked("1234");
        desk.bridge.wait_until_dialog_has("TERM");
        assert_eq!(signatures_without_a_pin(), 0);
        let (mut page, lease) = desk.sit_down();
        assert_eq!(desk.sign(&mut page, &lease, "1234")["type"], "signed");
    });
}

#[test]
fn the_password_has_letters_so_it_is_typed_into_the_dialog() {
    at_a_desk("pin_pad::the_password_has_letters_so_it_is_typed_into_the_dialog", |desk| {
        let (mut page, lease) = desk.bridge.sit_down(SIGN);
        desk.bridge.will_type(&["ABC123"]);
        let verify =
            json!({ "type": "verify-pin", "lease": lease, "reference": "digital-signature" });
        assert_eq!(page.ask(verify)["type"], "verified");
        assert!(desk.bridge.dialog().contains("GETPIN"));
        assert!(!desk.bridge.dialog().contains("on the card reader"));
    });
}

/// A workstation whose reader has keys.
struct Desk {
    bridge: Bridge,
    card: InsertedCard,
    /// The keys of the reader, and what it shows.
    reader: TempDir,
    _pcscd: Pcscd,
}

/// Does the work of this test with a pcscd of its own.
fn at_a_desk(test: &str, work: impl FnOnce(Desk)) {
    apart(test, || {
        let reader = tempfile::tempdir().unwrap();
        let driver = build("pin_pad/reader.c", reader.path());
        let name = "Kazashi test reader with keys";
        let readers = [Reader { name, port: READERS[0], driver: &driver }];
        let pcscd = Pcscd::with(reader.path(), &readers);
        let card = InsertedCard::insert(Image::normal(), READERS[0]);
        let grants =
            [grant(ORIGIN, r#""events", "authenticate""#), grant(SIGN, r#""events", "sign""#)];
        let bridge = Bridge::over_pcscd(&(grants.concat() + "[limits]\napdu-seconds = 1\n"));
        work(Desk { bridge, card, reader, _pcscd: pcscd });
    });
}

impl Desk {
    fn sit_down(&self) -> (Page, String) {
        self.bridge.sit_down(ORIGIN)
    }

    /// Signs in, with these keys pressed on the reader when it waits for them.
    fn sign(&self, page: &mut Page, lease: &str, keys: &str) -> Value {
        page.send_sign(lease, json!({}));
        self.type_when_asked(keys);
        page.read()
    }

    fn type_when_asked(&self, keys: &str) {
        self.wait_for_reader();
        fs::write(self.reader.path().join("new-keys"), keys).unwrap();
        fs::rename(self.reader.path().join("new-keys"), self.reader.path().join("keys")).unwrap();
    }

    fn wait_for_reader(&self) {
        wait_until("the reader to wait for keys", || self.reader_waits());
    }

    /// The page has its answer before that.
    fn wait_until_card_is_clean(&self) {
        wait_until("the card manager to be selected", || self.card.was_left_clean());
    }

    fn reader_waits(&self) -> bool {
        self.reader.path().join("waiting").exists()
    }

    /// How many tries the PIN has left, by the card.
    fn tries(&self) -> u8 {
        self.card.retries_left(layout::jpki::USER_AUTHENTICATION_PIN)
    }
}

/// How a request failed: the code, and how many tries are left if that is said.
fn outcome(answer: &Value) -> (&str, Option<u64>) {
    (answer["code"].as_str().unwrap_or("none"), answer["retriesLeft"].as_u64())
}
