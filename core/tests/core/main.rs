//! Codecs, wire messages and flows, judged by the vectors and by arbitrary bytes.
#![cfg(test)] // tells clippy that the helpers are tests too

mod apdu;
mod flows;
mod notary;
mod properties;
mod transcript;
mod vectors;
mod wire;
