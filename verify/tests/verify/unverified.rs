//! Tokens and proofs as values of a request that was parsed already.

use kazashi_verify::{CardFaceProof, PresenceProof, Submitted, Token, Unverified};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::vector::{read, signed};

/// The body of a request, with something of this kind in it.
#[derive(Deserialize)]
#[serde(bound(deserialize = "T: Unverified"))]
struct Body<T> {
    nonce: String,
    submitted: Submitted<T>,
}

fn token() -> Value {
    signed("pin").token.into()
}

fn presence_proof(name: &str) -> Value {
    let vector: Value = serde_json::from_slice(&read("verify/presence.json")).unwrap();
    vector["proofs"][name].clone()
}

/// The code of its refusal, where it cannot be read.
fn refused<T: Unverified>(submitted: &Value) -> Option<&'static str> {
    let body: Body<T> =
        serde_json::from_value(json!({ "nonce": "1", "submitted": submitted })).unwrap();
    assert_eq!(body.nonce, "1");
    body.submitted.read().err().map(|error| error.code().as_str())
}

#[test]
fn what_a_text_holds_is_the_same_within_a_request() {
    let text = token().to_string();
    let within: Token = serde_json::from_value(token()).unwrap();
    assert_eq!(Token::from_json(text.as_bytes()).unwrap(), within);
    for name in ["whole", "head"] {
        let text = presence_proof(name).to_string();
        let within: PresenceProof = serde_json::from_value(presence_proof(name)).unwrap();
        assert_eq!(PresenceProof::from_json(text.as_bytes()).unwrap(), within);
        assert_eq!(json!(within), presence_proof(name));
    }
}

#[test]
fn what_is_no_token_or_proof_is_refused_alone_and_the_request_is_read() {
    assert_eq!(refused::<Token>(&token()), None);
    assert_eq!(refused::<PresenceProof>(&presence_proof("head")), None);
    for other in [json!(null), json!(1), json!("x"), json!([]), json!({}), json!({ "a": {} })] {
        assert_eq!(refused::<Token>(&other), Some("token-malformed"), "{other}");
        for refused in [refused::<PresenceProof>(&other), refused::<CardFaceProof>(&other)] {
            assert_eq!(refused, Some("presence-proof-malformed"), "{other}");
        }
    }
    assert_eq!(refused::<Token>(&presence_proof("whole")), Some("token-malformed"));
    assert_eq!(refused::<PresenceProof>(&token()), Some("presence-proof-malformed"));
}

#[test]
fn a_field_longer_than_a_whole_token_may_be_is_refused() {
    fn is_read<T: DeserializeOwned>(mut token_or_proof: Value, length: usize) -> bool {
        token_or_proof["signature"] = json!("A".repeat(length));
        serde_json::from_value::<T>(token_or_proof).is_ok()
    }
    assert!(is_read::<Token>(token(), 10_000));
    assert!(!is_read::<Token>(token(), 10_004));
    // Of a proof, all fields together.
    assert!(is_read::<PresenceProof>(presence_proof("whole"), 4000));
    assert!(!is_read::<PresenceProof>(presence_proof("whole"), 10_000));
}
