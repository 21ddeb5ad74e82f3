//! The card face, verified and drawn. `js/src/card-face.ts` is its only caller, and gives it types and
//! prose.

mod png;

use js_sys::Uint8Array;
use kazashi_photo::Photo;
use kazashi_verify::{
    CardFaceProof, CardFaceRecord, CvTrust, ErrorCode, ExpectedCardFace, KeyIdentifier, Sex,
    VerifyError, verify_card_face,
};
use serde::{Serialize, Serializer};
use serde_wasm_bindgen::Serializer as ToJs;
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::wasm_bindgen;

// What JavaScript passes in is read by getters: a deserialiser would be larger.
#[wasm_bindgen]
extern "C" {
    /// The reading of `card.readCardFace`.
    pub type ReadingObject;
    #[wasm_bindgen(method, getter)]
    fn record(this: &ReadingObject) -> Vec<u8>;
    #[wasm_bindgen(method, getter, js_name = cvCertificate)]
    fn cv_certificate(this: &ReadingObject) -> Vec<u8>;
    #[wasm_bindgen(method, getter)]
    fn signature(this: &ReadingObject) -> Vec<u8>;
    #[wasm_bindgen(method, getter, js_name = appVersion)]
    fn app_version(this: &ReadingObject) -> String;

    /// The page's expectations, and whom it trusts.
    pub type ExpectedObject;
    #[wasm_bindgen(method, getter)]
    fn origin(this: &ExpectedObject) -> String;
    #[wasm_bindgen(method, getter)]
    fn nonce(this: &ExpectedObject) -> String;
    /// In turn the identifier of a root, as hexadecimal text, and its public key.
    #[wasm_bindgen(method, getter)]
    fn authorities(this: &ExpectedObject) -> Vec<Uint8Array>;
    #[wasm_bindgen(method, getter, js_name = acceptTestHierarchy)]
    fn accept_test_hierarchy(this: &ExpectedObject) -> bool;
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct CardFaceObject {
    /// The reason for which it is not genuine.
    failure: Option<ErrorCode>,
    birth_date: String,
    sex: Sex,
    photo: PhotoObject,
    #[serde(serialize_with = "uint8_array")]
    name: Vec<u8>,
    #[serde(serialize_with = "uint8_array")]
    address: Vec<u8>,
    unsigned: UnsignedObject,
    proof: CardFaceProof,
}

#[derive(Serialize)]
struct PhotoObject {
    width: u32,
    height: u32,
    #[serde(serialize_with = "uint8_array")]
    data: Vec<u8>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct UnsignedObject {
    expiry: String,
    #[serde(serialize_with = "uint8_array")]
    security_code: Vec<u8>,
}

/// A failure whose words the page has.
#[derive(Serialize)]
struct ErrorObject {
    code: ErrorCode,
    message: String,
}

/// Reads, verifies and draws a card face. Throws `{ code, message }`.
#[wasm_bindgen(js_name = openCardFace)]
pub fn open_card_face(
    reading: &ReadingObject,
    expected: &ExpectedObject,
) -> Result<JsValue, JsValue> {
    match opened(reading, expected) {
        Ok(face) => Ok(face.serialize(&ToJs::new())?),
        Err(error) => {
            let error = ErrorObject { code: error.code(), message: error.to_string() };
            Err(error.serialize(&ToJs::new())?)
        }
    }
}

fn opened(
    reading: &ReadingObject,
    expected: &ExpectedObject,
) -> Result<CardFaceObject, VerifyError> {
    let file = reading.record();
    let record = CardFaceRecord::parse(&file)?;
    let images = [record.name(), record.address(), record.security_code()];
    if !images.into_iter().all(png::is_small) {
        return Err(VerifyError::CardRecordMalformed { what: "an image of text" });
    }
    let proof = CardFaceProof::new(
        &record,
        &reading.cv_certificate(),
        &reading.signature(),
        &reading.app_version(),
    );
    let failure = failure(&proof, expected)?;
    let photo = Photo::decode(record.photo())
        .ok_or(VerifyError::CardRecordMalformed { what: "the photograph" })?;
    Ok(CardFaceObject {
        failure,
        birth_date: with_dashes(record.birth_date().digits()),
        sex: record.sex(),
        photo: PhotoObject { width: photo.width, height: photo.height, data: photo.rgba },
        name: record.name().to_vec(),
        address: record.address().to_vec(),
        unsigned: UnsignedObject {
            expiry: with_dashes(record.expiry()),
            security_code: record.security_code().to_vec(),
        },
        proof,
    })
}

/// The reason for which the card face is not genuine, or the card not there. What the page itself
/// got wrong says nothing of the card, and is an error.
fn failure(
    proof: &CardFaceProof,
    expected: &ExpectedObject,
) -> Result<Option<ErrorCode>, VerifyError> {
    let trust = trust_of(expected)?;
    let (origin, nonce) = (expected.origin(), expected.nonce());
    let expected = ExpectedCardFace { origin: &origin, nonce: &nonce };
    match verify_card_face(proof, &expected, &trust) {
        Ok(_) => Ok(None),
        Err(error @ (VerifyError::OriginMalformed | VerifyError::NonceMalformed)) => Err(error),
        Err(error) => Ok(Some(error.code())),
    }
}

fn trust_of(expected: &ExpectedObject) -> Result<CvTrust, VerifyError> {
    let mut trust = CvTrust::pinned();
    let keys: Vec<_> = expected.authorities().iter().map(Uint8Array::to_vec).collect();
    for [identifier, public_key] in keys.as_chunks().0 {
        let identifier = str::from_utf8(identifier).unwrap_or_default();
        let identifier =
            KeyIdentifier::from_hexadecimal(identifier).map_err(|_| VerifyError::CvKeyMalformed)?;
        trust = trust.with_key(identifier, public_key)?;
    }
    Ok(match expected.accept_test_hierarchy() {
        true => trust.accepting_test_hierarchy(),
        false => trust,
    })
}

/// `YYYYMMDD` as `YYYY-MM-DD`.
fn with_dashes(digits: &[u8]) -> String {
    let mut text = String::from_utf8_lossy(digits).into_owned();
    text.insert(6, '-');
    text.insert(4, '-');
    text
}

fn uint8_array<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_bytes(bytes)
}
