//! HTTP on loopback: the guard, `GET /health`, and the upgrade to a WebSocket.

use std::{
    convert::Infallible,
    io,
    net::{Ipv4Addr, Ipv6Addr, SocketAddr},
    sync::Arc,
    time::Duration,
};

use http_body_util::Full;
use hyper::{
    Request, Response, StatusCode,
    body::{Bytes, Incoming},
    header::{
        ACCESS_CONTROL_ALLOW_ORIGIN, CACHE_CONTROL, CONNECTION, CONTENT_TYPE, SEC_WEBSOCKET_ACCEPT,
        SEC_WEBSOCKET_PROTOCOL, UPGRADE, VARY,
    },
    http::response::Builder,
    server::conn::http1,
    service::service_fn,
};
use hyper_util::rt::{TokioIo, TokioTimer};
use kazashi_core::wire::{MAX_MESSAGE, SUBPROTOCOL};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{OwnedSemaphorePermit, Semaphore},
};
use tokio_tungstenite::{
    WebSocketStream,
    tungstenite::{
        handshake::derive_accept_key,
        protocol::{Role, WebSocketConfig},
    },
};
use tracing::{debug, warn};

use crate::{
    Bridge,
    connection::Connection,
    guard::{Verdict, guard},
};

/// How long a client may take to send its request.
const HANDSHAKE: Duration = Duration::from_secs(5);
/// Connections at one time, of all origins together.
const MAX_CONNECTIONS: usize = 32;

/// The two loopback addresses at one port.
#[derive(Debug)]
pub(crate) struct Server {
    ipv4: TcpListener,
    ipv6: Option<TcpListener>,
    port: u16,
}

impl Server {
    /// Binds both loopback addresses; port 0 takes a free one. Browsers may try `[::1]` first for
    /// `localhost`, but a machine without IPv6 is served all the same.
    pub(crate) async fn bind(port: u16) -> io::Result<Self> {
        let ipv4 = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?;
        let port = ipv4.local_addr()?.port();
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
    pub(crate) async fn run(self, bridge: Arc<Bridge>) -> Infallible {
        let places = Arc::new(Semaphore::new(MAX_CONNECTIONS));
        loop {
            let accepted = tokio::select! {
                accepted = self.ipv4.accept() => accepted,
                accepted = accept(self.ipv6.as_ref()) => accepted,
            };
            match (accepted, Arc::clone(&places).try_acquire_owned()) {
                (Ok((stream, _)), Ok(place)) => {
                    tokio::spawn(serve(stream, self.port, Arc::clone(&bridge), place));
                }
                (Ok(_), Err(_)) => warn!("too many connections"),
                (Err(error), _) => {
                    // Out of file descriptors, say: accepting again at once would only spin.
                    warn!(%error, "could not accept a connection");
                    tokio::time::sleep(Duration::from_millis(100)).await;
                }
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

async fn serve(stream: TcpStream, port: u16, bridge: Arc<Bridge>, place: OwnedSemaphorePermit) {
    // An APDU is a small packet that waits for its answer: never hold it back.
    let _ = stream.set_nodelay(true);
    let place = Arc::new(place);
    let service = service_fn(|request| {
        let response = respond(request, port, &bridge, &place);
        async { Ok::<_, Infallible>(response) }
    });
    let served = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HANDSHAKE)
        .serve_connection(TokioIo::new(stream), service)
        .with_upgrades()
        .await;
    if let Err(error) = served {
        debug!(%error, "the request came to nothing");
    }
}

fn respond(
    mut request: Request<Incoming>,
    port: u16,
    bridge: &Arc<Bridge>,
    place: &Arc<OwnedSemaphorePermit>,
) -> Response<Full<Bytes>> {
    match guard(&request, port, &bridge.config) {
        Verdict::Upgrade { origin, scopes, key } => {
            let upgrade = hyper::upgrade::on(&mut request);
            let (bridge, place) = (Arc::clone(bridge), Arc::clone(place));
            tokio::spawn(async move {
                let _place = place;
                let Ok(upgraded) = upgrade.await else { return };
                let limits = WebSocketConfig::default()
                    .max_message_size(Some(MAX_MESSAGE))
                    .max_frame_size(Some(MAX_MESSAGE));
                let stream = TokioIo::new(upgraded);
                let socket =
                    WebSocketStream::from_raw_socket(stream, Role::Server, Some(limits)).await;
                Connection::new(bridge, origin, scopes).serve(socket).await;
            });
            let response = Response::builder()
                .status(StatusCode::SWITCHING_PROTOCOLS)
                .header(UPGRADE, "websocket")
                .header(CONNECTION, "upgrade")
                .header(SEC_WEBSOCKET_ACCEPT, derive_accept_key(key.as_bytes()))
                .header(SEC_WEBSOCKET_PROTOCOL, SUBPROTOCOL);
            body(response, "")
        }
        Verdict::Health { readable_by } => {
            let mut response = Response::builder()
                .header(CONTENT_TYPE, "text/plain")
                .header(CACHE_CONTROL, "no-store")
                .header(CONNECTION, "close")
                .header(VARY, "Origin");
            if let Some(origin) = readable_by {
                response = response.header(ACCESS_CONTROL_ALLOW_ORIGIN, origin.as_str());
            }
            body(response, "ok")
        }
        Verdict::Refuse(status) => {
            debug!(%status, "refused");
            body(Response::builder().status(status).header(CONNECTION, "close"), "")
        }
    }
}

fn body(response: Builder, text: &'static str) -> Response<Full<Bytes>> {
    response.body(Full::new(Bytes::from_static(text.as_bytes()))).unwrap_or_default()
}
