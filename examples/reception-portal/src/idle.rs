//! Connections of HTTP/2 that nobody uses any more: they are closed, as those of HTTP/1.1 are. A peer
//! that answers pings would keep one for ever.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::Extension;
use axum::body::Body;
use axum::extract::connect_info::Connected;
use axum::extract::{ConnectInfo, Request};
use axum::http::Version;
use axum::middleware::Next;
use axum::response::Response;
use axum_server::ConnectionShutdown;
use http_body_util::BodyExt;
use tokio::time::{Instant, sleep_until};

/// How long a connection may take from one request to the head of the next.
pub(crate) const IDLE: Duration = Duration::from_secs(60);

/// Who is at the other end of a connection, and what it is used for.
#[derive(Clone)]
pub(crate) struct Peer {
    pub(crate) address: SocketAddr,
    usage: Arc<Mutex<Usage>>,
}

struct Usage {
    /// Requests whose answers have not come to their end.
    requests: usize,
    last_end: Instant,
    is_watched: bool,
}

impl Connected<SocketAddr> for Peer {
    fn connect_info(address: SocketAddr) -> Self {
        let usage = Usage { requests: 0, last_end: Instant::now(), is_watched: false };
        Self { address, usage: Arc::new(Mutex::new(usage)) }
    }
}

/// Closes a connection of HTTP/2 when it has been idle for too long after this request.
pub(crate) async fn close_later(
    ConnectInfo(peer): ConnectInfo<Peer>,
    Extension(connection): Extension<ConnectionShutdown>,
    request: Request,
    next: Next,
) -> Response {
    if request.version() != Version::HTTP_2 {
        return next.run(request).await;
    }
    let using = Using { peer, close: Arc::new(move || connection.graceful_shutdown()), idle: IDLE };
    using.usage().requests += 1;
    let response = next.run(request).await;
    // A stream of events is used for as long as it lasts.
    response.map(|body| {
        Body::new(body.map_frame(move |frame| {
            let _ = &using;
            frame
        }))
    })
}

/// One request that uses a connection.
struct Using {
    peer: Peer,
    close: Arc<dyn Fn() + Send + Sync>,
    idle: Duration,
}

impl Using {
    fn usage(&self) -> MutexGuard<'_, Usage> {
        self.peer.usage.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Using {
    fn drop(&mut self) {
        let mut usage = self.usage();
        usage.requests -= 1;
        usage.last_end = Instant::now();
        if usage.requests == 0
            && !usage.is_watched
            && let Ok(runtime) = tokio::runtime::Handle::try_current()
        {
            usage.is_watched = true;
            let (usage, close) = (Arc::clone(&self.peer.usage), Arc::clone(&self.close));
            runtime.spawn(close_when_idle(usage, close, self.idle));
        }
    }
}

async fn close_when_idle(
    usage: Arc<Mutex<Usage>>,
    close: Arc<dyn Fn() + Send + Sync>,
    idle: Duration,
) {
    loop {
        let end = {
            let mut usage = usage.lock().unwrap_or_else(PoisonError::into_inner);
            let end = usage.last_end + idle;
            if usage.requests > 0 {
                // Its end will have it watched again.
                usage.is_watched = false;
                return;
            }
            end
        };
        if end <= Instant::now() {
            return close();
        }
        sleep_until(end).await;
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use tokio::time::sleep;

    use super::*;

    #[tokio::test]
    async fn a_connection_is_closed_when_its_last_request_was_long_ago_and_not_before() {
        let closed = Arc::new(AtomicUsize::new(0));
        let peer = Peer::connect_info(SocketAddr::from(([127, 0, 0, 1], 1)));
        let idle = Duration::from_millis(300);
        let begin = || {
            let closed = Arc::clone(&closed);
            let close = Arc::new(move || {
                closed.fetch_add(1, Ordering::Relaxed);
            });
            let using = Using { peer: peer.clone(), close, idle };
            using.usage().requests += 1;
            using
        };
        let is_closed = || closed.load(Ordering::Relaxed);
        let stream = begin();
        drop(begin());
        sleep(idle * 2).await;
        assert_eq!(is_closed(), 0, "a stream goes on");
        drop(stream);
        sleep(idle / 2).await;
        drop(begin());
        sleep(idle * 2 / 3).await;
        assert_eq!(is_closed(), 0, "there was another request");
        sleep(idle).await;
        assert_eq!(is_closed(), 1);
    }
}
