//! Programs that ask for PINs and do not do their part: the bridge waits for none of them longer than
//! it said, and knows before a person needs it that one cannot ask.

use std::fs;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::harness::{Bridge, DIALOG, ORIGIN, Page, grant, wait_until};

/// A bridge whose questions stay open for a second.
fn impatient() -> Bridge {
    let grants = [ORIGIN, DIALOG].map(|origin| grant(origin, r#""events", "authenticate""#));
    Bridge::with(&(grants.concat() + "[limits]\ndialog-seconds = 1\n"))
}

#[test]
fn a_dialog_that_hangs_ends_by_the_bridges_own_clock_and_the_next_origin_has_its_own() {
    let bridge = impatient();
    bridge.will_type_for(ORIGIN, &["hang"]);
    bridge.will_type_for(DIALOG, &["1234"]);
    let begun = Instant::now();
    let mut page = bridge.page(ORIGIN);
    let lease = page.acquire();
    page.send_sign(&lease, json!({}));
    bridge.wait_for_dialog();
    assert_eq!(page.read()["code"], "pin-timeout");
    page.ask(json!({ "type": "release", "lease": lease }));
    let mut other = bridge.page(DIALOG);
    let lease = other.acquire();
    assert_eq!(other.sign(&lease, json!({}))["type"], "signed");
    assert!(begun.elapsed() < Duration::from_secs(10), "{:?}", begun.elapsed());
    assert!(bridge.logged().contains("it did not answer in time"), "{}", bridge.logged());
    wait_until("no dialog program", || children(&bridge).is_empty());
}

#[test]
fn a_program_that_does_not_even_begin_is_given_up_and_the_log_says_why() {
    let bridge = impatient();
    fs::write(bridge.path("mute"), "").unwrap();
    let mut page = bridge.page(ORIGIN);
    let lease = page.acquire();
    let begun = Instant::now();
    assert_eq!(page.sign(&lease, json!({}))["code"], "pin-entry-unavailable");
    assert!(begun.elapsed() < Duration::from_secs(10), "{:?}", begun.elapsed());
    assert!(bridge.logged().contains("it did not answer in time"), "{}", bridge.logged());
    wait_until("no dialog program", || children(&bridge).is_empty());
    // Once it begins, it is asked.
    fs::remove_file(bridge.path("mute")).unwrap();
    bridge.will_type(&["1234"]);
    assert_eq!(page.sign(&lease, json!({}))["type"], "signed");
}

#[test]
fn a_dialog_that_hangs_ends_with_the_card_and_with_the_page() {
    let bridge = &mut Bridge::with(&grant(ORIGIN, r#""events", "authenticate""#));
    bridge.will_type(&["hang"]);
    for goes_away in ["card", "page", "page that waits for a program to begin"] {
        let mut page = bridge.page(ORIGIN);
        let lease = page.acquire_when_there();
        let _ = fs::remove_file(bridge.path("said"));
        if goes_away.ends_with("begin") {
            wait_until("no dialog program", || children(bridge).is_empty());
            fs::write(bridge.path("mute"), "").unwrap();
            page.send_sign(&lease, json!({}));
            wait_until("a dialog program", || !children(bridge).is_empty());
        } else {
            page.send_sign(&lease, json!({}));
            bridge.wait_for_dialog();
        }
        let begun = Instant::now();
        if goes_away == "card" {
            bridge.tell("remove");
            assert_eq!(page.read()["code"], "removed-card");
            bridge.tell("insert");
        }
        drop(page);
        wait_until(&format!("no dialog after the {goes_away}"), || children(bridge).is_empty());
        assert!(begun.elapsed() < Duration::from_secs(4), "{goes_away}: {:?}", begun.elapsed());
    }
}

#[test]
fn a_page_is_told_whether_pins_can_be_asked_for_by_who_tried() {
    let bridge = Bridge::with(&grant(ORIGIN, r#""authenticate""#));
    assert_eq!(native_pin_entry(&mut bridge.page(ORIGIN)), true);
    // Whoever asks again is told the same without a look.
    let started = bridge.times_started();
    assert_eq!(native_pin_entry(&mut bridge.page(ORIGIN)), true);
    assert_eq!(bridge.times_started(), started);
}

#[test]
fn a_program_that_falls_back_to_a_terminal_where_there_is_none_cannot_ask() {
    let mut bridge = Bridge::with(&grant(ORIGIN, r#""authenticate""#));
    let folder = bridge.folder();
    bridge.stop();
    for flavor in ["gtk2:curses", "tty"] {
        fs::write(folder.path().join("flavor"), flavor).unwrap();
        let mut bridge = Bridge::without_terminal(folder.clone());
        let mut page = bridge.page(ORIGIN);
        assert_eq!(native_pin_entry(&mut page), false, "{flavor}");
        let lease = page.acquire();
        assert_eq!(page.sign(&lease, json!({}))["code"], "pin-entry-unavailable", "{flavor}");
        let log = bridge.stop();
        assert!(log.contains("it finds no display, and there is no terminal"), "{log}");
    }
    // As it is once the desktop has come up: seen without a restart.
    let bridge = Bridge::without_terminal(folder.clone());
    assert_eq!(native_pin_entry(&mut bridge.page(ORIGIN)), false);
    fs::write(folder.path().join("flavor"), "gtk2").unwrap();
    wait_until("a dialog", || native_pin_entry(&mut bridge.page(ORIGIN)) == true);
}

fn native_pin_entry(page: &mut Page) -> Value {
    page.ask(json!({ "type": "hello" }))["nativePinEntry"].take()
}

/// The programs that the bridge has started, of which one that has ended and was not waited for is
/// one too.
fn children(bridge: &Bridge) -> Vec<String> {
    let parent = format!(" {} ", bridge.process_id());
    let processes = fs::read_dir("/proc").unwrap().filter_map(|entry| {
        let stat = fs::read_to_string(entry.ok()?.path().join("stat")).ok()?;
        // pid (name) state parent …
        let (_, rest) = stat.rsplit_once(") ")?;
        rest.get(1..)?.starts_with(&parent).then(|| stat.clone())
    });
    processes.collect()
}
