//! Card faces: that genuine ones of cards that are there pass, and nothing else.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use kazashi_core::value::{Method, Statement};
use kazashi_verify::{
    CardFaceEvidence, CardFaceProof, CardFaceRecord, CvTrust, ExpectedCardFace, KeyIdentifier, Sex,
    Unverified, VerifyError, verify_card_face,
};
use proptest::collection::vec;
use proptest::prelude::any;
use proptest::{prop_assert, proptest};
use rsa::Pkcs1v15Sign;
use serde::Deserialize;
use serde_json::{Map, Value};
use sha2::Sha256;

use crate::presence::{pairwise_key, private_key, public_key};
use crate::vector::{cases, read};

const ROOT: &str = "39303030303233080530303100000000";

/// `vectors/verify/card-face.json`.
#[derive(Deserialize)]
struct Vector {
    origin: String,
    nonce: String,
    readings: BTreeMap<String, Reading>,
}

/// The files that a page read from a card, in base64.
#[derive(Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Reading {
    record: String,
    cv_certificate: String,
    signature: String,
    app_version: String,
}

/// A case of `vectors/verify/card-face-cases.json`; the file says how to read it.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Case {
    name: String,
    code: Option<String>,
    #[serde(default)]
    unreadable: bool,
    #[serde(default = "genuine")]
    reading: String,
    #[serde(default)]
    fields: Map<String, Value>,
    #[serde(default)]
    keep: BTreeMap<String, usize>,
    flip: Option<String>,
    pad_to: Option<usize>,
    text: Option<String>,
    #[serde(default)]
    expected: Expectation,
    cv_keys: Option<BTreeMap<String, Vec<Option<String>>>>,
    accept_test_hierarchy: Option<bool>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Expectation {
    origin: Option<String>,
    nonce: Option<String>,
}

fn genuine() -> String {
    "genuine".to_owned()
}

static VECTOR: LazyLock<Vector> =
    LazyLock::new(|| serde_json::from_slice(&read("verify/card-face.json")).unwrap());

static TRUST: LazyLock<CvTrust> = LazyLock::new(|| {
    let root = KeyIdentifier::from_hexadecimal(ROOT).unwrap();
    CvTrust::pinned()
        .with_key(root, &public_key("card-surface-authority.pem"))
        .unwrap()
        .accepting_test_hierarchy()
});

impl Reading {
    fn named(name: &str) -> Self {
        VECTOR.readings[name].clone()
    }

    fn proof(&self) -> Result<Map<String, Value>, VerifyError> {
        let [record, cv_certificate, signature] =
            [&self.record, &self.cv_certificate, &self.signature]
                .map(|text| STANDARD.decode(text).unwrap());
        let record = CardFaceRecord::parse(&record)?;
        let proof = CardFaceProof::new(&record, &cv_certificate, &signature, &self.app_version);
        let Value::Object(proof) = serde_json::to_value(&proof).unwrap() else { panic!() };
        Ok(proof)
    }
}

impl Case {
    fn trust(&self) -> Result<CvTrust, VerifyError> {
        let Some(keys) = &self.cv_keys else {
            return Ok(match self.accept_test_hierarchy {
                Some(false) => {
                    let root = KeyIdentifier::from_hexadecimal(ROOT)?;
                    CvTrust::pinned().with_key(root, &public_key("card-surface-authority.pem"))?
                }
                _ => TRUST.clone(),
            });
        };
        let mut trust = CvTrust::pinned().accepting_test_hierarchy();
        for (identifier, files) in keys {
            for file in files {
                let key = file.as_deref().map(public_key).unwrap_or_default();
                trust = trust.with_key(KeyIdentifier::from_hexadecimal(identifier)?, &key)?;
            }
        }
        Ok(trust)
    }

