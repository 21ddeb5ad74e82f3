//! A lease on the card, with the rules of the bridge.

use std::{
    cell::{Cell, RefCell},
    fmt,
};

use js_sys::{Date, Function, Promise, Uint8Array};
use kazashi_core::{
    Abilities, AttributesRecord, BirthDate, Document, Hash, Nonce, Sex, VerificationNumberB,
    apdu::CommandApdu,
    error_code::ErrorCode,
    jpki::Signature,
    key::{Key, PinReference},
    policy::{Application, Scope, Scopes},
    secret::PinValue,
    session::Session,
    verification::Presentation,
    wire::{Failure, Hex, Integrity, PinEntry, PinText},
};
use serde::Serialize;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;

use crate::{
    bridge,
    card::Transaction,
    municipality,
    value::{argument, plain, thrown, uint8_array},
};

/// A transaction without a command for so long ends, in milliseconds.
const IDLE: f64 = 2_000.0;
/// The same while an institution signs the card's challenge.
const IDLE_FOR_TERMINAL: f64 = 4_000.0;
/// How often what cannot be a PIN is asked for again.
const MAX_ATTEMPTS: usize = 3;

/// TypeScript's own words for what it hands over and gets back.
#[wasm_bindgen(typescript_custom_section)]
const TYPES: &str = r#"
import type {
  BasicAttributes, Hash, Key, PinEntry, PinReference, Scope, Signed, TerminalRequest,
} from "../host.js";
import type { PinPrompt } from "../testing.js";

/** A prompt that does not tell when nobody waits any more. */
export type Prompt = Omit<PinPrompt, "signal">;

/** Whoever types PINs. */
export type AskPin = (prompt: Prompt) => Promise<string | undefined>;
"#;

/// The way to a leased card: a `Channel` of `js/src/host.ts`, except that it does not tell when the
/// lease is lost.
#[wasm_bindgen]
pub struct VirtualChannel {
    transaction: Transaction,
    origin: String,
    scopes: Scopes,
    session: RefCell<Option<Session<'static>>>,
    last_used: Cell<f64>,
    page_application: Cell<Option<Application>>,
    abilities: Abilities,
    is_released: Cell<bool>,
}

/// What a person is told who is asked for a PIN.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Prompt<'a> {
    origin: &'a str,
    purpose: Purpose,
    reference: PinReference,
    retries_left: u8,
    malformed: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    document: Option<ShownDocument<'a>>,
}

#[derive(Clone, Copy, Serialize)]
#[serde(rename_all = "kebab-case")]
enum Purpose {
    SignIn,
    Read,
    Sign,
}

#[derive(Clone, Serialize)]
struct ShownDocument<'a> {
    title: &'a str,
    hash: Hash,
    digest: Hex,
}

#[derive(Serialize)]
struct Signed<'a> {
    #[serde(serialize_with = "uint8_array")]
    signature: &'a [u8],
    #[serde(serialize_with = "uint8_array")]
    certificate: &'a [u8],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Attributes<'a> {
    name: &'a str,
    address: &'a str,
    birth_date: PinText,
    sex: Sex,
    integrity: Integrity,
}

#[wasm_bindgen]
impl VirtualChannel {
    /// Who guards the card, by name and version.
    #[wasm_bindgen(getter)]
    pub fn version(&self) -> String {
        concat!("kazashi-testing ", env!("CARGO_PKG_VERSION")).to_owned()
    }

    /// Carries one command APDU to the card and gives back the response APDU.
    #[wasm_bindgen(unchecked_return_type = "Uint8Array<ArrayBuffer>")]
    pub fn transmit(&self, command: &[u8]) -> Result<Uint8Array, JsValue> {
        let command =
            CommandApdu::from_bytes(command).map_err(|_| thrown(ErrorCode::InvalidRequest))?;
        let response = self.with_card(|card| card.transmit(&command, &self.scopes))?;
        Ok(Uint8Array::from(&**response.to_bytes()))
    }

    /// Collects a PIN and presents it.
    #[wasm_bindgen(js_name = verifyPin)]
    pub async fn verify_pin(
        &self,
        #[wasm_bindgen(unchecked_param_type = "PinReference")] reference: JsValue,
        value: Option<String>,
        #[wasm_bindgen(unchecked_param_type = "AskPin")] ask: &Function,
    ) -> Result<(), JsValue> {
        let reference = argument(reference)?;
        self.require(Scope::of_pin(reference))?;
        let purpose = match reference {
            PinReference::UserAuthentication => Purpose::SignIn,
            PinReference::DigitalSignature => Purpose::Read,
            // It opens the individual number too: never without what it is asked for.
            PinReference::CardInformation => return Err(thrown(ErrorCode::InvalidRequest)),
        };
        let pin = self.collect_pin(reference, purpose, value.map(PinText::new), ask).await?;
        self.with_card(|card| card.present(pin))
    }

