use kazashi_core::codec::apdu::CommandApdu;
use kazashi_core::wire::{CardRequest, Envelope, Notification, Reply, Request};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// The messages between page and bridge: what was read is written as something that is read as the
/// same.
pub fn wire(bytes: &[u8]) {
    again::<Reply>(bytes);
    again::<Notification>(bytes);
    let Some(envelope) = again::<Envelope>(bytes) else { return };
    if let Request::Card { request: CardRequest::Transmit { command }, .. } = envelope.request
        && let Ok(parsed) = CommandApdu::from_bytes(command.as_bytes())
    {
        assert_eq!(*parsed.to_bytes(), command.as_bytes());
    }
}

fn again<T: Serialize + DeserializeOwned>(bytes: &[u8]) -> Option<T> {
    let message: T = serde_json::from_slice(bytes).ok()?;
    let written = serde_json::to_string(&message).expect("messages can be written");
    let read: T = serde_json::from_str(&written).expect("what is written can be read");
    assert_eq!(serde_json::to_string(&read).ok(), Some(written));
    Some(message)
}
