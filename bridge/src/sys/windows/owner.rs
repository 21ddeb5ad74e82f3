//! The owner of a socket over loopback: nobody is asked yet.

use std::io;
use std::net::SocketAddr;

use crate::sys::Owner;

/// Whether [`of_peer`] tells other users apart.
pub(crate) const TELLS_USERS_APART: bool = false;

/// Whose program is at the other end of this connection: every program of the machine is taken for
/// the user's own.
pub(crate) fn of_peer(_: SocketAddr, _: SocketAddr) -> io::Result<Option<Owner>> {
    Ok(Some(Owner::ThisUser))
}

/// Whose program listens at this address: not known.
pub(crate) fn of_listener(_: SocketAddr) -> io::Result<Option<Owner>> {
    Ok(None)
}
