//! `kazashi-bridge serve` listens on loopback, speaks the WebSocket subprotocol `kazashi.v1`, and
//! judges every request by the origin that the browser names.

use std::alloc::System;
use std::process::ExitCode;

use zeroizing_alloc::ZeroAlloc;

/// Erases all memory as it is given back. What a page sends passes through buffers of the connection
/// and of the parser, which know nothing of the PIN that is in it.
#[global_allocator]
static ALLOCATOR: ZeroAlloc<System> = ZeroAlloc(System);

fn main() -> ExitCode {
    kazashi_bridge::run()
}
