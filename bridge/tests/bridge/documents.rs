//! Documents: signed after the person saw what they are.

use serde_json::json;

use crate::harness::{Bridge, ORIGIN, SELECT, SIGN};

#[test]
fn the_digital_signature_certificate_is_read_after_its_password() {
    let bridge = Bridge::start();
    bridge.will_type(&["abc123"]);
    let mut page = bridge.page(SIGN);
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
    let mut page = bridge.page(SIGN);
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
    let mut page = bridge.page(SIGN);
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
