//! The connection to the bridge: requests and their answers, and what the bridge tells unasked.
//!
//! Requests are written from core's types. Answers and notifications are looked at no further than
//! their use here needs, and otherwise passed on as the plain objects that they are: reading them
//! through serde's tagged enums would by itself take half of what a page may have to download.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use futures_channel::oneshot;
use js_sys::{Array, Function, JSON, Object, Promise, Reflect};
use kazashi_core::error_code::ErrorCode;
use kazashi_core::wire::{CardRequest, Request, SUBPROTOCOL};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::future_to_promise;
use web_sys::{Event, MessageEvent, WebSocket};

use crate::answer::is_card_answer;
use crate::value::{field, plain, text, thrown};

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
    unsupported: bool,
}

#[wasm_bindgen]
impl BridgeConnection {
    /// Begins to connect, by the first of these protocols. `on_notification` is called with each notification, `on_end` once.
    #[wasm_bindgen(constructor)]
    pub fn new(
        url: &str,
        #[wasm_bindgen(unchecked_param_type = "readonly string[]")] protocols: &JsValue,
        #[wasm_bindgen(unchecked_param_type = "(event: Notification) => void")]
        on_notification: Function,
        #[wasm_bindgen(unchecked_param_type = "() => void")] on_end: Function,
    ) -> Result<Self, JsValue> {
        let socket = WebSocket::new_with_str_sequence(url, protocols).map_err(|error| {
            thrown(match text(&error, "name").as_deref() {
                Some("SyntaxError") => ErrorCode::InvalidRequest,
                // Safari takes loopback for mixed content.
                Some("SecurityError") => ErrorCode::UnsupportedBrowser,
                // Firefox throws where the page's own policy forbids the address, and tells of that besides.
                _ => ErrorCode::BridgeUnreachable,
            })
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
        let hello = plain(&Request::Hello)?;
        let hello = line.request(&hello, "hello").await.inspect_err(|_| line.close())?;
        let version = text(&hello, "version").ok_or_else(|| line.nonsense())?;
        line.version.replace(version);
        Ok(hello)
    }

    /// Which readers are there?
    #[wasm_bindgen(js_name = listReaders, unchecked_return_type = "Promise<Reader[]>")]
    pub fn list_readers(&self) -> Result<Promise, JsValue> {
        Ok(self.line.ask(plain(&Request::ListReaders)?, "readers", readers))
    }

    /// Asks for notifications from now on. Which readers are there?
    #[wasm_bindgen(unchecked_return_type = "Promise<Reader[]>")]
    pub fn watch(&self) -> Result<Promise, JsValue> {
        Ok(self.line.ask(plain(&Request::Watch)?, "readers", readers))
    }

    /// Takes the lease on a reader, from the holder of lease `expected` if one is named.
    #[wasm_bindgen(unchecked_return_type = "Promise<BridgeChannel>")]
    pub fn acquire(&self, reader: String, expected: Option<String>) -> Result<Promise, JsValue> {
        let request = plain(&Request::Acquire { reader, expected })?;
        Ok(self.line.ask(request, "acquired", |line, answer| {
            let lease = text(answer, "lease")?;
            let version = line.version.borrow().clone();
            let unsupported = Reflect::get(answer, &"unsupported".into()).ok()?.is_truthy();
            Some(BridgeChannel { line: Rc::clone(line), lease, version, unsupported }.into())
        }))
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

    /// Whether the card is no My Number Card.
    #[wasm_bindgen(getter)]
    pub fn unsupported(&self) -> bool {
        self.unsupported
    }

    /// The bridge's name and version.
    #[wasm_bindgen(getter)]
    pub fn version(&self) -> String {
        self.version.clone()
    }

    /// Makes a guarded request and resolves with the answer, both as the wire has them.
    #[wasm_bindgen(unchecked_return_type = "Promise<CardAnswer>")]
    pub fn ask(
        &self,
        #[wasm_bindgen(unchecked_param_type = "CardRequest")] request: &JsValue,
    ) -> Result<Promise, JsValue> {
        let expected = text(request, "type").and_then(|kind| CardRequest::answered_by(&kind));
        let expected = expected.ok_or_else(|| thrown(ErrorCode::InvalidRequest))?;
        // A copy: the request is the caller's.
        let message = Object::assign(&Object::new(), request.unchecked_ref());
        Reflect::set(&message, &"lease".into(), &self.lease.as_str().into())?;
        Ok(self.line.ask(message.into(), expected, |_, answer| {
            is_card_answer(answer).then(|| answer.clone())
        }))
    }

    /// Gives the lease back.
    #[wasm_bindgen(unchecked_return_type = "Promise<void>")]
    pub fn release(&self) -> Result<Promise, JsValue> {
        let request = plain(&Request::Release { lease: self.lease.clone() })?;
        Ok(self.line.ask(request, "released", |_, _| Some(JsValue::UNDEFINED)))
    }
}

/// Line that a connection and its channels share.
#[derive(Debug)]
struct Line {
    socket: WebSocket,
    /// Who waits; nobody once the connection has ended, so that nothing of the page is kept.
    live: RefCell<Option<Live>>,
    next_id: Cell<u32>,
    /// The name that the bridge gave itself.
    version: RefCell<String>,
    /// The code with which a request fails if the connection ends before its answer.
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
    fn ask(self: &Rc<Self>, request: JsValue, expected: &'static str, read: Read) -> Promise {
        let line = Rc::clone(self);
        future_to_promise(async move {
            let answer = line.request(&request, expected).await?;
            read(&line, &answer).ok_or_else(|| line.nonsense())
        })
    }

    /// Asks, and waits for an answer of this type.
    async fn request(&self, request: &JsValue, expected: &str) -> Result<JsValue, JsValue> {
        let id = self.next_id.replace(self.next_id.get().wrapping_add(1));
        let (sender, answer) = oneshot::channel();
        match &mut *self.live.borrow_mut() {
            Some(live) => live.requests.push((id, sender)),
            None => return Err(self.broken()),
        };
        Reflect::set(request, &"id".into(), &id.into())?;
        let message = JSON::stringify(request)?;
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
        } else if let Some(code) = refusal(&message) {
            // The bridge took the connection only to say this.
            self.end.set(code);
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

/// The reason why the bridge does not keep a connection.
fn refusal(message: &JsValue) -> Option<ErrorCode> {
    let code = text(message, "code")?;
    let refusals = [ErrorCode::OriginRefused, ErrorCode::TooManyConnections];
    refusals.into_iter().find(|refusal| refusal.as_str() == code)
}

fn readers(_: &Rc<Line>, answer: &JsValue) -> Option<JsValue> {
    field(answer, "readers").filter(Array::is_array)
}
