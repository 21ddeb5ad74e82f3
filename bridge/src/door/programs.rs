//! Programs of this user that are no browser: the same protocol over a socket that no page can open.

use std::convert::Infallible;
use std::sync::Arc;

use crate::door::bridge::Bridge;
use crate::door::entrance::Entrance;
use crate::door::guard::Door;
use crate::sys::ProgramSocket;

/// Accepts connections for ever, if there is a socket.
pub(crate) async fn serve_programs(
    socket: Option<ProgramSocket>,
    bridge: &Arc<Bridge>,
) -> Infallible {
    let Some(mut socket) = socket else { return std::future::pending().await };
    let entrance = Entrance::new(Door::Native, bridge);
    loop {
        match socket.accept().await {
            Ok((stream, owner)) => entrance.admit(stream, owner).await,
            Err(error) => entrance.pause_after(&error).await,
        }
    }
}
