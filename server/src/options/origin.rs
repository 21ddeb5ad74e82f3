//! How browsers name a server.

use thiserror::Error;
use url::{Host, Url};

/// The reason for which a text is no name of a server whose page can be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum InvalidOrigin {
    /// It is no origin, or says more than one.
    #[error("an origin is written scheme://host or scheme://host:port: https://portal.example")]
    Malformed,
    /// Browsers take its page for insecure, and bridges do not speak to it.
    #[error(
        "an origin begins with https://; http:// is for this machine alone (http://127.0.0.1:8080)"
    )]
    NotHttps,
}

/// Brings an origin as people write it into the form in which browsers send it (HTML, 7.1.1): case,
/// default port, names in other scripts, a slash at the end. What says more than an origin does is
/// refused, as somebody may have meant it.
pub fn canonical_origin(text: &str) -> Result<String, InvalidOrigin> {
    let text = text.trim();
    let url = Url::parse(text).map_err(|_| InvalidOrigin::Malformed)?;
    // The URL standard would take "https:portal.example" and "https:\\portal.example" too.
    let (_, rest) = text.split_once("://").ok_or(InvalidOrigin::Malformed)?;
    let authority = rest.strip_suffix('/').unwrap_or(rest);
    let is_more = |c: char| matches!(c, '/' | '\\' | '@' | '?' | '#' | '%' | '*');
    if authority.is_empty() || authority.contains(is_more) || authority.contains(char::is_control) {
        return Err(InvalidOrigin::Malformed);
    }
    match (url.scheme(), url.host()) {
        // With a dot at its end, a name is another origin of the same host.
        (_, Some(Host::Domain(name))) if name.ends_with('.') => Err(InvalidOrigin::Malformed),
        ("https", Some(_)) => Ok(url.origin().ascii_serialization()),
        ("http", Some(host)) if is_this_machine(&host) => Ok(url.origin().ascii_serialization()),
        ("http", Some(_)) => Err(InvalidOrigin::NotHttps),
        _ => Err(InvalidOrigin::Malformed),
    }
}

/// Whether browsers take a page from there for secure without TLS (Secure Contexts, 3.1).
fn is_this_machine(host: &Host<&str>) -> bool {
    match host {
        Host::Domain(name) => *name == "localhost" || name.ends_with(".localhost"),
        Host::Ipv4(address) => address.is_loopback(),
        Host::Ipv6(address) => address.is_loopback(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_taken_as_people_write_it_and_kept_as_browsers_send_it() {
        for (written, sent) in [
            ("https://portal.example", "https://portal.example"),
            ("https://portal.example/", "https://portal.example"),
            (" https://Portal.Example:443/\n", "https://portal.example"),
            ("HTTPS://portal.example:8443", "https://portal.example:8443"),
            ("https://受付.example.jp", "https://xn--bnqq5j.example.jp"),
            ("https://ｐｏｒｔａｌ.example", "https://portal.example"),
            ("https://[2001:DB8:0::1]", "https://[2001:db8::1]"),
            ("http://LOCALHOST:80", "http://localhost"),
            ("http://127.0.0.1:8080/", "http://127.0.0.1:8080"),
            ("http://[::1]:8080", "http://[::1]:8080"),
        ] {
            assert_eq!(canonical_origin(written).as_deref(), Ok(sent), "{written}");
        }
    }

    #[test]
    fn what_is_no_origin_is_refused() {
        for text in [
            "",
            "portal.example",
            "//portal.example",
            "https:portal.example",
            "https://",
            "https://portal.example/desk",
            "https://portal.example//",
            "https://portal.example?x",
            "https://portal.example#x",
            "https://staff@portal.example",
            "https://*.example",
            "https://portal.example.",
            "https://portal.example:65536",
            "ftp://portal.example",
            "null",
        ] {
            assert_eq!(canonical_origin(text), Err(InvalidOrigin::Malformed), "{text}");
        }
        for text in ["http://portal.example", "http://192.0.2.1:8080", "http://0.0.0.0"] {
            assert_eq!(canonical_origin(text), Err(InvalidOrigin::NotHttps), "{text}");
        }
    }
}
