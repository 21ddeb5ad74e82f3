//! A pinentry program that shows its dialog on a virtual desk: it carries the conversation there.

use std::error::Error;
use std::io::{self, BufRead, BufReader, Write};
use std::os::unix::net::UnixStream;
use std::{env, process, thread};

fn main() -> Result<(), Box<dyn Error>> {
    let socket = env::var_os("KAZASHI_VIRTUAL_DESK").ok_or("KAZASHI_VIRTUAL_DESK names no desk")?;
    let desk = UnixStream::connect(socket)?;
    let from_desk = BufReader::new(desk.try_clone()?);
    thread::spawn(move || {
        let ended = carry(from_desk, io::stdout());
        // Nobody is left to answer.
        process::exit(i32::from(ended.is_err()));
    });
    Ok(carry(io::stdin().lock(), desk)?)
}

/// Line by line, as a conversation goes.
fn carry(from: impl BufRead, mut to: impl Write) -> io::Result<()> {
    for line in from.lines() {
        to.write_all(format!("{}\n", line?).as_bytes())?;
        to.flush()?;
    }
    Ok(())
}
