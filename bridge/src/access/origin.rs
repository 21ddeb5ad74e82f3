use std::fmt;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use thiserror::Error;
use url::{Host, Url};

/// A web origin (RFC 6454; HTML, 7.1.1): scheme, host and port, in the one form that browsers send.
/// Or what stands in its place for a program that is no browser.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Origin(String);

/// No web origin is written like this, so a statement that was made for a program passes at no
/// website, and no website can name itself so.
const NATIVE: &str = "native:program";
/// The longest: `https://`, a name of the domain name system (RFC 1035, 2.3.4), and a port.
const MAX_LENGTH: usize = 8 + 253 + 6;

/// The text is no origin that could be granted anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub(crate) enum InvalidOrigin {
    #[error("an origin is written scheme://host or scheme://host:port, as browsers send it")]
    Malformed,
    #[error(
        "only https:// can be allowed, and with --dev http:// of this machine: null, and the schemes \
         of files and apps, such as tauri://, name no website"
    )]
    NotHttps,
    #[error("http://localhost and http://127.0.0.1 are for developer mode")]
    DeveloperModeOnly,
}

impl Origin {
    /// Reads an origin that must already be in canonical form: what a browser sends, and what the
    /// administrator writes. Plain http is for loopback pages in developer mode.
    pub(crate) fn parse(text: &str, developer_mode: bool) -> Result<Self, InvalidOrigin> {
        if text.len() > MAX_LENGTH {
            return Err(InvalidOrigin::Malformed);
        }
        let url = parse_of_website(text)?;
        // Whatever the URL standard would change (case, default port, trailing dot's host, user
        // name, IDN, path) makes the text another text, and so no origin.
        if url.origin().ascii_serialization() != text {
            return Err(InvalidOrigin::Malformed);
        }
        match (url.scheme(), url.host()) {
            // A name with a trailing dot is another origin of the same host, and a star is a
            // wildcard only in the hope of whoever wrote it.
            ("https", Some(Host::Domain(domain)))
                if domain.ends_with('.') || domain.contains('*') =>
            {
                Err(InvalidOrigin::Malformed)
            }
            ("https", Some(_)) => Ok(Self(text.to_owned())),
            ("http", Some(host)) if is_loopback(&host) => {
                if developer_mode {
                    Ok(Self(text.to_owned()))
                } else {
                    Err(InvalidOrigin::DeveloperModeOnly)
                }
            }
            _ => Err(InvalidOrigin::NotHttps),
        }
    }

    /// Reads an origin as a person types or copies it, and brings it into canonical form: case,
    /// default port, names in other scripts, a slash at the end. Whatever says more than an origin
    /// does is refused, since the person may have meant it.
    pub(crate) fn typed(text: &str, developer_mode: bool) -> Result<Self, InvalidOrigin> {
        let text = text.trim();
        let url = parse_of_website(text)?;
        let rest = text.split_once("://").ok_or(InvalidOrigin::Malformed)?.1;
        let authority = rest.strip_suffix('/').unwrap_or(rest);
        let is_more =
            |c: char| matches!(c, '/' | '\\' | '@' | '?' | '#' | '%' | '*') || c.is_control();
        if authority.is_empty() || authority.contains(is_more) {
            return Err(InvalidOrigin::Malformed);
        }
        // Other ways to write 127.0.0.1 serve to hide it.
        if let Some(Host::Ipv4(address)) = url.host()
            && authority.split(':').next() != Some(&address.to_string())
        {
            return Err(InvalidOrigin::Malformed);
        }
        Self::parse(&url.origin().ascii_serialization(), developer_mode)
    }

    /// Stand-in for every program that connects by the Unix socket.
    pub(crate) fn native() -> Self {
        Self(NATIVE.to_owned())
    }

    /// The end of the name that, as names are given out, belongs to one owner: two labels, or three where
    /// the last two are short, as in `co.jp`. Good enough to tell crowds apart, and for nothing else.
    pub(crate) fn site(&self) -> &str {
        let name = self.0.split_once("://").map_or(&*self.0, |(_, name)| name);
        let host = name.split(':').next().unwrap_or(name);
        let mut dots = host.rmatch_indices('.').map(|(at, _)| at);
        let Some(last) = dots.next() else { return host };
        let Some(second) = dots.next() else { return host };
        let are_short = host.len() - last <= 3 && last - second <= 4;
        let begin = if are_short { dots.next() } else { Some(second) };
        begin.and_then(|dot| host.get(dot + 1..)).unwrap_or(host)
    }

