//! The port on loopback: who connects there, and whose program that is.

use std::convert::Infallible;
use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;

use thiserror::Error;
use tokio::net::{TcpListener, TcpStream};
use tracing::warn;

use crate::door::bridge::Bridge;
use crate::door::entrance::Entrance;
use crate::door::guard::Door;
use crate::sys::{Owner, owner};

/// The two loopback addresses at one port.
#[derive(Debug)]
pub(crate) struct Server {
    ipv4: TcpListener,
    ipv6: Option<TcpListener>,
    port: u16,
}

/// The reason why nobody can connect.
#[derive(Debug, Error)]
pub(crate) enum BindError {
    #[error(
        "port {port} of this machine is held by a program of the user {user}, perhaps their \
         bridge: one user at a time can have it"
    )]
    OfAnotherUser { port: u16, user: String },
    #[error("port {port} of this machine is held by another program of yours: does a bridge run?")]
    OfThisUser { port: u16 },
    #[error("this system does not say whose connections are")]
    OwnersUnknown(#[source] io::Error),
    #[error(transparent)]
    Io(#[from] io::Error),
}

impl Server {
    /// Binds both loopback addresses; port 0 takes a free one. Browsers may try `[::1]` first for
    /// `localhost`, but a machine without IPv6 is served all the same.
    pub(crate) async fn bind(port: u16) -> Result<Self, BindError> {
        let address = (Ipv4Addr::LOCALHOST, port);
        let ipv4 = TcpListener::bind(address).await.map_err(|error| why(address.into(), error))?;
        let port = ipv4.local_addr()?.port();
        // Whoever it does not know even here it would refuse without end.
        match owner::of_listener(ipv4.local_addr()?) {
            Ok(None) if owner::TELLS_USERS_APART => {
                return Err(BindError::OwnersUnknown(io::ErrorKind::Unsupported.into()));
            }
            known => known.map_err(BindError::OwnersUnknown)?,
        };
        let ipv6 = TcpListener::bind((Ipv6Addr::LOCALHOST, port))
            .await
            .inspect_err(|error| warn!(%error, "not listening on [::1]"))
            .ok();
        Ok(Self { ipv4, ipv6, port })
    }

    pub(crate) fn address(&self) -> SocketAddr {
        (Ipv4Addr::LOCALHOST, self.port).into()
    }

    /// Accepts connections for ever.
    pub(crate) async fn run(self, bridge: &Arc<Bridge>) -> Infallible {
        let entrance = Entrance::new(Door::Loopback { port: self.port }, bridge);
        loop {
            let accepted = tokio::select! {
                accepted = self.ipv4.accept() => accepted,
                accepted = accept(self.ipv6.as_ref()) => accepted,
            };
            match accepted {
                Ok((stream, peer)) => {
                    let owner = stream.local_addr().and_then(|local| owner::of_peer(peer, local));
                    // An APDU is a small packet that waits for its answer: never hold it back.
                    let _ = stream.set_nodelay(true);
                    entrance.admit(stream, owner).await;
                }
                Err(error) => entrance.pause_after(&error).await,
            }
        }
    }
}

async fn accept(listener: Option<&TcpListener>) -> io::Result<(TcpStream, SocketAddr)> {
    match listener {
        Some(listener) => listener.accept().await,
        None => std::future::pending().await,
    }
}

/// The reason why an address cannot be had, by whoever has it.
fn why(address: SocketAddr, error: io::Error) -> BindError {
    let port = address.port();
    // Windows denies what another user has; so does Linux a low port, which nobody has.
    if !matches!(error.kind(), io::ErrorKind::AddrInUse | io::ErrorKind::PermissionDenied) {
        return error.into();
    }
    match owner::of_listener(address) {
        Ok(Some(Owner::Another(user))) => BindError::OfAnotherUser { port, user },
        Ok(Some(Owner::ThisUser)) => BindError::OfThisUser { port },
        _ => error.into(),
    }
}
