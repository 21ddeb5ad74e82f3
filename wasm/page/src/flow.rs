//! The flows, each driven over a [`Channel`] that JavaScript provides.

use js_sys::{Function, Promise, Uint8Array};
use kazashi_core::{
    Abilities, BirthDate, Document, Error, Nonce, VerificationNumberB,
    apdu::ResponseApdu,
    card_surface::{self, BirthDateSource, CardFaceReading, CertificateReading, PresenceProof},
    error_code::ErrorCode,
    flow::{Flow, Question, Step},
    jpki::{self, Certificate, Signature, SignedChallenge, SignedDocument},
    key::Verified,
    terminal::{Base64, TerminalCertificate, TerminalRequest},
    token::Token,
    wire::{PinEntry, PinText},
};
use serde::Serialize;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::{JsFuture, future_to_promise};

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
    #[wasm_bindgen(js_name = pinStatus, unchecked_return_type = "Promise<PinStatus>")]
    pub fn pin_status(&self) -> Result<Promise, JsValue> {
        let show = |status: jpki::PinStatus, _| {
            plain(&PinStatus {
                user_authentication: Retries::from(status.user_authentication),
                digital_signature: Retries::from(status.digital_signature),
            })
        };
        Ok(self.run(jpki::pin_status(), show, Page::default()))
    }

    /// Reads one of the four certificates, DER. The digital signature certificate needs its
    /// password. `on_progress` is called with the bytes that are read and those that there are.
    #[wasm_bindgen(js_name = readCertificate, unchecked_return_type = "Promise<Uint8Array<ArrayBuffer>>")]
    pub fn read_certificate(
        &self,
        #[wasm_bindgen(unchecked_param_type = "CertificateKind")] kind: &str,
        pin: Option<String>,
        #[wasm_bindgen(
            unchecked_param_type = "((read: number, total: number) => void) | undefined"
        )]
        on_progress: Option<Function>,
    ) -> Result<Promise, JsValue> {
        let kind = parse(kind).ok_or_else(invalid_request)?;
        let show = |certificate: Certificate, _| Ok(Uint8Array::from(certificate.as_der()).into());
        let page = Page { pin, on_progress, ask: None };
        Ok(self.run(jpki::read_certificate(kind), show, page))
    }

    /// Signs in with the user authentication key: a Web eID token over the page's origin and a
    /// nonce.
    #[wasm_bindgen(unchecked_return_type = "Promise<Token>")]
    pub fn authenticate(&self, nonce: &str, pin: Option<String>) -> Result<Promise, JsValue> {
        let flow = jpki::authenticate(parse_nonce(nonce)?);
        Ok(self.run(flow, token, Page { pin, ..Page::default() }))
    }

    /// Signs in without a PIN, as an institution that the card trusts. `sign` has its server sign.
    #[wasm_bindgen(js_name = authenticatePinless, unchecked_return_type = "Promise<Token>")]
    pub fn authenticate_pinless(
        &self,
        nonce: &str,
        certificates: Vec<String>,
        #[wasm_bindgen(unchecked_param_type = "Terminal['sign']")] sign: Function,
    ) -> Result<Promise, JsValue> {
        let nonce = parse_nonce(nonce)?;
        let certificates = certificates.iter().map(|certificate| {
            let certificate: Base64 = parse(certificate)?;
            TerminalCertificate::parse(certificate.as_bytes()).ok()
        });
        let certificates = certificates.collect::<Option<_>>().ok_or_else(invalid_request)?;
        let flow = jpki::authenticate_pinless(nonce, certificates);
        Ok(self.run(flow, token, Page { ask: Some(sign), ..Page::default() }))
    }

    /// Proves that the card is there, with the holder's birth date or a function that asks for it.
    /// `head_only`: the certificate's first bytes will do.
    #[wasm_bindgen(js_name = provePresence, unchecked_return_type = "Promise<PresenceProof>")]
    pub fn prove_presence(
        &self,
        nonce: &str,
        #[wasm_bindgen(unchecked_param_type = "BirthDateSource")] birth_date: JsValue,
        head_only: bool,
    ) -> Result<Promise, JsValue> {
        let nonce = parse_nonce(nonce)?;
        let ask: Option<Function> = birth_date.dyn_ref().cloned();
        let source = match &ask {
            Some(_) => BirthDateSource::Server,
            None => BirthDateSource::Known(parse_birth_date(&birth_date)?),
        };
        let reading = if head_only { CertificateReading::Head } else { CertificateReading::Whole };
        let flow = card_surface::prove_presence(nonce, source, reading);
        let show = |presence, version| plain(&PresenceProof::new(&presence, version));
        Ok(self.run(flow, show, Page { ask, ..Page::default() }))
    }

    /// Reads the card face of a card whose verification number B is given. `on_progress` is called
    /// with the bytes that are read and those that there are.
    #[wasm_bindgen(js_name = readCardFace, unchecked_return_type = "Promise<CardFaceReading>")]
    pub fn read_card_face(
        &self,
        nonce: &str,
        birth_date: &str,
        expiry_year: &str,
        security_code: &str,
        #[wasm_bindgen(
            unchecked_param_type = "((read: number, total: number) => void) | undefined"
        )]
        on_progress: Option<Function>,
    ) -> Result<Promise, JsValue> {
        let nonce = parse_nonce(nonce)?;
        let number = VerificationNumberB::parse(birth_date, expiry_year, security_code);
        let flow = card_surface::read_card_face(nonce, number.map_err(thrown)?);
        let show = |reading: CardFaceReading, app_version| {
            plain(&ShownCardFaceReading {
                record: Uint8Array::from(&*reading.record).into(),
                cv_certificate: Uint8Array::from(&*reading.cv_certificate).into(),
                signature: Uint8Array::from(reading.signature.as_bytes()).into(),
                app_version,
            })
        };
        Ok(self.run(flow, show, Page { on_progress, ..Page::default() }))
    }

    /// Signs a document with the digital signature key.
    #[wasm_bindgen(unchecked_return_type = "Promise<Signed>")]
    pub fn sign(
        &self,
        title: String,
        #[wasm_bindgen(unchecked_param_type = "Hash")] hash: &str,
        digest: &[u8],
    ) -> Result<Promise, JsValue> {
        let hash = parse(hash).ok_or_else(invalid_request)?;
        let document = Document::new(title, hash, digest).map_err(|_| invalid_request())?;
        let show = |signed: SignedDocument, _| {
            plain(&Signed {
                signature: Uint8Array::from(signed.signature.as_bytes()).into(),
                certificate: Uint8Array::from(signed.certificate.as_der()).into(),
            })
        };
        Ok(self.run(jpki::sign(document), show, Page::default()))
    }
}

