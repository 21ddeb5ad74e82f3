//! What browsers are told by administrators. Here that is a file of theirs for each browser.

use std::io;

pub(crate) fn allow(_: &[&str]) -> io::Result<()> {
    Err(refused())
}

pub(crate) fn forget() -> io::Result<()> {
    Err(refused())
}

fn refused() -> io::Error {
    io::Error::new(io::ErrorKind::Unsupported, "browsers are told of websites on Windows only")
}
