//! Tries are kept: what was wrong is not tried again, and dialogs do not outlive their reason.

use serde_json::{Value, json};

use crate::harness::{
    Bridge, COUNTER, DIALOG, HOLDER, ORIGIN, PRESENCE, Page, SELECT, SIGN, wait_until,
};

/// What became of a PIN that a person typed.
fn sign(page: &mut Page, lease: &str) -> (Value, Value) {
    let answer = page.sign(lease, json!({}));
    (answer["code"].clone(), answer["retriesLeft"].clone())
}

fn wrong(retries_left: u8) -> (Value, Value) {
    (json!("pin-incorrect"), json!(retries_left))
}

#[test]
fn the_same_wrong_pin_is_not_sent_twice_while_the_card_stays() {
    let mut bridge = Bridge::start();
    bridge.will_type(&["0000", "０００0"]);
    let mut page = bridge.page(DIALOG);
    let lease = page.acquire();
    assert_eq!(sign(&mut page, &lease), wrong(2));
    assert_eq!(sign(&mut page, &lease), wrong(2));
    page.transmit(&lease, SELECT);
    assert_eq!(page.transmit(&lease, COUNTER), "63C2");
    assert_eq!(page.ask(json!({ "type": "release", "lease": lease }))["type"], "released");

    // Nor for another lease.
    let lease = page.acquire();
    assert_eq!(sign(&mut page, &lease), wrong(2));

    // Of a card that was taken away nothing is known.
    bridge.tell("remove");
    page.read();
    bridge.tell("insert");
    let lease = page.acquire_when_there();
    assert_eq!(sign(&mut page, &lease), wrong(1));
}

#[test]
fn a_wrong_pin_is_none_of_another_key() {
    let bridge = Bridge::start();
    bridge.will_type(&["000000", "000000", "ABC123"]);
    let mut page = bridge.page(SIGN);
    let lease = page.acquire();
    let verify = json!({ "type": "verify-pin", "lease": lease, "reference": "digital-signature" });
    for _ in 0..2 {
        let answer = page.ask(verify.clone());
        assert_eq!((&answer["code"], &answer["retriesLeft"]), (&json!("pin-incorrect"), &json!(4)));
    }
    assert_eq!(page.ask(verify)["type"], "verified");
}

#[test]
fn the_same_wrong_birth_date_is_not_sent_twice() {
    let bridge = Bridge::start();
    let mut page = bridge.page(PRESENCE);
    let lease = page.acquire();
    for (birth_date, retries_left) in [("1980-02-18", 9), ("19800218", 9), ("1980-02-19", 8)] {
        let request =
            json!({ "type": "verify-birth-date", "lease": lease, "birthDate": birth_date });
        let answer = page.ask(request);
        let answer = (&answer["code"], &answer["retriesLeft"]);
        assert_eq!(answer, (&json!("birth-date-incorrect"), &json!(retries_left)), "{birth_date}");
    }
}

#[test]
fn the_same_wrong_verification_number_is_not_sent_twice() {
    let bridge = Bridge::start();
    let mut page = bridge.page(HOLDER);
    let lease = page.acquire();
    for (code, retries_left) in [("2286", 9), ("２２８６", 9), ("2287", 8)] {
        let answer = page.ask(json!({
            "type": "verify-number-b", "lease": lease,
            "birthDate": "1980-02-17", "expiryYear": "2035", "securityCode": code,
        }));
        let answer = (&answer["code"], &answer["retriesLeft"]);
        let expected = (&json!("verification-number-incorrect"), &json!(retries_left));
        assert_eq!(answer, expected, "{code}");
    }
}

#[test]
fn a_dialog_is_closed_when_its_card_is_pulled() {
    let mut bridge = Bridge::start();
    bridge.will_type(&["wait", "1234"]);
    let mut page = bridge.page(DIALOG);
    let lease = page.acquire();
    page.send_sign(&lease, json!({}));
    bridge.wait_for_dialog();
    bridge.tell("remove");
    bridge.wait_until_dialog_has("TERM");
    // The answer, and the notification.
    let told = [page.read()["code"].clone(), page.read()["code"].clone()];
    assert_eq!(told, ["removed-card", "removed-card"]);
    bridge.tell("insert");
    let lease = page.acquire_when_there();
    assert_eq!(page.sign(&lease, json!({}))["type"], "signed");
}

#[test]
fn a_dialog_is_closed_when_its_page_goes_away() {
    let bridge = Bridge::start();
    bridge.will_type(&["wait"]);
    let mut page = bridge.page(DIALOG);
    let lease = page.acquire();
    page.send_sign(&lease, json!({}));
    bridge.wait_for_dialog();
    drop(page);
    bridge.wait_until_dialog_has("TERM");
}

#[test]
fn two_requests_of_an_origin_never_show_two_dialogs() {
    let bridge = Bridge::start();
    bridge.will_type(&["1234"]);
    let mut page = bridge.page(DIALOG);
    let lease = page.acquire();
    for _ in 0..3 {
        page.send_sign(&lease, json!({}));
    }
    for _ in 0..3 {
        assert_eq!(page.read()["type"], "signed");
    }
    // The page is answered before the last dialog has taken its leave.
    wait_until("the last goodbye", || bridge.dialog().matches("BYE").count() == 3);
    let said = bridge.dialog();
    let turns: Vec<_> = said.lines().filter(|line| ["GETPIN", "BYE"].contains(line)).collect();
    assert_eq!(turns, ["GETPIN", "BYE", "GETPIN", "BYE", "GETPIN", "BYE"]);
}

#[test]
fn a_pin_of_the_page_that_is_known_to_be_wrong_costs_nothing_either() {
    let bridge = Bridge::start();
    let mut page = bridge.page(ORIGIN);
    let lease = page.acquire();
    assert_eq!(page.sign(&lease, json!({ "value": "0000" }))["retriesLeft"], 2);
    // The right one, from the person, gives all tries back.
    bridge.will_type(&["1234"]);
    assert_eq!(page.sign(&lease, json!({}))["type"], "signed");
    let wrong = page.sign(&lease, json!({ "value": "0000" }));
    assert_eq!((&wrong["code"], &wrong["retriesLeft"]), (&json!("pin-incorrect"), &json!(3)));
    page.transmit(&lease, SELECT);
    assert_eq!(page.transmit(&lease, COUNTER), "63C3");
}
