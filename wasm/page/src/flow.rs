//! The flows, each driven over a [`Channel`] that JavaScript provides.

use js_sys::Uint8Array;
use kazashi_core::{
    Error, Nonce,
    apdu::ResponseApdu,
    error_code::ErrorCode,
    flow::{Flow, Step},
    jpki::{self, Signature, Verified},
    token::Token,
    wire::{PinEntry, PinText},
};
use serde::Serialize;
use wasm_bindgen::prelude::*;

use crate::{
    channel::Channel,
    value::{parse, plain, thrown},
};

/// Reads both retry counters.
#[wasm_bindgen(js_name = pinStatus, unchecked_return_type = "PinStatus")]
pub async fn pin_status(channel: Channel) -> Result<JsValue, JsValue> {
    let status = drive(jpki::pin_status(), &channel, None).await?;
    plain(&PinStatus {
        user_authentication: Retries::from(status.user_authentication),
        digital_signature: Retries::from(status.digital_signature),
    })
}

/// Reads one of the four certificates, DER. The digital signature certificate needs its password.
#[wasm_bindgen(js_name = readCertificate, unchecked_return_type = "Uint8Array<ArrayBuffer>")]
pub async fn read_certificate(
    channel: Channel,
    #[wasm_bindgen(unchecked_param_type = "CertificateKind")] kind: &str,
    pin: Option<String>,
) -> Result<Uint8Array, JsValue> {
    let kind = parse(kind).ok_or_else(invalid_request)?;
    let certificate = drive(jpki::read_certificate(kind), &channel, pin).await?;
    Ok(Uint8Array::from(certificate.as_der()))
}

/// Signs in with the user authentication key: a Web eID token over the page's origin and a nonce.
#[wasm_bindgen(unchecked_return_type = "Token")]
pub async fn authenticate(
    channel: Channel,
    nonce: String,
    pin: Option<String>,
) -> Result<JsValue, JsValue> {
    let nonce = Nonce::parse(&nonce).map_err(|_| invalid_request())?;
    let challenge = drive(jpki::authenticate(nonce), &channel, pin).await?;
    plain(&Token::new(&challenge, channel.version()))
}

/// Takes a flow's steps until it is over. With a `pin`, that is presented where one is needed;
/// otherwise whoever guards the card asks the person.
async fn drive<T>(flow: Flow<T>, channel: &Channel, pin: Option<String>) -> Result<T, JsValue> {
    let pin = pin.map(PinText::new);
    let pin = pin.as_ref().map(PinText::as_str);
    let mut step = flow.start().map_err(thrown)?;
    loop {
        let next = match step {
            Step::Done(output) => return Ok(output),
            Step::Transmit(command, waiting) => {
                // A copy: a view of this memory would not outlast its growth.
                let command = Uint8Array::from(&**command.to_bytes());
                let response = bytes(channel.transmit(&command).await?)?;
                let malformed = Error::Malformed { what: "less than a status word" };
                let response = ResponseApdu::from_bytes(&response);
                waiting.resume(response.map_err(|_| thrown(malformed))?)
            }
            Step::VerifyPin(reference, waiting) => {
                channel.verify_pin(&plain(&reference)?, pin).await?;
                waiting.resume(Verified::new(reference))
            }
            Step::SignChallenge(key, nonce, waiting) => {
                let entry = PinEntry { value: pin.map(PinText::new) };
                let (key, entry) = (plain(&key)?, plain(&entry)?);
                let signed = channel.sign_challenge(&key, nonce.as_str(), &entry).await?;
                waiting.resume(Signature::from_bytes(bytes(signed)?))
            }
            Step::Sign(..) | Step::Ask(..) => return Err(thrown(Error::Unguarded)),
        };
        step = next.map_err(thrown)?;
    }
}

fn bytes(value: JsValue) -> Result<Vec<u8>, JsValue> {
    value.dyn_into::<Uint8Array>().map(|array| array.to_vec()).map_err(|_| invalid_request())
}

fn invalid_request() -> JsValue {
    thrown(ErrorCode::InvalidRequest)
}

/// `PinStatus` of `js/src/host.ts`.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PinStatus {
    user_authentication: Retries,
    digital_signature: Retries,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Retries {
    retries_left: u8,
    blocked: bool,
}

impl From<u8> for Retries {
    fn from(retries_left: u8) -> Self {
        Self { retries_left, blocked: retries_left == 0 }
    }
}
