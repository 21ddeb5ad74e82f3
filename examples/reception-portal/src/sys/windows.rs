//! Windows. What of this was tried, and on what, docs/windows.md says.

use std::io;

use tokio::signal::windows::{ctrl_c, ctrl_close, ctrl_shutdown};

/// What comes about when this program is told to stop: by Ctrl-C, by its console, which is closed, or by
/// the machine, which shuts down. Told from now on.
pub(crate) fn stop_signal() -> io::Result<impl Future<Output = ()>> {
    let (mut pressed, mut closed, mut shut_down) = (ctrl_c()?, ctrl_close()?, ctrl_shutdown()?);
    Ok(async move {
        tokio::select! {
            _ = pressed.recv() => {}
            _ = closed.recv() => {}
            _ = shut_down.recv() => {}
        }
    })
}
