use std::io;
use std::os::windows::io::{AsRawHandle, FromRawHandle, OwnedHandle};

use windows_sys::Win32::Foundation::HANDLE;
use windows_sys::Win32::Security::{
    GetLengthSid, GetTokenInformation, IsValidSid, TOKEN_INFORMATION_CLASS, TOKEN_QUERY,
    TOKEN_USER, TokenSessionId, TokenUser,
};
use windows_sys::Win32::System::Threading::{
    OpenProcess, OpenProcessToken, PROCESS_QUERY_LIMITED_INFORMATION,
};

use crate::succeeded;

/// A process. While this is held, no other gets its number, even if it ends.
#[derive(Debug)]
pub struct Process(OwnedHandle);

impl Process {
    /// The process of this number.
    pub fn open(id: u32) -> io::Result<Self> {
        // SAFETY: it takes numbers only.
        let handle = unsafe { OpenProcess(PROCESS_QUERY_LIMITED_INFORMATION, 0, id) };
        if handle.is_null() {
            return Err(io::Error::last_os_error());
        }
        // SAFETY: the handle was just opened, and nobody else has it.
        Ok(Self(unsafe { OwnedHandle::from_raw_handle(handle) }))
    }

    /// On whose behalf it runs.
    pub fn token(&self) -> io::Result<Token> {
        let mut handle = HANDLE::default();
        // SAFETY: the process is open as long as `self` is, and `handle` is there to be written to.
        let opened =
            unsafe { OpenProcessToken(self.0.as_raw_handle(), TOKEN_QUERY, &raw mut handle) };
        succeeded(opened)?;
        // SAFETY: the handle was just opened, and nobody else has it.
        Ok(Token(unsafe { OwnedHandle::from_raw_handle(handle) }))
    }
}

/// The token of a process.
#[derive(Debug)]
pub struct Token(OwnedHandle);

impl Token {
    /// The user: a SID in its binary form.
    pub fn user(&self) -> io::Result<Vec<u8>> {
        let mut buffer = Buffer::default();
        self.read(TokenUser, &mut buffer)?;
        // SAFETY: the buffer is longer than a `TOKEN_USER`, aligned for one, and begins with one.
        let user = unsafe { buffer.as_ptr().cast::<TOKEN_USER>().read() };
        let sid = user.User.Sid;
        // SAFETY: it points to the SID further on in the buffer, which has not moved since.
        succeeded(unsafe { IsValidSid(sid) })?;
        // SAFETY: it is a valid SID.
        let length = usize::try_from(unsafe { GetLengthSid(sid) }).unwrap_or(0);
        // SAFETY: it is as long as Windows says, and is copied while the buffer is still there.
        Ok(unsafe { std::slice::from_raw_parts(sid.cast::<u8>(), length) }.to_vec())
    }

    /// The number of the session on the machine.
    pub fn session(&self) -> io::Result<u32> {
        let mut buffer = Buffer::default();
        self.read(TokenSessionId, &mut buffer)?;
        let [first, ..] = buffer;
        let [a, b, c, d, ..] = first.to_ne_bytes();
        Ok(u32::from_ne_bytes([a, b, c, d]))
    }

    /// Reads what the token says of this class: a structure, and behind it what that points to.
    fn read(&self, class: TOKEN_INFORMATION_CLASS, buffer: &mut Buffer) -> io::Result<()> {
        let size = u32::try_from(size_of::<Buffer>()).unwrap_or(0);
        let mut length = 0;
        // SAFETY: the token is open as long as `self` is, and no more is written than the buffer has.
        let told = unsafe {
            GetTokenInformation(
                self.0.as_raw_handle(),
                class,
                buffer.as_mut_ptr().cast(),
                size,
                &raw mut length,
            )
        };
        succeeded(told)
    }
}

/// Room for a `TOKEN_USER`, which has 16 bytes, and the longest SID, which has 68.
type Buffer = [u64; 16];
