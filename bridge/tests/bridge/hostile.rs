//! What a page, a program or another user of the machine may try against the bridge, and why it
//! comes to nothing. No attempt here sends a single command to the card.

use std::fs;
use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::os::unix::net::UnixStream;
use std::process::Command;
use std::time::Duration;

use serde::Deserialize;
use serde_json::{Value, json};

use crate::harness::{
    Bridge, NONCE, ORIGIN, PROGRAM, Page, SELECT, grant, stdout, vectors, wait_until,
};

const QUIET: &str = "https://quiet.example";
const NOTHING: &str = "https://nothing.example";
const EXPIRED: &str = "https://expired.example";
/// How long the bridge may take to refuse what it refuses at once.
const PATIENCE: Duration = Duration::from_secs(20);

/// What became of an attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Outcome {
    /// HTTP, without a body.
    Status(u16),
    /// Closed, without a word.
    Unanswered,
    /// The WebSocket was closed.
    Closed,
    /// An error of the protocol.
    Code(String),
}

use Outcome::{Closed, Status, Unanswered};

fn code(code: &str) -> Outcome {
    Outcome::Code(code.to_owned())
}

/// The beginning and the end of each transaction.
const SELECTS_CARD_MANAGER: &str = " command=00 A4 04 0C Nc=7 ";

/// A file of vectors: requests that the bridge refuses, on Windows too.
#[derive(Deserialize)]
struct Vectors {
    /// What a listed page sends.
    usual: Vec<(String, String)>,
    requests: Vec<Refused>,
}

#[derive(Deserialize)]
struct Refused {
    what: String,
    line: String,
    headers: Vec<(String, String)>,
    status: u16,
    why: String,
}

/// The bridge under attack, and the page that it serves meanwhile.
struct Scene {
    bridge: Bridge,
    vectors: Vectors,
    victim: Page,
    lease: String,
    /// How much was logged before: when the victim took its lease, the card was asked what it is.
    logged: usize,
}

