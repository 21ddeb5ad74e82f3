//! HTTP on loopback: the guard, `GET /health`, and the upgrade to a WebSocket.

use std::{
    convert::Infallible,
    io,
    net::{Ipv4Addr, Ipv6Addr, SocketAddr},
    sync::Arc,
    time::Duration,
};

use futures_util::SinkExt;
use http_body_util::Full;
use hyper::{
    Request, Response, StatusCode,
    body::{Bytes, Incoming},
    header::{
        ACCESS_CONTROL_ALLOW_ORIGIN, CACHE_CONTROL, CONNECTION, CONTENT_TYPE, HeaderName,
        SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_PROTOCOL, UPGRADE, VARY,
    },
    http::response::Builder,
    server::conn::http1,
    service::service_fn,
    upgrade::Upgraded,
};
use hyper_util::rt::TokioIo;
use jiff::Timestamp;
use kazashi_core::{
    error_code::ErrorCode,
    wire::{Answer, Failure, SUBPROTOCOL},
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpListener, TcpStream},
    sync::OwnedSemaphorePermit,
    task::spawn_blocking,
    time::timeout,
};
use tokio_tungstenite::{
    WebSocketStream,
    tungstenite::{
        Message,
        handshake::derive_accept_key,
        protocol::{CloseFrame, Role, WebSocketConfig},
    },
};
use tracing::{debug, info, warn};

use crate::{
    Bridge,
    connection::Connection,
    guard::{Door, Verdict, guard},
    limits::Limits,
    origin::Origin,
    peer,
};

/// Pages of other origins are not even told that there was an answer (Fetch, 3.7).
const CROSS_ORIGIN_RESOURCE_POLICY: HeaderName =
    HeaderName::from_static("cross-origin-resource-policy");