    /// Presents the holder's birth date.
    #[wasm_bindgen(js_name = verifyBirthDate)]
    pub fn verify_birth_date(&self, birth_date: &str) -> Result<(), JsValue> {
        self.require(Scope::CardPresence)?;
        let birth_date =
            BirthDate::parse(birth_date).map_err(|_| thrown(ErrorCode::BirthDateMalformed))?;
        self.with_card(|card| card.present(Presentation::of_birth_date(birth_date)))
    }

    /// Presents verification number B.
    #[wasm_bindgen(js_name = verifyNumberB)]
    pub fn verify_number_b(
        &self,
        birth_date: &str,
        expiry_year: &str,
        security_code: &str,
    ) -> Result<(), JsValue> {
        self.require(Scope::CardFace)?;
        let number = VerificationNumberB::parse(birth_date, expiry_year, security_code);
        let number = number.map_err(thrown)?;
        self.with_card(|card| card.present(Presentation::of_number_b(number)))
    }

    /// Has the card sign the statement over the page's origin and this nonce. With `pin`, that
    /// is collected and presented for this one signature.
    #[wasm_bindgen(js_name = signChallenge, unchecked_return_type = "Uint8Array<ArrayBuffer>")]
    pub async fn sign_challenge(
        &self,
        #[wasm_bindgen(unchecked_param_type = "Key")] key: JsValue,
        nonce: String,
        #[wasm_bindgen(unchecked_param_type = "PinEntry | undefined")] pin: JsValue,
        #[wasm_bindgen(unchecked_param_type = "AskPin")] ask: &Function,
    ) -> Result<Uint8Array, JsValue> {
        let key: Key = argument(key)?;
        let pin: Option<PinEntry> = argument(pin)?;
        self.require(Scope::of_key(key))?;
        let nonce = parse_nonce(&nonce)?;
        let pin = match (key.pin_reference(), pin) {
            (Some(reference), Some(PinEntry { value })) => {
                Some(self.collect_pin(reference, Purpose::SignIn, value, ask).await?)
            }
            _ => None,
        };
        let sign = |card: &mut Session<'_>| card.sign_challenge(key, &self.origin, &nonce);
        let signature = self.with_card(|card| match pin {
            Some(pin) => card.present_for(pin, sign),
            None => sign(card),
        })?;
        Ok(Uint8Array::from(signature.as_bytes()))
    }

    /// Has the card give a challenge for an institution to sign, and vouches for it.
    #[wasm_bindgen(js_name = terminalRequest, unchecked_return_type = "TerminalRequest")]
    pub fn terminal_request(&self, nonce: &str) -> Result<JsValue, JsValue> {
        self.require(Scope::AuthenticatePinless)?;
        let nonce = parse_nonce(nonce)?;
        let challenge = self.with_card(|card| card.terminal_challenge(&self.origin, &nonce))?;
        plain(&bridge::vouch(&self.origin, &nonce, challenge))
    }

    /// Carries the institution's signature to the card, which then signs the statement over the
    /// page's origin and the nonce of the request.
    #[wasm_bindgen(js_name = terminalSign, unchecked_return_type = "Uint8Array<ArrayBuffer>")]
    pub fn terminal_sign(&self, nonce: &str, signature: Vec<u8>) -> Result<Uint8Array, JsValue> {
        self.require(Scope::AuthenticatePinless)?;
        let nonce = parse_nonce(nonce)?;
        let signature = Signature::from_bytes(signature);
        let signature =
            self.with_card(|card| card.sign_as_terminal(&self.origin, &nonce, &signature))?;
        Ok(Uint8Array::from(signature.as_bytes()))
    }

    /// Asks the person, and has the digital signature key sign a document.
    #[wasm_bindgen(unchecked_return_type = "Signed")]
    pub async fn sign(
        &self,
        title: String,
        #[wasm_bindgen(unchecked_param_type = "Hash")] hash: JsValue,
        digest: &[u8],
        #[wasm_bindgen(unchecked_param_type = "AskPin")] ask: &Function,
    ) -> Result<JsValue, JsValue> {
        let hash: Hash = argument(hash)?;
        self.require(Scope::Sign)?;
        let document =
            Document::new(title, hash, digest).map_err(|_| thrown(ErrorCode::InvalidRequest))?;
        let reference = PinReference::DigitalSignature;
        let pin = self.ask_person(reference, Purpose::Sign, Some(&document), ask).await?;
        let signed =
            self.with_card(|card| card.present_for(pin, |card| card.sign_document(&document)))?;
        plain(&Signed {
            signature: signed.signature.as_bytes(),
            certificate: signed.certificate.as_der(),
        })
    }

