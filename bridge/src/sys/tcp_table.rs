//! Windows' tables of TCP sockets: which process has the one with these ends.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

/// The state of a socket that listens (`MIB_TCP_STATE_LISTEN`). What is said of its other end means
/// nothing.
const LISTENING: u32 = 2;
/// Bytes of a `MIB_TCPROW_OWNER_PID`.
const IPV4_ROW: usize = 24;
/// Bytes of a `MIB_TCP6ROW_OWNER_PID`.
const IPV6_ROW: usize = 56;

/// A TCP socket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Row {
    local: SocketAddr,
    /// The other end, unless the socket listens.
    remote: Option<SocketAddr>,
    /// The number of its process.
    process: u32,
}

/// The sockets in a `MIB_TCPTABLE_OWNER_PID`.
pub(super) fn ipv4_rows(table: &[u8]) -> io::Result<Vec<Row>> {
    rows(table, |row: &[u8; IPV4_ROW]| {
        let mut fields = Fields(row);
        let state = fields.number()?;
        let local = (Ipv4Addr::from(fields.take::<4>()?), fields.port()?).into();
        let remote = (Ipv4Addr::from(fields.take::<4>()?), fields.port()?).into();
        Some(Row::new(state, local, remote, fields.number()?))
    })
}

/// The sockets in a `MIB_TCP6TABLE_OWNER_PID`.
pub(super) fn ipv6_rows(table: &[u8]) -> io::Result<Vec<Row>> {
    rows(table, |row: &[u8; IPV6_ROW]| {
        let mut fields = Fields(row);
        let local = fields.ipv6_end()?;
        let remote = fields.ipv6_end()?;
        let state = fields.number()?;
        Some(Row::new(state, local, remote, fields.number()?))
    })
}

/// Of which process the socket with these two ends is, if there is one and it has any.
pub(super) fn process_of_connection(
    rows: &[Row],
    local: SocketAddr,
    remote: SocketAddr,
) -> Option<u32> {
    process(rows, |row| {
        row.remote.is_some_and(|end| is_same(end, remote)) && is_same(row.local, local)
    })
}

/// Which process listens at this address, if any does.
pub(super) fn process_of_listener(rows: &[Row], address: SocketAddr) -> Option<u32> {
    process(rows, |row| row.remote.is_none() && is_same(row.local, address))
}

/// Where a program has closed a socket, Windows goes on with it for a while for no process.
fn process(rows: &[Row], is_it: impl Fn(&Row) -> bool) -> Option<u32> {
    rows.iter().find(|row| row.process != 0 && is_it(row)).map(|row| row.process)
}

/// A socket of IPv6 that reaches an address of IPv4 is found by that.
fn is_same(one: SocketAddr, other: SocketAddr) -> bool {
    (one.ip().to_canonical(), one.port()) == (other.ip().to_canonical(), other.port())
}

impl Row {
    fn new(state: u32, local: SocketAddr, remote: SocketAddr, process: u32) -> Self {
        Self { local, remote: (state != LISTENING).then_some(remote), process }
    }
}

/// A table is the number of its rows, the rows, and perhaps room for more.
fn rows<const N: usize>(
    table: &[u8],
    read: impl Fn(&[u8; N]) -> Option<Row>,
) -> io::Result<Vec<Row>> {
    let mut fields = Fields(table);
    let count = fields.number().and_then(|count| usize::try_from(count).ok());
    let read_all = || -> Option<Vec<Row>> {
        let (rows, _) = fields.0.as_chunks::<N>();
        rows.get(..count?)?.iter().map(read).collect()
    };
    read_all().ok_or_else(|| io::ErrorKind::InvalidData.into())
}

/// What was not read yet of a row.
struct Fields<'b>(&'b [u8]);

