//! The bridge as it is installed: the program itself, a virtual card, and pages that are more or
//! less welcome.
#![cfg(unix)]
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may panic")]

mod disclosure;
mod doctor;
#[path = "../harness/bridge.rs"]
mod harness;
mod origins;
mod tries;

use std::{fs, process::Command};

use base64::{Engine, engine::general_purpose::STANDARD};
use ed25519_dalek::{Verifier, VerifyingKey};
use kazashi_core::{
    statement::{Method, Statement},
    terminal::{PROFILE, TerminalRequest},
};
use rsa::{Pkcs1v15Sign, RsaPrivateKey, pkcs8::DecodePrivateKey};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tokio_tungstenite::tungstenite::{Error, Message, http::StatusCode};

use harness::{Bridge, HOLDER, NONCE, ORIGIN, PINLESS, PRESENCE, Page, SELECT, vectors};

const COUNTER: &str = "00200098";
const SELECT_CARD_SURFACE: &str = "00A4040C0AD3921000310001010402";
const READ_AGE_RECORD: &str = "00B08100000000";

#[test]
fn a_page_signs_in_with_a_pin_that_it_may_supply() {
    let bridge = Bridge::start();
    let mut page = bridge.page(ORIGIN);
    let lease = page.acquire();
    page.transmit(&lease, SELECT);
    let certificate = page.transmit(&lease, "00B08A00000000");
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
    let mut page = bridge.page("https://dialog.example");
    let lease = page.acquire();
    assert_eq!(page.sign(&lease, json!({ "value": "1234" }))["code"], "not-permitted");
}

#[test]
fn the_dialog_names_the_origin_and_the_tries_left() {
    let bridge = Bridge::start();
    bridge.will_type(&["1234"]);
    let mut page = bridge.page("https://dialog.example");
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
    let mut page = bridge.page("https://dialog.example");
    let lease = page.acquire();
    assert_eq!(page.sign(&lease, json!({}))["type"], "signed");
    assert!(bridge.dialog().contains("SETERROR The PIN is four digits."));
}

#[test]
fn a_cancelled_dialog_spends_no_try() {
    let bridge = Bridge::start();
    bridge.will_type(&["cancel"]);
    let mut page = bridge.page("https://dialog.example");
    let lease = page.acquire();
    assert_eq!(page.sign(&lease, json!({}))["code"], "pin-cancelled");
    page.transmit(&lease, SELECT);
    assert_eq!(page.transmit(&lease, COUNTER), "63C3");
}

#[test]
fn the_last_try_is_confirmed_first() {
    let bridge = Bridge::start();
    bridge.will_type(&["0000", "1111", "2222", "3333"]);
    let mut page = bridge.page("https://dialog.example");
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
fn commands_that_no_scope_allows_are_refused() {
    let bridge = Bridge::start();
    let mut page = bridge.page(ORIGIN);
    let lease = page.acquire();
    page.transmit(&lease, SELECT);
    for command in
        ["002000980431323334", "802A00970155", "00B0810000", "00A4040C0AD3921000310001010408"]
    {
        let answer = page.ask(json!({ "type": "transmit", "lease": lease, "command": command }));
        assert_eq!(answer["code"], "not-permitted", "{command}");
    }
    let answer = page.ask(json!({ "type": "transmit", "lease": lease, "command": "00B0" }));
    assert_eq!(answer["code"], "invalid-request");
}

#[test]
fn a_page_without_the_scope_cannot_read_or_sign_or_watch() {
    let bridge = Bridge::start();
    let mut page = bridge.page("https://reader.example");
    assert_eq!(page.ask(json!({ "type": "watch" }))["code"], "not-permitted");
    let readers = page.ask(json!({ "type": "list-readers" }));
    let reader = &readers["readers"][0];
    assert_eq!(reader["name"], "Kazashi virtual card");
    assert_eq!(reader.get("cardPresent"), None);
    let lease = page.acquire();
    page.transmit(&lease, SELECT);
    let read = json!({ "type": "transmit", "lease": lease, "command": "00B08A00000000" });
    assert_eq!(page.ask(read)["code"], "not-permitted");
    assert_eq!(page.sign(&lease, json!({}))["code"], "not-permitted");
    let verify = json!({ "type": "verify-pin", "lease": lease, "reference": "digital-signature" });
    assert_eq!(page.ask(verify)["code"], "not-permitted");
}

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
    let TerminalRequest { challenge, bridge: key, signature } =
        page.request_terminal(&lease, NONCE);
    let enrolled = Command::new(env!("CARGO_BIN_EXE_kazashi-bridge"))
        .args(["enrol", "--state"])
        .arg(bridge.folder.path().join("state"))
        .output()
        .unwrap();
    let enrolled = String::from_utf8(enrolled.stdout).unwrap();
    assert_eq!(enrolled.trim(), STANDARD.encode(key.as_bytes()));
    let key = VerifyingKey::from_bytes(key.as_bytes().try_into().unwrap()).unwrap();
    let signature = signature.as_bytes().try_into().unwrap();
    let other = NONCE.replace('A', "B");
    let vouched = |origin, nonce, challenge: &[u8]| {
        key.verify(&TerminalRequest::signed_bytes(origin, nonce, challenge), &signature).is_ok()
    };
    assert!(vouched(PINLESS, NONCE, challenge.as_bytes()));
    assert!(!vouched(ORIGIN, NONCE, challenge.as_bytes()));
    assert!(!vouched(PINLESS, &other, challenge.as_bytes()));
    assert!(!vouched(PINLESS, NONCE, &[0; 32]));
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
    for birth_date in ["1980-02-18", "1980-02-17"] {
        let refused = verify(birth_date);
        let refused = (&refused["code"], &refused["retriesLeft"]);
        assert_eq!(refused, (&json!("too-few-retries"), &json!(2)));
    }
}

