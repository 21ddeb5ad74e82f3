//! `kazashi-pinentry` asks the person at a Windows machine for a PIN. It speaks the Assuan protocol on
//! its standard input and output, as the pinentry programs of other systems do, so that the bridge has
//! one way to ask. It keeps nothing, and ends with the bridge's conversation.
//!
//! - [`conversation`] says what to do about each line; [`requests`] reads them.
//! - [`question`] is what comes out of it, [`layout`] where its parts are in the dialog.
//! - [`settling`] says from when on a dialog may be answered.
//! - `dialog`, on Windows, is the window.

pub mod conversation;
#[cfg(windows)]
mod dialog;
pub mod layout;
pub mod question;
pub mod requests;
pub mod settling;

#[cfg(windows)]
pub use windows::run;

#[cfg(windows)]
mod windows;
