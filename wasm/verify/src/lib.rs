//! kazashi-verify for JavaScript. `js/src/verify.ts` is its only caller, and gives it types and prose.

use std::time::{Duration, SystemTime};

use js_sys::Uint8Array;
use kazashi_verify::{
    CertificateKind, CertificateSummary, ErrorCode, Expected, Hierarchy, Method, MethodSource,
    PairwiseKey, Trust, VerifyError,
};
use serde::{Deserialize, Serialize, Serializer};
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;
use zeroize::Zeroizing;

#[derive(Deserialize)]
struct ExpectedObject {
    origin: String,
    nonce: String,
    method: String,
    /// Seconds since 1970.
    now: u64,
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
struct SummaryObject {
    kind: CertificateKind,
    hierarchy: &'static str,
    /// Seconds since 1970, as is the next.
    not_before: u64,
    not_after: u64,
    policy: Option<String>,
}

#[derive(Serialize)]
struct ErrorObject {
    code: ErrorCode,
    message: String,
}

/// Verifies a token. Throws `{ code, message }`.
#[wasm_bindgen]
pub fn verify(
    token: &str,
    expected: JsValue,
    authorities: Vec<Uint8Array>,
    accept_test_hierarchy: bool,
    pairwise_key: Vec<u8>,
) -> Result<JsValue, JsValue> {
    let pairwise_key = Zeroizing::new(pairwise_key);
    let expected: ExpectedObject = serde_wasm_bindgen::from_value(expected)?;
    into_js(verify_values(token, &expected, &authorities, accept_test_hierarchy, &pairwise_key))
}

/// What a person may be shown of a certificate. Throws `{ code, message }`.
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
    authorities: &[Uint8Array],
    accept_test_hierarchy: bool,
    pairwise_key: &[u8],
) -> Result<AuthenticationObject, VerifyError> {
    let pairwise_key = PairwiseKey::new(pairwise_key)?;
    let expected = Expected {
        origin: &expected.origin,
        nonce: &expected.nonce,
        method: match expected.method.as_str() {
            "pin" => Method::Pin,
            "terminal" => Method::Terminal,
            _ => return Err(VerifyError::MethodUnsupported),
        },
        now: SystemTime::UNIX_EPOCH + Duration::from_secs(expected.now),
    };
    let trust = Trust::from_certificates(authorities.iter().map(Uint8Array::to_vec))?;
    let trust = if accept_test_hierarchy { trust.accepting_test_hierarchy() } else { trust };

    let authentication = kazashi_verify::verify(token.as_bytes(), &expected, &trust)?;
    Ok(AuthenticationObject {
        subject: authentication.subject(&pairwise_key),
        method_source: match authentication.method_source() {
            MethodSource::Bridge => "bridge",
        },
        serial_number: authentication.serial_number().to_owned(),
        certificate: authentication.certificate().der().to_vec(),
    })
}

fn into_js<T: Serialize>(result: Result<T, VerifyError>) -> Result<JsValue, JsValue> {
    match result {
        Ok(value) => Ok(serde_wasm_bindgen::to_value(&value)?),
        Err(error) => {
            let error = ErrorObject { code: error.code(), message: error.to_string() };
            Err(serde_wasm_bindgen::to_value(&error)?)
        }
    }
}

fn seconds(time: SystemTime) -> u64 {
    time.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs()
}

fn uint8_array<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_bytes(bytes)
}
