//! The bridge: the workstation's card readers, for the web pages that the administrator lists.
//!
//! A library for the program `kazashi-bridge`, its manual and its fuzzer alone: no public API. Its rooms, each
//! built on those before it:
//!
//! - `sys`: everything of an operating system.
//! - `access`: who may do what.
//! - `record`: what cards disclosed.
//! - `pin`: the person at the machine: how they are asked for a PIN, how often it is tried, and how they are
//!   asked about websites.
//! - `reader`: readers, the cards on them, and whose turn it is.
//! - `door`: connections, and what is answered.
//! - `command`: the command line.

pub mod access;
mod command;
pub mod door;
mod pin;
mod reader;
mod record;
mod sys;

pub use command::{command_line, run};
