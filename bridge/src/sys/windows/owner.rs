//! The owner of a socket over loopback. Other users of the machine, and other sessions, are sent away
//! before anything they say is looked at.

use std::io;
use std::net::SocketAddr;

use kazashi_windows_calls::{Process, account_name, ipv4_tcp_table, ipv6_tcp_table};

use crate::sys::Owner;
use crate::sys::sid::Sid;
use crate::sys::tcp_table::{
    Row, ipv4_rows, ipv6_rows, process_of_connection, process_of_listener,
};

/// Whether [`of_peer`] tells other users apart.
pub(crate) const TELLS_USERS_APART: bool = true;

/// Whose program is at the other end of this connection. Nobody's, if that end is closed already.
pub(crate) fn of_peer(peer: SocketAddr, local: SocketAddr) -> io::Result<Option<Owner>> {
    owner(|| Ok(process_of_connection(&sockets()?, peer, local)))
}

/// Whose program listens at this address, if any does.
pub(crate) fn of_listener(address: SocketAddr) -> io::Result<Option<Owner>> {
    owner(|| Ok(process_of_listener(&sockets()?, address)))
}

/// Every TCP socket of the machine.
fn sockets() -> io::Result<Vec<Row>> {
    let mut rows = ipv4_rows(&ipv4_tcp_table()?)?;
    rows.extend(ipv6_rows(&ipv6_tcp_table()?)?);
    Ok(rows)
}

/// The owner of the process with this number. Who cannot be asked for their user is an error.
pub(super) fn owner(find: impl Fn() -> io::Result<Option<u32>>) -> io::Result<Option<Owner>> {
    let Some(id) = find()? else { return Ok(None) };
    let process = Process::open(id)?;
    // Its number may have passed to it from one that ended just now. From here on it passes to nobody.
    if find()? != Some(id) {
        return Ok(None);
    }
    let (account, this) = (Account::of(&process)?, Account::of_this_process()?);
    Ok(Some(if account == this { Owner::ThisUser } else { Owner::Another(account.name()) }))
}

/// The user on whose behalf a program runs, at one of the machine's screens.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Account {
    pub(super) user: Sid,
    pub(super) session: u32,
}

impl Account {
    pub(super) fn of_this_process() -> io::Result<Self> {
        Self::of(&Process::open(std::process::id())?)
    }

    fn of(process: &Process) -> io::Result<Self> {
        let token = process.token()?;
        let user = Sid::at_beginning_of(&token.user()?).ok_or(io::ErrorKind::InvalidData)?;
        Ok(Self { user, session: token.session()? })
    }

    /// Both are named, since the session alone may be another.
    fn name(&self) -> String {
        let user = account_name(self.user.bytes()).unwrap_or_else(|_| self.user.to_string());
        format!("{user} (session {})", self.session)
    }
}

#[cfg(test)]
mod tests {
    use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener, TcpStream};

    use super::{of_listener, of_peer};
    use crate::sys::Owner;

    #[test]
    fn both_ends_and_who_listens_are_this_user_s() {
        for loopback in [Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()] {
            let listener = TcpListener::bind(SocketAddr::new(loopback, 0)).unwrap();
            let address = listener.local_addr().unwrap();
            let caller = TcpStream::connect(address).unwrap();
            let (accepted, peer) = listener.accept().unwrap();
            let local = accepted.local_addr().unwrap();
            assert_eq!(of_peer(peer, local).unwrap(), Some(Owner::ThisUser), "{loopback}");
            assert_eq!(of_listener(address).unwrap(), Some(Owner::ThisUser), "{loopback}");
            drop((caller, accepted, listener));
            assert_eq!(of_listener(address).unwrap(), None, "{loopback}");
        }
    }

    #[test]
    fn who_never_called_is_nobody() {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let nobody = SocketAddr::from((Ipv4Addr::LOCALHOST, 1));
        assert_eq!(of_peer(nobody, listener.local_addr().unwrap()).unwrap(), None);
    }
}
