//! From where a request comes.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::sync::Once;

use axum::http::HeaderMap;
use ipnet::IpNet;
use tracing::warn;

/// The address of whoever asks: the peer's; or, if that is a trusted proxy, the last in
/// `X-Forwarded-For` that is not one. What is before that in the header, anybody may have written.
/// Of IPv6 it is the network: whoever has one address has all of its 2⁶⁴.
pub(crate) fn of_caller(peer: SocketAddr, headers: &HeaderMap, trusted: &[IpNet]) -> IpAddr {
    let is_trusted = |address: &IpAddr| trusted.iter().any(|network| network.contains(address));
    let mut last = peer.ip().to_canonical();
    let values = headers.get_all("x-forwarded-for").iter();
    let mut hops = values.flat_map(|value| value.as_bytes().split(|byte| *byte == b','));
    while is_trusted(&last) {
        let Some(hop) = hops.next_back() else { break };
        let Some(address) = read(hop) else {
            static SAID: Once = Once::new();
            SAID.call_once(|| {
                warn!("X-Forwarded-For of a trusted proxy holds what is no address: all who come so share its limits");
            });
            break;
        };
        last = address;
    }
    network(last)
}

/// A network that is written `192.0.2.0/24`, or one address.
pub(crate) fn parse_network(text: &str) -> Result<IpNet, String> {
    let address = text.parse::<IpAddr>().map(|address| IpNet::from(address.to_canonical()));
    address.or_else(|_| text.parse()).map_err(|_| "neither an address nor ADDRESS/BITS".to_owned())
}

/// An address as proxies write it: alone, with a port, IPv6 in brackets, with its zone.
fn read(hop: &[u8]) -> Option<IpAddr> {
    let text = std::str::from_utf8(hop).ok()?.trim();
    let with_port = || text.parse::<SocketAddr>().map(|it| it.ip()).ok();
    let bare = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(text);
    let bare = bare.split_once('%').map_or(bare, |(address, _)| address);
    bare.parse().ok().or_else(with_port).map(|address: IpAddr| address.to_canonical())
}

fn network(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() >> 64 << 64).into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn caller(peer: &str, forwarded: &[&'static str], trusted: &[&str]) -> String {
        let mut headers = HeaderMap::new();
        for value in forwarded {
            headers.append("x-forwarded-for", value.parse().expect("a header"));
        }
        let trusted: Vec<_> = trusted.iter().map(|it| parse_network(it).expect("one")).collect();
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

    #[test]
    fn proxies_are_trusted_by_their_network() {
        let proxies = ["192.0.2.0/24", "2001:db8:1::/48", "::ffff:203.0.113.1"];
        for proxy in ["192.0.2.77", "2001:db8:1::5", "203.0.113.1"] {
            assert_eq!(caller(proxy, &["198.51.100.7, 192.0.2.3"], &proxies), "198.51.100.7");
        }
        assert_eq!(caller("192.0.3.1", &["198.51.100.7"], &proxies), "192.0.3.1");
        for text in ["", "192.0.2", "192.0.2.0/33", "proxy.example", "192.0.2.0/"] {
            assert!(parse_network(text).is_err(), "{text}");
        }
    }

    #[test]
    fn an_address_is_read_as_proxies_write_it() {
        for (hop, address) in [
            ("198.51.100.7:50123", "198.51.100.7"),
            ("[2001:db8::7]:443", "2001:db8::"),
            ("[2001:db8::7]", "2001:db8::"),
            ("2001:db8::7", "2001:db8::"),
            ("fe80::1%eth0", "fe80::"),
            ("::ffff:198.51.100.7", "198.51.100.7"),
            ("[::ffff:198.51.100.7]:1", "198.51.100.7"),
        ] {
            assert_eq!(caller("192.0.2.1", &[hop], &["192.0.2.1"]), address, "{hop}");
        }
        for hop in ["unknown", "_hidden", "", "198.51.100.7:x", "[2001:db8::7", "1.2.3"] {
            assert_eq!(caller("192.0.2.1", &[hop], &["192.0.2.1"]), "192.0.2.1", "{hop}");
        }
    }

    #[test]
    fn a_network_of_ipv6_is_one_caller() {
        let one = caller("2001:db8:0:1::1", &[], &[]);
        assert_eq!(caller("2001:db8:0:1:ffff::2", &[], &[]), one);
        assert_ne!(caller("2001:db8:0:2::1", &[], &[]), one);
    }
}
