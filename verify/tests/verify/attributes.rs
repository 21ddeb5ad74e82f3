//! The four basic attributes on the card: that genuine ones pass, and nothing else.

use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use kazashi_verify::{
    AttributesRecord, CvTrust, KeyIdentifier, Sex, VerifyError, verify_attributes,
};
use serde::Deserialize;

use crate::presence::public_key;
use crate::vector::{cases, read};

/// The files that a bridge read from a card, in base64.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Reading {
    record: String,
    integrity_record: String,
    cv_certificate: String,
}

/// A case of `vectors/verify/attributes-cases.json`; the file says how to read it.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Case {
    name: String,
    code: Option<String>,
    reading: Option<String>,
    accept_test_hierarchy: Option<bool>,
}

impl Case {
    fn verify(&self) -> Result<AttributesRecord, VerifyError> {
        let trust = match self.accept_test_hierarchy {
            Some(false) => trust(),
            _ => trust().accepting_test_hierarchy(),
        };
        let reading = reading(self.reading.as_deref().unwrap_or("genuine"));
        let Reading { record, integrity_record, cv_certificate } = reading;
        let [record, integrity_record, cv_certificate] =
            [record, integrity_record, cv_certificate].map(|text| STANDARD.decode(text).unwrap());
        verify_attributes(&record, &integrity_record, &cv_certificate, &trust)
    }
}

fn trust() -> CvTrust {
    let root = KeyIdentifier::from_hexadecimal("39303030303333080530303100000000").unwrap();
    CvTrust::pinned_card_information()
        .with_key(root, &public_key("card-info-authority.pem"))
        .unwrap()
}

fn reading(name: &str) -> Reading {
    let mut readings: BTreeMap<String, Reading> =
        serde_json::from_slice(&read("verify/attributes.json")).unwrap();
    readings.remove(name).unwrap()
}

#[test]
fn genuine_attributes_pass_and_all_else_is_refused_for_what_is_wrong_with_it() {
    for case in cases::<Case>("attributes-cases") {
        let refused = case.verify().err().map(|error| error.code().as_str());
        assert_eq!(refused, case.code.as_deref(), "{}", case.name);
    }
}

#[test]
fn genuine_attributes_say_who_the_holder_is() {
    let [case, ..] = &cases::<Case>("attributes-cases")[..] else { panic!() };
    let attributes = case.verify().unwrap();
    assert_eq!(attributes.name(), "公的\u{3000}花子");
    assert_eq!(attributes.address(), "東京都千代田区霞が関一丁目1番1号");
    assert_eq!(attributes.birth_date().digits(), b"19800217");
    assert_eq!(attributes.sex(), Sex::Female);
}

/// The emulator writes them too, by code of its own.
#[test]
fn the_attributes_of_the_software_cards_are_genuine() {
    let verify = |card: &str| {
        let file = |name| read(&format!("../emulator/images/{card}/card-info/{name}.bin"));
        let trust = trust().accepting_test_hierarchy();
        verify_attributes(&file("0002"), &file("0003"), &file("0004"), &trust)
    };
    assert_eq!(verify("normal").unwrap().birth_date().digits(), b"19800217");
    assert_eq!(verify("another-person").unwrap().birth_date().digits(), b"19950217");
    let code = verify("foreign-root").unwrap_err().code();
    assert_eq!(code.as_str(), "cv-certificate-untrusted");
}
