//! The flows, each driven over a [`Channel`] that JavaScript provides.

use js_sys::{Function, Uint8Array};
use kazashi_core::{
    Abilities, Document, Error, Nonce,
    apdu::ResponseApdu,
    error_code::ErrorCode,
    flow::{Flow, Step},
    jpki::{self, Certificate, Signature, SignedDocument, Verified},
    token::Token,
    wire::{PinEntry, PinText},
};
use serde::Serialize;
use wasm_bindgen::prelude::*;

use crate::{
    channel::Channel,
    value::{Signed, field, parse, plain, thrown},
};

/// The flows with one card. What one learns of it, the next one knows.
#[wasm_bindgen]
#[derive(Debug)]
pub struct Flows {
    channel: Channel,
    abilities: Abilities,
}

#[wasm_bindgen]
impl Flows {
    /// With the card behind this channel.
    #[wasm_bindgen(constructor)]
    pub fn new(channel: Channel) -> Self {
        Self { channel, abilities: Abilities::default() }
    }

    /// Reads both retry counters.
    #[wasm_bindgen(js_name = pinStatus, unchecked_return_type = "PinStatus")]
    pub async fn pin_status(&self) -> Result<JsValue, JsValue> {
        let status = self.drive(jpki::pin_status(), None, None).await?;
        plain(&PinStatus {
            user_authentication: Retries::from(status.user_authentication),
            digital_signature: Retries::from(status.digital_signature),
        })
    }

    /// Reads one of the four certificates, DER. The digital signature certificate needs its
    /// password. `on_progress` is called with the bytes that are read and those that there are.
    #[wasm_bindgen(js_name = readCertificate, unchecked_return_type = "Uint8Array<ArrayBuffer>")]
    pub async fn read_certificate(
        &self,
        #[wasm_bindgen(unchecked_param_type = "CertificateKind")] kind: &str,
        pin: Option<String>,
        #[wasm_bindgen(
            unchecked_param_type = "((read: number, total: number) => void) | undefined"
        )]
        on_progress: Option<Function>,
    ) -> Result<Uint8Array, JsValue> {
        let kind = parse(kind).ok_or_else(invalid_request)?;
        let certificate = self.drive(jpki::read_certificate(kind), pin, on_progress).await?;
        Ok(Uint8Array::from(certificate.as_der()))
    }

    /// Signs in with the user authentication key: a Web eID token over the page's origin and a
    /// nonce.
    #[wasm_bindgen(unchecked_return_type = "Token")]
    pub async fn authenticate(
        &self,
        nonce: String,
        pin: Option<String>,
    ) -> Result<JsValue, JsValue> {
        let nonce = Nonce::parse(&nonce).map_err(|_| invalid_request())?;
        let challenge = self.drive(jpki::authenticate(nonce), pin, None).await?;
        plain(&Token::new(&challenge, self.channel.version()))
    }

    /// Signs a document with the digital signature key.
    #[wasm_bindgen(unchecked_return_type = "Signed")]
    pub async fn sign(
        &self,
        title: String,
        #[wasm_bindgen(unchecked_param_type = "Hash")] hash: &str,
        digest: &[u8],
    ) -> Result<JsValue, JsValue> {
        let hash = parse(hash).ok_or_else(invalid_request)?;
        let document = Document::new(title, hash, digest).map_err(|_| invalid_request())?;
        let signed = self.drive(jpki::sign(document), None, None).await?;
        plain(&Signed {
            signature: Uint8Array::from(signed.signature.as_bytes()),
            certificate: Uint8Array::from(signed.certificate.as_der()),
        })
    }
}

impl Flows {
    /// Takes a flow's steps until it is over. With a `pin`, that is presented where one is needed;
    /// otherwise whoever guards the card asks the person.
    async fn drive<T>(
        &self,
        flow: Flow<T>,
        pin: Option<String>,
        on_progress: Option<Function>,
    ) -> Result<T, JsValue> {
        let channel = &self.channel;
        let pin = pin.map(PinText::new);
        let pin = pin.as_ref().map(PinText::as_str);
        let progress = flow.progress();
        let mut read = progress.read();
        let mut step = flow.start_with(&self.abilities).map_err(thrown)?;
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
                Step::Sign(document, waiting) => {
                    let digest = Uint8Array::from(document.digest());
                    let signed =
                        channel.sign(document.title(), document.hash().name(), &digest).await?;
                    let part = |name| bytes(field(&signed, name).unwrap_or_default());
                    let certificate = Certificate::from_der(part("certificate")?);
                    let signature = Signature::from_bytes(part("signature")?);
                    waiting.resume(SignedDocument::new(certificate, signature))
                }
                Step::Ask(..) => return Err(thrown(Error::Unguarded)),
            };
            if let Some(listener) = &on_progress
                && read != progress.read()
            {
                read = progress.read();
                // What a listener throws is the page's own affair.
                let _ = listener.call2(&JsValue::NULL, &read.into(), &progress.total().into());
            }
            step = next.map_err(thrown)?;
        }
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
