//! The port on loopback: who connects there, and whose program that is.

use std::convert::Infallible;
use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;

use kazashi_core::wire::PORTS;
use thiserror::Error;
use tokio::net::{TcpListener, TcpStream};
use tracing::{info, warn};

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
        "port {port} of this machine is held by a program of the user {user}, perhaps their bridge"
    )]
    OfAnotherUser { port: u16, user: String },
    #[error("port {port} of this machine is held by another program of yours: does a bridge run?")]
    OfThisUser { port: u16 },
    /// The system keeps it to itself, or does not say who has it: on Windows, another user's programs
    /// may not be asked.
    #[error("port {port} of this machine cannot be had: {error}")]
    OfSomebody { port: u16, error: io::Error },
    #[error("no port of this machine is left for a bridge: {}", list(.0))]
    NoneLeft(Vec<Self>),
    #[error("this system does not say whose connections are")]
    OwnersUnknown(#[source] io::Error),
    #[error(transparent)]
    Io(#[from] io::Error),
}

fn list(errors: &[BindError]) -> String {
    errors.iter().map(BindError::to_string).collect::<Vec<_>>().join("; ")
}

impl Server {
    /// Binds the first of [`PORTS`] that nobody else has. A user has one bridge at most: where another
    /// program of this user has one of these ports, whichever it is, nothing is bound.
    pub(crate) async fn bind_first_free() -> Result<Self, BindError> {
        let mut held = Vec::new();
        for port in PORTS {
            match Self::bind(port).await {
                Ok(server) => return server.unless_there_is_one(),
                Err(why @ (BindError::OfAnotherUser { .. } | BindError::OfSomebody { .. })) => {
                    info!(%why, "passed over a port");
                    held.push(why);
                }
                Err(error) => return Err(error),
            }
        }
        Err(BindError::NoneLeft(held))
    }

    /// A bridge that began when an earlier port was not free yet has one after it. Looked for once this
    /// one is bound: of two that start at the same time, one finds the other.
    fn unless_there_is_one(self) -> Result<Self, BindError> {
        // Where users are not told apart, no port was passed over.
        let another = PORTS.into_iter().filter(|&port| port != self.port).find(|&port| {
            let address = (Ipv4Addr::LOCALHOST, port).into();
            owner::TELLS_USERS_APART
                && matches!(owner::of_listener(address), Ok(Some(Owner::ThisUser)))
        });
        match another {
            Some(port) => Err(BindError::OfThisUser { port }),
            None => Ok(self),
        }
    }

    /// Binds both loopback addresses at this port, of which 0 is any: browsers may try `[::1]` first for
    /// `localhost`, and nobody else is to answer there. A machine without IPv6 is served all the same.
    pub(crate) async fn bind(port: u16) -> Result<Self, BindError> {
        let ipv4 = listen((Ipv4Addr::LOCALHOST, port).into()).await?;
        let address = ipv4.local_addr()?;
        // Whoever it does not know even here it would refuse without end.
        match owner::of_listener(address) {
            Ok(None) if owner::TELLS_USERS_APART => {
                return Err(BindError::OwnersUnknown(io::ErrorKind::Unsupported.into()));
            }
            known => known.map_err(BindError::OwnersUnknown)?,
        };
        let port = address.port();
        let ipv6 = match listen((Ipv6Addr::LOCALHOST, port).into()).await {
            Err(BindError::Io(error)) => {
                warn!(%error, "not listening on [::1]");
                None
            }
            bound => Some(bound?),
        };
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

async fn listen(address: SocketAddr) -> Result<TcpListener, BindError> {
    TcpListener::bind(address).await.map_err(|error| why(address, error))
}

/// The reason why an address cannot be had, by whoever has it.
fn why(address: SocketAddr, error: io::Error) -> BindError {
    let port = address.port();
    // Windows denies what another user has, or it keeps to itself; Linux a low port, which nobody has.
    if !matches!(error.kind(), io::ErrorKind::AddrInUse | io::ErrorKind::PermissionDenied) {
        return error.into();
    }
    match owner::of_listener(address) {
        Ok(Some(Owner::Another(user))) => BindError::OfAnotherUser { port, user },
        Ok(Some(Owner::ThisUser)) => BindError::OfThisUser { port },
        Ok(None) | Err(_) => BindError::OfSomebody { port, error },
    }
}
