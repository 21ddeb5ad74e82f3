//! A lease on the card, with the rules of the bridge.

use std::cell::{Cell, RefCell};
use std::fmt;
use std::rc::Rc;
use std::time::Duration;

use futures_util::lock::Mutex;
use js_sys::{Date, Function, Promise};
use kazashi_core::card::card_information::AttributesReading;
use kazashi_core::codec::Hex;
use kazashi_core::error_code::ErrorCode;
use kazashi_core::guard::desk::{self, Entry, MAX_ATTEMPTS, Notary, Purpose, Task, Work};
use kazashi_core::guard::session::{Bookmark, Session};
use kazashi_core::guard::stay_memory::StayMemory;
use kazashi_core::guard::try_guard::Pauses;
use kazashi_core::guard::verification::{BeforeDialog, FewTries, Presentation, Presenting};
use kazashi_core::value::layout::PinReference;
use kazashi_core::value::{Document, Hash, PinValue, Scopes, StayWord, Testimony};
use kazashi_core::wire::{CardAnswer, CardRequest, Failure, Integrity};
use kazashi_emulator::reader::Transaction;
use serde::Serialize;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;

use crate::value::{argument, plain, thrown};
use crate::{bridge, municipality};

/// TypeScript's own words for what it hands over and gets back.
#[wasm_bindgen(typescript_custom_section)]
const TYPES: &str = r#"
import type { CardAnswer, CardRequest, PinReference, Scope } from "../host.js";
import type { PinPrompt, TryPrompt } from "../testing.js";

/** A prompt that does not tell when nobody waits any more. */
export type Prompt = Omit<PinPrompt, "signal">;

/** Whoever types PINs. */
export type AskPin = (prompt: Prompt) => Promise<string | undefined>;

/** Whoever says whether one of few tries may be spent. */
export type ConfirmTry = (prompt: Omit<TryPrompt, "signal">) => Promise<boolean>;
"#;

/// Tries of one page, with whatever card: one at a time, and pauses after those that fail.
#[wasm_bindgen]
#[derive(Clone, Debug, Default)]
pub struct Tries(Rc<Mutex<Pauses>>);

#[wasm_bindgen]
impl Tries {
    /// None was made yet.
    #[wasm_bindgen(constructor)]
    pub fn new() -> Self {
        Self::default()
    }
}

/// The way to a leased card: a `Channel` of `js/src/host.ts`, except that it does not tell when the
/// lease is lost.
#[wasm_bindgen]
pub struct VirtualChannel {
    transaction: Transaction,
    memory: StayMemory,
    tries: Tries,
    origin: String,
    scopes: Scopes,
    session: RefCell<Option<Session<'static>>>,
    last_used: Cell<f64>,
    bookmark: Cell<Bookmark>,
    is_released: Cell<bool>,
}

/// Words of a dialog, for whoever types in place of the person.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Prompt<'a> {
    origin: &'a str,
    purpose: &'static str,
    reference: PinReference,
    retries_left: u8,
    malformed: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    document: Option<ShownDocument<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct TryPrompt<'a> {
    origin: &'a str,
    reference: &'static str,
    retries_left: u8,
}

#[derive(Serialize)]
struct ShownDocument<'a> {
    title: &'a str,
    hash: Hash,
    digest: Hex,
}

#[wasm_bindgen]
impl VirtualChannel {
    /// Name and version of whoever guards the card.
    #[wasm_bindgen(getter)]
    pub fn version(&self) -> String {
        concat!("kazashi-testing ", env!("CARGO_PKG_VERSION")).to_owned()
    }

