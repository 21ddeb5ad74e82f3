//! The connection to the bridge: requests and their answers, and what the bridge tells unasked.
//!
//! Requests are written from core's types. Answers and notifications are looked at no further than
//! their use here needs, and otherwise passed on as the plain objects that they are: reading them
//! through serde's tagged enums would by itself take half of what a page may have to download.

use std::{
    cell::{Cell, RefCell},
    rc::Rc,
};

use futures_channel::oneshot;
use js_sys::{Array, Function, JSON, Promise, Uint8Array};
use kazashi_core::{
    error_code::ErrorCode,
    wire::{Ask, Hex, PinEntry, PinText, Request, SUBPROTOCOL},
};
use serde::de::DeserializeOwned;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::future_to_promise;
use web_sys::{Event, MessageEvent, WebSocket};

use crate::value::{Signed, field, parse, plain, thrown};

/// A WebSocket to the bridge. It opens, is used, and ends, once each; what comes after an end is a
/// new connection.
#[wasm_bindgen]
#[derive(Debug)]
pub struct BridgeConnection {
    line: Rc<Line>,
    opened: RefCell<Option<oneshot::Receiver<()>>>,
    /// Held for as long as the socket may call them.
    _on_open: Closure<dyn FnMut(Event)>,
    _on_message: Closure<dyn FnMut(MessageEvent)>,
    _on_end: Closure<dyn FnMut(Event)>,
}

/// A lease on a reader, and the way to the card on it. A `Channel` of `js/src/host.ts`, except that
/// it does not tell when the lease is lost.
#[wasm_bindgen]
#[derive(Debug)]
pub struct BridgeChannel {
    line: Rc<Line>,
    lease: String,
    version: String,
}

#[wasm_bindgen]
impl BridgeConnection {
    /// Begins to connect. `on_notification` is called with each notification, `on_end` once.
    #[wasm_bindgen(constructor)]
    pub fn new(
        url: &str,
        #[wasm_bindgen(unchecked_param_type = "(event: Notification) => void")]
        on_notification: Function,
        #[wasm_bindgen(unchecked_param_type = "() => void")] on_end: Function,
    ) -> Result<Self, JsValue> {
        let socket = WebSocket::new_with_str(url, SUBPROTOCOL).map_err(|error| {
            // Safari takes loopback for mixed content.
            let is_mixed = text(&error, "name").as_deref() == Some("SecurityError");
            thrown(if is_mixed { ErrorCode::UnsupportedBrowser } else { ErrorCode::InvalidRequest })
        })?;
        let (opening, opened) = oneshot::channel();
        let line = Rc::new(Line {
            socket,
            live: RefCell::new(Some(Live {
                opening: Some(opening),
                requests: Vec::new(),
                on_notification,
                on_end,
            })),
            next_id: Cell::new(1),
            version: RefCell::default(),
            end: Cell::new(ErrorCode::BridgeUnreachable),
        });
        let on_open = handler(&line, |line, _: Event| line.opened());
        let on_message = handler(&line, |line, event: MessageEvent| line.received(&event.data()));
        // An `error` may come without a `close` (where the page's own policy forbids the address).
        let on_end = handler(&line, |line, _: Event| line.ended());
        line.socket.set_onopen(Some(on_open.as_ref().unchecked_ref()));
        line.socket.set_onmessage(Some(on_message.as_ref().unchecked_ref()));
        line.socket.set_onerror(Some(on_end.as_ref().unchecked_ref()));
        line.socket.set_onclose(Some(on_end.as_ref().unchecked_ref()));
        Ok(Self {
            line,
            opened: RefCell::new(Some(opened)),
            _on_open: on_open,
            _on_message: on_message,
            _on_end: on_end,
        })
    }

    /// Waits for the connection and introduces the page. To be called once, and first.
    #[wasm_bindgen(unchecked_return_type = "Hello")]
    pub async fn open(&self) -> Result<JsValue, JsValue> {
        let line = &self.line;
        match self.opened.take() {
            Some(opened) => opened.await.map_err(|_| line.broken())?,
            None => return Err(thrown(ErrorCode::InvalidRequest)),
        }
        let hello = line.request(Request::Hello, "hello").await.inspect_err(|_| line.close())?;
        let version = text(&hello, "version").ok_or_else(|| line.nonsense())?;
        line.version.replace(version);
        Ok(hello)
    }

