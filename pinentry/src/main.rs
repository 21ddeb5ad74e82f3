//! Asks the person at a Windows machine for a PIN, by the Assuan protocol.

#![cfg_attr(windows, windows_subsystem = "windows")]

use std::alloc::System;
use std::process::ExitCode;

use zeroizing_alloc::ZeroAlloc;

/// Erases all memory as it is given back. What is typed passes through buffers of the binding, which
/// knows nothing of the PIN that is in them.
#[global_allocator]
static ALLOCATOR: ZeroAlloc<System> = ZeroAlloc(System);

#[cfg(windows)]
fn main() -> ExitCode {
    kazashi_pinentry::run()
}

#[cfg(not(windows))]
fn main() -> ExitCode {
    eprintln!(
        "kazashi-pinentry is for Windows. Elsewhere the desktop's own pinentry asks for PINs."
    );
    ExitCode::FAILURE
}
