//! One way in: HTTP, the guard, `GET /health`, and the upgrade to a WebSocket.

use std::convert::Infallible;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::header::{
    ACCESS_CONTROL_ALLOW_ORIGIN, CACHE_CONTROL, CONNECTION, CONTENT_TYPE, HeaderName, ORIGIN,
    SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_PROTOCOL, UPGRADE, VARY,
};
use hyper::http::response::Builder;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::upgrade::Upgraded;
use hyper::{HeaderMap, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use jiff::Timestamp;
use kazashi_core::error_code::ErrorCode;
use kazashi_core::value::Scopes;
use kazashi_core::wire::{Answer, Failure, SUBPROTOCOL};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::task::{spawn_blocking, yield_now};
use tokio::time::{sleep, timeout};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, Role, WebSocketConfig};
use tracing::{debug, info, warn};

use crate::access::{Limits, Origin};
use crate::door::bridge::Bridge;
use crate::door::connection::Connection;
use crate::door::doorstep::Doorstep;
use crate::door::guard::{Door, Verdict, guard};
use crate::door::refusal_log::Refusal;
use crate::door::refused_user::RefusedUser;
use crate::sys::Owner;

/// Pages of other origins are not even told that there was an answer (Fetch, 3.7).
const CROSS_ORIGIN_RESOURCE_POLICY: HeaderName =
    HeaderName::from_static("cross-origin-resource-policy");
/// The longest request.
const MAX_REQUEST: usize = 16 * 1024;
/// Bytes that a WebSocket reads at once. Most messages are much shorter. What it has read, a PIN from
/// the page too, stands there until more comes or the connection ends: SECURITY.md says how much.
const READ_BUFFER: usize = 4 * 1024;
/// The code with which a connection is closed that was accepted only to say why it is refused.
const CLOSE_REFUSED: u16 = 4403;
/// How long nothing is accepted after a failure.
const PAUSE: Duration = Duration::from_millis(100);
/// More of an origin that could never be allowed anything is not written down.
const MAX_SHOWN: usize = 64;

/// A way in, and those who stand before it.
#[derive(Debug)]
pub(super) struct Entrance {
    door: Door,
    doorstep: Doorstep,
    bridge: Arc<Bridge>,
}

impl Entrance {
    pub(super) fn new(door: Door, bridge: &Arc<Bridge>) -> Arc<Self> {
        Arc::new(Self { door, doorstep: Doorstep::default(), bridge: Arc::clone(bridge) })
    }

    /// Serves a connection of this user's own programs.
    pub(super) async fn admit<S>(self: &Arc<Self>, stream: S, owner: io::Result<Option<Owner>>)
    where
        S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
    {
        let refusals = &self.bridge.refusals;
        match owner {
            Ok(Some(Owner::ThisUser)) => {
                self.doorstep.attend(Arc::clone(self).serve(stream));
                // What they have sent already is looked at before somebody else takes their place.
                yield_now().await;
            }
            Ok(Some(Owner::Another(user))) => {
                if refusals.count(Refusal::OtherUser) {
                    warn!(
                        user,
                        "refused a program of another user; a relay must run as the bridge does"
                    );
                    self.note_user(user);
                }
            }
            Ok(None) => debug!("whoever connected is gone again"),
            Err(error) => {
                if refusals.count(Refusal::Unowned) {
                    warn!(%error, "refused a program, since nothing says whose it is");
                }
            }
        }
    }

    /// Waits after a failure to accept, unless it is only of one who has gone again. Out of file
    /// descriptors, say: to accept again at once would only spin.
    pub(super) async fn pause_after(&self, error: &io::Error) {
        if error.kind() == io::ErrorKind::ConnectionAborted {
            return;
        }
        if self.bridge.refusals.count(Refusal::Accept) {
            warn!(%error, "could not accept a connection");
        }
        sleep(PAUSE).await;
    }

