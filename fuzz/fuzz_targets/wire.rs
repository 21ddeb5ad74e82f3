#![no_main]
//! The messages between page and bridge: what was read is written as something that is read as the
//! same.

use kazashi_core::{
    apdu::CommandApdu,
    wire::{Ask, Notification, Reply, Request},
};
use libfuzzer_sys::fuzz_target;
use serde::{Serialize, de::DeserializeOwned};

fuzz_target!(|bytes: &[u8]| {
    again::<Reply>(bytes);
    again::<Notification>(bytes);
    let Some(ask) = again::<Ask>(bytes) else { return };
    if let Request::Transmit { command, .. } = ask.request
        && let Ok(parsed) = CommandApdu::from_bytes(command.as_bytes())
    {
        assert_eq!(*parsed.to_bytes(), command.as_bytes());
    }
});

fn again<T: Serialize + DeserializeOwned>(bytes: &[u8]) -> Option<T> {
    let message: T = serde_json::from_slice(bytes).ok()?;
    let written = serde_json::to_string(&message).expect("messages can be written");
    let read: T = serde_json::from_str(&written).expect("what is written can be read");
    assert_eq!(serde_json::to_string(&read).ok(), Some(written));
    Some(message)
}
