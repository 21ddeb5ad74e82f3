//! Enrolment: a token and a presence proof of one card.

use std::collections::BTreeMap;

use kazashi_verify::{
    Answer, Enrolled, Enrolment, ExpectedEnrolment, PresenceProof, Revocation, Token, Unverified,
    VerifyError, verify_enrolment,
};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::presence::{TrustOfCase, pairwise_key};
use crate::vector::{NOW, cases, read, time};

/// `vectors/verify/enrolment.json`.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Vector {
    origin: String,
    pin_nonce: String,
    presence_nonce: String,
    enrolments: BTreeMap<String, Value>,
    tokens: BTreeMap<String, Value>,
    proofs: BTreeMap<String, Value>,
}

/// A case of `vectors/verify/enrolment-cases.json`; the file says how to read it.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    name: String,
    code: Option<String>,
    token: Option<String>,
    proof: Option<String>,
    #[serde(default)]
    expected: Expectation,
    #[serde(flatten)]
    trust: TrustOfCase,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Expectation {
    origin: Option<String>,
    pin_nonce: Option<String>,
    presence_nonce: Option<String>,
    now: Option<u64>,
}

impl Case {
    fn verify(self) -> Result<Enrolled, VerifyError> {
        let vector = vector();
        let text = |of: &BTreeMap<String, Value>, name: Option<String>, default: &str| {
            let value = of.get(name.as_deref().unwrap_or(default));
            value.map(Value::to_string).unwrap_or_default()
        };
        let (trust, cv_trust) = self.trust.trust()?;
        let expected = ExpectedEnrolment {
            origin: self.expected.origin.as_deref().unwrap_or(&vector.origin),
            pin_nonce: self.expected.pin_nonce.as_deref().unwrap_or(&vector.pin_nonce),
            presence_nonce: self
                .expected
                .presence_nonce
                .as_deref()
                .unwrap_or(&vector.presence_nonce),
            now: time(self.expected.now.unwrap_or(NOW)),
        };
        let token = text(&vector.tokens, self.token, "pin");
        let proof = text(&vector.proofs, self.proof, "whole");
        let token = Token::from_json(token.as_bytes())?;
        let proof = PresenceProof::from_json(proof.as_bytes())?;
        verify_enrolment(&token, &proof, &expected, &trust, &cv_trust, &pairwise_key(7))
    }
}

fn vector() -> Vector {
    serde_json::from_slice(&read("verify/enrolment.json")).unwrap()
}

fn enrolled() -> Enrolled {
    Case::default().verify().unwrap()
}

#[test]
fn one_card_is_enrolled_and_all_else_is_refused_for_what_is_wrong_with_it() {
    for case in cases::<Case>("enrolment-cases") {
        let (name, code) = (case.name.clone(), case.code.clone());
        let refused = case.verify().err().map(|error| error.code().as_str());
        assert_eq!(refused, code.as_deref(), "{name}");
    }
}

/// The expected ones are computed apart from this crate.
#[test]
fn an_enrolment_is_stored_as_other_implementations_read_it() {
    let vector = vector();
    let plain = enrolled();
    let stored = serde_json::to_value(plain.enrolment()).unwrap();
    assert_eq!(stored, vector.enrolments["without certificate"]);

    let with_certificate = plain.clone().keeping_certificate(&pairwise_key(7)).unwrap();
    let stored = serde_json::to_value(with_certificate.enrolment()).unwrap();
    assert_eq!(stored, vector.enrolments["with certificate"]);

    let read: Enrolment = serde_json::from_value(stored).unwrap();
    assert_eq!(read, *with_certificate.enrolment());
    assert_ne!(read, *plain.enrolment());
}

#[test]
fn an_enrolment_is_found_by_its_subject_or_by_recognition() {
    let plain = enrolled();
    let key = pairwise_key(7);
    let certificate = plain.authentication().certificate();
    assert_eq!(plain.enrolment().subject(), key.subject(certificate));
    assert_eq!(plain.enrolment().recognition(), None);

    let recognition = key.recognition(&certificate.der()[..256]).unwrap();
    let kept = plain.keeping_certificate(&key).unwrap();
    assert_eq!(kept.enrolment().recognition(), Some(recognition.as_str()));
}

#[test]
fn an_enrolment_knows_the_birth_date_that_the_card_confirmed() {
    assert_eq!(enrolled().enrolment().birth_date().digits(), b"19800217");
}

#[test]
fn the_hashes_of_an_enrolment_have_nothing_in_common() {
    let kept = enrolled().keeping_certificate(&pairwise_key(7)).unwrap();
    let stored = serde_json::to_value(kept.enrolment()).unwrap();
    let hashes = ["subject", "cardSurfaceKey", "recognition"].map(|field| stored[field].clone());
    for hash in &hashes {
        assert_eq!(hash.as_str().unwrap().len(), 43);
        assert_eq!(hashes.iter().filter(|other| *other == hash).count(), 1);
    }
}

#[test]
fn nothing_of_an_enrolment_is_printed() {
    assert_eq!(format!("{:?}", enrolled().enrolment()), "Enrolment");
}

#[test]
fn a_store_that_was_damaged_gives_no_enrolment() {
    let good = vector().enrolments["with certificate"].clone();
    for (field, value) in [
        ("birthDate", json!("19800230")),
        ("certificate", json!("*")),
        ("subject", Value::Null),
        ("cardSurfaceKey", json!(1)),
    ] {
        let mut damaged = good.clone();
        damaged[field] = value;
        assert!(serde_json::from_value::<Enrolment>(damaged).is_err(), "{field}");
    }
}

#[test]
fn a_revoked_certificate_enrols_nobody() {
    let enrolled = enrolled().with_revocation(Answer::Good).unwrap();
    assert_eq!(*enrolled.authentication().revocation(), Revocation::Good);
    let error = enrolled.with_revocation(Answer::Revoked).unwrap_err();
    assert_eq!(error, VerifyError::CertificateRevoked);
}

/// Nothing in the bytes tells this card surface from the holder's own: the bridge had both from one
/// insertion, and says so by giving them together.
#[test]
fn that_one_card_gave_token_and_proof_is_the_word_of_the_bridge() {
    let case = Case { proof: Some("copied certificate".to_owned()), ..Case::default() };
    let strangers = case.verify().unwrap();
    assert_ne!(strangers.enrolment(), enrolled().enrolment());
    assert_eq!(strangers.enrolment().subject(), enrolled().enrolment().subject());
}
