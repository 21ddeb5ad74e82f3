//! Presence proofs: that enrolled cards pass, and nothing else.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use kazashi_verify::{
    Answer, Assurance, CvTrust, Enrolment, ExpectedPresence, KeyIdentifier, KnownLimit,
    PairwiseKey, Presence, PresenceProof, Revocation, Trust, Unverified, VerifyError,
    verify_presence,
};
use proptest::collection::vec;
use proptest::prelude::any;
use proptest::{prop_assert, prop_assert_eq, proptest};
use rsa::RsaPrivateKey;
use rsa::pkcs8::{DecodePrivateKey, EncodePublicKey};
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::vector::{NOW, cases, certificate, read, time};

/// `vectors/verify/presence.json`.
#[derive(Deserialize)]
struct Vector {
    origin: String,
    nonce: String,
    enrolments: BTreeMap<String, Map<String, Value>>,
    proofs: BTreeMap<String, Map<String, Value>>,
}

/// A case of `vectors/verify/presence-cases.json`; the file says how to read it.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Case {
    name: String,
    code: Option<String>,
    #[serde(default = "whole")]
    proof: String,
    #[serde(default = "without_certificate")]
    enrolment: String,
    #[serde(default)]
    fields: Map<String, Value>,
    #[serde(default)]
    keep: BTreeMap<String, usize>,
    flip: Option<String>,
    pad_to: Option<usize>,
    text: Option<String>,
    #[serde(default)]
    expected: Expectation,
    #[serde(default)]
    enrolled: Map<String, Value>,
    #[serde(flatten)]
    trust: TrustOfCase,
    pairwise_key: Option<u8>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Expectation {
    origin: Option<String>,
    nonce: Option<String>,
    now: Option<u64>,
}

/// The trust of a case's relying party.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct TrustOfCase {
    authorities: Option<Vec<String>>,
    cv_keys: Option<BTreeMap<String, Vec<String>>>,
    accept_test_hierarchy: Option<bool>,
}

fn whole() -> String {
    "whole".to_owned()
}

fn without_certificate() -> String {
    "without certificate".to_owned()
}

impl TrustOfCase {
    pub(crate) fn trust(&self) -> Result<(Trust, CvTrust), VerifyError> {
        let authorities = ["user-authentication-ca.der".to_owned()];
        let authorities = self.authorities.as_deref().unwrap_or(&authorities);
        let mut trust = Trust::from_certificates(authorities.iter().map(|file| certificate(file)))?;

        let root = vec!["card-surface-authority.pem".to_owned()];
        let root = BTreeMap::from([("39303030303233080530303100000000".to_owned(), root)]);
        let mut cv_trust = CvTrust::pinned();
        for (identifier, files) in self.cv_keys.as_ref().unwrap_or(&root) {
            let identifier = KeyIdentifier::from_hexadecimal(identifier)?;
            for file in files {
                cv_trust = cv_trust.with_key(identifier, &public_key(file))?;
            }
        }
        if self.accept_test_hierarchy != Some(false) {
            trust = trust.accepting_test_hierarchy();
            cv_trust = cv_trust.accepting_test_hierarchy();
        }
        Ok((trust, cv_trust))
    }
}

/// The public half of a key in `vectors/keys`, in DER.
pub(crate) fn public_key(file: &str) -> Vec<u8> {
    private_key(file).to_public_key().to_public_key_der().unwrap().into_vec()
}

/// A key in `vectors/keys`.
pub(crate) fn private_key(file: &str) -> RsaPrivateKey {
    let pem = String::from_utf8(read(&format!("keys/{file}"))).unwrap();
    RsaPrivateKey::from_pkcs8_pem(&pem).unwrap()
}

pub(crate) fn pairwise_key(byte: u8) -> PairwiseKey {
    PairwiseKey::new(&[byte; 32]).unwrap()
}

fn vector() -> Vector {
    serde_json::from_slice(&read("verify/presence.json")).unwrap()
}