/// The longest request.
const MAX_REQUEST: usize = 16 * 1024;
/// What a WebSocket reads at once. Most messages are much shorter.
const READ_BUFFER: usize = 4 * 1024;
/// The code with which a connection is closed that was accepted only to say why it is refused.
const CLOSE_REFUSED: u16 = 4403;
/// After a failure to accept. Out of file descriptors, say: accepting again at once would only spin.
pub(crate) const PAUSE: Duration = Duration::from_millis(100);

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
        loop {
            let accepted = tokio::select! {
                accepted = self.ipv4.accept() => accepted,
                accepted = accept(self.ipv6.as_ref()) => accepted,
            };
            match accepted {
                Ok((stream, peer)) => match is_own(&stream, peer).await {
                    Ok(true) => {
                        // An APDU is a small packet that waits for its answer: never hold it back.
                        let _ = stream.set_nodelay(true);
                        admit(stream, Door::Loopback { port: self.port }, &bridge);
                    }
                    refused if bridge.refusals.count() => match refused {
                        Ok(_) => warn!("refused a program of another user"),
                        Err(error) => {
                            warn!(%error, "refused a program, since nothing says whose it is")
                        }
                    },
                    _ => {}
                },
                Err(error) => {
                    if bridge.refusals.count() {
                        warn!(%error, "could not accept a connection");
                    }
                    tokio::time::sleep(PAUSE).await;
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

/// Looks up whose program this is on another thread: the kernel goes through all its connections for
/// the answer, and pages that are being served do not wait for that.
async fn is_own(stream: &TcpStream, peer: SocketAddr) -> io::Result<bool> {
    let local = stream.local_addr()?;
    spawn_blocking(move || peer::is_own(peer, local)).await?
}

/// Serves a connection, if there is room for one more.
pub(crate) fn admit<S>(stream: S, door: Door, bridge: &Arc<Bridge>)
where
    S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
{
    match Arc::clone(&bridge.sockets).try_acquire_owned() {
        Ok(place) => {
            tokio::spawn(serve(stream, door, Arc::clone(bridge), place));
        }
        Err(_) if bridge.refusals.count() => warn!("too many connections"),
        Err(_) => {}
    }
}

async fn serve<S>(stream: S, door: Door, bridge: Arc<Bridge>, place: OwnedSemaphorePermit)
where
    S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
{
    let place = Arc::new(place);
    let service = service_fn(|request| {
        let response = respond(request, door, &bridge, &place);
        async { Ok::<_, Infallible>(response) }
    });
    let served = http1::Builder::new()
        .max_buf_size(MAX_REQUEST)
        .serve_connection(TokioIo::new(stream), service)
        .with_upgrades();
    match timeout(bridge.limits.handshake(), served).await {
        Ok(Ok(())) => {}
        Ok(Err(error)) => debug!(%error, "the request came to nothing"),
        Err(_) => debug!("the request took too long"),
    }
}

fn respond(
    request: Request<Incoming>,
    door: Door,
    bridge: &Arc<Bridge>,
    place: &Arc<OwnedSemaphorePermit>,
) -> Response<Full<Bytes>> {
    let rules = bridge.access.rules();
    let verdict = guard(&request, door, &rules, Timestamp::now());
    let disclose = rules.config.disclose;
    drop(rules);
    match verdict {
        Verdict::Upgrade { origin, scopes, key } => {
            let Some(seat) = bridge.places.take(&origin) else {
                if bridge.refusals.count() {
                    warn!(%origin, "too many connections of one origin");
                }
                return refuse(StatusCode::TOO_MANY_REQUESTS);
            };
            let (response, socket) = upgrade(request, &key, &bridge.limits);
            let (bridge, place) = (Arc::clone(bridge), Arc::clone(place));
            tokio::spawn(async move {
                let _places = (place, seat);
                let Some(socket) = socket.await else { return };
                Connection::new(bridge, origin, scopes).serve(socket).await;
            });
            response
        }
        Verdict::Unlisted { origin, .. } if !disclose => {
            ask(bridge, &origin);
            refuse(StatusCode::FORBIDDEN)
        }
        Verdict::Unlisted { origin, key } => {
            ask(bridge, &origin);
            let (response, socket) = upgrade(request, &key, &bridge.limits);
            let (patience, place) = (bridge.limits.handshake(), Arc::clone(place));
            tokio::spawn(async move {
                let _place = place;
                let Some(socket) = socket.await else { return };
                // A page that does not want to hear it need not.
                let _ = timeout(patience, say_refused(socket, &origin)).await;
            });
            response
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
        Verdict::Refuse(status) => refuse(status),
    }
}

/// Notes that an origin asked that may do nothing.
fn ask(bridge: &Bridge, origin: &Origin) {
    if bridge.access.ask(origin) && bridge.refusals.count() {
        info!(%origin, "asks for the first time: see kazashi-bridge origins pending");
    }
}

type Socket = WebSocketStream<TokioIo<Upgraded>>;

/// The answer that the protocol is switched, and the WebSocket once it is.
fn upgrade(
    mut request: Request<Incoming>,
    key: &str,
    limits: &Limits,
) -> (Response<Full<Bytes>>, impl Future<Output = Option<Socket>> + 'static + use<>) {
    let max = Some(limits.frame_bytes.get());
    let config = WebSocketConfig::default()
        .max_message_size(max)
        .max_frame_size(max)
        .read_buffer_size(READ_BUFFER);
    let upgraded = hyper::upgrade::on(&mut request);
    let socket = async move {
        let stream = TokioIo::new(upgraded.await.ok()?);
        Some(WebSocketStream::from_raw_socket(stream, Role::Server, Some(config)).await)
    };
    let response = Response::builder()
        .status(StatusCode::SWITCHING_PROTOCOLS)
        .header(UPGRADE, "websocket")
        .header(CONNECTION, "upgrade")
        .header(SEC_WEBSOCKET_ACCEPT, derive_accept_key(key.as_bytes()))
        .header(SEC_WEBSOCKET_PROTOCOL, SUBPROTOCOL);
    (body(response, ""), socket)
}

/// Tells a page that it may do nothing, and nothing else.
async fn say_refused(mut socket: Socket, origin: &Origin) {
    debug!(%origin, "is told that it is refused");
    let refusal = Answer::Error(Failure::new(ErrorCode::OriginRefused));
    let Ok(message) = serde_json::to_string(&refusal) else { return };
    let close = CloseFrame { code: CLOSE_REFUSED.into(), reason: "".into() };
    if socket.send(Message::Text(message.into())).await.is_ok() {
        let _ = socket.close(Some(close)).await;
    }
}

fn refuse(status: StatusCode) -> Response<Full<Bytes>> {
    debug!(%status, "refused");
    body(Response::builder().status(status).header(CONNECTION, "close"), "")
}

fn body(response: Builder, text: &'static str) -> Response<Full<Bytes>> {
    let body = Full::new(Bytes::from_static(text.as_bytes()));
    response.header(CROSS_ORIGIN_RESOURCE_POLICY, "same-origin").body(body).unwrap_or_default()
}
