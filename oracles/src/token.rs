use std::sync::LazyLock;

use kazashi_verify::{Expected, Method, Token, Trust, Unverified, verify};
use serde::Deserialize;
use serde_json::Value;

use crate::vectors::{self, ORIGIN};

static CASE: LazyLock<Value> =
    LazyLock::new(|| vectors::case(include_str!("../../vectors/verify/pin.json")));
static TRUST: LazyLock<Trust> = LazyLock::new(vectors::trust);

#[derive(Deserialize)]
struct Signed {
    signature: String,
}

/// Tokens and certificates, as a page hands them to its server: nobody signs in but with the
/// vector's own signature.
pub fn token(bytes: &[u8]) {
    let expected = Expected {
        origin: ORIGIN,
        nonce: CASE["nonce"].as_str().expect("a nonce"),
        method: Method::Pin,
        now: vectors::now(),
    };
    if Token::from_json(bytes).and_then(|token| verify(&token, &expected, &TRUST)).is_ok() {
        let text = str::from_utf8(bytes).expect("JSON is UTF-8");
        let token: Signed = serde_json::from_str(text).expect("it was read before");
        assert_eq!(CASE["token"]["signature"], token.signature);
    }
}
