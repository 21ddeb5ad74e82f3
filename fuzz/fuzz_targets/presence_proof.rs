#![no_main]
//! Presence proofs, as a page hands them to its server: nobody is there but with the vector's own
//! signature.

use std::{
    sync::LazyLock,
    time::{Duration, SystemTime},
};

use kazashi_verify::{
    CvTrust, Enrolment, ExpectedPresence, KeyIdentifier, PairwiseKey, Trust, verify_presence,
};
use libfuzzer_sys::fuzz_target;
use rsa::{
    RsaPrivateKey,
    pkcs8::{DecodePrivateKey, EncodePublicKey},
};
use serde_json::Value;

static CASE: LazyLock<Value> = LazyLock::new(|| {
    serde_json::from_str(include_str!("../../vectors/verify/presence.json")).expect("a vector")
});
static RELYING_PARTY: LazyLock<RelyingParty> = LazyLock::new(RelyingParty::new);

struct RelyingParty {
    trust: Trust,
    cv_trust: CvTrust,
    pairwise_key: PairwiseKey,
    enrolments: Vec<Enrolment>,
}

impl RelyingParty {
    fn new() -> Self {
        let authority = include_bytes!("../../vectors/certificates/user-authentication-ca.der");
        let root = include_str!("../../vectors/keys/card-surface-authority.pem");
        let root = RsaPrivateKey::from_pkcs8_pem(root).expect("a vector").to_public_key();
        let root = root.to_public_key_der().expect("a vector");
        let name = KeyIdentifier::from_hexadecimal("39303030303233080530303100000000");
        let enrolments = CASE["enrolments"].as_object().expect("enrolments");
        let enrolments = enrolments.values().cloned().map(serde_json::from_value);
        Self {
            trust: Trust::from_certificates([authority])
                .expect("a vector")
                .accepting_test_hierarchy(),
            cv_trust: CvTrust::pinned()
                .with_key(name.expect("a name"), root.as_bytes())
                .expect("a vector")
                .accepting_test_hierarchy(),
            pairwise_key: PairwiseKey::new(&[7; 32]).expect("32 bytes"),
            enrolments: enrolments.collect::<Result<_, _>>().expect("enrolments"),
        }
    }
}

fuzz_target!(|bytes: &[u8]| {
    let RelyingParty { trust, cv_trust, pairwise_key, enrolments } = &*RELYING_PARTY;
    for enrolment in enrolments {
        let expected = ExpectedPresence {
            origin: "https://portal.example",
            nonce: CASE["nonce"].as_str().expect("a nonce"),
            enrolment,
            now: SystemTime::UNIX_EPOCH + Duration::from_secs(1_800_000_000),
        };
        if verify_presence(bytes, &expected, trust, cv_trust, pairwise_key).is_ok() {
            let proof: Value = serde_json::from_slice(bytes).expect("it was read before");
            assert_eq!(proof["signature"], CASE["proofs"]["whole"]["signature"]);
        }
    }
});
