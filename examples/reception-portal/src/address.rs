//! From where a request comes.

use std::net::{IpAddr, SocketAddr};

use axum::http::HeaderMap;

/// The address of whoever asks: the peer's; or, if that is a trusted proxy, the last in
/// `X-Forwarded-For` that is not one. What is before that in the header, anybody may have written.
pub(crate) fn of_caller(peer: SocketAddr, headers: &HeaderMap, trusted: &[IpAddr]) -> IpAddr {
    let peer = peer.ip().to_canonical();
    if !trusted.contains(&peer) {
        return peer;
    }
    let values = headers.get_all("x-forwarded-for").iter().filter_map(|value| value.to_str().ok());
    let hops: Vec<_> = values.flat_map(|value| value.split(',')).collect();
    let mut last = peer;
    for hop in hops.into_iter().rev() {
        let Ok(address) = hop.trim().parse::<IpAddr>() else { return last };
        last = address.to_canonical();
        if !trusted.contains(&last) {
            break;
        }
    }
    last
}

#[cfg(test)]
mod tests {
    use super::*;

    fn caller(peer: &str, forwarded: &[&'static str], trusted: &[&str]) -> String {
        let mut headers = HeaderMap::new();
        for value in forwarded {
            headers.append("x-forwarded-for", value.parse().expect("a header"));
        }
        let trusted: Vec<_> = trusted.iter().map(|it| it.parse().expect("an address")).collect();
        let peer = SocketAddr::new(peer.parse().expect("an address"), 1);
        of_caller(peer, &headers, &trusted).to_string()
    }

    #[test]
    fn a_stranger_is_not_believed() {
        assert_eq!(caller("192.0.2.1", &["198.51.100.7"], &[]), "192.0.2.1");
        assert_eq!(caller("192.0.2.1", &["198.51.100.7"], &["192.0.2.2"]), "192.0.2.1");
    }

    #[test]
    fn a_proxy_is_believed_of_whom_it_saw_itself() {
        let proxy = ["192.0.2.1", "192.0.2.2"];
        assert_eq!(caller("192.0.2.1", &["203.0.113.9, 198.51.100.7"], &proxy), "198.51.100.7");
        assert_eq!(caller("192.0.2.1", &["198.51.100.7, 192.0.2.2"], &proxy), "198.51.100.7");
        assert_eq!(caller("192.0.2.1", &["203.0.113.9", "198.51.100.7"], &proxy), "198.51.100.7");
        assert_eq!(caller("::ffff:192.0.2.1", &["198.51.100.7"], &proxy), "198.51.100.7");
        assert_eq!(caller("192.0.2.1", &["nonsense"], &proxy), "192.0.2.1");
        assert_eq!(caller("192.0.2.1", &[], &proxy), "192.0.2.1");
    }
}
