//! The calls of Windows that the bridge makes and for which there is no safe crate. They decide nothing:
//! what they say is handed on as Windows has it, and judged in `sys` of the bridge. On other systems
//! there is nothing in here.

#![cfg(windows)]

mod file;
mod pipe;
mod process;
mod remote_session;
mod security;
mod session_end;
mod tcp_table;

use std::io;

pub use file::{create_file, create_folder};
pub use pipe::{client_process, create_pipe};
pub use process::{Process, Token};
pub use remote_session::is_remote_session;
pub use security::{account_name, security_descriptor};
pub use session_end::session_end;
pub use tcp_table::{ipv4_tcp_table, ipv6_tcp_table};
use windows_sys::core::BOOL;

/// The error of the call that returned this, if it failed.
fn succeeded(returned: BOOL) -> io::Result<()> {
    if returned == 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
}