    /// Makes a guarded request and resolves with the answer, both as the wire has them. `ask_pin`
    /// types in place of the person, and `confirm_try` agrees or does not.
    #[wasm_bindgen(unchecked_return_type = "CardAnswer")]
    pub async fn ask(
        &self,
        #[wasm_bindgen(unchecked_param_type = "CardRequest")] request: JsValue,
        #[wasm_bindgen(unchecked_param_type = "AskPin")] ask_pin: &Function,
        #[wasm_bindgen(unchecked_param_type = "ConfirmTry")] confirm_try: &Function,
    ) -> Result<JsValue, JsValue> {
        let request: CardRequest = argument(request)?;
        let task = desk::admit(request, &self.scopes, &self.origin).map_err(thrown)?;
        let answer = match task {
            Task { entry: Some(entry), work } => {
                self.present(entry, work, ask_pin, confirm_try).await?
            }
            Task { entry: None, work } => self.perform(work, None),
        };
        plain(&answer.map_err(thrown)?)
    }

    /// Whether the card is no My Number Card.
    #[wasm_bindgen(getter)]
    pub fn unsupported(&self) -> bool {
        let looked = self.with_card(|_| Ok(()));
        self.close_session();
        looked.is_err_and(|failure| failure.code == ErrorCode::UnsupportedCard)
    }

    /// Gives the lease back. The card is left clean.
    pub fn release(&self) {
        self.is_released.set(true);
        self.close_session();
    }
}

impl VirtualChannel {
    pub(crate) fn new(
        transaction: Transaction,
        memory: StayMemory,
        tries: Tries,
        origin: String,
        scopes: Scopes,
    ) -> Self {
        Self {
            transaction,
            memory,
            tries,
            origin,
            scopes,
            session: RefCell::default(),
            last_used: Cell::default(),
            bookmark: Cell::default(),
            is_released: Cell::default(),
        }
    }

    /// Has something presented when it is the page's turn, and done what it was presented for.
    async fn present(
        &self,
        entry: Entry,
        work: Work,
        ask_pin: &Function,
        confirm_try: &Function,
    ) -> Result<Result<CardAnswer, Failure>, JsValue> {
        let mut pauses = self.tries.0.lock().await;
        sleep(pauses.rest(&self.origin, now())).await;
        let mut ended = |result: &Result<(), Failure>, asked_person| {
            pauses.ended(&self.origin, now(), result, asked_person);
        };
        let mut asked_person = false;
        let answer = match entry {
            Entry::Given(presentation) => {
                let known = Presenting::Known(presentation.clone());
                let done = self.perform(work.clone(), Some(known));
                let few = done.as_ref().err().and_then(|failure| presentation.few_tries(*failure));
                match few {
                    None => done,
                    Some(few_tries) => {
                        asked_person = true;
                        let agreed = self.ask_for_try(few_tries, confirm_try).await;
                        match agreed.inspect_err(|_| ended(&Err(few_tries.declined()), true))? {
                            true => {
                                let known = Presenting::Known(presentation.agreed(few_tries));
                                self.perform(work, Some(known))
                            }
                            false => Err(few_tries.declined()),
                        }
                    }
                }
            }
            Entry::Asked { reference, purpose } => {
                let before = self.with_card(|card| card.before_dialog(reference));
                let before = before.inspect_err(|failure| ended(&Err(*failure), false));
                let BeforeDialog { retries_left, .. } = before.map_err(thrown)?;
                asked_person = true;
                let typed = self.ask_person(reference, &purpose, retries_left, ask_pin).await;
                let value = typed.inspect_err(|_| {
                    // Nothing was typed, or the card went away meanwhile.
                    ended(&Err(ErrorCode::PinCancelled.into()), true);
                })?;
                let presentation = Presentation::of_person(value, retries_left);
                self.perform(work, Some(Presenting::Known(presentation)))
            }
        };
        ended(&answer.as_ref().map(drop).map_err(|failure| *failure), asked_person);
        Ok(answer)
    }

    /// Whether the person agrees to spend one of few tries.
    async fn ask_for_try(
        &self,
        few_tries: FewTries,
        confirm_try: &Function,
    ) -> Result<bool, JsValue> {
        let FewTries { reference, retries_left } = few_tries;
        let reference = reference.name();
        let prompt = plain(&TryPrompt { origin: &self.origin, reference, retries_left })?;
        let agrees = Promise::resolve(&confirm_try.call1(&JsValue::NULL, &prompt)?);
        Ok(JsFuture::from(agrees).await? == JsValue::TRUE)
    }