    /// Which readers are there?
    #[wasm_bindgen(js_name = listReaders, unchecked_return_type = "Promise<Reader[]>")]
    pub fn list_readers(&self) -> Promise {
        self.line.ask(Request::ListReaders, "readers", readers)
    }

    /// Asks for notifications from now on. Which readers are there?
    #[wasm_bindgen(unchecked_return_type = "Promise<Reader[]>")]
    pub fn watch(&self) -> Promise {
        self.line.ask(Request::Watch, "readers", readers)
    }

    /// Takes the lease on a reader, from the holder of lease `expected` if one is named.
    #[wasm_bindgen(unchecked_return_type = "Promise<BridgeChannel>")]
    pub fn acquire(&self, reader: String, expected: Option<String>) -> Promise {
        self.line.ask(Request::Acquire { reader, expected }, "acquired", |line, answer| {
            let lease = text(answer, "lease")?;
            let version = line.version.borrow().clone();
            Some(BridgeChannel { line: Rc::clone(line), lease, version }.into())
        })
    }

    /// Ends the connection at once. What is still asked fails with `disconnected`.
    pub fn close(&self) {
        self.line.close();
    }
}

/// An object that JavaScript forgot must not keep the socket, nor be called by it.
impl Drop for BridgeConnection {
    fn drop(&mut self) {
        self.line.close();
        self.line.socket.set_onopen(None);
        self.line.socket.set_onmessage(None);
        self.line.socket.set_onerror(None);
        self.line.socket.set_onclose(None);
    }
}

#[wasm_bindgen]
impl BridgeChannel {
    /// The lease, as notifications name it.
    #[wasm_bindgen(getter)]
    pub fn lease(&self) -> String {
        self.lease.clone()
    }

    /// The bridge's name and version.
    #[wasm_bindgen(getter)]
    pub fn version(&self) -> String {
        self.version.clone()
    }

    /// Carries one command APDU to the card and resolves with the response APDU.
    #[wasm_bindgen(unchecked_return_type = "Promise<Uint8Array<ArrayBuffer>>")]
    pub fn transmit(&self, command: &[u8]) -> Promise {
        let request = Request::Transmit { lease: self.lease.clone(), command: command.into() };
        self.line.ask(request, "response", |_, answer| bytes(answer, "response"))
    }

    /// Collects a PIN and presents it.
    #[wasm_bindgen(js_name = verifyPin, unchecked_return_type = "Promise<void>")]
    pub fn verify_pin(
        &self,
        #[wasm_bindgen(unchecked_param_type = "PinReference")] reference: &str,
        value: Option<String>,
    ) -> Result<Promise, JsValue> {
        let value = value.map(PinText::new);
        let reference = argument(reference)?;
        let request = Request::VerifyPin { lease: self.lease.clone(), reference, value };
        Ok(self.line.ask(request, "verified", nothing))
    }

    /// Presents the holder's birth date.
    #[wasm_bindgen(js_name = verifyBirthDate, unchecked_return_type = "Promise<void>")]
    pub fn verify_birth_date(&self, birth_date: String) -> Promise {
        let birth_date = PinText::new(birth_date);
        let request = Request::VerifyBirthDate { lease: self.lease.clone(), birth_date };
        self.line.ask(request, "verified", nothing)
    }

    /// Presents verification number B.
    #[wasm_bindgen(js_name = verifyNumberB, unchecked_return_type = "Promise<void>")]
    pub fn verify_number_b(
        &self,
        birth_date: String,
        expiry_year: String,
        security_code: String,
    ) -> Promise {
        let request = Request::VerifyNumberB {
            lease: self.lease.clone(),
            birth_date: PinText::new(birth_date),
            expiry_year: PinText::new(expiry_year),
            security_code: PinText::new(security_code),
        };
        self.line.ask(request, "verified", nothing)
    }

