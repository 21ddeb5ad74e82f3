//! Flows and bridge client for the page.
//!
//! TypeScript decides when; this speaks: [`connection`] with the bridge, [`flow`] with a card
//! behind any [`channel`].

mod answer;
pub mod channel;
pub mod connection;
pub mod flow;
mod value;
