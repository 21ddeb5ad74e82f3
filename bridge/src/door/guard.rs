//! The guard: whether an HTTP request gets through to the bridge at all.
//!
//! Any web page can have the browser send requests to a loopback port, so everything is refused but
//! the one upgrade that a listed origin makes, and `GET /health`, which shows nothing. A refusal
//! says nothing of the machine.

use hyper::header::{
    CONNECTION, HOST, HeaderName, ORIGIN, SEC_WEBSOCKET_KEY, SEC_WEBSOCKET_PROTOCOL,
    SEC_WEBSOCKET_VERSION, UPGRADE,
};
use hyper::{HeaderMap, Method, Request, StatusCode, Version};
use jiff::Timestamp;
use kazashi_core::value::{Scope, Scopes};
use kazashi_core::wire::{SCOPE_PREFIX, SUBPROTOCOL};

use crate::access::{Origin, Rules};

/// The way by which a request came in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "there is no third way")]
pub enum Door {
    /// Loopback, where any page can have its browser knock.
    Loopback {
        /// The bridge's port.
        port: u16,
    },
    /// The Unix socket, which only programs of this user can open.
    Native,
}

/// The guard's decision.
#[derive(Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "whoever asks must heed each of them")]
pub enum Verdict {
    /// Upgrade to a WebSocket.
    Upgrade {
        /// For this page, or for a program.
        origin: Origin,
        /// It may do so much.
        scopes: Scopes,
        /// The key of the opening handshake.
        key: String,
    },
    /// An upgrade asked for as it should be, by an origin that may do nothing. Refuse, unless the
    /// administrator wants it to be told.
    Unlisted {
        /// The page.
        origin: Origin,
        /// What it says that it wants. Only a person is to go by it.
        wants: Scopes,
        /// The key of the opening handshake.
        key: String,
    },
    /// Answer that the bridge runs.
    Health {
        /// A listed origin, which may read the answer.
        readable_by: Option<Origin>,
    },
    /// Refuse.
    Refuse(StatusCode),
}

/// Judges a request by the rules, as they are at this moment.
pub fn guard<B>(request: &Request<B>, door: Door, rules: &Rules, now: Timestamp) -> Verdict {
    let judge = || {
        is_addressed_to(door, request)?;
        let headers = request.headers();
        match request.uri().path() {
            "/health" => health(headers, rules, now),
            "/" => upgrade(headers, door, rules, now),
            _ => Err(StatusCode::NOT_FOUND),
        }
    };
    judge().unwrap_or_else(Verdict::Refuse)
}

/// Refuses what is no request to this bridge at all.
fn is_addressed_to<B>(door: Door, request: &Request<B>) -> Result<(), StatusCode> {
    // DNS rebinding: a page may call its own name 127.0.0.1, but then that name stands here.
    let host = only(request.headers(), &HOST).ok_or(StatusCode::BAD_REQUEST)?;
    let is_ours = match door {
        Door::Loopback { port } => ["127.0.0.1", "[::1]", "localhost"]
            .into_iter()
            .any(|name| host.strip_prefix(name) == Some(&format!(":{port}"))),
        Door::Native => host == "localhost",
    };
    if !is_ours {
        return Err(StatusCode::MISDIRECTED_REQUEST);
    }
    if request.method() != Method::GET || request.version() != Version::HTTP_11 {
        return Err(StatusCode::METHOD_NOT_ALLOWED);
    }
    // Whoever names a host here too names one that nobody compared, and pages have nothing to ask
    // for.
    let uri = request.uri();
    if uri.authority().is_some() || uri.query().is_some() {
        return Err(StatusCode::NOT_FOUND);
    }
    Ok(())
}

fn health(headers: &HeaderMap, rules: &Rules, now: Timestamp) -> Result<Verdict, StatusCode> {
    if !headers.contains_key(ORIGIN) {
        return Ok(Verdict::Health { readable_by: None });
    }
    let origin = web_origin(headers, rules)?;
    match rules.scopes(&origin, now) {
        Some(_) => Ok(Verdict::Health { readable_by: Some(origin) }),
        None => Err(StatusCode::FORBIDDEN),
    }
}

