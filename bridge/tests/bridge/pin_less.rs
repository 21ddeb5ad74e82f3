//! Without a PIN: an institution that the card trusts, or a card that is merely there.

use std::fs;
use std::path::Path;

use kazashi_core::card::terminal::PROFILE;
use kazashi_core::value::{Method, Statement, StayWord};
use rsa::pkcs8::DecodePrivateKey;
use rsa::{Pkcs1v15Sign, RsaPrivateKey};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::harness::{
    Bridge, COUNTER, HOLDER, NONCE, ORIGIN, PINLESS, PRESENCE, READ_AGE_RECORD, SELECT,
    SELECT_CARD_SURFACE, grant, vectors, wait_until,
};
use crate::stays::is_signed_by;

#[test]
fn an_institution_that_the_card_trusts_signs_in_without_a_pin() {
    let bridge = Bridge::start();
    let mut page = bridge.page(PINLESS);
    let lease = page.acquire();
    page.load_terminal_certificates(&lease);
    let request = page.request_terminal(&lease, NONCE);
    let signed = page.sign_as_terminal(&lease, NONCE, &institution_signs(&request, NONCE));
    assert_eq!(signed["signature"].as_str().expect("a signature").len(), 512);
    page.transmit(&lease, SELECT);
    assert_eq!(page.transmit(&lease, COUNTER), "63C3");
}

#[test]
fn the_bridge_vouches_for_challenge_origin_and_nonce() {
    let bridge = Bridge::start();
    let mut page = bridge.page(PINLESS);
    let lease = page.acquire();
    let word = page.request_terminal(&lease, NONCE);
    assert!(is_signed_by(&bridge, &word));
    assert!(word.is_for_origin(PINLESS));
    assert!(!word.is_for_origin(ORIGIN));
    let challenge = word.testimony().challenge.as_ref().unwrap();
    assert_eq!(challenge.for_nonce(NONCE).unwrap().len(), 32);
    assert_eq!(challenge.for_nonce(&NONCE.replace('A', "B")), None);
}

#[test]
fn an_answer_to_no_challenge_or_for_another_nonce_is_not_carried_to_the_card() {
    let bridge = Bridge::start();
    let mut page = bridge.page(PINLESS);
    let lease = page.acquire();
    let unasked = page.sign_as_terminal(&lease, NONCE, &[0; 256]);
    assert_eq!(unasked["code"], "timeout");
    page.load_terminal_certificates(&lease);
    let request = page.request_terminal(&lease, NONCE);
    let other = NONCE.replace('A', "B");
    let refused = page.sign_as_terminal(&lease, &other, &institution_signs(&request, &other));
    assert_eq!(refused["code"], "invalid-request");
}

#[test]
fn the_card_says_why_it_refuses_an_institution() {
    let bridge = Bridge::start();
    let mut page = bridge.page(PINLESS);
    let lease = page.acquire();
    page.load_terminal_certificates(&lease);
    page.request_terminal(&lease, NONCE);
    let forged = page.sign_as_terminal(&lease, NONCE, &[0; 256]);
    assert_eq!(
        (&forged["code"], &forged["statusWord"]),
        (&json!("terminal-refused"), &json!(0x6300))
    );
    let request = page.request_terminal(&lease, NONCE);
    let without_certificates =
        page.sign_as_terminal(&lease, NONCE, &institution_signs(&request, NONCE));
    assert_eq!(without_certificates["statusWord"], 0x6986);
}

#[test]
fn card_presence_needs_the_birth_date_and_no_pin() {
    let bridge = Bridge::start();
    let mut page = bridge.page(PRESENCE);
    let lease = page.acquire();
    page.transmit(&lease, SELECT_CARD_SURFACE);
    assert_eq!(page.transmit(&lease, READ_AGE_RECORD), "6982");
    let mut verify = |birth_date| {
        let request =
            json!({ "type": "verify-birth-date", "lease": lease, "birthDate": birth_date });
        let answer = page.ask(request);
        (answer["type"].clone(), answer["code"].clone(), answer["retriesLeft"].clone())
    };
    let malformed = (json!("error"), json!("birth-date-malformed"), Value::Null);
    assert_eq!(verify("1980-02-30"), malformed);
    assert_eq!(verify("550217"), malformed);
    let wrong = (json!("error"), json!("birth-date-incorrect"), json!(9));
    assert_eq!(verify("1980-02-18"), wrong);
    assert_eq!(verify("1980-02-17").0, "verified");
    assert!(page.transmit(&lease, READ_AGE_RECORD).ends_with("9000"));
    let signed = page.ask(json!({
        "type": "sign-challenge", "lease": lease, "key": "card-surface", "nonce": NONCE
    }));
    assert_eq!(signed["signature"].as_str().expect("a signature").len(), 512);
}

