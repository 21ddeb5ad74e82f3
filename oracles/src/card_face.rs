use std::sync::LazyLock;

use kazashi_verify::{
    AttributesRecord, CardFaceProof, CardFaceRecord, CvTrust, ExpectedCardFace, Unverified,
    verify_card_face,
};
use serde_json::Value;

use crate::vectors::{self, ORIGIN};

static CASE: LazyLock<Value> =
    LazyLock::new(|| vectors::case(include_str!("../../vectors/verify/card-face.json")));
static TRUST: LazyLock<CvTrust> = LazyLock::new(vectors::cv_trust);

/// Card faces: the record as it is read from a card, and the proof as a page hands it to its server.
/// Nobody's is genuine but the vector's own.
pub fn card_face(bytes: &[u8]) {
    if let Ok(record) = CardFaceRecord::parse(bytes) {
        // With no certificate and no signature it is worth nothing, whatever it says.
        let proof = CardFaceProof::new(&record, b"", b"", "");
        assert!(verify_card_face(&proof, &expected(), &TRUST).is_err());
    }
    let _ = AttributesRecord::parse(bytes);
    let proof = CardFaceProof::from_json(bytes);
    if proof.and_then(|proof| verify_card_face(&proof, &expected(), &TRUST)).is_ok() {
        let proof: Value = serde_json::from_slice(bytes).expect("it was read before");
        let signatures = CASE["readings"].as_object().expect("readings");
        let mut signatures = signatures.values().map(|reading| &reading["signature"]);
        assert!(signatures.any(|signature| *signature == proof["signature"]));
    }
}

fn expected() -> ExpectedCardFace<'static> {
    ExpectedCardFace { origin: ORIGIN, nonce: CASE["nonce"].as_str().expect("a nonce") }
}