    async fn serve<S>(self: Arc<Self>, stream: S)
    where
        S: AsyncRead + AsyncWrite + Send + Unpin + 'static,
    {
        let service = service_fn(|request| {
            let response = self.respond(request);
            async { Ok::<_, Infallible>(response) }
        });
        let served = http1::Builder::new()
            .max_buf_size(MAX_REQUEST)
            .serve_connection(TokioIo::new(stream), service)
            .with_upgrades();
        match timeout(self.bridge.limits.handshake(), served).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => debug!(%error, "the request came to nothing"),
            Err(_) => debug!("the request took too long"),
        }
    }

    fn respond(&self, request: Request<Incoming>) -> Response<Full<Bytes>> {
        let bridge = &self.bridge;
        let rules = bridge.access.rules();
        let verdict = guard(&request, self.door, &rules, Timestamp::now());
        let disclose = rules.config.disclose;
        drop(rules);
        match verdict {
            Verdict::Upgrade { origin, scopes, key } => {
                let Some(seat) = bridge.quota.take(&origin) else {
                    if bridge.refusals.count(Refusal::TooMany) {
                        warn!(%origin, "too many connections");
                    }
                    return self.upgrade_to_refuse(request, &key, ErrorCode::TooManyConnections);
                };
                let (response, socket) = upgrade(request, &key, &bridge.limits);
                let bridge = Arc::clone(bridge);
                tokio::spawn(async move {
                    let _seat = seat;
                    let Some(socket) = socket.await else { return };
                    Connection::new(bridge, origin, scopes).serve(socket).await;
                });
                response
            }
            Verdict::Unlisted { origin, wants, key } => {
                self.note(&origin, wants);
                if disclose {
                    self.upgrade_to_refuse(request, &key, ErrorCode::OriginRefused)
                } else {
                    refuse(StatusCode::FORBIDDEN)
                }
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
                if status == StatusCode::FORBIDDEN {
                    self.note_if_it_is_none(request.headers());
                }
                refuse(status)
            }
        }
    }

    /// Notes whose program was refused, without keeping anybody waiting for the disk.
    fn note_user(&self, user: String) {
        let state = self.bridge.state.clone();
        spawn_blocking(move || {
            if let Err(error) = RefusedUser::write(&state, user) {
                warn!(%error, "could not note who was refused");
            }
        });
    }

    /// Notes that an origin asked that may do nothing.
    fn note(&self, origin: &Origin, wants: Scopes) {
        if self.bridge.access.ask(origin, wants) && self.bridge.refusals.count(Refusal::Unlisted) {
            info!(%origin, "asks for the first time: see kazashi-bridge origins pending");
        }
    }

    /// Notes an origin that could never be allowed anything, such as an app's own.
    fn note_if_it_is_none(&self, headers: &HeaderMap) {
        let Some(Ok(text)) = headers.get(ORIGIN).map(|origin| origin.to_str()) else { return };
        let Err(why) = Origin::parse(text, self.bridge.access.rules().developer_mode) else {
            return;
        };
        if self.bridge.refusals.count(Refusal::NoOrigin) {
            let origin: String = text.chars().take(MAX_SHOWN).collect();
            info!(origin, %why, "cannot be allowed anything");
        }
    }

    /// Lets a page in to tell it why it may not stay. It is still one of those on the doorstep.
    fn upgrade_to_refuse(
        &self,
        request: Request<Incoming>,
        key: &str,
        code: ErrorCode,
    ) -> Response<Full<Bytes>> {
        let (response, socket) = upgrade(request, key, &self.bridge.limits);
        let patience = self.bridge.limits.handshake();
        self.doorstep.attend(async move {
            let Some(socket) = socket.await else { return };
            // A page that does not want to hear it need not.
            let _ = timeout(patience, say_refused(socket, code)).await;
        });
        response
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

/// Tells a page why it is refused, and nothing else; then waits for it to hang up.
async fn say_refused(mut socket: Socket, code: ErrorCode) {
    debug!(code = code.as_str(), "a page is told that it is refused");
    let Ok(message) = serde_json::to_string(&Answer::Error(Failure::new(code))) else { return };
    let close = CloseFrame { code: CLOSE_REFUSED.into(), reason: "".into() };
    if socket.send(Message::Text(message.into())).await.is_ok()
        && socket.close(Some(close)).await.is_ok()
    {
        while let Some(Ok(_)) = socket.next().await {}
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
