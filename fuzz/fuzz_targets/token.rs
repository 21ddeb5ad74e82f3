#![no_main]
//! Tokens and certificates, as a page hands them to its server: nobody signs in but with the
//! vector's own signature.

use std::{
    sync::LazyLock,
    time::{Duration, SystemTime},
};

use kazashi_verify::{Expected, Method, Trust, verify};
use libfuzzer_sys::fuzz_target;
use serde::Deserialize;
use serde_json::Value;

static CASE: LazyLock<Value> = LazyLock::new(|| {
    serde_json::from_str(include_str!("../../vectors/verify/pin.json")).expect("a vector")
});
static TRUST: LazyLock<Trust> = LazyLock::new(|| {
    let authority = include_bytes!("../../vectors/certificates/user-authentication-ca.der");
    Trust::from_certificates([authority]).expect("a vector").accepting_test_hierarchy()
});

#[derive(Deserialize)]
struct Signed {
    signature: String,
}

fuzz_target!(|bytes: &[u8]| {
    let expected = Expected {
        origin: "https://portal.example",
        nonce: CASE["nonce"].as_str().expect("a nonce"),
        method: Method::Pin,
        now: SystemTime::UNIX_EPOCH + Duration::from_secs(1_800_000_000),
    };
    if verify(bytes, &expected, &TRUST).is_ok() {
        let text = str::from_utf8(bytes).expect("JSON is UTF-8");
        let token: Signed = serde_json::from_str(text).expect("it was read before");
        assert_eq!(CASE["token"]["signature"], token.signature);
    }
});
