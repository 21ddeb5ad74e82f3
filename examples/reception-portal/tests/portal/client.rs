//! A browser, as far as the server can tell: a cookie, a token, and one request at a time.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use serde_json::{Value, json};

use crate::{ORIGIN, openapi};

#[derive(Clone)]
pub(crate) struct Client {
    server: SocketAddr,
    pub(crate) cookie: Option<String>,
    pub(crate) csrf: String,
    /// Sent with every request.
    pub(crate) headers: Vec<(&'static str, String)>,
}

pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: String,
    pub(crate) body: String,
}

impl Client {
    pub(crate) fn new(server: SocketAddr) -> Self {
        let headers = vec![("origin", ORIGIN.to_owned())];
        Self { server, cookie: None, csrf: String::new(), headers }
    }

    /// The same browser, whom a balancer brings to another server.
    pub(crate) fn at(&self, server: SocketAddr) -> Self {
        Self { server, ..self.clone() }
    }

    pub(crate) fn get(&mut self, path: &str) -> Answer {
        self.send("GET", path, None)
    }

    pub(crate) fn post(&mut self, path: &str, body: &Value) -> Answer {
        self.send("POST", path, Some(("application/json", body.to_string().as_bytes())))
    }

    pub(crate) fn put(&mut self, path: &str, body: &Value) -> Answer {
        self.send("PUT", path, Some(("application/json", body.to_string().as_bytes())))
    }

    pub(crate) fn delete(&mut self, path: &str) -> Answer {
        self.send("DELETE", path, None)
    }

    pub(crate) fn sign_in(&mut self, name: &str, password: &str) -> Answer {
        self.post("/api/session", &json!({ "name": name, "password": password }))
    }

    /// A nonce for one method.
    pub(crate) fn nonce(&mut self, method: &str) -> String {
        let answer = self.post("/api/nonces", &json!({ "methods": [method] })).expect(200);
        answer["nonces"][method].as_str().unwrap().to_owned()
    }

    pub(crate) fn send(&mut self, method: &str, path: &str, body: Option<(&str, &[u8])>) -> Answer {
        let mut stream = self.open(method, path, body);
        let mut answer = Vec::new();
        // A server that was stopped answers nothing.
        let _ = stream.read_to_end(&mut answer);
        let answer = String::from_utf8(answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap_or(("HTTP/1.1 0 ", ""));
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        let headers = head.to_lowercase();
        if let Some((_, cookie)) = head.split_once("set-cookie: ") {
            self.cookie = Some(cookie.split(';').next().unwrap().to_owned());
        }
        let answer = Answer { status, headers, body: body.to_owned() };
        openapi::check(method, path, &answer);
        if path == "/api/session" && status == 200 {
            self.csrf = answer.json()["csrf"].as_str().unwrap().to_owned();
        }
        answer
    }

    /// What happens, as the board hears it: from now on, or after an event.
    pub(crate) fn watch(&mut self, last: Option<&str>) -> Events {
        let mut browser = self.clone();
        browser.headers.extend(last.map(|last| ("last-event-id", last.to_owned())));
        let stream = browser.open("GET", "/api/board/stream", None);
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        let mut events = Events(BufReader::new(stream));
        assert!(events.line().contains("200"));
        while !events.line().is_empty() {}
        events
    }

    fn open(&self, method: &str, path: &str, body: Option<(&str, &[u8])>) -> TcpStream {
        let mut stream = TcpStream::connect(self.server).unwrap();
        let mut head = format!("{method} {path} HTTP/1.1\r\nhost: portal\r\nconnection: close\r\n");
        let own = [("x-csrf-token", self.csrf.clone())];
        let cookie = self.cookie.iter().map(|cookie| ("cookie", cookie.clone()));
        for (name, value) in self.headers.iter().cloned().chain(own).chain(cookie) {
            head += &format!("{name}: {value}\r\n");
        }
        let (kind, body) = body.unwrap_or(("text/plain", b""));
        head += &format!("content-type: {kind}\r\ncontent-length: {}\r\n\r\n", body.len());
        // A server that was stopped takes nothing.
        let _ = stream.write_all(&[head.as_bytes(), body].concat());
        stream
    }
}

impl Answer {
    /// The JSON, if the status is this.
    #[track_caller]
    pub(crate) fn expect(&self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}", self.body);
        self.json()
    }

    /// Whether it failed so.
    #[track_caller]
    pub(crate) fn refused(&self, status: u16, code: &str) {
        assert_eq!((self.status, &self.json()["code"]), (status, &json!(code)), "{}", self.body);
    }

    fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_default()
    }
}

/// A stream of events.
pub(crate) struct Events(BufReader<TcpStream>);

/// One of them.
#[derive(Debug)]
pub(crate) struct Event {
    pub(crate) id: String,
    pub(crate) kind: String,
    pub(crate) data: Value,
}

impl Events {
    /// The next event; nothing, when the stream is over.
    pub(crate) fn next(&mut self) -> Option<Event> {
        let (mut id, mut kind, mut data) = (String::new(), String::new(), None);
        loop {
            let mut line = String::new();
            if self.0.read_line(&mut line).unwrap() == 0 {
                return None;
            }
            match line.trim_end().split_once(": ") {
                Some(("id", value)) => value.clone_into(&mut id),
                Some(("event", value)) => value.clone_into(&mut kind),
                Some(("data", value)) => data = Some(serde_json::from_str(value).unwrap()),
                // Chunks' lengths and comments come between.
                _ => {}
            }
            if line.trim_end().is_empty()
                && let Some(data) = data.take()
            {
                return Some(Event { id, kind, data });
            }
        }
    }

    /// Whether the stream is over, and nothing was said, once this is done.
    pub(crate) fn next_is_none_when(mut self, done: impl FnOnce()) {
        done();
        assert!(self.next().is_none());
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        self.0.read_line(&mut line).unwrap();
        line.trim_end().to_owned()
    }
}
