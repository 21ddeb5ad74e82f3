//! Linux, macOS and their kin.

use std::io;

use tokio::signal::unix::{SignalKind, signal};

/// What comes about when this program is told to stop, by SIGTERM or SIGINT: told from now on.
pub(crate) fn stop_signal() -> io::Result<impl Future<Output = ()>> {
    let (mut terminate, mut interrupt) =
        (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    Ok(async move {
        tokio::select! { _ = terminate.recv() => {}, _ = interrupt.recv() => {} }
    })
}
