//! The guard: whether an HTTP request gets through to the bridge at all.
//!
//! Any web page can have the browser send requests to a loopback port, so everything is refused but
//! the one upgrade that a listed origin makes, and `GET /health`, which shows nothing. A refusal
//! says nothing of the machine.

use hyper::{
    HeaderMap, Method, Request, StatusCode, Version,
    header::{
        CONNECTION, HOST, HeaderName, ORIGIN, SEC_WEBSOCKET_KEY, SEC_WEBSOCKET_PROTOCOL,
        SEC_WEBSOCKET_VERSION, UPGRADE,
    },
};
use kazashi_core::{policy::Scopes, wire::SUBPROTOCOL};

use crate::{config::Config, origin::Origin};

/// What is done with a request.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Upgrade to a WebSocket for this origin, which may do so much.
    Upgrade { origin: Origin, scopes: Scopes, key: String },
    /// Answer that the bridge runs; a listed origin may read the answer.
    Health { readable_by: Option<Origin> },
    /// Refuse.
    Refuse(StatusCode),
}

/// Judges a request that came in on this port.
pub(crate) fn guard<B>(request: &Request<B>, port: u16, config: &Config) -> Verdict {
    judge(request, port, config).unwrap_or_else(Verdict::Refuse)
}

fn judge<B>(request: &Request<B>, port: u16, config: &Config) -> Result<Verdict, StatusCode> {
    let headers = request.headers();
    // DNS rebinding: a page may call its own name 127.0.0.1, but then that name stands here.
    let host = only(headers, &HOST).ok_or(StatusCode::BAD_REQUEST)?;
    let names = [format!("127.0.0.1:{port}"), format!("[::1]:{port}"), format!("localhost:{port}")];
    if !names.iter().any(|name| name == host) {
        return Err(StatusCode::MISDIRECTED_REQUEST);
    }
    if request.method() != Method::GET || request.version() != Version::HTTP_11 {
        return Err(StatusCode::METHOD_NOT_ALLOWED);
    }
    if request.uri().query().is_some() {
        return Err(StatusCode::NOT_FOUND);
    }
    match request.uri().path() {
        "/health" => health(headers, config),
        "/" => upgrade(headers, config),
        _ => Err(StatusCode::NOT_FOUND),
    }
}

fn health(headers: &HeaderMap, config: &Config) -> Result<Verdict, StatusCode> {
    let readable_by = match headers.contains_key(ORIGIN) {
        false => None,
        true => {
            let origin = only(headers, &ORIGIN).and_then(|origin| config.granted(origin));
            Some(origin.ok_or(StatusCode::FORBIDDEN)?.0)
        }
    };
    Ok(Verdict::Health { readable_by })
}

fn upgrade(headers: &HeaderMap, config: &Config) -> Result<Verdict, StatusCode> {
    let (origin, scopes) = only(headers, &ORIGIN)
        .and_then(|origin| config.granted(origin))
        .ok_or(StatusCode::FORBIDDEN)?;
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
    let key = only(headers, &SEC_WEBSOCKET_KEY).ok_or(StatusCode::BAD_REQUEST)?;
    Ok(Verdict::Upgrade { origin, scopes: scopes.clone(), key: key.to_owned() })
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

    use super::{Verdict, guard};
    use crate::config::Config;

    const PORT: u16 = 27390;
    const GOOD: [(&str, &str); 7] = [
        ("host", "127.0.0.1:27390"),
        ("origin", "https://portal.example"),
        ("upgrade", "websocket"),
        ("connection", "keep-alive, Upgrade"),
        ("sec-websocket-version", "13"),
        ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="),
        ("sec-websocket-protocol", "kazashi.v1"),
    ];

    fn config() -> Config {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("bridge.toml");
        let text = "[[origin]]\norigin = \"https://portal.example\"\nscopes = [\"events\"]";
        std::fs::write(&path, text).unwrap();
        Config::load(Some(&path), false).unwrap()
    }

    fn verdict(method: &str, uri: &str, headers: &[(&str, &str)]) -> Verdict {
        let mut request = Request::builder().method(method).uri(uri);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        guard(&request.body(()).unwrap(), PORT, &config())
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
    fn other_origins_are_refused() {
        for origin in [
            "",
            "null",
            "http://portal.example",
            "https://portal.example:443",
            "https://portal.example.",
            "https://PORTAL.example",
            "https://evil.example",
            "https://portal.example.evil.example",
            "https://portal.example@evil.example",
            "https://portal.example https://evil.example",
            "http://localhost:27390",
        ] {
            let verdict = verdict("GET", "/", &with(&[("origin", origin)]));
            assert_eq!(verdict, Verdict::Refuse(StatusCode::FORBIDDEN), "{origin}");
        }
        let mut twice = with(&[]);
        twice.push(("origin", "https://portal.example"));
        assert_eq!(verdict("GET", "/", &twice), Verdict::Refuse(StatusCode::FORBIDDEN));
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
        for uri in ["/x", "/health/", "//", "/?x", "/health?x", "/index.html"] {
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