    /// The name or address of a website, without its port.
    pub(crate) fn host(&self) -> &str {
        let name = self.0.split_once("://").map_or(&*self.0, |(_, name)| name);
        match name.rsplit_once(':') {
            Some((host, port)) if port.bytes().all(|digit| digit.is_ascii_digit()) => host,
            _ => name,
        }
    }

    pub(crate) fn is_native(&self) -> bool {
        self.0 == NATIVE
    }

    /// As browsers send it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Reads the URL of a website. Origins of files, sandboxed frames and apps are no name: any program can
/// use them.
fn parse_of_website(text: &str) -> Result<Url, InvalidOrigin> {
    if text == "null" {
        return Err(InvalidOrigin::NotHttps);
    }
    let url = Url::parse(text).map_err(|_| InvalidOrigin::Malformed)?;
    if matches!(url.scheme(), "https" | "http") { Ok(url) } else { Err(InvalidOrigin::NotHttps) }
}

fn is_loopback(host: &Host<&str>) -> bool {
    match host {
        Host::Domain(domain) => *domain == "localhost",
        Host::Ipv4(address) => address.octets() == [127, 0, 0, 1],
        Host::Ipv6(_) => false,
    }
}

/// From the configuration, where developer mode is judged later, once it is known.
impl<'de> Deserialize<'de> for Origin {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text, true).map_err(D::Error::custom)
    }
}

impl Serialize for Origin {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::{InvalidOrigin, Origin};

    #[test]
    fn what_browsers_send_is_an_origin() {
        for text in [
            "https://portal.example",
            "https://portal.example:8443",
            "https://xn--wgv71a119e.example",
            "https://127.0.0.1",
            "https://[::1]:8443",
            "https://192.0.2.1:1",
        ] {
            assert_eq!(Origin::parse(text, false).unwrap().as_str(), text);
        }
    }

    #[test]
    fn everything_that_a_browser_would_write_otherwise_is_refused() {
        for text in [
            "",
            "null",
            "*",
            "https://*.example",
            "portal.example",
            "//portal.example",
            "https:portal.example",
            "https://",
            "https://portal.example/",
            "https://portal.example/path",
            "https://portal.example?query",
            "https://portal.example#fragment",
            "https://portal.example:443",
            "https://portal.example:",
            "https://portal.example:08443",
            "https://portal.example:65536",
            "https://Portal.example",
            "HTTPS://portal.example",
            "https://portal.example.",
            "https://user@portal.example",
            "https://user:password@portal.example",
            "https://日本語.example",
            "https://portal%2eexample",
            "https://portal.example ",
            " https://portal.example",
            "https://portal.example\n",
            "https://portal.example, https://portal.example",
            "https://127.1",
            "https://0x7f.0.0.1",
            "https://2130706433",
            "https://[0:0:0:0:0:0:0:1]",
            "https://[::1%25lo]",
            "https://portal\\example",
            "blob:https://portal.example/1",
            "native:program",
            &format!("https://{}.example", "a".repeat(260)),
        ] {
            assert!(Origin::parse(text, true).is_err(), "{text:?}");
        }
    }

    #[test]
    fn other_schemes_are_refused() {
        for text in [
            "http://portal.example",
            "http://192.0.2.1",
            "http://localhost.example",
            "http://127.0.0.2",
            "ws://portal.example",
            "ftp://portal.example",
        ] {
            assert_eq!(Origin::parse(text, true), Err(InvalidOrigin::NotHttps), "{text}");
        }
        for text in ["chrome-extension://abcdef", "file:///index.html", "data:text/html,x"] {
            assert!(Origin::parse(text, true).is_err(), "{text}");
        }
    }