impl Case {
    fn verify(self) -> Result<Presence, VerifyError> {
        let mut vector = vector();
        let mut proof = vector.proofs.remove(&self.proof).unwrap();
        for (field, length) in self.keep {
            change(&mut proof, &field, |bytes| bytes.truncate(length));
        }
        if let Some(field) = &self.flip {
            change(&mut proof, field, |bytes| *bytes.last_mut().unwrap() ^= 1);
        }
        for (field, value) in self.fields {
            match value {
                Value::Null => proof.remove(&field),
                value => proof.insert(field, value),
            };
        }
        let text = self.text.unwrap_or_else(|| {
            let proof = serde_json::to_string(&proof).unwrap();
            format!("{proof:width$}", width = self.pad_to.unwrap_or(0))
        });

        let mut enrolment = vector.enrolments.remove(&self.enrolment).unwrap();
        enrolment.extend(self.enrolled);
        let enrolment: Enrolment = serde_json::from_value(enrolment.into()).unwrap();
        let (trust, cv_trust) = self.trust.trust()?;
        let expected = ExpectedPresence {
            origin: self.expected.origin.as_deref().unwrap_or(&vector.origin),
            nonce: self.expected.nonce.as_deref().unwrap_or(&vector.nonce),
            enrolment: &enrolment,
            now: time(self.expected.now.unwrap_or(NOW)),
        };
        let pairwise_key = pairwise_key(self.pairwise_key.unwrap_or(7));
        let proof = PresenceProof::from_json(text.as_bytes())?;
        verify_presence(&proof, &expected, &trust, &cv_trust, &pairwise_key)
    }
}

fn change(proof: &mut Map<String, Value>, field: &str, change: impl FnOnce(&mut Vec<u8>)) {
    let mut bytes = STANDARD.decode(proof[field].as_str().unwrap()).unwrap();
    change(&mut bytes);
    proof.insert(field.to_owned(), STANDARD.encode(bytes).into());
}

/// The relying party that enrolled the holder and kept the certificate.
struct RelyingParty {
    vector: Vector,
    enrolment: Enrolment,
    trust: Trust,
    cv_trust: CvTrust,
}

/// Made once: reading keys takes its time in a test.
static RELYING_PARTY: LazyLock<RelyingParty> = LazyLock::new(|| {
    let vector = vector();
    let enrolment = vector.enrolments["with certificate"].clone();
    let enrolment = serde_json::from_value(enrolment.into()).unwrap();
    let (trust, cv_trust) = TrustOfCase::default().trust().unwrap();
    RelyingParty { vector, enrolment, trust, cv_trust }
});

impl RelyingParty {
    fn verify(&self, proof: &[u8]) -> Result<Presence, VerifyError> {
        let expected = ExpectedPresence {
            origin: &self.vector.origin,
            nonce: &self.vector.nonce,
            enrolment: &self.enrolment,
            now: time(NOW),
        };
        let proof = PresenceProof::from_json(proof)?;
        verify_presence(&proof, &expected, &self.trust, &self.cv_trust, &pairwise_key(7))
    }

    fn proof(&self, name: &str) -> Map<String, Value> {
        self.vector.proofs[name].clone()
    }
}

fn outcome(proof: &Map<String, Value>) -> Result<Presence, VerifyError> {
    RELYING_PARTY.verify(&serde_json::to_vec(proof).unwrap())
}

fn presence() -> Presence {
    outcome(&RELYING_PARTY.proof("whole")).unwrap()
}

#[test]
fn enrolled_cards_pass_and_all_else_is_refused_for_what_is_wrong_with_it() {
    for case in cases::<Case>("presence-cases") {
        let (name, code) = (case.name.clone(), case.code.clone());
        let refused = case.verify().err().map(|error| error.code().as_str());
        assert_eq!(refused, code.as_deref(), "{name}");
    }
}

/// The emulator writes them too, from the same keys and by code of its own.
#[test]
fn two_issuers_agree_on_what_is_on_the_card_surface() {
    let proof = RELYING_PARTY.proof("whole");
    for (field, file) in [("ageRecord", "age-record.bin"), ("cvCertificate", "card-surface.cv")] {
        let bytes = STANDARD.decode(proof[field].as_str().unwrap()).unwrap();
        assert_eq!(bytes, read(&format!("cv-certificates/{file}")), "{field}");
    }
}

#[test]
fn a_result_tells_who_it_is_and_how_little_that_is_worth() {
    let presence = presence();
    assert_eq!(presence.subject(), "0OJC8qxMhZPOy5GWOoUs-cycpYsFPCk1enDpqo1fPE4");
    assert_eq!(presence.assurance(), Assurance::Low);
    assert_eq!(
        presence.known_limits(),
        [KnownLimit::HolderUnknown, KnownLimit::BoundByEnrolment, KnownLimit::Relay]
    );
}

#[test]
fn a_result_by_the_head_has_the_certificate_that_was_kept() {
    let presence = outcome(&RELYING_PARTY.proof("head")).unwrap();
    assert_eq!(presence.certificate().der(), certificate("user-authentication.der"));
}