#[test]
fn a_wrong_birth_date_is_not_presented_where_it_would_leave_fewer_than_two_tries() {
    let bridge = Bridge::start_with(|card| {
        let path = card.join("card.toml");
        let toml = fs::read_to_string(&path).unwrap();
        fs::write(&path, toml.replace("retries-left = 10", "retries-left = 4")).unwrap();
    });
    let mut page = bridge.page(PRESENCE);
    let lease = page.acquire();
    let mut verify = |birth_date| {
        page.ask(json!({ "type": "verify-birth-date", "lease": lease, "birthDate": birth_date }))
    };
    for (birth_date, retries_left) in [("1980-02-18", 3), ("1980-02-19", 2)] {
        assert_eq!(verify(birth_date)["retriesLeft"], retries_left);
    }
    let told = |answer: Value| (answer["code"].clone(), answer["retriesLeft"].clone());
    // Of what is known to be wrong nobody is asked.
    assert_eq!(told(verify("1980-02-18")), (json!("birth-date-incorrect"), json!(2)));
    assert!(!bridge.path("said").exists());
    bridge.person("refuses");
    assert_eq!(told(verify("1980-02-17")), (json!("too-few-retries"), json!(2)));
    bridge.person_no_longer("refuses");
    assert_eq!(verify("1980-02-17")["type"], "verified");
    assert_eq!(told(verify("1980-02-18")), (json!("birth-date-incorrect"), json!(10)));
}

#[test]
fn the_last_tries_of_what_is_printed_are_spent_once_the_person_agrees() {
    let bridge = Bridge::start_with(few_tries);
    let (mut presence, mut holder) = (bridge.page(PRESENCE), bridge.page(HOLDER));
    let birth_date = json!({ "type": "verify-birth-date", "birthDate": "1980-02-18" });
    let number = json!({
        "type": "verify-number-b",
        "birthDate": "1980-02-17", "expiryYear": "2035", "securityCode": "0000",
    });
    for (page, mut wrong, origin, compared) in [
        (&mut presence, birth_date, PRESENCE, "a date of birth"),
        (&mut holder, number, HOLDER, "date of birth, year of expiry and security code"),
    ] {
        let lease = page.acquire();
        wrong["lease"] = lease.clone().into();
        // The card is not held while the person thinks.
        bridge.person("ponders");
        page.send(wrong.clone());
        bridge.wait_until_dialog_has("CONFIRM");
        wait_until("the end of the transaction", || is_card_manager_selected(&bridge));
        bridge.person_no_longer("ponders");
        let answer = page.read();
        assert_eq!(answer["retriesLeft"], 1, "{answer}");
        assert!(answer["code"].as_str().unwrap().ends_with("-incorrect"), "{answer}");
        let said = bridge.dialog();
        assert!(said.contains(&format!("SETDESC {origin}%0Aasks to have {compared}")), "{said}");
        assert!(said.contains("Tries left: 2."), "{said}");
        fs::remove_file(bridge.path("said")).unwrap();
        page.ask(json!({ "type": "release", "lease": lease }));
    }
}

/// Two tries are left for each thing that is printed on the card.
fn few_tries(card: &Path) {
    let path = card.join("card.toml");
    let toml = fs::read_to_string(&path).unwrap();
    fs::write(&path, toml.replace("retries-left = 10", "retries-left = 2")).unwrap();
}

/// Whether that was the last thing that was done with the card: it ends a transaction.
fn is_card_manager_selected(bridge: &Bridge) -> bool {
    let log = bridge.logged();
    let last = log.lines().rfind(|line| line.contains("command=")).unwrap();
    last.contains("command=00 A4 04 0C Nc=7")
}

/// What the institution's server answers.
fn institution_signs(word: &StayWord, nonce: &str) -> Vec<u8> {
    let key = fs::read_to_string(vectors().join("keys/terminal.pem")).unwrap();
    let key = RsaPrivateKey::from_pkcs8_pem(&key).unwrap();
    let statement = Statement::new(Method::Terminal, PINLESS, nonce);
    let challenge = word.testimony().challenge.as_ref().unwrap().for_nonce(NONCE).unwrap();
    let message = (PROFILE.to_be_signed)(challenge, &statement);
    key.sign(Pkcs1v15Sign::new::<Sha256>(), &Sha256::digest(message)).unwrap()
}

#[test]
fn an_institutions_signature_of_any_length_stops_no_reader() {
    let bridge = Bridge::with(&format!(
        "[limits]\nframe-bytes = 200000\n{}",
        grant(PINLESS, r#""authenticate-pinless""#)
    ));
    let mut page = bridge.page(PINLESS);
    let lease = page.acquire();
    page.load_terminal_certificates(&lease);
    page.request_terminal(&lease, NONCE);
    let refused = page.sign_as_terminal(&lease, NONCE, &[0x55; 70_000]);
    assert_eq!(refused["code"], "invalid-request");
    assert_eq!(page.transmit(&lease, SELECT), "9000");
}
