#![no_main]
//! The bridge's guard: whatever a request says, it gets through only as the one upgrade that a
//! listed origin makes. The input is a request as it travels: a line, then headers.

use std::sync::LazyLock;

use hyper::header::{HeaderName, HeaderValue};
use hyper::{HeaderMap, Method, Request, Uri, Version};
use jiff::Timestamp;
use kazashi_bridge::access::Rules;
use kazashi_bridge::door::{Door, Verdict, guard};
use kazashi_core::value::{Scope, Scopes};
use libfuzzer_sys::{Corpus, fuzz_target};

const PORT: u16 = 27390;
const CONFIG: &str = r#"
[native]
scopes = ["reader"]
[[origin]]
origin = "https://portal.example"
scopes = ["events"]
[[origin]]
origin = "https://portal.example:8443"
scopes = ["authenticate"]
until = 2030-01-01
[[origin]]
origin = "https://nothing.example"
scopes = []
[[origin]]
origin = "https://past.example"
scopes = ["events"]
until = 2020-01-01
"#;

static RULES: LazyLock<Rules> = LazyLock::new(|| {
    let mut rules = Rules::default();
    rules.config = toml::from_str(CONFIG).expect("the configuration is good");
    rules
});

fuzz_target!(|bytes: &[u8]| -> Corpus {
    let (door, bytes) = match bytes.strip_prefix(b"native\n") {
        Some(bytes) => (Door::Native, bytes),
        None => (Door::Loopback { port: PORT }, bytes),
    };
    let Some(request) = request(bytes) else { return Corpus::Reject };
    let headers = request.headers();
    let now = Timestamp::from_second(1_800_000_000).expect("a time in 2027");
    match guard(&request, door, &RULES, now) {
        Verdict::Refuse(status) => assert!(status.is_client_error()),
        Verdict::Unlisted { origin, .. } => {
            assert_reached(&request, door, "/");
            assert_eq!(only(headers, "origin"), Some(origin.as_str()));
            assert!(origin.as_str().starts_with("https://") && granted(origin.as_str()).is_none());
        }
        Verdict::Health { readable_by } => {
            assert_reached(&request, door, "/health");
            let origin = readable_by.map(|origin| origin.as_str().to_owned());
            assert_eq!(origin.as_deref(), only(headers, "origin"));
            assert!(origin.is_none_or(|origin| granted(&origin).is_some()));
        }
        Verdict::Upgrade { origin, scopes, key } => {
            assert_reached(&request, door, "/");
            let named = match door {
                Door::Native => Some("native:program").filter(|_| !headers.contains_key("origin")),
                Door::Loopback { .. } => only(headers, "origin"),
            };
            assert_eq!(named, Some(origin.as_str()));
            assert_eq!(granted(origin.as_str()), Some(scopes));
            assert_eq!(only(headers, "sec-websocket-key"), Some(key.as_str()));
            assert_eq!(only(headers, "sec-websocket-version"), Some("13"));
        }
    }
    Corpus::Keep
});

fn assert_reached(request: &Request<()>, door: Door, path: &str) {
    let hosts: &[&str] = match door {
        Door::Native => &["localhost"],
        Door::Loopback { .. } => &["127.0.0.1:27390", "[::1]:27390", "localhost:27390"],
    };
    assert!(only(request.headers(), "host").is_some_and(|host| hosts.contains(&host)));
    assert_eq!((request.method(), request.version()), (&Method::GET, Version::HTTP_11));
    assert_eq!((request.uri().path(), request.uri().query()), (path, None));
}

/// What the configuration above grants, by hand.
fn granted(origin: &str) -> Option<Scopes> {
    let scope = match origin {
        "https://portal.example" => Scope::Events,
        "https://portal.example:8443" => Scope::Authenticate,
        "native:program" => Scope::Reader,
        _ => return None,
    };
    Some(Scopes::from_iter([scope]))
}

fn only<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    let mut values = headers.get_all(name).iter();
    let value = values.next()?;
    assert!(values.next().is_none(), "{name} twice");
    value.to_str().ok()
}

fn request(bytes: &[u8]) -> Option<Request<()>> {
    let mut lines = bytes.split(|&byte| byte == b'\n');
    let mut line = lines.next()?.split(|&byte| byte == b' ');
    let mut request = Request::new(());
    *request.method_mut() = Method::from_bytes(line.next()?).ok()?;
    *request.uri_mut() = Uri::try_from(line.next()?).ok()?;
    if line.next() == Some(b"HTTP/1.0") {
        *request.version_mut() = Version::HTTP_10;
    }
    for header in lines.filter(|line| !line.is_empty()) {
        let at = header.iter().position(|&byte| byte == b':')?;
        let (name, value) = (header.get(..at)?, header.get(at + 1..)?.trim_ascii());
        let name = HeaderName::from_bytes(name).ok()?;
        request.headers_mut().append(name, HeaderValue::from_bytes(value).ok()?);
    }
    Some(request)
}