    async fn ask_person(
        &self,
        reference: PinReference,
        purpose: &Purpose,
        retries_left: u8,
        ask_pin: &Function,
    ) -> Result<PinValue, JsValue> {
        for attempt in 0..MAX_ATTEMPTS {
            let prompt = plain(&Prompt {
                origin: &self.origin,
                purpose: name(purpose),
                reference,
                retries_left,
                malformed: attempt > 0,
                document: shown(purpose),
            })?;
            let typed = Promise::resolve(&ask_pin.call1(&JsValue::NULL, &prompt)?);
            let typed = JsFuture::from(typed).await?.as_string();
            let typed = typed.ok_or_else(|| thrown(ErrorCode::PinCancelled))?;
            if let Ok(value) = PinValue::parse(reference, &typed) {
                return Ok(value);
            }
        }
        Err(thrown(ErrorCode::PinMalformed))
    }

    fn perform(&self, work: Work, presenting: Option<Presenting>) -> Result<CardAnswer, Failure> {
        self.with_card(|card| card.perform(work, presenting, self).answer)
    }

    /// Does something with the card, in the transaction of what was done closely before.
    fn with_card<R>(
        &self,
        work: impl FnOnce(&mut Session<'_>) -> Result<R, Failure>,
    ) -> Result<R, Failure> {
        if self.is_released.get() {
            return Err(ErrorCode::LeaseLost.into());
        }
        let millis = Date::now();
        let unused = millis - self.last_used.replace(millis);
        let idle = self.session.borrow().as_ref().map(Session::idle);
        if idle.is_some_and(|idle| unused >= idle.as_secs_f64() * 1_000.0) {
            self.close_session();
        }
        let mut session = match self.session.take() {
            Some(session) => session,
            None => self.open_session()?,
        };
        let done = work(&mut session);
        let is_finished = session.is_finished();
        self.session.replace(Some(session));
        if is_finished {
            self.close_session();
        }
        done
    }

    fn open_session(&self) -> Result<Session<'static>, Failure> {
        let card = Box::new(self.transaction.clone());
        Session::open(card, self.bookmark.get(), self.memory.clone())
    }

    fn close_session(&self) {
        if let Some(session) = self.session.take() {
            self.bookmark.set(session.close());
        }
    }
}

impl Notary for VirtualChannel {
    fn vouch(&self, testimony: Testimony) -> StayWord {
        bridge::vouch(&self.origin, testimony)
    }

    fn integrity(&self, reading: &AttributesReading) -> Integrity {
        municipality::integrity(reading)
    }
}

/// Name of a purpose, as `PinPrompt` of `js/src/testing.ts` has it.
fn name(purpose: &Purpose) -> &'static str {
    match purpose {
        Purpose::SignIn => "sign-in",
        Purpose::ReadCertificate => "read-certificate",
        Purpose::ReadAttributes => "read-attributes",
        Purpose::Sign(_) => "sign",
    }
}

fn shown(purpose: &Purpose) -> Option<ShownDocument<'_>> {
    let Purpose::Sign(document) = purpose else { return None };
    let digest = Document::digest(document).into();
    Some(ShownDocument { title: document.title(), hash: document.hash(), digest })
}

/// Time since a moment that stays the same.
fn now() -> Duration {
    Duration::from_secs_f64(Date::now() / 1_000.0)
}

async fn sleep(pause: Duration) {
    if pause.is_zero() {
        return;
    }
    let over = Promise::new(&mut |resolve, _| set_timeout(&resolve, pause.as_secs_f64() * 1_000.0));
    // It never rejects.
    let _ = JsFuture::from(over).await;
}

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_name = setTimeout)]
    fn set_timeout(handler: &Function, milliseconds: f64);
}

/// Shows nothing of the card.
impl fmt::Debug for VirtualChannel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VirtualChannel").finish_non_exhaustive()
    }
}