    /// Has the card sign the statement over the page's origin and this nonce. With `pin`, that
    /// is collected and presented for this one signature.
    #[wasm_bindgen(
        js_name = signChallenge,
        unchecked_return_type = "Promise<Uint8Array<ArrayBuffer>>"
    )]
    pub fn sign_challenge(
        &self,
        #[wasm_bindgen(unchecked_param_type = "Key")] key: &str,
        nonce: String,
        #[wasm_bindgen(unchecked_param_type = "PinEntry | undefined")] pin: JsValue,
    ) -> Result<Promise, JsValue> {
        let pin = pin_entry(&pin);
        let key = argument(key)?;
        let request = Request::SignChallenge { lease: self.lease.clone(), key, nonce, pin };
        Ok(self.line.ask(request, "signed", signature))
    }

    /// Has the card give a challenge for an institution to sign, and vouches for it.
    #[wasm_bindgen(js_name = terminalRequest, unchecked_return_type = "Promise<TerminalRequest>")]
    pub fn terminal_request(&self, nonce: String) -> Promise {
        let request = Request::TerminalRequest { lease: self.lease.clone(), nonce };
        self.line.ask(request, "terminal-request", |_, answer| {
            field(answer, "request").filter(JsValue::is_object)
        })
    }

    /// Carries the institution's signature to the card, which then signs the statement over the
    /// page's origin and the nonce of the request.
    #[wasm_bindgen(
        js_name = terminalSign,
        unchecked_return_type = "Promise<Uint8Array<ArrayBuffer>>"
    )]
    pub fn terminal_sign(&self, nonce: String, terminal_signature: Vec<u8>) -> Promise {
        let lease = self.lease.clone();
        let request = Request::TerminalSign { lease, nonce, signature: terminal_signature.into() };
        self.line.ask(request, "signed", signature)
    }

    /// Has the digital signature key sign a document, once the person consented.
    #[wasm_bindgen(unchecked_return_type = "Promise<Signed>")]
    pub fn sign(
        &self,
        title: String,
        #[wasm_bindgen(unchecked_param_type = "Hash")] hash: &str,
        digest: &[u8],
    ) -> Result<Promise, JsValue> {
        let hash = argument(hash)?;
        let request =
            Request::Sign { lease: self.lease.clone(), title, hash, digest: digest.into() };
        Ok(self.line.ask(request, "document-signed", |_, answer| {
            let (signature, certificate) =
                (bytes(answer, "signature")?, bytes(answer, "certificate")?);
            plain(&Signed { signature, certificate }).ok()
        }))
    }

    /// Collects the PIN of the card information input support application, and reads the basic
    /// attributes.
    #[wasm_bindgen(js_name = readAttributes, unchecked_return_type = "Promise<BasicAttributes>")]
    pub fn read_attributes(
        &self,
        #[wasm_bindgen(unchecked_param_type = "PinEntry | undefined")] pin: JsValue,
    ) -> Promise {
        let request = Request::ReadAttributes { lease: self.lease.clone(), pin: pin_entry(&pin) };
        self.line.ask(request, "attributes", |_, answer| {
            let are_texts = ["name", "address", "birthDate", "sex", "integrity"]
                .iter()
                .all(|name| text(answer, name).is_some());
            are_texts.then(|| answer.clone())
        })
    }

    /// Gives the lease back.
    #[wasm_bindgen(unchecked_return_type = "Promise<void>")]
    pub fn release(&self) -> Promise {
        let request = Request::Release { lease: self.lease.clone() };
        self.line.ask(request, "released", nothing)
    }
}

/// What a connection and its channels share.
#[derive(Debug)]
struct Line {
    socket: WebSocket,
    /// Who waits; nobody once the connection has ended, so that nothing of the page is kept.
    live: RefCell<Option<Live>>,
    next_id: Cell<u32>,
    /// What the bridge called itself.
    version: RefCell<String>,
    /// What a request fails with if the connection ends before its answer.
    end: Cell<ErrorCode>,
}

/// Takes what was asked for out of an answer, if it is there.
type Read = fn(&Rc<Line>, &JsValue) -> Option<JsValue>;

#[derive(Debug)]
struct Live {
    opening: Option<oneshot::Sender<()>>,
    requests: Vec<(u32, oneshot::Sender<JsValue>)>,
    on_notification: Function,
    on_end: Function,
}

impl Line {
    /// Asks, and resolves with what is read of an answer of this type. (Async functions that are
    /// exported would each bring this along.)
    fn ask(self: &Rc<Self>, request: Request, expected: &'static str, read: Read) -> Promise {
        let line = Rc::clone(self);
        future_to_promise(async move {
            let answer = line.request(request, expected).await?;
            read(&line, &answer).ok_or_else(|| line.nonsense())
        })
    }

