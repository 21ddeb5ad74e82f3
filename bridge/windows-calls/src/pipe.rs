use std::io;
use std::os::windows::io::AsRawHandle;

use tokio::net::windows::named_pipe::{NamedPipeServer, ServerOptions};
use windows_sys::Win32::System::Pipes::GetNamedPipeClientProcessId;

use crate::security::Descriptor;
use crate::succeeded;

/// Makes a named pipe for those whom this text (SDDL) names, which no other machine reaches; or, unless
/// this is to be the first, one more for those who call it by that name.
pub fn create_pipe(name: &str, access: &str, is_first: bool) -> io::Result<NamedPipeServer> {
    let descriptor = Descriptor::from_text(access)?;
    let mut attributes = descriptor.attributes();
    let mut options = ServerOptions::new();
    options.first_pipe_instance(is_first).reject_remote_clients(true);
    // SAFETY: it points to attributes whose descriptor is there until the end.
    unsafe { options.create_with_security_attributes_raw(name, (&raw mut attributes).cast()) }
}

/// The number of the process at the other end of a pipe that is connected.
pub fn client_process(pipe: &NamedPipeServer) -> io::Result<u32> {
    let mut id = 0;
    // SAFETY: the pipe is open as long as it is borrowed, and the number is there to be written to.
    succeeded(unsafe { GetNamedPipeClientProcessId(pipe.as_raw_handle(), &raw mut id) })?;
    Ok(id)
}