#[test]
fn pin_less_use_needs_its_scope() {
    let bridge = Bridge::start();
    let [terminal, surface] = ["user-authentication", "card-surface"];
    for (origin, key, birth_date, terminal_request) in [
        (ORIGIN, surface, false, false),
        (PINLESS, surface, false, true),
        (PINLESS, terminal, false, true),
        (PRESENCE, terminal, true, false),
    ] {
        let mut page = bridge.page(origin);
        let lease = page.acquire();
        let mut permits = |request: Value| page.ask(request)["code"] != "not-permitted";
        let sign = json!({ "type": "sign-challenge", "lease": lease, "key": key, "nonce": NONCE });
        assert!(!permits(sign), "{origin}");
        let verify = json!({ "type": "verify-birth-date", "lease": lease, "birthDate": "" });
        assert_eq!(permits(verify), birth_date, "{origin}");
        let request = json!({ "type": "terminal-request", "lease": lease, "nonce": NONCE });
        assert_eq!(permits(request), terminal_request, "{origin}");
    }
}

#[test]
fn the_digital_signature_certificate_is_read_after_its_password() {
    let bridge = Bridge::start();
    bridge.will_type(&["abc123"]);
    let mut page = bridge.page("https://sign.example");
    let lease = page.acquire();
    page.transmit(&lease, SELECT);
    assert_eq!(page.transmit(&lease, "00B08100000000"), "6982");
    let verify = json!({ "type": "verify-pin", "lease": lease, "reference": "digital-signature" });
    assert_eq!(page.ask(verify)["type"], "verified");
    let certificate = page.transmit(&lease, "00B08100000000");
    assert!(certificate.starts_with("3082") && certificate.ends_with("9000"));
}

#[test]
fn a_document_is_signed_after_the_person_saw_what_it_is() {
    let bridge = Bridge::start();
    bridge.will_type(&["ABC123"]);
    let mut page = bridge.page("https://sign.example");
    let lease = page.acquire();
    for (hash, digest) in
        [("SHA-256", "0A".repeat(32)), ("SHA-384", "0B".repeat(48)), ("SHA-512", "0C".repeat(64))]
    {
        let signed = page.ask(json!({
            "type": "sign", "lease": lease, "title": "賃貸借契約書", "hash": hash, "digest": digest
        }));
        assert_eq!(signed["type"], "document-signed");
        assert_eq!(signed["signature"].as_str().unwrap().len(), 512);
        assert!(signed["certificate"].as_str().unwrap().starts_with("3082"));
    }
    let said = bridge.dialog();
    assert!(
        said.contains(
            "https://sign.example%0Aasks you to sign:%0A賃貸借契約書%0ASHA-256: 0A0A 0A0A"
        ),
        "{said}"
    );
    assert!(said.contains("SHA-512: 0C0C 0C0C"), "{said}");
}