#[test]
fn a_result_says_that_nobody_checked_revocation_until_somebody_did() {
    let presence = presence();
    assert!(matches!(presence.revocation(), Revocation::NotChecked { .. }));
    let presence = presence.with_revocation(Answer::Good).unwrap();
    assert_eq!(*presence.revocation(), Revocation::Good);
    let error = presence.with_revocation(Answer::Revoked).unwrap_err();
    assert_eq!(error, VerifyError::CertificateRevoked);
}

#[test]
fn a_result_does_not_print_the_holder() {
    assert_eq!(
        format!("{:?}", presence()),
        "Presence { assurance: Low, revocation: NotChecked { because: \"no revocation check was \
         made\" }, .. }"
    );
}

#[test]
fn no_changed_byte_of_the_card_surface_goes_unnoticed() {
    let proof = RELYING_PARTY.proof("whole");
    for field in ["ageRecord", "cvCertificate", "signature"] {
        let length = STANDARD.decode(proof[field].as_str().unwrap()).unwrap().len();
        for (index, mask) in (0..length).flat_map(|index| [(index, 0x01), (index, 0x80)]) {
            let mut changed = proof.clone();
            change(&mut changed, field, |bytes| bytes[index] ^= mask);
            assert!(outcome(&changed).is_err(), "byte {index} of {field}, changed by {mask:02X}");
        }
    }
}

#[test]
fn a_returning_visitor_is_recognised_by_the_head_of_the_certificate() {
    let der = certificate("user-authentication.der");
    let recognition =
        RELYING_PARTY.vector.enrolments["with certificate"]["recognition"].as_str().unwrap();
    assert_eq!(pairwise_key(7).recognition(&der[..256]).unwrap(), recognition);
    assert_eq!(pairwise_key(7).recognition(&der).unwrap(), recognition);

    assert_ne!(pairwise_key(8).recognition(&der[..256]).unwrap(), recognition);
    let other = certificate("issued-by-foreign-ca.der");
    assert_ne!(pairwise_key(7).recognition(&other[..256]).unwrap(), recognition);
    let error = pairwise_key(7).recognition(&der[..128]).unwrap_err();
    assert_eq!(error, VerifyError::CertificateMalformed);
}

/// The issuers of JPKI have the longest names that a head has room for.
#[test]
fn the_head_of_a_real_certificate_of_jpki_is_long_enough() {
    let der = certificate("jpki/user-authentication-ca-3.der");
    let recognition = pairwise_key(7).recognition(&der[..256]).unwrap();
    assert_eq!(recognition, pairwise_key(7).recognition(&der).unwrap());
}

proptest! {
    #[test]
    fn no_bytes_in_a_proof_bring_the_verifier_to_panic(
        field in 0..5_usize,
        bytes in vec(any::<u8>(), 0..700),
    ) {
        let names =
            ["unverifiedCertificate", "certificateHead", "ageRecord", "cvCertificate", "signature"];
        let proof = if field == 1 { "head" } else { "whole" };
        let mut proof = RELYING_PARTY.proof(proof);
        proof.insert(names[field].to_owned(), STANDARD.encode(bytes).into());
        prop_assert!(outcome(&proof).is_err());
    }

    #[test]
    fn no_bytes_are_a_proof_by_chance(bytes in vec(any::<u8>(), 0..300)) {
        let code = RELYING_PARTY.verify(&bytes).unwrap_err().code();
        prop_assert_eq!(code.as_str(), "presence-proof-malformed");
    }

    #[test]
    fn no_head_brings_recognition_to_panic(
        at in 0..256_usize,
        bytes in vec(any::<u8>(), 0..256),
    ) {
        let der = certificate("user-authentication.der");
        let _ = pairwise_key(7).recognition(&[&der[..at], &bytes].concat());
    }
}

#[test]
fn an_error_names_the_root_that_is_missing() {
    let RelyingParty { vector, enrolment, trust, .. } = &*RELYING_PARTY;
    let expected = ExpectedPresence {
        origin: &vector.origin,
        nonce: &vector.nonce,
        enrolment,
        now: time(NOW),
    };
    let proof = serde_json::from_value(vector.proofs["whole"].clone().into()).unwrap();
    let pinned = CvTrust::pinned().accepting_test_hierarchy();
    let error = verify_presence(&proof, &expected, trust, &pinned, &pairwise_key(7)).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the CV certificate of the issuer 9000023/001 is not trusted: no trusted key has this \
         identifier"
    );
}
