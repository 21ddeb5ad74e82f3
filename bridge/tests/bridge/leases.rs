//! Leases: one page at a time has a reader.

use std::time::Duration;
use std::{fs, thread};

use kazashi_emulator::{Image, Variant, folder};
use serde_json::json;

use crate::harness::{Bridge, NONCE, ORIGIN, SELECT};

#[test]
fn a_lease_is_of_one_page_alone() {
    let bridge = Bridge::start();
    let (mut page, mut other) = (bridge.page(ORIGIN), bridge.page(ORIGIN));
    let lease = page.acquire();
    let reader = other.reader();
    let acquire = json!({ "type": "acquire", "reader": reader });
    assert_eq!(other.ask(acquire.clone())["code"], "reader-busy");
    let stolen = json!({ "type": "transmit", "lease": lease, "command": SELECT });
    assert_eq!(other.ask(stolen)["code"], "lease-lost");
    assert_eq!(page.ask(json!({ "type": "release", "lease": lease }))["type"], "released");
    assert_eq!(other.ask(acquire)["type"], "acquired");
    assert_eq!(page.sign(&lease, json!({}))["code"], "lease-lost");
}

#[test]
fn whoever_asked_in_vain_is_told_when_the_reader_is_free() {
    let bridge = Bridge::start();
    let [mut page, mut other, mut idle] = [(); 3].map(|()| bridge.page(ORIGIN));
    let lease = page.acquire();
    let reader = other.reader();
    let acquire = json!({ "type": "acquire", "reader": reader });
    assert_eq!(other.ask(acquire.clone())["code"], "reader-busy");
    page.ask(json!({ "type": "release", "lease": lease }));
    assert_eq!(other.read(), json!({ "type": "reader-free", "reader": reader }));
    let lease = other.ask(acquire)["lease"].take();
    // Whoever had it is told of nothing any more, and whoever never asked of nothing at all.
    other.ask(json!({ "type": "release", "lease": lease }));
    for page in [&mut other, &mut idle] {
        page.send(json!({ "type": "list-readers" }));
        assert_eq!(page.read()["type"], "readers");
    }
}

#[test]
fn a_page_that_is_not_told_of_cards_is_told_of_the_one_it_asked_for() {
    let mut bridge = Bridge::start();
    let mut page = bridge.page(ORIGIN);
    bridge.tell("remove");
    page.wait_until_card_is_gone();
    let reader = page.reader();
    let acquire = json!({ "type": "acquire", "reader": reader });
    assert_eq!(page.ask(acquire.clone())["code"], "no-smartcard");
    bridge.tell("insert");
    assert_eq!(page.read(), json!({ "type": "reader-free", "reader": reader }));
    assert_eq!(page.ask(acquire)["type"], "acquired");
}

#[test]
fn a_page_that_goes_away_gives_its_lease_back() {
    let bridge = Bridge::start();
    let mut page = bridge.page(ORIGIN);
    page.acquire();
    page.0.close(None).unwrap();
    while page.0.read().is_ok() {}
    let mut other = bridge.page(ORIGIN);
    // The bridge notices the end of the other connection on its own time.
    other.acquire_when_there();
}

#[test]
fn whoever_knows_a_lease_takes_it_over_and_its_holder_is_told() {
    let bridge = Bridge::start();
    let (mut page, mut other) = (bridge.page(ORIGIN), bridge.page(ORIGIN));
    let lease = page.acquire();
    let reader = other.reader();
    let taken = json!({ "type": "acquire", "reader": reader, "expected": lease });
    assert_eq!(other.ask(taken)["type"], "acquired");
    let told = json!({ "type": "lease-lost", "lease": lease, "code": "lease-lost" });
    assert_eq!(page.read(), told);
}

#[test]
fn a_card_that_is_taken_ends_its_lease_even_while_the_dialog_is_open() {
    let mut bridge = Bridge::start();
    bridge.will_type(&["wait"]);
    let mut page = bridge.page(ORIGIN);
    assert_eq!(page.ask(json!({ "type": "watch" }))["type"], "readers");
    let lease = page.acquire();
    page.send(json!({
        "type": "sign-challenge", "lease": lease, "key": "user-authentication", "nonce": NONCE,
        "pin": {}
    }));
    bridge.wait_for_dialog();
    bridge.tell("remove");
    let mut told: Vec<_> =
        (0..3).map(|_| page.read()["type"].as_str().unwrap().to_owned()).collect();
    told.sort();
    assert_eq!(told, ["card-removed", "error", "lease-lost"]);
    let reader = page.reader();
    let acquire = json!({ "type": "acquire", "reader": reader });
    assert_eq!(page.ask(acquire.clone())["code"], "no-smartcard");
    bridge.tell("insert");
    assert_eq!(page.read()["type"], "card-inserted");
    assert_eq!(page.ask(acquire)["type"], "acquired");
}

#[test]
fn a_page_that_was_busy_goes_on_reading_where_it_left_off() {
    let bridge = Bridge::start_with(|card| {
        fs::remove_dir_all(card).unwrap();
        folder::write(card, &Image::of(Variant::Short)).unwrap();
    });
    let mut page = bridge.page(ORIGIN);
    let lease = page.acquire();
    for (command, pause) in
        [(SELECT, 0), ("00A4020C02000A", 0), ("00B0000000", 2_500), ("00B0010000", 0)]
    {
        let answer = page.transmit(&lease, command);
        assert!(answer.ends_with("9000"), "{command}: {answer}");
        // The bridge keeps a transaction for two seconds.
        thread::sleep(Duration::from_millis(pause));
    }
}

#[test]
fn a_pin_that_ran_out_while_the_page_was_busy_is_no_request_out_of_turn() {
    let bridge = Bridge::start();
    let mut page = bridge.page(ORIGIN);
    let lease = page.acquire();
    page.transmit(&lease, SELECT);
    let verify = json!({
        "type": "verify-pin", "lease": lease, "reference": "user-authentication", "value": "1234"
    });
    let sign = json!({
        "type": "sign-challenge", "lease": lease, "key": "user-authentication", "nonce": NONCE
    });
    assert_eq!(page.ask(verify.clone())["type"], "verified");
    thread::sleep(Duration::from_millis(2_500));
    assert_eq!(page.ask(sign.clone())["code"], "timeout");
    // In time it serves one signature.
    assert_eq!(page.ask(verify)["type"], "verified");
    assert_eq!(page.ask(sign.clone())["type"], "signed");
    assert_eq!(page.ask(sign)["code"], "invalid-request");
}