/// What the page has to do with a flow.
#[derive(Default)]
struct Page {
    /// Is presented where a PIN is needed; otherwise whoever guards the card asks the person.
    pin: Option<String>,
    /// Is told how many bytes are read, and of how many.
    on_progress: Option<Function>,
    /// Answers for the relying party's server.
    ask: Option<Function>,
}

/// What a flow brought back, to be shown to JavaScript together with the name of who guards the card.
type Output = Box<dyn FnOnce(String) -> Result<JsValue, JsValue> + Send>;

fn token(challenge: SignedChallenge, version: String) -> Result<JsValue, JsValue> {
    plain(&Token::new(&challenge, version))
}

impl Flows {
    /// Runs a flow and shows what it brings back.
    fn run<T: Send + 'static>(
        &self,
        flow: Flow<T>,
        show: fn(T, String) -> Result<JsValue, JsValue>,
        page: Page,
    ) -> Promise {
        let flow =
            flow.map(move |output| -> Output { Box::new(move |version| show(output, version)) });
        future_to_promise(drive(self.channel.clone(), self.abilities.clone(), flow, page))
    }
}

/// Takes a flow's steps until it is over. One function for all flows, and for all promises: each of
/// its own would make pages download it again.
async fn drive(
    channel: Channel,
    abilities: Abilities,
    flow: Flow<Output>,
    page: Page,
) -> Result<JsValue, JsValue> {
    let pin = page.pin.map(PinText::new);
    let pin = pin.as_ref().map(PinText::as_str);
    let progress = flow.progress();
    let mut read = progress.read();
    let mut step = flow.start_with(&abilities).map_err(thrown)?;
    loop {
        let next = match step {
            Step::Done(output) => return output(channel.version()),
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
            Step::VerifyBirthDate(birth_date, waiting) => {
                channel.verify_birth_date(PinText::of_birth_date(&birth_date).as_str()).await?;
                waiting.resume(())
            }
            Step::VerifyNumberB(number, waiting) => {
                let birth_date = PinText::of_birth_date(number.birth_date());
                let [year, code] = [number.expiry_year(), number.security_code()].map(text);
                channel.verify_number_b(birth_date.as_str(), year.as_str(), code.as_str()).await?;
                waiting.resume(())
            }
            Step::SignChallenge(key, nonce, waiting) => {
                let entry = match key.pin_reference() {
                    Some(_) => plain(&PinEntry { value: pin.map(PinText::new) })?,
                    None => JsValue::UNDEFINED,
                };
                let signed = channel.sign_challenge(&plain(&key)?, nonce.as_str(), &entry).await?;
                waiting.resume(Signature::from_bytes(bytes(signed)?))
            }
            Step::TerminalChallenge(nonce, waiting) => {
                let request = channel.terminal_request(nonce.as_str()).await?;
                waiting.resume(terminal_request(&request)?)
            }
            Step::TerminalSign(answer, waiting) => {
                let signature = Uint8Array::from(answer.signature.as_bytes());
                let signed = channel.terminal_sign(answer.nonce.as_str(), &signature).await?;
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
            Step::Ask(question, waiting) => {
                let ask = page.ask.as_ref().ok_or_else(invalid_request)?;
                waiting.resume(answer(question, ask).await?)
            }
        };
        if let Some(listener) = &page.on_progress
            && read != progress.read()
        {
            read = progress.read();
            // What a listener throws is the page's own affair.
            let _ = listener.call2(&JsValue::NULL, &read.into(), &progress.total().into());
        }
        step = next.map_err(thrown)?;
    }
}

fn bytes(value: JsValue) -> Result<Vec<u8>, JsValue> {
    value.dyn_into::<Uint8Array>().map(|array| array.to_vec()).map_err(|_| invalid_request())
}

/// Has a function of the page answer for the relying party's server. What it throws, the flow throws.
async fn answer(question: Question, ask: &Function) -> Result<Vec<u8>, JsValue> {
    match question {
        Question::BirthDate { certificate } => {
            let text = call(ask, &Uint8Array::from(&*certificate)).await?;
            // What is no text is no date either.
            Ok(text.unwrap_or_default().into_bytes())
        }
        Question::TerminalSignature(request) => {
            let text = call(ask, &plain(&request)?).await?;
            let signature: Option<Base64> = text.and_then(|text| parse(&text));
            let signature = signature.ok_or_else(|| thrown(ErrorCode::TerminalNotSigned))?;
            Ok(signature.as_bytes().to_vec())
        }
        _ => Err(invalid_request()),
    }
}

/// Calls a function of the page that gives a text, or promises one.
async fn call(function: &Function, argument: &JsValue) -> Result<Option<String>, JsValue> {
    let promise = Promise::resolve(&function.call1(&JsValue::NULL, argument)?);
    Ok(JsFuture::from(promise).await?.as_string())
}

/// Reads `TerminalRequest` of `js/src/host.ts`.
fn terminal_request(object: &JsValue) -> Result<TerminalRequest, JsValue> {
    let part = |name| {
        let text = field(object, name).and_then(|text| text.as_string());
        text.and_then(|text| parse(&text)).ok_or_else(invalid_request)
    };
    Ok(TerminalRequest {
        challenge: part("challenge")?,
        bridge: part("bridge")?,
        signature: part("signature")?,
    })
}

fn parse_nonce(text: &str) -> Result<Nonce, JsValue> {
    Nonce::parse(text).map_err(|_| invalid_request())
}

fn parse_birth_date(text: &JsValue) -> Result<BirthDate, JsValue> {
    let birth_date = text.as_string().and_then(|text| BirthDate::parse(&text).ok());
    birth_date.ok_or_else(|| thrown(ErrorCode::BirthDateMalformed))
}

fn text(ascii: &[u8]) -> PinText {
    PinText::new(ascii.iter().copied().map(char::from).collect::<String>())
}

fn invalid_request() -> JsValue {
    thrown(ErrorCode::InvalidRequest)
}

/// `CardFaceReading` of `js/src/host.ts`.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ShownCardFaceReading {
    #[serde(with = "serde_wasm_bindgen::preserve")]
    record: JsValue,
    #[serde(with = "serde_wasm_bindgen::preserve")]
    cv_certificate: JsValue,
    #[serde(with = "serde_wasm_bindgen::preserve")]
    signature: JsValue,
    app_version: String,
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
    set: bool,
}

impl From<jpki::Retries> for Retries {
    fn from(jpki::Retries { left, set, .. }: jpki::Retries) -> Self {
        Self { retries_left: left, blocked: set && left == 0, set }
    }
}
