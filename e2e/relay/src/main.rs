//! A program of the user between a browser and the bridge: `relay FROM TO`, two ports of this machine.
//!
//! The bridge under Wine asks Windows whose program is at the other end of a connection, and Windows
//! knows no program outside. Chromium is outside; this is its hand inside.
#![expect(clippy::print_stdout, reason = "a command line program speaks on standard output")]

use std::env;
use std::error::Error;
use std::io;
use std::net::{Ipv4Addr, Shutdown, TcpListener, TcpStream};
use std::thread;

fn main() -> Result<(), Box<dyn Error>> {
    let ports = env::args().skip(1).map(|port| port.parse());
    let &[from, to] = ports.collect::<Result<Vec<u16>, _>>()?.as_slice() else {
        return Err("usage: relay FROM TO".into());
    };
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, from))?;
    println!("relaying from {from} to {to}");
    loop {
        let (near, _) = listener.accept()?;
        match TcpStream::connect((Ipv4Addr::LOCALHOST, to)) {
            Ok(far) => join(near, far)?,
            // Hung up, as whoever asked would have found it without this program.
            Err(error) => println!("nobody at {to}: {error}"),
        }
    }
}

/// Carries what is said, each way in a thread of its own.
fn join(near: TcpStream, far: TcpStream) -> io::Result<()> {
    let back = (far.try_clone()?, near.try_clone()?);
    for (source, sink) in [(near, far), back] {
        thread::spawn(move || carry(source, sink));
    }
    Ok(())
}

/// Carries until one side hangs up, and has the other know.
fn carry(mut source: TcpStream, mut sink: TcpStream) {
    let carried = io::copy(&mut source, &mut sink);
    // A side that is gone already needs not be told.
    let _ = sink.shutdown(Shutdown::Write);
    if carried.is_err() {
        let _ = source.shutdown(Shutdown::Both);
        let _ = sink.shutdown(Shutdown::Both);
    }
}
