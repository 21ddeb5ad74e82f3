//! Writes the corpus to begin with, `corpus/TARGET`.

use std::path::Path;
use std::{fs, io};

/// Requests by which a page, or another program on the machine, would have the bridge begin.
const GUARD: [&str; 5] = [
    "GET / HTTP/1.1\nhost: 127.0.0.1:27390\norigin: https://portal.example\nupgrade: websocket\n\
     connection: keep-alive, Upgrade\nsec-websocket-version: 13\n\
     sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\nsec-websocket-protocol: kazashi.v1\n",
    "GET /health HTTP/1.1\nhost: localhost:27390\norigin: https://portal.example:8443\n",
    "GET /health HTTP/1.1\nhost: [::1]:27390\n",
    "native\nGET / HTTP/1.1\nhost: localhost\nupgrade: websocket\nconnection: upgrade\n\
     sec-websocket-version: 13\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\n\
     sec-websocket-protocol: kazashi.v1\n",
    "POST / HTTP/1.1\nhost: evil.example:27390\norigin: null\n",
];

fn main() -> io::Result<()> {
    for corpus in kazashi_oracles::corpora()? {
        write(corpus.name, corpus.seeds)?;
    }
    write("guard", GUARD)
}

fn write<S: AsRef<[u8]>>(target: &str, seeds: impl IntoIterator<Item = S>) -> io::Result<()> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus").join(target);
    fs::create_dir_all(&folder)?;
    for (number, seed) in seeds.into_iter().enumerate() {
        fs::write(folder.join(format!("seed-{number:03}")), seed)?;
    }
    Ok(())
}
