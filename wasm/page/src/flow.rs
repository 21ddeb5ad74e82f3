//! The flows, each driven over a [`Channel`] that JavaScript provides.

use js_sys::{Function, Promise, Uint8Array};
use kazashi_core::card::card_surface::{self, BirthDateSource, CardFaceReading, PresenceProof};
use kazashi_core::card::jpki::{self, CertificateReading, SignedChallenge, SignedDocument};
use kazashi_core::card::terminal::TerminalCertificate;
use kazashi_core::codec::Base64;
use kazashi_core::codec::apdu::ResponseApdu;
use kazashi_core::error_code::ErrorCode;
use kazashi_core::flow::{Abilities, Error, Flow, Question, Step};
use kazashi_core::value::{
    Calendar, Certificate, Document, Nonce, PrintedBirthDate, PrivateText, VerificationNumberB,
};
use kazashi_core::wire::{CardAnswer, CardRequest};
use serde::Serialize;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::{JsFuture, future_to_promise};

use crate::answer::card_answer;
use crate::channel::Channel;
use crate::value::{parse, plain, text, thrown};

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
            None => BirthDateSource::Known(printed_birth_date(&birth_date)?),
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
        #[wasm_bindgen(unchecked_param_type = "BirthDate")] birth_date: &JsValue,
        expiry_year: &str,
        security_code: &str,
        #[wasm_bindgen(
            unchecked_param_type = "((read: number, total: number) => void) | undefined"
        )]
        on_progress: Option<Function>,
    ) -> Result<Promise, JsValue> {
        let nonce = parse_nonce(nonce)?;
        let birth_date = printed_birth_date(birth_date)?;
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

/// Part of the page in a flow.
#[derive(Default)]
struct Page {
    /// Is presented where a PIN is needed; otherwise whoever guards the card asks the person.
    pin: Option<String>,
    /// Is told how many bytes are read, and of how many.
    on_progress: Option<Function>,
    /// Answers for the relying party's server.
    ask: Option<Function>,
}

/// Result of a flow, to be shown to JavaScript together with the name of who guards the card.
type Output = Box<dyn FnOnce(String) -> Result<JsValue, JsValue> + Send>;

fn token(challenge: SignedChallenge, version: String) -> Result<JsValue, JsValue> {
    plain(&challenge.token(version))
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
    let pin = page.pin.map(PrivateText::new);
    let progress = flow.progress();
    let mut read = progress.read();
    let mut step = flow.start_with(&abilities).map_err(thrown)?;
    loop {
        let next = match step {
            Step::Done(output) => return output(channel.version()),
            Step::Transmit(command, waiting) => {
                let command = CardRequest::Transmit { command: (&**command.to_bytes()).into() };
                let CardAnswer::Response { response } = ask(&channel, &command).await? else {
                    return Err(invalid_request());
                };
                let response = ResponseApdu::from_bytes(response.as_bytes());
                let malformed = Error::Malformed { what: "less than a status word" };
                waiting.resume(response.map_err(|_| thrown(malformed))?)
            }
            Step::Guard(request, waiting) => {
                waiting.resume(ask(&channel, &request.with_pin(pin.clone())).await?)
            }
            Step::AskServer(question, waiting) => {
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

/// Makes a guarded request.
async fn ask(channel: &Channel, request: &CardRequest) -> Result<CardAnswer, JsValue> {
    let answer = channel.ask(&plain(request)?).await?;
    card_answer(&answer).ok_or_else(invalid_request)
}

/// Has a function of the page answer for the relying party's server. What it throws, the flow throws.
async fn answer(question: Question, ask: &Function) -> Result<Vec<u8>, JsValue> {
    match question {
        Question::BirthDate { certificate } => {
            let answer = call(ask, &Uint8Array::from(&*certificate)).await?;
            // What is neither is no date.
            let (date, calendar) = birth_date_parts(&answer).unwrap_or_default();
            Ok([date, calendar].join(" ").into_bytes())
        }
        Question::TerminalSignature(word) => {
            let text = call(ask, &plain(&word)?).await?.as_string();
            let signature: Option<Base64> = text.and_then(|text| parse(&text));
            let signature = signature.ok_or_else(|| thrown(ErrorCode::TerminalNotSigned))?;
            Ok(signature.as_bytes().to_vec())
        }
        _ => Err(invalid_request()),
    }
}

/// Calls a function of the page that gives something, or promises it.
async fn call(function: &Function, argument: &JsValue) -> Result<JsValue, JsValue> {
    JsFuture::from(Promise::resolve(&function.call1(&JsValue::NULL, argument)?)).await
}

fn parse_nonce(text: &str) -> Result<Nonce, JsValue> {
    Nonce::parse(text).map_err(|_| invalid_request())
}

fn printed_birth_date(value: &JsValue) -> Result<PrintedBirthDate, JsValue> {
    let printed = birth_date_parts(value).and_then(|(date, calendar)| {
        PrintedBirthDate::parse(&date, Calendar::named(&calendar)?).ok()
    });
    printed.ok_or_else(|| thrown(ErrorCode::BirthDateMalformed))
}

/// Date and calendar of `BirthDate` of `js/src/host.ts`: a text, or an object with both.
fn birth_date_parts(value: &JsValue) -> Option<(String, String)> {
    match value.as_string() {
        Some(date) => Some((date, "era".to_owned())),
        None => Some((text(value, "date")?, text(value, "calendar")?)),
    }
}

fn invalid_request() -> JsValue {
    thrown(ErrorCode::InvalidRequest)
}

/// `Signed` of `js/src/host.ts`.
#[derive(Serialize)]
struct Signed {
    #[serde(with = "serde_wasm_bindgen::preserve")]
    signature: JsValue,
    #[serde(with = "serde_wasm_bindgen::preserve")]
    certificate: JsValue,
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