#[test]
fn a_document_that_cannot_be_shown_is_not_signed() {
    let bridge = Bridge::start();
    let mut page = bridge.page("https://sign.example");
    let lease = page.acquire();
    for (title, digest) in
        [("", "00".repeat(32)), ("a\nb", "00".repeat(32)), ("a", "00".repeat(31))]
    {
        let sign = json!({
            "type": "sign", "lease": lease, "title": title, "hash": "SHA-256", "digest": digest
        });
        assert_eq!(page.ask(sign)["code"], "invalid-request", "{title:?}");
    }
    let mut page = bridge.page(ORIGIN);
    let other = page.ask(json!({
        "type": "sign", "lease": lease, "title": "a", "hash": "SHA-256", "digest": "00".repeat(32)
    }));
    assert_eq!(other["code"], "lease-lost");
}

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
fn a_page_that_goes_away_gives_its_lease_back() {
    let bridge = Bridge::start();
    let mut page = bridge.page(ORIGIN);
    page.acquire();
    page.0.close(None).unwrap();
    while page.0.read().is_ok() {}
    let mut other = bridge.page(ORIGIN);
    let reader = other.reader();
    // The bridge notices the end of the other connection on its own time.
    let acquired = (0..1000)
        .any(|_| other.ask(json!({ "type": "acquire", "reader": reader }))["type"] == "acquired");
    assert!(acquired);
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
fn unlisted_origins_and_rebinding_names_are_refused_before_the_upgrade() {
    let bridge = Bridge::start();
    let host = format!("127.0.0.1:{}", bridge.port);
    for (origin, host, status) in [
        ("https://evil.example", &*host, StatusCode::FORBIDDEN),
        ("null", &host, StatusCode::FORBIDDEN),
        ("http://portal.example", &host, StatusCode::FORBIDDEN),
        ("http://localhost:8080", &host, StatusCode::FORBIDDEN),
        (ORIGIN, "portal.example", StatusCode::MISDIRECTED_REQUEST),
    ] {
        let Err(Error::Http(response)) = bridge.connect(origin, host) else { panic!("{origin}") };
        assert_eq!(response.status(), status, "{origin} {host}");
        assert_eq!(response.body().as_deref().unwrap_or_default(), b"", "{origin}");
    }
}

#[test]
fn what_is_no_message_closes_the_connection() {
    let bridge = Bridge::start();
    for message in [
        Message::text("hello"),
        Message::text("{}"),
        Message::text(r#"{"id":1,"type":"shutdown"}"#),
        Message::text("[".repeat(10_000)),
        Message::text(" ".repeat(65 * 1024)),
        Message::binary(vec![0; 10]),
    ] {
        let mut page = bridge.page(ORIGIN);
        let _ = page.0.send(message);
        let answer = page.0.read();
        assert!(!matches!(answer, Ok(Message::Text(_))), "{answer:?}");
    }
    assert_eq!(bridge.page(ORIGIN).ask(json!({ "type": "hello" }))["type"], "hello");
}

#[test]
fn health_says_that_it_runs_and_nothing_else() {
    let bridge = Bridge::start();
    let request = format!("GET /health HTTP/1.1\r\nHost: 127.0.0.1:{}\r\n\r\n", bridge.port);
    let response = String::from_utf8(bridge.exchange(request.as_bytes())).unwrap();
    assert!(response.starts_with("HTTP/1.1 200 OK\r\n") && response.ends_with("\r\n\r\nok"));
}

#[test]
fn a_configuration_with_a_mistake_starts_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("bridge.toml");
    fs::write(&config, "[[origin]]\norigin = \"https://*.example\"\nscopes = []").unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_kazashi-bridge"))
        .args(["serve", "--allow-root", "--port", "0", "--config"])
        .arg(&config)
        .output()
        .unwrap();
    assert!(!output.status.success() && output.stdout.is_empty());
    assert!(String::from_utf8_lossy(&output.stderr).contains("bridge.toml"));
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
    let mut page = bridge.page("https://sign.example");
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

/// What the institution's server answers.
fn institution_signs(request: &TerminalRequest, nonce: &str) -> Vec<u8> {
    let key = fs::read_to_string(vectors().join("keys/terminal.pem")).unwrap();
    let key = RsaPrivateKey::from_pkcs8_pem(&key).unwrap();
    let statement = Statement::new(Method::Terminal, PINLESS, nonce);
    let message = (PROFILE.to_be_signed)(request.challenge.as_bytes(), &statement);
    key.sign(Pkcs1v15Sign::new::<Sha256>(), &Sha256::digest(message)).unwrap()
}
