//! Scopes: what a page may not do without them.

use serde_json::{Value, json};

use crate::harness::{Bridge, NONCE, ORIGIN, PINLESS, PRESENCE, READ_CERTIFICATE, SELECT};

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
    let read = json!({ "type": "transmit", "lease": lease, "command": READ_CERTIFICATE });
    assert_eq!(page.ask(read)["code"], "not-permitted");
    assert_eq!(page.sign(&lease, json!({}))["code"], "not-permitted");
    let verify = json!({ "type": "verify-pin", "lease": lease, "reference": "digital-signature" });
    assert_eq!(page.ask(verify)["code"], "not-permitted");
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
