//! kazashi-verify for JavaScript. `js/src/verify.ts` is its only caller, and gives it types and
//! prose.

use std::time::{Duration, SystemTime};

use js_sys::Uint8Array;
use kazashi_verify::{
    Assurance, Authentication, Certificate, CertificateAttributes, CertificateKind,
    CertificateSummary, CvTrust, Enrolment, Era, ErrorCode, Expected, ExpectedEnrolment,
    ExpectedPresence, Hierarchy, KeyIdentifier, Method, MethodSource, PairwiseKey, PresenceProof,
    Sex, Token, Trust, Unverified, VerifyError,
};
use serde::{Serialize, Serializer};
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;
use zeroize::Zeroizing;

// What JavaScript passes in is read by getters: a deserialiser would be a tenth of the module.
#[wasm_bindgen]
extern "C" {
    /// The relying party's expectations of a token or proof.
    pub type ExpectedObject;
    #[wasm_bindgen(method, getter)]
    fn origin(this: &ExpectedObject) -> String;
    #[wasm_bindgen(method, getter)]
    fn nonce(this: &ExpectedObject) -> String;
    #[wasm_bindgen(method, getter)]
    fn method(this: &ExpectedObject) -> String;

    /// The relying party's trust, and its own secret.
    pub type TrustObject;
    /// In turn the identifier of a root, as hexadecimal text, and its public key.
    #[wasm_bindgen(method, getter, js_name = cvKeys)]
    fn cv_keys(this: &TrustObject) -> Vec<Uint8Array>;
    #[wasm_bindgen(method, getter)]
    fn authorities(this: &TrustObject) -> Vec<Uint8Array>;
    #[wasm_bindgen(method, getter, js_name = cardAuthority)]
    fn card_authority(this: &TrustObject) -> Option<Vec<u8>>;
    #[wasm_bindgen(method, getter, js_name = acceptTestHierarchy)]
    fn accept_test_hierarchy(this: &TrustObject) -> bool;
    #[wasm_bindgen(method, getter, js_name = pairwiseKey)]
    fn pairwise_key(this: &TrustObject) -> Vec<u8>;
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct AuthenticationObject {
    subject: String,
    method_source: &'static str,
    serial_number: String,
    #[serde(serialize_with = "uint8_array")]
    certificate: Vec<u8>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct EnrolledObject {
    authentication: AuthenticationObject,
    enrolment: Enrolment,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PresenceObject {
    subject: String,
    assurance: &'static str,
    known_limits: Vec<&'static str>,
    #[serde(serialize_with = "uint8_array")]
    certificate: Vec<u8>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct SummaryObject {
    kind: CertificateKind,
    hierarchy: &'static str,
    /// Seconds since 1970, as is the next.
    not_before: u64,
    not_after: u64,
    policy: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct DigitalSignatureObject {
    serial_number: String,
    attributes: Option<AttributesObject>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct AttributesObject {
    name: String,
    name_substitutes: Option<Vec<bool>>,
    address: String,
    address_substitutes: Option<Vec<bool>>,
    birth_date: BirthDateObject,
    sex: Sex,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct BirthDateObject {
    year: Option<u16>,
    month: Option<u8>,
    day: Option<u8>,
    era: Option<Era>,
    year_of_era: Option<u16>,
}

#[derive(Serialize)]
struct ErrorObject {
    code: ErrorCode,
    message: String,
}

/// Verifies a token at a time in seconds since 1970. Throws `{ code, message }`.
#[wasm_bindgen]
pub fn verify(
    token: &str,
    expected: &ExpectedObject,
    now: f64,
    trust: &TrustObject,
) -> Result<JsValue, JsValue> {
    into_js(verify_values(token, expected, time(now)?, trust))
}

/// Verifies a token and a presence proof, and gives an enrolment that keeps the certificate. Throws
/// `{ code, message }`.
#[wasm_bindgen(js_name = verifyEnrolment)]
pub fn verify_enrolment(
    token: &str,
    proof: &str,
    expected: &ExpectedObject,
    presence_nonce: &str,
    now: f64,
    trust: &TrustObject,
) -> Result<JsValue, JsValue> {
    let expected = ExpectedEnrolment {
        origin: &expected.origin(),
        pin_nonce: &expected.nonce(),
        presence_nonce,
        now: time(now)?,
    };
    into_js(verified_enrolment(token, proof, &expected, trust))
}

/// Verifies a presence proof against an enrolment in JSON. Throws `{ code, message }`.
#[wasm_bindgen(js_name = verifyPresence)]
pub fn verify_presence(
    proof: &str,
    expected: &ExpectedObject,
    enrolment: &str,
    now: f64,
    trust: &TrustObject,
) -> Result<JsValue, JsValue> {
    let enrolment = serde_json::from_slice(enrolment.as_bytes())
        .map_err(|_| invalid_request("enrolment is none that verifyEnrolment gave"))?;
    let expected = ExpectedPresence {
        origin: &expected.origin(),
        nonce: &expected.nonce(),
        enrolment: &enrolment,
        now: time(now)?,
    };
    into_js(verified_presence(proof, &expected, trust))
}

/// The subject that a certificate claims, unverified. Throws `{ code, message }`.
#[wasm_bindgen]
pub fn subject(certificate: &[u8], key: Vec<u8>) -> Result<JsValue, JsValue> {
    let certificate = Certificate::user_authentication(certificate);
    into_js(pairwise_key(key).and_then(|key| Ok(key.subject(&certificate?))))
}

/// The recognition by which an enrolment is found, unverified. Throws `{ code, message }`.
#[wasm_bindgen]
pub fn recognition(head: &[u8], key: Vec<u8>) -> Result<JsValue, JsValue> {
    into_js(pairwise_key(key).and_then(|key| key.recognition(head)))
}

/// The holder according to a digital signature certificate, unverified. Throws `{ code, message }`.
#[wasm_bindgen(js_name = readDigitalSignatureCertificate)]
pub fn read_digital_signature_certificate(der: &[u8]) -> Result<JsValue, JsValue> {
    into_js(Certificate::digital_signature(der).map(digital_signature_object))
}

/// The same of a certificate that is verified first. Throws `{ code, message }`.
#[wasm_bindgen(js_name = verifyDigitalSignatureCertificate)]
pub fn verify_digital_signature_certificate(
    der: &[u8],
    now: f64,
    trust: &TrustObject,
) -> Result<JsValue, JsValue> {
    into_js(verified_digital_signature_certificate(der, time(now)?, trust))
}

/// Summary of a certificate that a person may be shown. Throws `{ code, message }`.
#[wasm_bindgen(js_name = certificateSummary)]
pub fn certificate_summary(der: &[u8]) -> Result<JsValue, JsValue> {
    into_js(CertificateSummary::from_der(der).map(|summary| SummaryObject {
        kind: summary.kind,
        hierarchy: match summary.hierarchy {
            Hierarchy::Production => "production",
            Hierarchy::Test => "test",
        },
        not_before: seconds(summary.not_before),
        not_after: seconds(summary.not_after),
        policy: summary.policy,
    }))
}

/// The certificate's serial number, for those entitled to use it. Throws `{ code, message }`.
#[wasm_bindgen(js_name = certificateSerialNumber)]
pub fn certificate_serial_number(der: &[u8]) -> Result<JsValue, JsValue> {
    into_js(kazashi_verify::certificate_serial_number(der))
}

fn verify_values(
    token: &str,
    expected: &ExpectedObject,
    now: SystemTime,
    trust: &TrustObject,
) -> Result<AuthenticationObject, VerifyError> {
    let key = pairwise_key(trust.pairwise_key())?;
    let expected = Expected {
        origin: &expected.origin(),
        nonce: &expected.nonce(),
        method: Method::named(&expected.method()).ok_or(VerifyError::MethodUnsupported)?,
        now,
    };
    let trust = trust_of(trust)?;
    let token = Token::from_json(token.as_bytes())?;
    let authentication = kazashi_verify::verify(&token, &expected, &trust)?;
    Ok(authentication_object(&authentication, &key))
}

fn verified_enrolment(
    token: &str,
    proof: &str,
    expected: &ExpectedEnrolment<'_>,
    trust: &TrustObject,
) -> Result<EnrolledObject, VerifyError> {
    let key = pairwise_key(trust.pairwise_key())?;
    let (trust, cv_trust) = (trust_of(trust)?, cv_trust_of(trust)?);
    let token = Token::from_json(token.as_bytes())?;
    let proof = PresenceProof::from_json(proof.as_bytes())?;
    let enrolled =
        kazashi_verify::verify_enrolment(&token, &proof, expected, &trust, &cv_trust, &key)?;
    let enrolled = enrolled.keeping_certificate(&key)?;
    Ok(EnrolledObject {
        authentication: authentication_object(enrolled.authentication(), &key),
        enrolment: enrolled.enrolment().clone(),
    })
}

fn verified_presence(
    proof: &str,
    expected: &ExpectedPresence<'_>,
    trust: &TrustObject,
) -> Result<PresenceObject, VerifyError> {
    let key = pairwise_key(trust.pairwise_key())?;
    let (trust, cv_trust) = (trust_of(trust)?, cv_trust_of(trust)?);
    let proof = PresenceProof::from_json(proof.as_bytes())?;
    let presence = kazashi_verify::verify_presence(&proof, expected, &trust, &cv_trust, &key)?;
    Ok(PresenceObject {
        subject: presence.subject().to_owned(),
        assurance: match presence.assurance() {
            Assurance::Low => "low",
        },
        known_limits: presence.known_limits().iter().map(|limit| limit.as_str()).collect(),
        certificate: presence.certificate().der().to_vec(),
    })
}

fn verified_digital_signature_certificate(
    der: &[u8],
    now: SystemTime,
    trust: &TrustObject,
) -> Result<DigitalSignatureObject, VerifyError> {
    let trust = trust_of(trust)?;
    let certificate = Certificate::digital_signature(der)?;
    trust.verify(&certificate, now)?;
    Ok(digital_signature_object(certificate))
}

fn trust_of(object: &TrustObject) -> Result<Trust, VerifyError> {
    let mut trust = Trust::from_certificates(object.authorities().iter().map(Uint8Array::to_vec))?;
    if object.accept_test_hierarchy() {
        trust = trust.accepting_test_hierarchy();
    }
    match object.card_authority() {
        Some(der) => trust.with_card_authority(&der),
        None => Ok(trust),
    }
}

fn pairwise_key(bytes: Vec<u8>) -> Result<PairwiseKey, VerifyError> {
    PairwiseKey::new(&Zeroizing::new(bytes))
}

/// The roots of card-verifiable certificates.
fn cv_trust_of(object: &TrustObject) -> Result<CvTrust, VerifyError> {
    let mut trust = CvTrust::pinned();
    let keys: Vec<_> = object.cv_keys().iter().map(Uint8Array::to_vec).collect();
    for [identifier, public_key] in keys.as_chunks().0 {
        let identifier = str::from_utf8(identifier).unwrap_or_default();
        let identifier = KeyIdentifier::from_hexadecimal(identifier)?;
        trust = trust.with_key(identifier, public_key)?;
    }
    Ok(match object.accept_test_hierarchy() {
        true => trust.accepting_test_hierarchy(),
        false => trust,
    })
}

fn authentication_object(
    authentication: &Authentication,
    pairwise_key: &PairwiseKey,
) -> AuthenticationObject {
    AuthenticationObject {
        subject: authentication.subject(pairwise_key),
        method_source: match authentication.method_source() {
            MethodSource::Bridge => "bridge",
        },
        serial_number: authentication.serial_number().to_owned(),
        certificate: authentication.certificate().der().to_vec(),
    }
}

fn digital_signature_object(certificate: Certificate) -> DigitalSignatureObject {
    DigitalSignatureObject {
        serial_number: certificate.serial_number().to_owned(),
        attributes: certificate.attributes().map(attributes_object),
    }
}

fn attributes_object(attributes: &CertificateAttributes) -> AttributesObject {
    let date = attributes.birth_date();
    AttributesObject {
        name: attributes.name().to_owned(),
        name_substitutes: attributes.name_substitutes().map(<[bool]>::to_vec),
        address: attributes.address().to_owned(),
        address_substitutes: attributes.address_substitutes().map(<[bool]>::to_vec),
        birth_date: BirthDateObject {
            year: date.year(),
            month: date.month(),
            day: date.day(),
            era: attributes.era(),
            year_of_era: attributes.year_of_era(),
        },
        sex: attributes.sex(),
    }
}

fn into_js<T: Serialize>(result: Result<T, VerifyError>) -> Result<JsValue, JsValue> {
    match result {
        Ok(value) => Ok(serde_wasm_bindgen::to_value(&value)?),
        Err(error) => Err(thrown(error.code(), error.to_string())),
    }
}

/// An argument is not what it has to be.
fn invalid_request(message: &str) -> JsValue {
    thrown(ErrorCode::InvalidRequest, message.to_owned())
}

fn thrown(code: ErrorCode, message: String) -> JsValue {
    serde_wasm_bindgen::to_value(&ErrorObject { code, message }).unwrap_or_else(JsValue::from)
}

fn time(seconds: f64) -> Result<SystemTime, JsValue> {
    let since_1970 = Duration::try_from_secs_f64(seconds).ok();
    let time = since_1970.and_then(|duration| SystemTime::UNIX_EPOCH.checked_add(duration));
    time.ok_or_else(|| invalid_request("now is not a time since 1970"))
}

fn seconds(time: SystemTime) -> u64 {
    time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs()
}

fn uint8_array<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_bytes(bytes)
}
