//! The owner of a socket over loopback. Other users of the machine are sent away before anything they
//! say is looked at.

use std::io;
use std::net::SocketAddr;

use crate::sys::Owner;

/// Whether [`of_peer`] tells other users apart. Elsewhere nobody is asked yet, and every program of
/// the machine is taken for the user's own.
pub(crate) const TELLS_USERS_APART: bool = cfg!(target_os = "linux");

/// Whose program is at the other end of this connection. Nobody's, if that end is closed already.
pub(crate) fn of_peer(peer: SocketAddr, local: SocketAddr) -> io::Result<Option<Owner>> {
    system::owner(peer, local)
}

/// Whose program listens at this address, if any does.
pub(crate) fn of_listener(address: SocketAddr) -> io::Result<Option<Owner>> {
    let anybody = match address {
        SocketAddr::V4(_) => SocketAddr::from(([0; 4], 0)),
        SocketAddr::V6(_) => SocketAddr::from(([0; 16], 0)),
    };
    system::owner(address, anybody)
}

#[cfg(target_os = "linux")]
mod system {
    use std::io;
    use std::net::SocketAddr;

    use netlink_packet_core::{NLM_F_REQUEST, NetlinkHeader, NetlinkMessage, NetlinkPayload};
    use netlink_packet_sock_diag::SockDiagMessage;
    use netlink_packet_sock_diag::constants::{AF_INET, AF_INET6, IPPROTO_TCP};
    use netlink_packet_sock_diag::inet::{
        ExtensionFlags, InetRequest, InetResponseHeader, SocketId, StateFlags,
    };
    use netlink_sys::Socket;
    use netlink_sys::protocols::NETLINK_SOCK_DIAG;

    use crate::sys::Owner;

    /// The socket is named by its ends, not by the number that the kernel gave it.
    const NO_COOKIE: [u8; 8] = [0xFF; 8];

    /// Asks the kernel for the one socket with these two ends (sock_diag(7)), and for its owner.
    pub(super) fn owner(local: SocketAddr, remote: SocketAddr) -> io::Result<Option<Owner>> {
        let Some(found) = find(local, remote)? else { return Ok(None) };
        let ends = (found.socket_id.source_address, found.socket_id.source_port);
        let others = (found.socket_id.destination_address, found.socket_id.destination_port);
        let is_it = (ends.0.to_canonical(), ends.1) == (local.ip(), local.port())
            && (others.0.to_canonical(), others.1) == (remote.ip(), remote.port());
        // Where there is no such connection the kernel names who listens at its place. And a socket
        // that no program holds any more has no inode, and for its owner stands root.
        Ok((is_it && found.inode != 0).then(|| Owner::with_uid(found.uid)))
    }

    /// The kernel's answer. A socket of IPv6 that reaches an address of IPv4 is found by that.
    fn find(local: SocketAddr, remote: SocketAddr) -> io::Result<Option<InetResponseHeader>> {
        let request = InetRequest {
            family: if local.is_ipv4() { AF_INET } else { AF_INET6 },
            protocol: IPPROTO_TCP,
            extensions: ExtensionFlags::empty(),
            states: StateFlags::all(),
            socket_id: SocketId {
                source_port: local.port(),
                destination_port: remote.port(),
                source_address: local.ip(),
                destination_address: remote.ip(),
                interface_id: 0,
                cookie: NO_COOKIE,
            },
        };
        let mut header = NetlinkHeader::default();
        header.flags = NLM_F_REQUEST;
        let mut message = NetlinkMessage::new(header, SockDiagMessage::InetRequest(request).into());
        message.finalize();
        let mut bytes = vec![0; message.buffer_len()];
        message.serialize(&mut bytes);

        let socket = Socket::new(NETLINK_SOCK_DIAG)?;
        socket.send(&bytes, 0)?;
        // The kernel has answered by then: this waits for nobody.
        let (answer, _) = socket.recv_from_full()?;
        let answer = NetlinkMessage::<SockDiagMessage>::deserialize(&answer);
        match answer.map_err(io::Error::other)?.payload {
            NetlinkPayload::InnerMessage(SockDiagMessage::InetResponse(response)) => {
                Ok(Some(response.header))
            }
            NetlinkPayload::Error(error) => match error.to_io() {
                error if error.kind() == io::ErrorKind::NotFound => Ok(None),
                error => Err(error),
            },
            _ => Err(io::ErrorKind::InvalidData.into()),
        }
    }
}

#[cfg(not(target_os = "linux"))]
mod system {
    use std::io;
    use std::net::SocketAddr;

    use crate::sys::Owner;

    pub(super) fn owner(_: SocketAddr, _: SocketAddr) -> io::Result<Option<Owner>> {
        Ok(Some(Owner::ThisUser))
    }
}

#[cfg(test)]
#[cfg(target_os = "linux")]
mod tests {
    use std::net::{Ipv4Addr, Ipv6Addr, Shutdown, SocketAddr, TcpListener, TcpStream};

    use super::{of_listener, of_peer};
    use crate::sys::Owner;

    /// Both ends of a connection, the caller's first, by these addresses of loopback.
    fn connection(listening: SocketAddr, called: SocketAddr) -> (TcpStream, TcpStream) {
        let listener = TcpListener::bind(listening).unwrap();
        let port = listener.local_addr().unwrap().port();
        let caller = TcpStream::connect((called.ip(), port)).unwrap();
        (caller, listener.accept().unwrap().0)
    }

    fn owner_of_caller(accepted: &TcpStream) -> Option<Owner> {
        of_peer(accepted.peer_addr().unwrap(), accepted.local_addr().unwrap()).unwrap()
    }

    #[test]
    fn the_owner_is_that_of_the_far_end_whichever_socket_it_has() {
        let ipv4 = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let ipv6 = SocketAddr::from((Ipv6Addr::LOCALHOST, 0));
        let mapped = SocketAddr::from((Ipv4Addr::LOCALHOST.to_ipv6_mapped(), 0));
        for (listening, called) in [(ipv4, ipv4), (ipv6, ipv6), (ipv4, mapped)] {
            let (_caller, accepted) = connection(listening, called);
            assert_eq!(owner_of_caller(&accepted), Some(Owner::ThisUser), "{called}");
        }
    }

    #[test]
    fn who_is_gone_is_nobody_and_who_has_only_stopped_talking_is_still_there() {
        let ipv4 = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let (caller, accepted) = connection(ipv4, ipv4);
        caller.shutdown(Shutdown::Write).unwrap();
        assert_eq!(owner_of_caller(&accepted), Some(Owner::ThisUser));
        let (peer, local) = (accepted.peer_addr().unwrap(), accepted.local_addr().unwrap());
        drop(caller);
        assert_eq!(of_peer(peer, local).unwrap(), None);
        drop(accepted);
        // Who listens where the caller was is somebody else.
        let nobody = SocketAddr::from((Ipv4Addr::LOCALHOST, 1));
        let listener = TcpListener::bind(ipv4).unwrap();
        assert_eq!(of_peer(listener.local_addr().unwrap(), nobody).unwrap(), None);
    }

    #[test]
    fn who_listens_is_named() {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let address = listener.local_addr().unwrap();
        assert_eq!(of_listener(address).unwrap(), Some(Owner::ThisUser));
        drop(listener);
        assert_eq!(of_listener(address).unwrap(), None);
    }
}
