//! PINs: from the page that may supply one, and from the person who is asked.

use serde_json::json;

use crate::harness::{Bridge, COUNTER, DIALOG, NONCE, ORIGIN, READ_CERTIFICATE, SELECT, SIGN};

#[test]
fn a_page_signs_in_with_a_pin_that_it_may_supply() {
    let bridge = Bridge::start();
    let mut page = bridge.page(ORIGIN);
    let lease = page.acquire();
    page.transmit(&lease, SELECT);
    let certificate = page.transmit(&lease, READ_CERTIFICATE);
    assert!(certificate.starts_with("3082") && certificate.ends_with("9000"));
    let signed = page.sign(&lease, json!({ "value": "1234" }));
    assert_eq!(signed["type"], "signed");
    assert_eq!(signed["signature"].as_str().unwrap().len(), 512);
    assert_eq!(page.transmit(&lease, COUNTER), "63C3");
}

#[test]
fn a_wrong_pin_of_the_page_spends_one_try_and_then_the_page_may_spend_no_more() {
    let bridge = Bridge::start();
    let mut page = bridge.page(ORIGIN);
    let lease = page.acquire();
    let wrong = page.sign(&lease, json!({ "value": "0000" }));
    assert_eq!((&wrong["code"], &wrong["retriesLeft"]), (&json!("pin-incorrect"), &json!(2)));
    let refused = page.sign(&lease, json!({ "value": "0000" }));
    assert_eq!((&refused["code"], &refused["retriesLeft"]), (&json!("too-few-retries"), &json!(2)));
    page.transmit(&lease, SELECT);
    assert_eq!(page.transmit(&lease, COUNTER), "63C2");
}

#[test]
fn what_cannot_be_a_pin_spends_no_try() {
    let bridge = Bridge::start();
    let mut page = bridge.page(ORIGIN);
    let lease = page.acquire();
    for value in ["", "123", "12345", "12a4", "１２３"] {
        let answer = page.sign(&lease, json!({ "value": value }));
        assert_eq!(answer["code"], "pin-malformed", "{value}");
    }
    page.transmit(&lease, SELECT);
    assert_eq!(page.transmit(&lease, COUNTER), "63C3");
}

#[test]
fn a_page_that_may_not_supply_a_pin_is_refused() {
    let bridge = Bridge::start();
    let mut page = bridge.page(DIALOG);
    let lease = page.acquire();
    assert_eq!(page.sign(&lease, json!({ "value": "1234" }))["code"], "not-permitted");
}

#[test]
fn the_dialog_names_the_origin_and_the_tries_left() {
    let bridge = Bridge::start();
    bridge.will_type(&["1234"]);
    let mut page = bridge.page(DIALOG);
    let lease = page.acquire();
    assert_eq!(page.sign(&lease, json!({}))["type"], "signed");
    let said = bridge.dialog();
    assert!(said.contains("SETDESC https://dialog.example%0A"), "{said}");
    assert!(said.contains("Tries left: 3"), "{said}");
}

#[test]
fn the_dialog_asks_again_for_what_cannot_be_a_pin() {
    let bridge = Bridge::start();
    bridge.will_type(&["12", "1234"]);
    let mut page = bridge.page(DIALOG);
    let lease = page.acquire();
    assert_eq!(page.sign(&lease, json!({}))["type"], "signed");
    assert!(bridge.dialog().contains("SETERROR The PIN is four digits."));
}

#[test]
fn a_cancelled_dialog_spends_no_try() {
    let bridge = Bridge::start();
    bridge.will_type(&["cancel"]);
    let mut page = bridge.page(DIALOG);
    let lease = page.acquire();
    assert_eq!(page.sign(&lease, json!({}))["code"], "pin-cancelled");
    page.transmit(&lease, SELECT);
    assert_eq!(page.transmit(&lease, COUNTER), "63C3");
}

#[test]
fn the_last_try_is_confirmed_first() {
    let bridge = Bridge::start();
    bridge.will_type(&["0000", "1111", "2222", "3333"]);
    let mut page = bridge.page(DIALOG);
    let lease = page.acquire();
    for retries_left in [2, 1] {
        let wrong = page.sign(&lease, json!({}));
        assert_eq!(wrong["retriesLeft"], retries_left);
        assert!(!bridge.dialog().contains("CONFIRM"));
    }
    let wrong = page.sign(&lease, json!({}));
    assert_eq!((&wrong["code"], &wrong["retriesLeft"]), (&json!("pin-blocked"), &json!(0)));
    assert!(bridge.dialog().contains("CONFIRM"));
    let blocked = page.sign(&lease, json!({}));
    assert_eq!((&blocked["code"], &blocked["retriesLeft"]), (&json!("pin-blocked"), &json!(0)));
}

#[test]
fn the_log_shows_no_pin_at_any_level() {
    let mut bridge = Bridge::start();
    bridge.will_type(&["ABC123"]);
    let mut page = bridge.page(ORIGIN);
    let lease = page.acquire();
    page.sign(&lease, json!({ "value": "1234" }));
    page.sign(&lease, json!({ "value": "9753" }));
    drop(page);
    let mut page = bridge.page(SIGN);
    let lease = page.acquire();
    page.ask(json!({ "type": "verify-pin", "lease": lease, "reference": "digital-signature" }));
    drop(page);
    let log = bridge.stop();
    assert!(log.contains("00 20 00 98 Nc=4 Ne=0"), "the log is at trace level: {log}");
    for secret in ["1234", "31323334", "9753", "39373533", "ABC123", "414243313233", NONCE] {
        // A time of day may have any digits, so only what follows it is searched.
        let hits = log.lines().filter(|line| line.split_once("Z ").unwrap().1.contains(secret));
        assert_eq!(hits.collect::<Vec<_>>(), Vec::<&str>::new(), "{secret}");
    }
}