    fn verify(&self) -> Result<CardFaceEvidence, VerifyError> {
        let mut proof = Reading::named(&self.reading).proof()?;
        for (field, length) in &self.keep {
            change(&mut proof, field, |bytes| bytes.truncate(*length));
        }
        if let Some(field) = &self.flip {
            change(&mut proof, field, |bytes| *bytes.last_mut().unwrap() ^= 1);
        }
        for (field, value) in &self.fields {
            match value {
                Value::Null => proof.remove(field),
                value => proof.insert(field.clone(), value.clone()),
            };
        }
        let text = self.text.clone().unwrap_or_else(|| {
            let proof = serde_json::to_string(&proof).unwrap();
            format!("{proof:width$}", width = self.pad_to.unwrap_or(0))
        });
        let expected = ExpectedCardFace {
            origin: self.expected.origin.as_deref().unwrap_or(&VECTOR.origin),
            nonce: self.expected.nonce.as_deref().unwrap_or(&VECTOR.nonce),
        };
        verify_card_face(&CardFaceProof::from_json(text.as_bytes())?, &expected, &self.trust()?)
    }
}

fn change(proof: &mut Map<String, Value>, field: &str, change: impl FnOnce(&mut Vec<u8>)) {
    let mut bytes = STANDARD.decode(proof[field].as_str().unwrap()).unwrap();
    change(&mut bytes);
    proof.insert(field.to_owned(), STANDARD.encode(bytes).into());
}

fn outcome(proof: &Map<String, Value>) -> Result<CardFaceEvidence, VerifyError> {
    let expected = ExpectedCardFace { origin: &VECTOR.origin, nonce: &VECTOR.nonce };
    let proof = serde_json::to_vec(proof).unwrap();
    verify_card_face(&CardFaceProof::from_json(&proof)?, &expected, &TRUST)
}

#[test]
fn genuine_card_faces_pass_and_all_else_is_refused_for_what_is_wrong_with_it() {
    for case in cases::<Case>("card-face-cases") {
        let refused = case.verify().err().map(|error| error.code().as_str());
        let expected = if case.unreadable { Some("card-malformed") } else { case.code.as_deref() };
        assert_eq!(refused, expected, "{}", case.name);
    }
}

#[test]
fn evidence_tells_birth_date_sex_and_card_to_who_asks() {
    let evidence = outcome(&Reading::named("genuine").proof().unwrap()).unwrap();
    assert_eq!(evidence.birth_date().digits(), b"19800217");
    assert_eq!(evidence.sex(), Sex::Female);
    assert_eq!(format!("{evidence:?}"), "CardFaceEvidence");

    // Computed by whoever wrote presence.json, of the same card.
    let presence: Value = serde_json::from_slice(&read("verify/presence.json")).unwrap();
    let enrolled = &presence["enrolments"]["without certificate"]["cardSurfaceKey"];
    assert_eq!(*enrolled, evidence.card_surface_key(&pairwise_key(7)));
    assert_ne!(*enrolled, evidence.card_surface_key(&pairwise_key(8)));
    let other = outcome(&Reading::named("other person").proof().unwrap()).unwrap();
    assert_ne!(*enrolled, other.card_surface_key(&pairwise_key(7)));
}

#[test]
fn a_record_tells_what_is_printed_to_who_asks() {
    let file = STANDARD.decode(Reading::named("drawn").record).unwrap();
    let record = CardFaceRecord::parse(&file).unwrap();
    assert_eq!(record.birth_date().digits(), b"19800217");
    assert_eq!(record.sex(), Sex::Female);
    assert_eq!(record.name(), read("../emulator/faces/hanako-name.png"));
    assert_eq!(record.address(), read("../emulator/faces/hanako-address.png"));
    assert_eq!(record.photo(), read("../emulator/faces/hanako-photo.jp2"));
    assert_eq!(record.expiry(), b"20350217");
    assert_eq!(record.security_code(), read("../emulator/faces/hanako-security-code.png"));
    assert_eq!(format!("{record:?}"), "CardFaceRecord");
}

/// The emulator writes them too, by code of its own. What signs there is made here.
#[test]
fn the_card_faces_of_the_software_cards_are_genuine() {
    let verify = |card: &str, key: &str| {
        let file = |name| read(&format!("../emulator/images/{card}/card-surface/{name}.bin"));
        let statement = Statement::new(Method::Presence, &VECTOR.origin, &VECTOR.nonce);
        let signature = private_key(key).sign(Pkcs1v15Sign::new::<Sha256>(), &statement.digest());
        let record = file("0002");
        let record = CardFaceRecord::parse(&record).unwrap();
        let proof = CardFaceProof::new(&record, &file("0004"), &signature.unwrap(), "");
        let expected = ExpectedCardFace { origin: &VECTOR.origin, nonce: &VECTOR.nonce };
        verify_card_face(&proof, &expected, &TRUST)
    };
    let evidence = verify("normal", "card-surface.pem").unwrap();
    assert_eq!(evidence.birth_date().digits(), b"19800217");
    let evidence = verify("another-person", "card-surface-2.pem").unwrap();
    assert_eq!(evidence.birth_date().digits(), b"19950217");
    assert_eq!(evidence.sex(), Sex::Male);
    let code = verify("foreign-root", "card-surface.pem").unwrap_err().code();
    assert_eq!(code.as_str(), "cv-certificate-untrusted");
}