fn upgrade(
    headers: &HeaderMap,
    door: Door,
    rules: &Rules,
    now: Timestamp,
) -> Result<Verdict, StatusCode> {
    let origin = match door {
        Door::Loopback { .. } => web_origin(headers, rules)?,
        // A page must not pass for a program because somebody forwards a port to the socket.
        Door::Native if headers.contains_key(ORIGIN) => return Err(StatusCode::FORBIDDEN),
        Door::Native => Origin::native(),
    };
    match (rules.scopes(&origin, now), websocket_key(headers)) {
        (Some(scopes), key) => {
            Ok(Verdict::Upgrade { origin, scopes: scopes.clone(), key: key?.to_owned() })
        }
        (None, Ok(key)) => {
            Ok(Verdict::Unlisted { origin, wants: wanted(headers), key: key.to_owned() })
        }
        (None, Err(_)) => Err(StatusCode::FORBIDDEN),
    }
}

/// The origin that the browser names, if it could be granted anything.
fn web_origin(headers: &HeaderMap, rules: &Rules) -> Result<Origin, StatusCode> {
    only(headers, &ORIGIN)
        .and_then(|origin| Origin::parse(origin, rules.developer_mode).ok())
        .ok_or(StatusCode::FORBIDDEN)
}

/// The key of an opening handshake (RFC 6455, 4.2.1) for the protocol that is spoken here.
fn websocket_key(headers: &HeaderMap) -> Result<&str, StatusCode> {
    let lists = |name: &HeaderName, word: &str| {
        only(headers, name)
            .is_some_and(|list| list.split(',').any(|item| item.trim().eq_ignore_ascii_case(word)))
    };
    let is_websocket = lists(&UPGRADE, "websocket")
        && lists(&CONNECTION, "upgrade")
        && only(headers, &SEC_WEBSOCKET_VERSION) == Some("13");
    if !is_websocket || !lists(&SEC_WEBSOCKET_PROTOCOL, SUBPROTOCOL) {
        return Err(StatusCode::UPGRADE_REQUIRED);
    }
    only(headers, &SEC_WEBSOCKET_KEY).ok_or(StatusCode::BAD_REQUEST)
}

/// The scopes that a page names beside the protocol. Unknown names are those of other versions.
fn wanted(headers: &HeaderMap) -> Scopes {
    let named = only(headers, &SEC_WEBSOCKET_PROTOCOL).unwrap_or_default().split(',');
    let names: Vec<_> = named.filter_map(|name| name.trim().strip_prefix(SCOPE_PREFIX)).collect();
    Scope::ALL.iter().copied().filter(|scope| names.contains(&scope.as_str())).collect()
}

/// The value of a header that stands in the request once and is plain text.
fn only<'h>(headers: &'h HeaderMap, name: &HeaderName) -> Option<&'h str> {
    let mut values = headers.get_all(name).iter();
    let value = values.next()?.to_str().ok()?;
    values.next().is_none().then_some(value)
}

#[cfg(test)]
mod tests {
    use hyper::{Request, StatusCode};

    use jiff::Timestamp;
    use kazashi_core::value::{Scope, Scopes};

    use super::{Door, Verdict, guard};
    use crate::access::Rules;

    const LOOPBACK: Door = Door::Loopback { port: 27390 };
    const GOOD: [(&str, &str); 7] = [
        ("host", "127.0.0.1:27390"),
        ("origin", "https://portal.example"),
        ("upgrade", "websocket"),
        ("connection", "keep-alive, Upgrade"),
        ("sec-websocket-version", "13"),
        ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="),
        ("sec-websocket-protocol", "kazashi.v1"),
    ];

