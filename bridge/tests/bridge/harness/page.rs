use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use kazashi_core::card::terminal::TerminalCertificate;
use kazashi_core::value::StayWord;
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::{Error, HandshakeError, Message, WebSocket};

use super::{wait_for, wait_until};

pub(crate) const NONCE: &str = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
pub(crate) const SELECT: &str = "00A4040C0AD392F000260100000001";
pub(crate) const COUNTER: &str = "00200098";
/// READ BINARY of the whole user authentication certificate.
pub(crate) const READ_CERTIFICATE: &str = "00B08A00000000";
pub(crate) const SELECT_CARD_SURFACE: &str = "00A4040C0AD3921000310001010402";
pub(crate) const READ_AGE_RECORD: &str = "00B08100000000";

/// A page connected to the bridge.
pub(crate) struct Page<S: Read + Write = TcpStream>(pub(crate) WebSocket<S>, u64);

impl<S: Read + Write> Page<S> {
    pub(crate) fn new(socket: WebSocket<S>) -> Self {
        Self(socket, 0)
    }

    pub(crate) fn send(&mut self, mut request: Value) {
        self.1 += 1;
        request["id"] = self.1.into();
        self.0.send(Message::text(request.to_string())).unwrap();
    }

    pub(crate) fn ask(&mut self, request: Value) -> Value {
        self.send(request);
        let mut answer = self.read();
        while answer["type"] == "reader-free" {
            // A page that asks again and again need not be told.
            answer = self.read();
        }
        assert_eq!(answer.as_object_mut().unwrap().remove("id"), Some(self.1.into()));
        answer
    }

    pub(crate) fn read(&mut self) -> Value {
        loop {
            match self.0.read().unwrap() {
                Message::Text(text) => return serde_json::from_str(&text).unwrap(),
                Message::Ping(_) => {}
                other => panic!("{other:?}"),
            }
        }
    }

    pub(crate) fn reader(&mut self) -> String {
        wait_for("a reader", || {
            let readers = self.ask(json!({ "type": "list-readers" }));
            readers["readers"][0]["id"].as_str().map(str::to_owned)
        })
    }

    pub(crate) fn acquire(&mut self) -> String {
        let reader = self.reader().into();
        self.try_to_acquire(&reader).unwrap()
    }

    /// The lease, or what the bridge said instead.
    pub(crate) fn try_to_acquire(&mut self, reader: &Value) -> Result<String, Value> {
        let acquired = self.ask(json!({ "type": "acquire", "reader": reader }));
        acquired["lease"].as_str().map(str::to_owned).ok_or_else(|| acquired.clone())
    }

    /// Whether the bridge closed the connection: nothing more is read then.
    pub(crate) fn is_closed(&mut self) -> bool {
        loop {
            match self.0.read() {
                Ok(Message::Ping(_)) => {}
                Ok(Message::Close(_)) | Err(_) => return true,
                Ok(_) => return false,
            }
        }
    }

    pub(crate) fn transmit(&mut self, lease: &str, command: &str) -> String {
        let answer = self.ask(json!({ "type": "transmit", "lease": lease, "command": command }));
        answer["response"].as_str().unwrap_or_else(|| panic!("{answer}")).to_owned()
    }

    pub(crate) fn load_terminal_certificates(&mut self, lease: &str) {
        self.transmit(lease, SELECT);
        self.transmit(lease, "00A4020C020016");
        for name in ["terminal-intermediate.cv", "terminal.cv"] {
            let certificate = fs::read(vectors().join("cv-certificates").join(name)).unwrap();
            let certificate = TerminalCertificate::parse(&certificate).unwrap();
            for (header, part) in [
                ("80A206C1000133", certificate.body()),
                ("80A200C1000105", certificate.signature()),
            ] {
                let part: String = part.iter().map(|byte| format!("{byte:02X}")).collect();
                assert_eq!(self.transmit(lease, &format!("{header}{part}")), "9000");
            }
        }
    }

    pub(crate) fn request_terminal(&mut self, lease: &str, nonce: &str) -> StayWord {
        let request = json!({ "type": "terminal-request", "lease": lease, "nonce": nonce });
        serde_json::from_value(self.ask(request)["word"].take()).unwrap()
    }

    /// The bridge's word for what the card signed under this lease.
    pub(crate) fn vouch(&mut self, lease: &str) -> StayWord {
        let request = json!({ "type": "vouch", "lease": lease });
        serde_json::from_value(self.ask(request)["word"].take()).unwrap()
    }

    pub(crate) fn sign_as_terminal(&mut self, lease: &str, nonce: &str, signature: &[u8]) -> Value {
        let signature = STANDARD.encode(signature);
        self.ask(json!({
            "type": "terminal-sign", "lease": lease, "nonce": nonce, "signature": signature
        }))
    }

    /// Takes the lease as soon as there is a card, and nobody else has it.
    pub(crate) fn acquire_when_there(&mut self) -> String {
        let reader = self.reader().into();
        wait_for("the lease", || self.try_to_acquire(&reader).ok())
    }

    /// Waits until the bridge knows that the card is gone; it says so to who has the scope `events`.
    pub(crate) fn wait_until_card_is_gone(&mut self) {
        wait_until("a reader without a card", || {
            self.ask(json!({ "type": "list-readers" }))["readers"][0]["cardPresent"] == false
        });
    }

    pub(crate) fn sign(&mut self, lease: &str, pin: Value) -> Value {
        self.ask(sign_challenge(lease, pin))
    }

    pub(crate) fn send_sign(&mut self, lease: &str, pin: Value) {
        self.send(sign_challenge(lease, pin));
    }
}

fn sign_challenge(lease: &str, pin: Value) -> Value {
    let key = "user-authentication";
    json!({ "type": "sign-challenge", "lease": lease, "key": key, "nonce": NONCE, "pin": pin })
}

pub(crate) fn upgrade<S: Read + Write>(
    stream: S,
    origin: Option<&str>,
    host: &str,
) -> Result<WebSocket<S>, Error> {
    let mut request = format!("ws://{host}/").into_client_request().unwrap();
    let headers = request.headers_mut();
    if let Some(origin) = origin {
        headers.insert("origin", origin.parse().unwrap());
    }
    headers.insert("sec-websocket-protocol", "kazashi.v1".parse().unwrap());
    match tokio_tungstenite::tungstenite::client(request, stream) {
        Ok((socket, _)) => Ok(socket),
        Err(HandshakeError::Failure(error)) => Err(error),
        Err(HandshakeError::Interrupted(_)) => panic!("a blocking socket"),
    }
}

pub(crate) fn vectors() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../vectors")
}
