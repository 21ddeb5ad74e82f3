use std::sync::LazyLock;

use kazashi_verify::{
    CvTrust, Enrolment, ExpectedPresence, PairwiseKey, PresenceProof, Trust, Unverified,
    verify_presence,
};
use serde_json::Value;

use crate::vectors::{self, ORIGIN};

static CASE: LazyLock<Value> =
    LazyLock::new(|| vectors::case(include_str!("../../vectors/verify/presence.json")));
static RELYING_PARTY: LazyLock<RelyingParty> = LazyLock::new(RelyingParty::new);

struct RelyingParty {
    trust: Trust,
    cv_trust: CvTrust,
    pairwise_key: PairwiseKey,
    enrolments: Vec<Enrolment>,
}

impl RelyingParty {
    fn new() -> Self {
        let enrolments = CASE["enrolments"].as_object().expect("enrolments");
        let enrolments = enrolments.values().cloned().map(serde_json::from_value);
        Self {
            trust: vectors::trust(),
            cv_trust: vectors::cv_trust(),
            pairwise_key: PairwiseKey::new(&[7; 32]).expect("32 bytes"),
            enrolments: enrolments.collect::<Result<_, _>>().expect("enrolments"),
        }
    }
}

/// Presence proofs, as a page hands them to its server: nobody is there but with the vector's own
/// signature.
pub fn presence_proof(bytes: &[u8]) {
    let RelyingParty { trust, cv_trust, pairwise_key, enrolments } = &*RELYING_PARTY;
    let Ok(proof) = PresenceProof::from_json(bytes) else { return };
    for enrolment in enrolments {
        let expected = ExpectedPresence {
            origin: ORIGIN,
            nonce: CASE["nonce"].as_str().expect("a nonce"),
            enrolment,
            now: vectors::now(),
        };
        if verify_presence(&proof, &expected, trust, cv_trust, pairwise_key).is_ok() {
            let proof: Value = serde_json::from_slice(bytes).expect("it was read before");
            assert_eq!(proof["signature"], CASE["proofs"]["whole"]["signature"]);
        }
    }
}
