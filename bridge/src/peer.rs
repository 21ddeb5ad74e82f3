//! Whose program is at the other end of a connection over loopback? Other users of the machine are
//! sent away before anything they say is looked at.

use std::{io, net::SocketAddr};

/// Whether this connection comes from a program of the user that the bridge runs as.
///
/// Linux says who owns a socket. Elsewhere nobody is asked yet, and every program of the machine
/// is taken for the user's own.
#[cfg(target_os = "linux")]
pub(crate) fn is_own(peer: SocketAddr, local: SocketAddr) -> io::Result<bool> {
    let owner = |table: &str| -> io::Result<Option<u32>> {
        Ok(linux::owner(&std::fs::read_to_string(table)?, peer, local))
    };
    // A program may reach 127.0.0.1 by a socket of either kind.
    let uid = match owner("/proc/self/net/tcp")? {
        Some(uid) => Some(uid),
        // Not there where the machine has no IPv6.
        None => owner("/proc/self/net/tcp6").unwrap_or_default(),
    };
    Ok(uid == Some(rustix::process::geteuid().as_raw()))
}

/// See above.
#[cfg(not(target_os = "linux"))]
pub(crate) fn is_own(_: SocketAddr, _: SocketAddr) -> io::Result<bool> {
    Ok(true)
}

/// Whether [`is_own`] tells other users apart.
pub(crate) const TELLS_USERS_APART: bool = cfg!(target_os = "linux");

#[cfg(target_os = "linux")]
mod linux {
    use std::net::{IpAddr, SocketAddr};

    /// The state of a connection that both ends hold open. In others the kernel may have forgotten
    /// the owner, and says 0.
    const ESTABLISHED: &str = "01";

    /// Finds the owner of the far end in a table of `/proc/net` (proc(5)): there, what is local is
    /// the peer's.
    pub(super) fn owner(table: &str, peer: SocketAddr, local: SocketAddr) -> Option<u32> {
        table.lines().skip(1).find_map(|line| {
            let mut columns = line.split_ascii_whitespace().skip(1);
            let (its_own, its_peer) = (address(columns.next()?)?, address(columns.next()?)?);
            let is_it = (its_own, its_peer) == (peer, local);
            (is_it && columns.next()? == ESTABLISHED).then(|| columns.nth(3)?.parse().ok())?
        })
    }

    /// An address as the kernel writes it: words of 32 bits in the byte order of the machine.
    fn address(text: &str) -> Option<SocketAddr> {
        let (words, port) = text.split_once(':')?;
        let word = |at: usize| -> Option<[u8; 4]> {
            Some(u32::from_str_radix(words.get(8 * at..8 * at + 8)?, 16).ok()?.to_ne_bytes())
        };
        let ip = match words.len() {
            8 => IpAddr::from(word(0)?),
            32 => {
                let mut bytes = [0; 16];
                for (at, quarter) in bytes.chunks_exact_mut(4).enumerate() {
                    quarter.copy_from_slice(&word(at)?);
                }
                IpAddr::from(bytes).to_canonical()
            }
            _ => return None,
        };
        Some((ip, u16::from_str_radix(port, 16).ok()?).into())
    }

    #[cfg(test)]
    mod tests {
        use std::net::SocketAddr;

        use super::owner;

        const TCP: &str = "\
  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:6AFE 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 1 1 0
   1: 0100007F:C001 0100007F:6AFE 01 00000000:00000000 00:00000000 00000000  1001        0 2 1 0
   2: 0100007F:6AFE 0100007F:C001 01 00000000:00000000 00:00000000 00000000  1000        0 3 1 0
   3: 0100007F:C002 0100007F:6AFE 05 00000000:00000000 00:00000000 00000000     0        0 0 1 0
   4: nonsense
";
        const TCP6: &str = "\
  sl  local_address                         remote_address                        st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 00000000000000000000000001000000:C003 00000000000000000000000001000000:6AFE 01 00000000:00000000 00:00000000 00000000  1002        0 4 1 0
   1: 0000000000000000FFFF00000100007F:C004 0000000000000000FFFF00000100007F:6AFE 01 00000000:00000000 00:00000000 00000000  1003        0 5 1 0
";

        fn owner_of(table: &str, peer: &str, local: &str) -> Option<u32> {
            let address = |text: &str| text.parse::<SocketAddr>().unwrap();
            owner(table, address(peer), address(local))
        }

        #[test]
        fn the_owner_is_that_of_the_far_end() {
            assert_eq!(owner_of(TCP, "127.0.0.1:49153", "127.0.0.1:27390"), Some(1001));
            assert_eq!(owner_of(TCP6, "[::1]:49155", "[::1]:27390"), Some(1002));
        }

        #[test]
        fn a_socket_of_ipv6_may_reach_an_address_of_ipv4() {
            assert_eq!(owner_of(TCP6, "127.0.0.1:49156", "127.0.0.1:27390"), Some(1003));
        }

        #[test]
        fn a_connection_that_is_closing_has_no_owner() {
            assert_eq!(owner_of(TCP, "127.0.0.1:49154", "127.0.0.1:27390"), None);
        }

        #[test]
        fn who_is_not_there_has_no_owner() {
            assert_eq!(owner_of(TCP, "127.0.0.1:49160", "127.0.0.1:27390"), None);
            assert_eq!(owner_of("", "127.0.0.1:49153", "127.0.0.1:27390"), None);
        }
    }
}