    /// Asks, and waits for an answer of this type.
    async fn request(&self, request: Request, expected: &str) -> Result<JsValue, JsValue> {
        let id = self.next_id.replace(self.next_id.get().wrapping_add(1));
        let (sender, answer) = oneshot::channel();
        match &mut *self.live.borrow_mut() {
            Some(live) => live.requests.push((id, sender)),
            None => return Err(self.broken()),
        };
        let message = JSON::stringify(&plain(&Ask { id, request })?)?;
        self.socket.send_with_str(&String::from(message))?;
        let answer = answer.await.map_err(|_| self.broken())?;
        match text(&answer, "type").as_deref() {
            Some(kind) if kind == expected => Ok(answer),
            // The answer is what is thrown: it has the fields of a failure.
            Some("error") if text(&answer, "code").is_some() => Err(answer),
            _ => Err(self.nonsense()),
        }
    }

    fn opened(&self) {
        if self.socket.protocol() != SUBPROTOCOL {
            self.nonsense();
            return;
        }
        self.end.set(ErrorCode::Disconnected);
        if let Some(opening) = self.live.borrow_mut().as_mut().and_then(|live| live.opening.take())
        {
            // Nobody listens if the page has given up meanwhile.
            let _ = opening.send(());
        }
    }

    fn received(&self, data: &JsValue) {
        if self.understand(data).is_none() && self.live.borrow().is_some() {
            self.nonsense();
        }
    }

    /// Hands a message to whoever waits for it. `None` if it is no message of this protocol.
    fn understand(&self, data: &JsValue) -> Option<()> {
        let message = JSON::parse(&data.as_string()?).ok()?;
        if let Some(id) = field(&message, "id").and_then(|id| id.as_f64()) {
            let mut live = self.live.borrow_mut();
            let requests = &mut live.as_mut()?.requests;
            let place = requests.iter().position(|(request, _)| f64::from(*request) == id)?;
            let (_, request) = requests.swap_remove(place);
            // Nobody listens if the page has given up meanwhile.
            let _ = request.send(message);
        } else if text(&message, "code").as_deref() == Some(ErrorCode::OriginRefused.as_str()) {
            // The bridge took the connection only to say this.
            self.end.set(ErrorCode::OriginRefused);
            self.close();
        } else {
            text(&message, "type")?;
            let listener = self.live.borrow().as_ref()?.on_notification.clone();
            // What a listener throws is the page's own affair.
            let _ = listener.call1(&JsValue::NULL, &message);
        }
        Some(())
    }

    /// The bridge does not speak this protocol: talking to it makes no sense any more.
    fn nonsense(&self) -> JsValue {
        self.end.set(ErrorCode::VersionMismatch);
        self.close();
        self.broken()
    }

    fn close(&self) {
        // Fails for no reason given; closing twice does nothing.
        let _ = self.socket.close();
        self.ended();
    }

    /// Lets go of everybody who waits.
    fn ended(&self) {
        if let Some(live) = self.live.take() {
            drop(live.requests);
            // What a listener throws is the page's own affair.
            let _ = live.on_end.call0(&JsValue::NULL);
        }
    }

    fn broken(&self) -> JsValue {
        thrown(self.end.get())
    }
}

fn handler<E: wasm_bindgen::convert::FromWasmAbi + 'static>(
    line: &Rc<Line>,
    handle: impl Fn(&Line, E) + 'static,
) -> Closure<dyn FnMut(E)> {
    let line = Rc::clone(line);
    Closure::new(move |event| handle(&line, event))
}

fn argument<T: DeserializeOwned>(text: &str) -> Result<T, JsValue> {
    parse(text).ok_or_else(|| thrown(ErrorCode::InvalidRequest))
}

/// Reads `PinEntry` of `js/src/host.ts`.
fn pin_entry(pin: &JsValue) -> Option<PinEntry> {
    (!pin.is_undefined()).then(|| PinEntry { value: text(pin, "value").map(PinText::new) })
}

fn text(message: &JsValue, name: &str) -> Option<String> {
    field(message, name)?.as_string()
}

fn bytes(message: &JsValue, name: &str) -> Option<JsValue> {
    let hex: Hex = parse(&text(message, name)?)?;
    Some(Uint8Array::from(hex.as_bytes()).into())
}

fn signature(_: &Rc<Line>, answer: &JsValue) -> Option<JsValue> {
    bytes(answer, "signature")
}

fn readers(_: &Rc<Line>, answer: &JsValue) -> Option<JsValue> {
    field(answer, "readers").filter(Array::is_array)
}

fn nothing(_: &Rc<Line>, _: &JsValue) -> Option<JsValue> {
    Some(JsValue::UNDEFINED)
}
