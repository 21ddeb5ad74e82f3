//! A PC/SC reader for web pages: a WebSocket on loopback and the guard in front of it.

fn main() {}
