#![no_main]
//! Card faces: the record as it is read from a card, the photograph in it, and the proof as a page hands
//! it to its server. Nobody's is genuine but the vector's own.

use std::sync::LazyLock;

use kazashi_verify::{
    AttributesRecord, CardFaceProof, CardFaceRecord, CvTrust, ExpectedCardFace, KeyIdentifier,
    verify_card_face,
};
use libfuzzer_sys::fuzz_target;
use rsa::{
    RsaPrivateKey,
    pkcs8::{DecodePrivateKey, EncodePublicKey},
};
use serde_json::Value;

static CASE: LazyLock<Value> = LazyLock::new(|| {
    serde_json::from_str(include_str!("../../vectors/verify/card-face.json")).expect("a vector")
});
static TRUST: LazyLock<CvTrust> = LazyLock::new(|| {
    let root = include_str!("../../vectors/keys/card-surface-authority.pem");
    let root = RsaPrivateKey::from_pkcs8_pem(root).expect("a vector").to_public_key();
    let root = root.to_public_key_der().expect("a vector");
    let name = KeyIdentifier::from_hexadecimal("39303030303233080530303100000000");
    CvTrust::pinned()
        .with_key(name.expect("a name"), root.as_bytes())
        .expect("a vector")
        .accepting_test_hierarchy()
});

fuzz_target!(|bytes: &[u8]| {
    if let Ok(record) = CardFaceRecord::parse(bytes) {
        // With no certificate and no signature it is worth nothing, whatever it says.
        let proof = CardFaceProof::new(&record, b"", b"", "");
        assert!(proof.verify(&expected(), &TRUST).is_err());
    }
    let _ = AttributesRecord::parse(bytes);
    if verify_card_face(bytes, &expected(), &TRUST).is_ok() {
        let proof: Value = serde_json::from_slice(bytes).expect("it was read before");
        let signatures = CASE["readings"].as_object().expect("readings");
        let mut signatures = signatures.values().map(|reading| &reading["signature"]);
        assert!(signatures.any(|signature| *signature == proof["signature"]));
    }
});

fn expected() -> ExpectedCardFace<'static> {
    ExpectedCardFace {
        origin: "https://portal.example",
        nonce: CASE["nonce"].as_str().expect("a nonce"),
    }
}