impl Scene {
    fn new() -> Self {
        let bridge = Bridge::with(
            &[
                "[limits]\nhandshake-seconds = 1\nsockets-per-origin = 16\n",
                "[native]\nscopes = [\"reader\"]\n",
                &grant(ORIGIN, r#""events", "authenticate""#),
                &grant(QUIET, r#""reader""#),
                &grant(NOTHING, ""),
                &grant(EXPIRED, r#""events""#),
                "until = 2020-01-01\n",
            ]
            .concat(),
        );
        let mut victim = bridge.page(ORIGIN);
        let lease = victim.acquire();
        wait_until("a clean card", || bridge.logged().matches(SELECTS_CARD_MANAGER).count() == 2);
        let logged = bridge.logged().len();
        let vectors = fs::read(vectors().join("wire/refused-requests.json")).unwrap();
        let vectors = serde_json::from_slice(&vectors).unwrap();
        Self { bridge, vectors, victim, lease, logged }
    }

    /// Asserts what became of an attempt, and that the card noticed nothing.
    fn judge(&self, what: &str, outcome: &Outcome, expected: &Outcome, why: &str) {
        assert_eq!(outcome, expected, "{what}, although {why}");
        let logged = self.bridge.logged().split_off(self.logged);
        assert!(!logged.contains(" command="), "{what} reached the card");
    }

    /// What comes back for these bytes on loopback.
    fn send(&self, bytes: &[u8]) -> Outcome {
        exchange(TcpStream::connect(("127.0.0.1", self.bridge.port)).unwrap(), bytes)
    }

    /// An opening handshake that is as it should be, but for some headers: added, replaced, or
    /// left out if they are empty.
    fn upgrade(&self, changes: &[(&str, &str)]) -> String {
        self.request("GET / HTTP/1.1", changes)
    }

    fn request(&self, line: &str, changes: &[(&str, &str)]) -> String {
        let usual = self.vectors.usual.iter().map(|(name, value)| (&**name, &**value));
        let kept = usual.filter(|(name, _)| changes.iter().all(|(n, _)| n != name));
        let headers: String = kept
            .chain(changes.iter().copied().filter(|(_, value)| !value.is_empty()))
            .map(|(name, value)| format!("{name}: {value}\r\n"))
            .collect();
        format!("{line}\r\n{headers}\r\n").replace("PORT", &self.bridge.port.to_string())
    }

    /// What becomes of a listed page that sends these bytes once it is connected.
    fn say(&self, bytes: &[u8]) -> Outcome {
        let mut page = self.bridge.page(ORIGIN);
        page.0.get_mut().set_read_timeout(Some(PATIENCE)).unwrap();
        // The bridge may close it before all is said.
        let _ = page.0.get_mut().write_all(bytes);
        assert!(page.is_closed());
        Closed
    }

    /// What a page of this origin is answered.
    fn ask(&self, origin: &str, request: Value) -> Outcome {
        answer(&mut self.bridge.page(origin), request)
    }
}

fn answer(page: &mut Page, request: Value) -> Outcome {
    let answer = page.ask(request);
    code(answer["code"].as_str().unwrap_or_else(|| panic!("{answer}")))
}

fn exchange(mut stream: impl Read + Write, bytes: &[u8]) -> Outcome {
    // The bridge may close it before all is said.
    let _ = stream.write_all(bytes);
    let mut answer = Vec::new();
    match stream.read_to_end(&mut answer) {
        Err(error) if error.kind() == ErrorKind::WouldBlock => panic!("it is kept open"),
        _ => {}
    }
    let answer = String::from_utf8(answer).unwrap();
    if answer.is_empty() {
        return Unanswered;
    }
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    assert_eq!(body, "", "{head}");
    let head = head.to_ascii_lowercase();
    assert!(!head.contains("access-control-") && !head.contains("server:"), "{head}");
    Status(head.split(' ').nth(1).unwrap().parse().unwrap())
}

#[test]
fn no_request_gets_past_the_guard_that_should_not() {
    let scene = Scene::new();
    for Refused { what, line, headers, status, why } in &scene.vectors.requests {
        let headers: Vec<_> = headers.iter().map(|(name, value)| (&**name, &**value)).collect();
        let outcome = scene.send(scene.request(line, &headers).as_bytes());
        scene.judge(what, &outcome, &Status(*status), why);
    }
    let long = format!("https://{}.example", "a.".repeat(2000));
    let many = (0..200).map(|n| format!("x-{n}")).collect::<Vec<_>>();
    let many: Vec<_> = many.iter().map(|name| (&**name, "x")).collect();
    let giant = "x".repeat(100_000);
    let refused = |what: &str, changes: &[(&str, &str)], status, why: &str| {
        let outcome = scene.send(scene.upgrade(changes).as_bytes());
        scene.judge(what, &outcome, &Status(status), why);
    };
    refused("a page that may do nothing", &[("Origin", NOTHING)], 403, "it has no scopes");
    refused("a grant that ended", &[("Origin", EXPIRED)], 403, "it ended");
    refused("an endless name", &[("Origin", &long)], 403, "no name is so long");
    refused("a giant header", &[("Cookie", &giant)], 431, "16 KiB are enough");
    refused("endless headers", &many, 431, "100 are enough");
    scene.survives();
}

#[test]
fn no_bytes_get_past_the_guard_that_are_no_request() {
    let scene = Scene::new();
    let refused = scene.upgrade(&[("Origin", "https://evil.example")]);
    let listed = scene.upgrade(&[]);
    let posted = scene.request("POST / HTTP/1.1", &[("Content-Length", &listed.len().to_string())]);
    let (posted, pipelined) = (posted + &listed, refused.clone() + &listed);
    let early = [refused.as_bytes(), &frame(0x81, br#"{"id":1,"type":"hello"}"#)].concat();
    let cut = listed.trim_end_matches("\r\n");
    let attempts: [(&str, &[u8], Outcome, &str); 9] = [
        (
            "a second request behind a refused one",
            pipelined.as_bytes(),
            Status(403),
            "a refusal closes",
        ),
        (
            "a request within the body of another",
            posted.as_bytes(),
            Status(405),
            "bodies are not read",
        ),
        ("messages before the upgrade", &early, Status(403), "nothing is read after a refusal"),
        ("HTTP/2", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", Unanswered, "HTTP/1.1 is spoken"),
        (
            "TLS",
            &[0x16, 0x03, 0x01, 0x00, 0x05, 0x01, 0x00, 0x00, 0x01, 0x03],
            Status(400),
            "HTTP is spoken",
        ),
        ("a WebSocket without a handshake", &frame(0x81, b"{}"), Status(400), "HTTP is spoken"),
        ("noise", &[0xFF; 4096], Status(400), "HTTP is spoken"),
        ("a request that never ends", cut.as_bytes(), Unanswered, "the handshake has its time"),
        ("silence", b"", Unanswered, "the handshake has its time"),
    ];
    for (what, bytes, expected, why) in attempts {
        scene.judge(what, &scene.send(bytes), &expected, why);
    }
    scene.survives();
}

#[test]
fn no_frame_or_message_is_read_that_is_not_of_the_protocol() {
    let scene = Scene::new();
    let text = |text: &str| frame(0x81, text.as_bytes());
    let deep = format!(r#"{{"id":1,"type":{}0{}}}"#, "[".repeat(20), "]".repeat(20));
    let hello = br#"{"id":1,"type":"hello"}"#;
    let unmasked = [&[0x81, u8::try_from(hello.len()).unwrap()], &hello[..]].concat();
    let attempts = [
        ("a binary message", frame(0x82, hello), "messages are text"),
        ("a frame without a mask", unmasked, "browsers mask"),
        ("a reserved bit", frame(0xC1, hello), "no extension was agreed on"),
        ("an unknown kind of frame", frame(0x83, hello), "there are five kinds"),
        ("an unknown control frame", frame(0x8B, b""), "there are three kinds"),
        ("a control frame in parts", frame(0x09, b"x"), "control frames are whole"),
        ("a control frame of 126 bytes", frame(0x89, &[0; 126]), "125 are allowed"),
        ("a part of nothing", frame(0x80, hello), "it continues no message"),
        ("a message within another", [frame(0x01, b"{"), text("{}")].concat(), "one at a time"),
        ("a frame that is too long", frame(0x81, &[b' '; 65_537]), "64 KiB are enough"),
        (
            "a frame that claims to be",
            vec![0x81, 0xFF, 0x7F, 0, 0, 0, 0, 0, 0, 0],
            "the claim will do",
        ),
        (
            "parts that add up",
            [frame(0x01, &[b' '; 40_000]), frame(0x80, &[b' '; 40_000])].concat(),
            "64 KiB are enough in all",
        ),
        ("no UTF-8", frame(0x81, &[0xFF, 0xFE]), "text is UTF-8"),
        ("no JSON", text("hello"), "messages are JSON"),
        ("half of JSON", text(r#"{"id":1,"type":"hello""#), "messages are JSON"),
        ("JSON and more", text(r#"{"id":1,"type":"hello"}{}"#), "one message a frame"),
        ("JSON that is nested deep", text(&deep), "16 levels are enough"),
        ("no object", text("[1]"), "messages are objects"),
        ("no number", text(r#"{"type":"hello"}"#), "requests are numbered"),
        ("a negative number", text(r#"{"id":-1,"type":"hello"}"#), "numbers count up"),
        (
            "a number that is too large",
            text(r#"{"id":4294967296,"type":"hello"}"#),
            "32 bits are enough",
        ),
        ("two numbers", text(r#"{"id":1,"id":2,"type":"hello"}"#), "which?"),
        ("no type", text(r#"{"id":1}"#), "nothing is asked"),
        ("an unknown type", text(r#"{"id":1,"type":"shutdown"}"#), "it is not in the protocol"),
        ("an answer", text(r#"{"id":1,"type":"released"}"#), "pages ask"),
        (
            "a command that is no hexadecimal",
            text(r#"{"id":1,"type":"transmit","lease":"x","command":"00A4zz"}"#),
            "bytes are hexadecimal",
        ),
    ];
    for (what, bytes, why) in attempts {
        scene.judge(what, &scene.say(&bytes), &Closed, why);
    }
    scene.survives();
}

#[test]
fn no_page_uses_what_is_not_its_own() {
    let mut scene = Scene::new();
    let reader = scene.victim.reader();
    let lease = &*scene.lease;
    let transmit = |lease: &str| json!({ "type": "transmit", "lease": lease, "command": SELECT });
    let sign = |lease: &str, pin: Value| {
        let key = "user-authentication";
        json!({ "type": "sign-challenge", "lease": lease, "key": key, "nonce": NONCE, "pin": pin })
    };
    let of_document = |lease: &str| {
        let digest = "00".repeat(32);
        json!({ "type": "sign", "lease": lease, "title": "t", "hash": "SHA-256", "digest": digest })
    };
    let verify =
        json!({ "type": "verify-pin", "lease": lease, "reference": "user-authentication" });
    let guess = "0".repeat(32);
    let not_ours = "a lease is of one connection";
    let attempts = [
        ("a command without a lease", ORIGIN, transmit(""), "lease-lost", "each needs one"),
        ("a guessed lease", ORIGIN, transmit(&guess), "lease-lost", "it has 128 random bits"),
        ("the lease of another", ORIGIN, transmit(lease), "lease-lost", not_ours),
        ("that of another origin", QUIET, transmit(lease), "lease-lost", not_ours),
        ("a signature under it", ORIGIN, sign(lease, json!({})), "lease-lost", not_ours),
        ("a document under it", ORIGIN, of_document(lease), "lease-lost", not_ours),
        ("a PIN dialog under it", ORIGIN, verify, "lease-lost", not_ours),
        ("to end it", ORIGIN, json!({ "type": "release", "lease": lease }), "lease-lost", not_ours),
        (
            "the reader in use",
            ORIGIN,
            json!({ "type": "acquire", "reader": reader }),
            "reader-busy",
            "one page has it",
        ),
        (
            "the same by a guessed lease",
            ORIGIN,
            json!({ "type": "acquire", "reader": reader, "expected": guess }),
            "reader-busy",
            "only who knows the lease takes over",
        ),
        (
            "a reader by its name",
            ORIGIN,
            json!({ "type": "acquire", "reader": "Kazashi virtual card" }),
            "unknown-reader",
            "readers have opaque names",
        ),
        (
            "all readers",
            ORIGIN,
            json!({ "type": "acquire", "reader": "" }),
            "unknown-reader",
            "readers have opaque names",
        ),
        (
            "to watch without the scope",
            QUIET,
            json!({ "type": "watch" }),
            "not-permitted",
            "it was not granted",
        ),
    ];
    for (what, origin, request, expected, why) in attempts {
        scene.judge(what, &scene.ask(origin, request), &code(expected), why);
    }
    let own = [
        (
            "a command that is none",
            json!({ "type": "transmit", "lease": lease, "command": "00A4" }),
            "invalid-request",
            "it has four bytes at least",
        ),
        (
            "an empty command",
            json!({ "type": "transmit", "lease": lease, "command": "" }),
            "invalid-request",
            "it has four bytes at least",
        ),
        (
            "a PIN of the page",
            sign(lease, json!({ "value": "1234" })),
            "not-permitted",
            "page-pin was not granted",
        ),
        ("a document without the scope", of_document(lease), "not-permitted", "it was not granted"),
        (
            "presence without the scope",
            json!({ "type": "verify-birth-date", "lease": lease, "birthDate": "1980-02-17" }),
            "not-permitted",
            "it was not granted",
        ),
        (
            "an institution without the scope",
            json!({ "type": "terminal-request", "lease": lease, "nonce": NONCE }),
            "not-permitted",
            "it was not granted",
        ),
        (
            "a nonce that is none",
            json!({ "type": "sign-challenge", "lease": lease, "key": "user-authentication", "nonce": "short", "pin": {} }),
            "invalid-request",
            "a nonce cannot be guessed",
        ),
    ];
    for (what, request, expected, why) in own {
        let outcome = answer(&mut scene.victim, request);
        scene.judge(what, &outcome, &code(expected), why);
    }
    assert_eq!(scene.victim.ask(json!({ "type": "release", "lease": lease }))["type"], "released");
    let outcome = answer(&mut scene.victim, transmit(lease));
    scene.judge("a lease that was given back", &outcome, &code("lease-lost"), "it is over");
    scene.lease = scene.victim.acquire();
    scene.survives();
}

#[test]
fn no_program_uses_the_unix_socket_for_a_page_and_no_user_for_another() {
    let scene = Scene::new();
    let program = |changes: &[(&str, &str)]| {
        let stream = UnixStream::connect(scene.bridge.path("run/bridge.sock")).unwrap();
        exchange(stream, scene.upgrade(changes).as_bytes())
    };
    let at_socket = ("Host", "localhost");
    let outcome = program(&[at_socket]);
    scene.judge(
        "a page behind a forwarded port",
        &outcome,
        &Status(403),
        "programs name no origin",
    );
    let outcome = program(&[at_socket, ("Origin", "null")]);
    scene.judge("the same of a sandboxed frame", &outcome, &Status(403), "programs name no origin");
    let outcome = program(&[("Origin", "")]);
    scene.judge("a forwarded port's host", &outcome, &Status(421), "programs say localhost");

    // Only root can become somebody else.
    if rustix::process::geteuid().is_root() {
        let health = scene.request("GET /health HTTP/1.1", &[("Origin", "")]);
        for (what, address) in [("another user", "127.0.0.1"), ("the same by IPv6", "::1")] {
            let script = format!(
                "exec 3<>/dev/tcp/{address}/{}; printf %b {health:?} >&3; cat <&3",
                scene.bridge.port
            );
            let said = |command: &mut Command| command.args(["-c", &script]).output().unwrap();
            let own = said(&mut Command::new("bash"));
            assert!(own.stdout.ends_with(b"\r\n\r\nok"), "{own:?}");
            let nobody = ["--reuid=65534", "--regid=65534", "--clear-groups", "bash"];
            let other = said(Command::new("setpriv").args(nobody));
            assert!(
                String::from_utf8_lossy(&other.stderr)
                    .lines()
                    .all(|line| !line.contains("setpriv"))
            );
            let outcome = if other.stdout.is_empty() { Unanswered } else { Status(200) };
            scene.judge(what, &outcome, &Unanswered, "the bridge is one user's");
        }
        let refused = "refused a program of another user; a relay must run as the bridge does";
        let by_name = format!("{refused} user=\"nobody\"");
        assert_eq!(scene.bridge.logged().matches(&by_name).count(), 2);
        wait_until("a word about it by doctor", || {
            let mut doctor = Command::new(PROGRAM);
            doctor.args(["doctor", "--language", "en", "--port", &scene.bridge.port.to_string()]);
            doctor.arg("--config").arg(scene.bridge.path("bridge.toml"));
            doctor.arg("--state").arg(scene.bridge.path("state"));
            let said = stdout(&doctor.output().unwrap());
            said.contains("note: The bridge refused programs of the user nobody, last at ")
                && said.contains("A relay, such as a forwarded port, must run as the user of")
        });
    }
    scene.survives();
}

#[test]
fn no_origin_takes_more_connections_than_its_share() {
    let other = "https://other.example";
    let bridge = Bridge::with(&format!(
        "[limits]\nsockets = 5\nsockets-per-origin = 2\n[native]\nscopes = [\"reader\"]\n{}{}{}",
        grant(ORIGIN, r#""events""#),
        grant(QUIET, r#""reader""#),
        grant(other, r#""reader""#),
    ));
    // Whoever says nothing, or nothing yet, takes none of them.
    let silent: Vec<_> =
        (0..20).map(|_| TcpStream::connect(("127.0.0.1", bridge.port)).unwrap()).collect();
    let mut pages = [bridge.page(ORIGIN), bridge.page(ORIGIN)];
    is_one_too_many(bridge.page(ORIGIN));
    // Other origins have places of their own, until there are none at all.
    let mut others = [bridge.page(QUIET), bridge.page(QUIET), bridge.page(other)];
    is_one_too_many(bridge.page(other));
    // Programs come in by another way.
    let program = || Page::new(bridge.connect_program(None).unwrap());
    let mut programs = [program(), program()];
    is_one_too_many(program());
    let served = |answer: Value| assert_eq!(answer["type"], "hello");
    pages
        .iter_mut()
        .chain(&mut others)
        .for_each(|page| served(page.ask(json!({ "type": "hello" }))));
    programs.iter_mut().for_each(|program| served(program.ask(json!({ "type": "hello" }))));
    drop(silent);
    drop(pages);
    wait_until("a place that is free again", || {
        let mut page = bridge.page(ORIGIN);
        page.send(json!({ "type": "hello" }));
        page.read()["type"] == "hello"
    });
}

/// It is told so, and then hung up on.
fn is_one_too_many<S: Read + Write>(mut page: Page<S>) {
    let told = page.read();
    assert_eq!((&told["type"], &told["code"]), (&json!("error"), &json!("too-many-connections")));
    assert!(page.is_closed());
}

#[test]
fn who_hangs_up_at_once_is_taken_for_nobody_else() {
    let scene = Scene::new();
    for _ in 0..200 {
        drop(TcpStream::connect(("127.0.0.1", scene.bridge.port)).unwrap());
    }
    scene.judge("a program that has gone again", &scene.send(&[0xFF; 10]), &Status(400), "it asks");
    assert!(!scene.bridge.logged().contains(" refused a program"), "{}", scene.bridge.logged());
    scene.survives();
}

#[test]
fn the_log_says_why_an_app_is_not_let_in() {
    let scene = Scene::new();
    for origin in ["tauri://localhost", "app://obsidian.md", "file://", "null"] {
        let outcome = scene.send(scene.upgrade(&[("Origin", origin)]).as_bytes());
        scene.judge(origin, &outcome, &Status(403), "it names no website");
        let why = format!("cannot be allowed anything origin=\"{origin}\" why=only https://");
        assert!(scene.bridge.logged().contains(&why), "{why} in {}", scene.bridge.logged());
    }
    scene.survives();
}

impl Scene {
    /// The page that was served meanwhile noticed nothing; and what it does reaches the card.
    fn survives(mut self) {
        self.victim.transmit(&self.lease, SELECT);
        assert!(self.bridge.logged().contains(" command="));
        assert_eq!(self.bridge.page(QUIET).ask(json!({ "type": "hello" }))["type"], "hello");
    }
}

/// A frame as browsers send it (RFC 6455, 5.2): masked, here with zeros.
fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let mut frame = vec![first];
    match payload.len() {
        length @ 0..=125 => frame.push(0x80 | u8::try_from(length).unwrap()),
        length @ 126..=0xFFFF => {
            frame.push(0x80 | 126);
            frame.extend(u16::try_from(length).unwrap().to_be_bytes());
        }
        length => {
            frame.push(0x80 | 127);
            frame.extend(u64::try_from(length).unwrap().to_be_bytes());
        }
    }
    frame.extend([0; 4]);
    frame.extend(payload);
    frame
}