    fn rules() -> Rules {
        let text = "[native]\nscopes = [\"events\"]\n\
                    [[origin]]\norigin = \"https://portal.example\"\nscopes = [\"events\"]\n\
                    [[origin]]\norigin = \"https://nothing.example\"\nscopes = []";
        Rules { config: toml::from_str(text).unwrap(), ..Rules::default() }
    }

    fn verdict(method: &str, uri: &str, headers: &[(&str, &str)]) -> Verdict {
        verdict_at(LOOPBACK, method, uri, headers)
    }

    fn verdict_at(door: Door, method: &str, uri: &str, headers: &[(&str, &str)]) -> Verdict {
        let mut request = Request::builder().method(method).uri(uri);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        guard(&request.body(()).unwrap(), door, &rules(), Timestamp::now())
    }

    /// The good headers, with some replaced.
    fn with<'a>(changes: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
        let kept = GOOD.into_iter().filter(|(name, _)| changes.iter().all(|(n, _)| n != name));
        kept.chain(changes.iter().copied().filter(|(_, value)| !value.is_empty())).collect()
    }

    #[test]
    fn a_listed_origin_is_upgraded() {
        for host in ["127.0.0.1:27390", "[::1]:27390", "localhost:27390"] {
            let verdict = verdict("GET", "/", &with(&[("host", host)]));
            let Verdict::Upgrade { origin, .. } = verdict else { panic!("{verdict:?}") };
            assert_eq!(origin.as_str(), "https://portal.example");
        }
    }

    #[test]
    fn an_origin_that_may_do_nothing_is_not_upgraded() {
        for origin in [
            "https://evil.example",
            "https://nothing.example",
            "https://portal.example:8443",
            "https://sub.portal.example",
            "https://portal.example.evil.example",
        ] {
            let verdict = verdict("GET", "/", &with(&[("origin", origin)]));
            assert!(matches!(verdict, Verdict::Unlisted { .. }), "{origin}: {verdict:?}");
        }
    }

    #[test]
    fn a_page_may_say_what_it_wants_and_may_do_no_more_for_it() {
        let wanted = |protocols: &str| {
            let origin = ("origin", "https://evil.example");
            let headers = with(&[origin, ("sec-websocket-protocol", protocols)]);
            let Verdict::Unlisted { wants, .. } = verdict("GET", "/", &headers) else {
                panic!("{protocols}")
            };
            wants
        };
        let two = Scopes::from_iter([Scope::Events, Scope::Sign]);
        assert_eq!(wanted("kazashi.v1"), Scopes::default());
        assert_eq!(wanted("kazashi.v1, kazashi.scope.sign,kazashi.scope.events"), two);
        assert_eq!(wanted("kazashi.scope.sign, kazashi.scope.events, kazashi.v1"), two);
        let unknown = "kazashi.v1, kazashi.scope., kazashi.scope.all, events, kazashi.scope.Sign";
        assert_eq!(wanted(unknown), Scopes::default());

        let listed = with(&[("sec-websocket-protocol", "kazashi.v1, kazashi.scope.sign")]);
        let Verdict::Upgrade { scopes, .. } = verdict("GET", "/", &listed) else { panic!() };
        assert_eq!(scopes, Scopes::from_iter([Scope::Events]));
    }

    #[test]
    fn what_could_be_granted_nothing_is_refused() {
        for origin in [
            "",
            "null",
            "http://portal.example",
            "https://portal.example:443",
            "https://portal.example.",
            "https://PORTAL.example",
            "https://portal.example@evil.example",
            "https://portal.example https://evil.example",
            "http://localhost:27390",
            "native:program",
        ] {
            let verdict = verdict("GET", "/", &with(&[("origin", origin)]));
            assert_eq!(verdict, Verdict::Refuse(StatusCode::FORBIDDEN), "{origin}");
        }
        let mut twice = with(&[]);
        twice.push(("origin", "https://portal.example"));
        assert_eq!(verdict("GET", "/", &twice), Verdict::Refuse(StatusCode::FORBIDDEN));
        let no_upgrade = with(&[("origin", "https://evil.example"), ("upgrade", "")]);
        assert_eq!(verdict("GET", "/", &no_upgrade), Verdict::Refuse(StatusCode::FORBIDDEN));
    }

    #[test]
    fn a_program_names_no_origin() {
        let program = with(&[("host", "localhost"), ("origin", "")]);
        let upgraded = verdict_at(Door::Native, "GET", "/", &program);
        let Verdict::Upgrade { origin, .. } = upgraded else { panic!("{upgraded:?}") };
        assert_eq!(origin.as_str(), "native:program");
        let page = with(&[("host", "localhost")]);
        let refused = verdict_at(Door::Native, "GET", "/", &page);
        assert_eq!(refused, Verdict::Refuse(StatusCode::FORBIDDEN));
        let misdirected = verdict_at(Door::Native, "GET", "/", &with(&[("origin", "")]));
        assert_eq!(misdirected, Verdict::Refuse(StatusCode::MISDIRECTED_REQUEST));
    }

    #[test]
    fn a_rebinding_name_is_refused() {
        for host in [
            "portal.example:27390",
            "127.0.0.1",
            "127.0.0.1:80",
            "127.0.0.1:27390.",
            "localhost",
            "localhost.:27390",
            "LOCALHOST:27390",
            "127.0.0.2:27390",
            "127.0.0.1.evil.example:27390",
            "[::]:27390",
        ] {
            for uri in ["/", "/health"] {
                let verdict = verdict("GET", uri, &with(&[("host", host)]));
                assert_eq!(verdict, Verdict::Refuse(StatusCode::MISDIRECTED_REQUEST), "{host}");
            }
        }
        let none = verdict("GET", "/", &with(&[("host", "")]));
        assert_eq!(none, Verdict::Refuse(StatusCode::BAD_REQUEST));
    }

    #[test]
    fn simple_requests_have_no_effect() {
        for method in ["POST", "HEAD", "PUT", "DELETE", "OPTIONS", "PATCH", "CONNECT"] {
            for uri in ["/", "/health"] {
                let verdict = verdict(method, uri, &GOOD);
                assert_eq!(verdict, Verdict::Refuse(StatusCode::METHOD_NOT_ALLOWED), "{method}");
            }
        }
        for uri in
            ["/x", "/health/", "//", "/?x", "/health?x", "/index.html", "http://127.0.0.1:27390/"]
        {
            let verdict = verdict("GET", uri, &GOOD);
            assert_eq!(verdict, Verdict::Refuse(StatusCode::NOT_FOUND), "{uri}");
        }
    }

    #[test]
    fn only_this_protocol_is_spoken() {
        for change in [
            ("upgrade", ""),
            ("upgrade", "h2c"),
            ("connection", "keep-alive"),
            ("sec-websocket-version", "8"),
            ("sec-websocket-protocol", ""),
            ("sec-websocket-protocol", "kazashi.v2"),
            ("sec-websocket-protocol", "kazashi.scope.events"),
        ] {
            let verdict = verdict("GET", "/", &with(&[change]));
            assert_eq!(verdict, Verdict::Refuse(StatusCode::UPGRADE_REQUIRED), "{change:?}");
        }
        let no_key = verdict("GET", "/", &with(&[("sec-websocket-key", "")]));
        assert_eq!(no_key, Verdict::Refuse(StatusCode::BAD_REQUEST));
    }

    #[test]
    fn health_can_be_read_by_listed_origins_and_by_programs() {
        let host = ("host", "127.0.0.1:27390");
        let health = |headers: &[(&str, &str)]| verdict("GET", "/health", headers);
        assert_eq!(health(&[host]), Verdict::Health { readable_by: None });
        assert!(matches!(
            health(&[host, ("origin", "https://portal.example")]),
            Verdict::Health { readable_by: Some(_) }
        ));
        for origin in ["https://evil.example", "null"] {
            let refused = Verdict::Refuse(StatusCode::FORBIDDEN);
            assert_eq!(health(&[host, ("origin", origin)]), refused);
        }
    }
}
