//! Listening, with TLS or behind it, until told to stop.

use std::error::Error;
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum_server::Handle;
use axum_server::tls_rustls::{RustlsAcceptor, RustlsConfig};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;
use tracing::info;

use crate::options::ServeOptions;

/// How long requests may go on after the signal to stop.
const GRACE: Duration = Duration::from_secs(10);

/// How long a new connection may say nothing.
const PATIENCE: Duration = Duration::from_secs(10);

/// How long a connection may take from one request to the head of the next.
const IDLE: Duration = Duration::from_secs(60);

/// A server that has its port, and does not answer yet.
pub(crate) struct Server {
    listener: TcpListener,
    tls: Option<RustlsConfig>,
    address: String,
}

impl Server {
    pub(crate) async fn bind(options: &ServeOptions) -> Result<Self, Box<dyn Error>> {
        let tls = match (&options.tls_certificate, &options.tls_key) {
            (Some(certificate), Some(key)) => {
                let config = RustlsConfig::from_pem_file(certificate, key).await;
                Some(without_http_2(config.map_err(|error| format!("TLS: {error}"))?))
            }
            _ => None,
        };
        let listener = TcpListener::bind((options.address, options.port))?;
        let scheme = if tls.is_some() { "https" } else { "http" };
        let address = format!("{scheme}://{}", listener.local_addr()?);
        Ok(Self { listener, tls, address })
    }

    /// Where it listens: `http://127.0.0.1:8080`.
    pub(crate) fn address(&self) -> &str {
        &self.address
    }

    /// Serves until SIGTERM or SIGINT. Then it takes no more connections, says `true` on `stop`, by
    /// which streams end, and lets the requests that are there come to their end.
    pub(crate) async fn run(self, router: Router, stop: watch::Sender<bool>) -> io::Result<()> {
        let service = router.into_make_service_with_connect_info::<SocketAddr>();
        let handle = Handle::new();
        let control = handle.control();
        let (mut terminate, mut interrupt) =
            (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
        tokio::spawn(async move {
            tokio::select! { _ = terminate.recv() => {}, _ = interrupt.recv() => {} }
            info!("stopping");
            stop.send_replace(true);
            control.graceful_shutdown(Some(GRACE));
        });
        let mut server = axum_server::from_tcp(self.listener)?
            .http1_only()
            .first_request_timeout(PATIENCE)
            .handle(handle);
        server.http_builder().http1().header_read_timeout(IDLE);
        match self.tls {
            Some(config) => {
                let acceptor = RustlsAcceptor::new(config).handshake_timeout(PATIENCE);
                server.acceptor(acceptor).serve(service).await
            }
            None => server.serve(service).await,
        }
    }
}

/// HTTP/2 is offered unless told otherwise, and browsers would take it; it is not spoken here.
fn without_http_2(config: RustlsConfig) -> RustlsConfig {
    let mut inner = (*config.get_inner()).clone();
    inner.alpn_protocols = vec![b"http/1.1".to_vec()];
    RustlsConfig::from_config(Arc::new(inner))
}