    /// Collects the PIN of the card information input support application, presents it for this one
    /// thing, and reads the basic attributes.
    #[wasm_bindgen(js_name = readAttributes, unchecked_return_type = "BasicAttributes")]
    pub async fn read_attributes(
        &self,
        #[wasm_bindgen(unchecked_param_type = "PinEntry | undefined")] pin: JsValue,
        #[wasm_bindgen(unchecked_param_type = "AskPin")] ask: &Function,
    ) -> Result<JsValue, JsValue> {
        let pin: Option<PinEntry> = argument(pin)?;
        let reference = PinReference::CardInformation;
        self.require(Scope::of_pin(reference))?;
        let PinEntry { value } = pin.unwrap_or_default();
        let pin = self.collect_pin(reference, Purpose::Read, value, ask).await?;
        let reading = self.with_card(|card| card.present_for(pin, Session::read_attributes))?;
        let attributes = AttributesRecord::parse(&reading.record).map_err(thrown)?;
        plain(&Attributes {
            name: attributes.name(),
            address: attributes.address(),
            birth_date: PinText::of_birth_date(attributes.birth_date()),
            sex: attributes.sex(),
            integrity: municipality::integrity(&reading),
        })
    }

    /// Gives the lease back. The card is left clean.
    pub fn release(&self) {
        self.is_released.set(true);
        self.close_session();
    }
}

impl VirtualChannel {
    pub(crate) fn new(transaction: Transaction, origin: String, scopes: Scopes) -> Self {
        Self {
            transaction,
            origin,
            scopes,
            session: RefCell::default(),
            last_used: Cell::default(),
            page_application: Cell::default(),
            abilities: Abilities::default(),
            is_released: Cell::default(),
        }
    }

    fn require(&self, scope: Scope) -> Result<(), JsValue> {
        self.scopes.require(scope).map_err(thrown)
    }

    /// A PIN from the page, if it may supply one, or from the person.
    async fn collect_pin(
        &self,
        reference: PinReference,
        purpose: Purpose,
        value: Option<PinText>,
        ask: &Function,
    ) -> Result<Presentation, JsValue> {
        match value {
            Some(text) => Presentation::of_page(reference, &text, &self.scopes).map_err(thrown),
            None => self.ask_person(reference, purpose, None, ask).await,
        }
    }

    async fn ask_person(
        &self,
        reference: PinReference,
        purpose: Purpose,
        document: Option<&Document>,
        ask: &Function,
    ) -> Result<Presentation, JsValue> {
        let retries_left = self.with_card(|card| card.retries_before_dialog(reference))?;
        let document = document.map(|document| ShownDocument {
            title: document.title(),
            hash: document.hash(),
            digest: document.digest().into(),
        });
        for attempt in 0..MAX_ATTEMPTS {
            let prompt = plain(&Prompt {
                origin: &self.origin,
                purpose,
                reference,
                retries_left,
                malformed: attempt > 0,
                document: document.clone(),
            })?;
            let typed = Promise::resolve(&ask.call1(&JsValue::NULL, &prompt)?);
            let typed = JsFuture::from(typed).await?.as_string();
            let typed = typed.ok_or_else(|| thrown(ErrorCode::PinCancelled))?;
            if let Ok(value) = PinValue::parse(reference, &typed) {
                return Ok(Presentation::of_person(value, retries_left));
            }
        }
        Err(thrown(ErrorCode::PinMalformed))
    }

    /// Does something with the card, in the transaction of what was done closely before.
    fn with_card<R>(
        &self,
        work: impl FnOnce(&mut Session<'_>) -> Result<R, Failure>,
    ) -> Result<R, JsValue> {
        if self.is_released.get() {
            return Err(thrown(ErrorCode::LeaseLost));
        }
        let awaits_terminal = self.session.borrow().as_ref().is_some_and(Session::awaits_terminal);
        let idle = if awaits_terminal { IDLE_FOR_TERMINAL } else { IDLE };
        let now = Date::now();
        if now - self.last_used.replace(now) >= idle {
            self.close_session();
        }
        let mut session = match self.session.take() {
            Some(session) => session,
            None => self.open_session().map_err(thrown)?,
        };
        let done = work(&mut session);
        let is_finished = session.is_finished();
        self.session.replace(Some(session));
        if is_finished {
            self.close_session();
        }
        done.map_err(thrown)
    }

    fn open_session(&self) -> Result<Session<'static>, Failure> {
        let card = Box::new(self.transaction.clone());
        Session::open(card, self.page_application.get(), self.abilities.clone())
    }

    fn close_session(&self) {
        if let Some(session) = self.session.take() {
            self.page_application.set(session.close());
        }
    }
}

pub(crate) fn parse_nonce(text: &str) -> Result<Nonce, JsValue> {
    Nonce::parse(text).map_err(|_| thrown(ErrorCode::InvalidRequest))
}

/// Shows nothing of the card.
impl fmt::Debug for VirtualChannel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VirtualChannel").finish_non_exhaustive()
    }
}