#[test]
fn a_proof_holds_neither_name_nor_address_nor_photo() {
    let reading = Reading::named("genuine");
    let proof = reading.proof().unwrap();
    for (field, value) in &proof {
        let bytes = STANDARD.decode(value.as_str().unwrap()).unwrap_or_default();
        for image in ["drawn name", "drawn address", "photograph", "drawn security code"] {
            let found = bytes.windows(image.len()).any(|window| window == image.as_bytes());
            assert!(!found, "{image} in {field}");
        }
    }
}

#[test]
fn a_file_longer_than_any_on_a_card_is_no_record() {
    let mut file = STANDARD.decode(Reading::named("genuine").record).unwrap();
    file.resize(0x7FFF, 0);
    assert!(CardFaceRecord::parse(&file).is_ok());
    file.push(0);
    assert!(CardFaceRecord::parse(&file).is_err());
}

#[test]
fn no_changed_byte_of_a_proof_goes_unnoticed() {
    let proof = Reading::named("genuine").proof().unwrap();
    let fields = ["attributes", "imagesDigest", "photoDigest", "recordSignature", "signature"];
    for field in fields.into_iter().chain(["cvCertificate"]) {
        let length = STANDARD.decode(proof[field].as_str().unwrap()).unwrap().len();
        for (index, mask) in (0..length).flat_map(|index| [(index, 0x01), (index, 0x80)]) {
            let mut changed = proof.clone();
            change(&mut changed, field, |bytes| bytes[index] ^= mask);
            assert!(outcome(&changed).is_err(), "byte {index} of {field}, changed by {mask:02X}");
        }
    }
}

/// Nothing in the record is outside the signature but what is said to be: the offsets, the expiry and
/// the security code, and the headers, without which there is no record.
#[test]
fn no_changed_byte_of_a_record_goes_unnoticed_where_it_matters() {
    let reading = Reading::named("genuine");
    let file = STANDARD.decode(&reading.record).unwrap();
    let whole = CardFaceRecord::parse(&file).unwrap();
    for index in 0..file.len() {
        let mut changed = file.clone();
        changed[index] ^= 0x01;
        let changed_reading = Reading { record: STANDARD.encode(&changed), ..reading.clone() };
        let Ok(proof) = changed_reading.proof() else { continue };
        if outcome(&proof).is_ok() {
            let record = CardFaceRecord::parse(&changed).unwrap();
            assert_eq!(record.birth_date(), whole.birth_date(), "byte {index}");
            assert_eq!(record.sex(), whole.sex(), "byte {index}");
            assert_eq!(record.name(), whole.name(), "byte {index}");
            assert_eq!(record.address(), whole.address(), "byte {index}");
            assert_eq!(record.photo(), whole.photo(), "byte {index}");
        }
    }
}

proptest! {
    #[test]
    fn no_bytes_in_a_proof_bring_the_verifier_to_panic(
        field in 0..6_usize,
        bytes in vec(any::<u8>(), 0..700),
    ) {
        let names = [
            "attributes", "imagesDigest", "photoDigest", "recordSignature", "cvCertificate",
            "signature",
        ];
        let mut proof = Reading::named("genuine").proof().unwrap();
        proof.insert(names[field].to_owned(), STANDARD.encode(bytes).into());
        prop_assert!(outcome(&proof).is_err());
    }

    #[test]
    fn no_bytes_bring_the_parser_to_panic(
        at in 0..1000_usize,
        bytes in vec(any::<u8>(), 0..40),
    ) {
        let mut file = STANDARD.decode(Reading::named("genuine").record).unwrap();
        let end = file.len().min(at + bytes.len());
        file.splice(at.min(end)..end, bytes);
        let _ = CardFaceRecord::parse(&file);
    }
}