impl Fields<'_> {
    fn take<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (bytes, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(*bytes)
    }

    fn number(&mut self) -> Option<u32> {
        self.take().map(u32::from_le_bytes)
    }

    /// Of four bytes, the first two are a port as it is on the wire. What the others are is not said.
    fn port(&mut self) -> Option<u16> {
        let [high, low, ..] = self.take::<4>()?;
        Some(u16::from_be_bytes([high, low]))
    }

    /// An address, the number of the network that it is in, and a port.
    fn ipv6_end(&mut self) -> Option<SocketAddr> {
        let address = IpAddr::from(Ipv6Addr::from(self.take::<16>()?));
        self.number()?;
        Some((address, self.port()?).into())
    }
}

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;

    use super::{Row, ipv4_rows, ipv6_rows, process_of_connection, process_of_listener};

    const ESTABLISHED: u32 = 5;
    const TIME_WAIT: u32 = 11;
    const LISTENING: u32 = 2;

    fn address(text: &str) -> SocketAddr {
        text.parse().unwrap()
    }

    /// A row as Windows writes it down, with something in the bytes that mean nothing.
    fn row(state: u32, local: &str, remote: &str, process: u32) -> Vec<u8> {
        let port = |end: SocketAddr| [&end.port().to_be_bytes()[..], &[0xAA, 0xBB]].concat();
        let (local, remote) = (address(local), address(remote));
        let (state, process) = (state.to_le_bytes().to_vec(), process.to_le_bytes().to_vec());
        match (local, remote) {
            (SocketAddr::V4(l), SocketAddr::V4(r)) => {
                let (l, r) = (l.ip().octets().to_vec(), r.ip().octets().to_vec());
                [state, l, port(local), r, port(remote), process].concat()
            }
            (SocketAddr::V6(l), SocketAddr::V6(r)) => {
                let (l, r) = (l.ip().octets().to_vec(), r.ip().octets().to_vec());
                let network = vec![7, 0, 0, 0];
                let ends = [l, network.clone(), port(local), r, network, port(remote)];
                [ends.concat(), state, process].concat()
            }
            _ => panic!("both of one family"),
        }
    }

    fn table(rows: &[Vec<u8>]) -> Vec<u8> {
        let count = u32::try_from(rows.len()).unwrap().to_le_bytes().to_vec();
        // Room for a row more.
        [count, rows.concat(), vec![0; 60]].concat()
    }

    #[test]
    fn the_socket_with_just_these_ends_has_a_process() {
        let rows = ipv4_rows(&table(&[
            row(ESTABLISHED, "127.0.0.1:27390", "127.0.0.1:50000", 1),
            row(ESTABLISHED, "127.0.0.1:50000", "127.0.0.1:27390", 2),
            row(ESTABLISHED, "127.0.0.1:50000", "127.0.0.1:27391", 3),
            row(ESTABLISHED, "127.0.0.2:50000", "127.0.0.1:27390", 4),
        ]))
        .unwrap();
        let of = |local, remote| process_of_connection(&rows, address(local), address(remote));
        assert_eq!(of("127.0.0.1:50000", "127.0.0.1:27390"), Some(2));
        assert_eq!(of("127.0.0.1:27390", "127.0.0.1:50000"), Some(1));
        assert_eq!(of("127.0.0.1:50001", "127.0.0.1:27390"), None);
        assert_eq!(of("127.0.0.1:27390", "127.0.0.1:27390"), None);
    }

    #[test]
    fn a_socket_that_no_program_has_is_nobody_s() {
        let rows = [row(TIME_WAIT, "127.0.0.1:50000", "127.0.0.1:27390", 0)];
        let rows = ipv4_rows(&table(&rows)).unwrap();
        let (local, remote) = (address("127.0.0.1:50000"), address("127.0.0.1:27390"));
        assert_eq!(process_of_connection(&rows, local, remote), None);
    }

    #[test]
    fn who_listens_is_told_from_who_is_connected() {
        let rows = ipv4_rows(&table(&[
            row(ESTABLISHED, "127.0.0.1:27390", "127.0.0.1:50000", 1),
            row(LISTENING, "127.0.0.1:27390", "0.0.0.0:0", 2),
            row(LISTENING, "0.0.0.0:27391", "0.0.0.0:0", 3),
        ]))
        .unwrap();
        let listener = |text| process_of_listener(&rows, address(text));
        assert_eq!(listener("127.0.0.1:27390"), Some(2));
        assert_eq!(listener("127.0.0.1:27391"), None);
        let nobody = address("0.0.0.0:0");
        assert_eq!(process_of_connection(&rows, address("127.0.0.1:27390"), nobody), None);
    }

    #[test]
    fn a_socket_of_ipv6_is_found_by_what_it_reaches() {
        let rows = ipv6_rows(&table(&[
            row(LISTENING, "[::1]:27390", "[::]:0", 1),
            row(ESTABLISHED, "[::1]:50000", "[::1]:27390", 2),
            row(ESTABLISHED, "[::ffff:127.0.0.1]:50001", "[::ffff:127.0.0.1]:27390", 3),
        ]))
        .unwrap();
        let of = |local, remote| process_of_connection(&rows, address(local), address(remote));
        assert_eq!(of("[::1]:50000", "[::1]:27390"), Some(2));
        assert_eq!(of("127.0.0.1:50001", "127.0.0.1:27390"), Some(3));
        assert_eq!(process_of_listener(&rows, address("[::1]:27390")), Some(1));
    }

    #[test]
    fn a_table_that_is_cut_short_is_none() {
        let one = [row(LISTENING, "127.0.0.1:1", "0.0.0.0:0", 1)];
        let whole = table(&one);
        assert_eq!(ipv4_rows(&whole).unwrap().len(), 1);
        for length in [0, 3, 4, 27] {
            assert!(ipv4_rows(&whole[..length]).is_err(), "{length}");
        }
        assert_eq!(ipv4_rows(&[0; 4]).unwrap(), Vec::<Row>::new());
        assert!(ipv6_rows(&table(&[vec![0; 10]])).is_ok(), "room for more is not looked at");
    }
}
