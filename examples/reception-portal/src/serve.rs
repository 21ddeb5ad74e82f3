//! Listening, with TLS or behind it, until told to stop.

use std::fs;
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum_server::Handle;
use axum_server::tls_rustls::{RustlsAcceptor, RustlsConfig};
use kazashi_server::known_form;
use tokio::sync::watch;
use tracing::info;
use zeroize::Zeroizing;

use crate::app::App;
use crate::idle::{IDLE, Peer};
use crate::options::ServeOptions;
use crate::readiness::DRAINING;
use crate::sys::stop_signal;

/// How long requests may go on after the signal to stop.
const GRACE: Duration = Duration::from_secs(10);

/// How long a new connection may say nothing.
const PATIENCE: Duration = Duration::from_secs(10);

/// What is done when the server is told to stop.
pub(crate) struct Ending {
    pub(crate) app: Arc<App>,
    /// By which streams end.
    pub(crate) stop: watch::Sender<bool>,
    /// For how many seconds it serves on, while it says that it is not ready.
    pub(crate) drain: u16,
}

/// The certificates and the key, if there are any. What is wrong with them is said with the file.
pub(crate) async fn tls(options: &ServeOptions) -> Result<Option<RustlsConfig>, String> {
    let (Some(certificate), Some(key)) = (&options.tls_certificate, &options.tls_key) else {
        return Ok(None);
    };
    let read = |path: &Path| {
        fs::read(path).map(Zeroizing::new).map_err(|error| format!("{}: {error}", path.display()))
    };
    let (certificates, private_key) = (read(certificate)?, read(key)?);
    must_hold("CERTIFICATE-----", certificate, &certificates)?;
    must_hold("PRIVATE KEY-----", key, &private_key)?;
    let config = RustlsConfig::from_pem(certificates.to_vec(), private_key.to_vec()).await;
    let config = config.map_err(|error| {
        format!("{} and {} make no TLS: {error}", certificate.display(), key.display())
    })?;
    Ok(Some(config))
}

fn must_hold(label: &str, path: &Path, bytes: &[u8]) -> Result<(), String> {
    let text = String::from_utf8_lossy(bytes);
    let is_plain = !text.contains("ENCRYPTED") && !text.contains("TRUSTED");
    if is_plain && text.contains(label) {
        return Ok(());
    }
    let what = known_form(bytes).unwrap_or("is no PEM");
    Err(format!("{} {what}", path.display()))
}

/// Takes a port.
pub(crate) fn listen(address: SocketAddr) -> Result<TcpListener, String> {
    TcpListener::bind(address).map_err(|error| format!("cannot listen at {address}: {error}"))
}

/// Serves until it is told to stop. Then it takes no more connections, and lets the requests that are
/// there come to their end.
pub(crate) async fn run(
    listener: TcpListener,
    tls: Option<RustlsConfig>,
    router: Router,
    ending: Ending,
) -> io::Result<()> {
    let service = router.into_make_service_with_connect_info::<Peer>();
    let handle = Handle::new();
    let control = handle.control();
    let told_to_stop = stop_signal()?;
    tokio::spawn(async move {
        told_to_stop.await;
        let Ending { app, stop, drain } = ending;
        app.readiness.note(DRAINING, false);
        tokio::time::sleep(Duration::from_secs(drain.into())).await;
        info!("stopping");
        stop.send_replace(true);
        control.graceful_shutdown(Some(GRACE));
    });
    let mut server =
        axum_server::from_tcp(listener)?.first_request_timeout(PATIENCE).handle(handle);
    server.http_builder().http1().header_read_timeout(IDLE);
    // Who does not answer is gone; who does and asks for nothing is sent away by `idle`.
    server.http_builder().http2().keep_alive_interval(IDLE / 2).keep_alive_timeout(PATIENCE);
    match tls {
        // By TLS, browsers say that they speak HTTP/2, of which one connection carries all tabs.
        Some(config) => {
            let acceptor = RustlsAcceptor::new(config).handshake_timeout(PATIENCE);
            server.acceptor(acceptor).serve(service).await
        }
        None => server.http1_only().serve(service).await,
    }
}