    #[test]
    fn a_host_is_what_stands_before_the_port() {
        for (origin, host) in [
            ("https://portal.example", "portal.example"),
            ("https://portal.example:8443", "portal.example"),
            ("https://[::1]", "[::1]"),
            ("https://[::1]:8443", "[::1]"),
        ] {
            assert_eq!(Origin::parse(origin, false).unwrap().host(), host);
        }
    }

    #[test]
    fn loopback_pages_are_for_developer_mode() {
        for text in ["http://localhost:5173", "http://127.0.0.1:8080", "http://localhost"] {
            assert_eq!(Origin::parse(text, false), Err(InvalidOrigin::DeveloperModeOnly));
            assert_eq!(Origin::parse(text, true).unwrap().as_str(), text);
        }
    }

    #[test]
    fn what_a_person_types_is_brought_into_canonical_form() {
        for (typed, canonical) in [
            ("https://portal.example", "https://portal.example"),
            ("https://portal.example/", "https://portal.example"),
            (" https://portal.example\n", "https://portal.example"),
            ("HTTPS://Portal.Example", "https://portal.example"),
            ("https://portal.example:443", "https://portal.example"),
            ("https://portal.example:443/", "https://portal.example"),
            ("https://portal.example:8443", "https://portal.example:8443"),
            ("https://PORTAL.example:08443/", "https://portal.example:8443"),
            ("https://日本語.example", "https://xn--wgv71a119e.example"),
            ("https://日本語。example", "https://xn--wgv71a119e.example"),
            ("https://Bücher.example", "https://xn--bcher-kva.example"),
            ("https://xn--bcher-kva.example", "https://xn--bcher-kva.example"),
            ("https://ｐｏｒｔａｌ.example", "https://portal.example"),
            // A letter that looks like another stays one, and shows.
            ("https://pоrtal.example", "https://xn--prtal-jye.example"),
            ("https://intranet", "https://intranet"),
            ("https://192.0.2.1", "https://192.0.2.1"),
            ("https://192.0.2.1:443", "https://192.0.2.1"),
            ("https://[0:0:0:0:0:0:0:1]:8443", "https://[::1]:8443"),
            ("https://[2001:DB8::1]", "https://[2001:db8::1]"),
            ("http://LOCALHOST:80/", "http://localhost"),
            ("http://127.0.0.1:8080", "http://127.0.0.1:8080"),
        ] {
            let origin = Origin::typed(typed, true).map_err(|error| format!("{typed}: {error}"));
            assert_eq!(origin.unwrap().as_str(), canonical, "{typed}");
        }
    }

    #[test]
    fn what_is_more_or_less_than_an_origin_is_not_guessed_at() {
        for typed in [
            "",
            "null",
            "*",
            "portal.example",
            "//portal.example",
            "https:portal.example",
            "https:/portal.example",
            "https:///portal.example",
            "https://",
            "https:///",
            "https://*",
            "https://*.example",
            "https://portal.*",
            "https://portal.example.",
            "https://portal.example./",
            "https://portal.example。",
            "https://portal.example//",
            "https://portal.example/path",
            "https://portal.example/?query",
            "https://portal.example?query",
            "https://portal.example#fragment",
            "https://portal.example\\path",
            "https://user@portal.example",
            "https://user:password@portal.example",
            "https://portal.example@evil.example",
            "https://portal%2eexample",
            "https://portal.example evil.example",
            "https://portal.\texample",
            "https://portal.example:0x50",
            "https://portal.example:65536",
            "https://portal.example,https://evil.example",
            "https://127.1",
            "https://0x7f.0.0.1",
            "https://2130706433",
            "https://１２７.0.0.1",
            "https://[::1",
            "http://portal.example",
            "http://portal.example:443",
            "http://127.0.0.2",
            "http://[::1]",
            "ws://portal.example",
            "wss://portal.example",
            "ftp://portal.example",
            "file:///index.html",
            "chrome-extension://abcdef",
            "blob:https://portal.example/1",
            "native:program",
            "native://program",
        ] {
            assert!(Origin::typed(typed, true).is_err(), "{typed:?}");
        }
        assert_eq!(Origin::typed("http://localhost", false), Err(InvalidOrigin::DeveloperModeOnly));
    }
}
