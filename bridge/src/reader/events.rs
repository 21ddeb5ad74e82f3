use kazashi_core::error_code::ErrorCode;
use tokio::sync::broadcast::{Receiver, Sender};

/// How many events a connection may lag behind before it is closed.
const CAPACITY: usize = 256;

/// Something that happened at the desk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Event {
    ReaderAdded { reader: String },
    ReaderRemoved { reader: String },
    CardInserted { reader: String },
    CardRemoved { reader: String },
    ReaderFree { reader: String },
    LeaseLost { lease: String, code: ErrorCode },
}

/// Tells every connection what happened.
#[derive(Clone, Debug)]
pub(crate) struct Events(Sender<Event>);

impl Events {
    pub(crate) fn new() -> Self {
        Self(Sender::new(CAPACITY))
    }

    pub(crate) fn send(&self, event: Event) {
        // With no connection there is nobody to tell.
        let _ = self.0.send(event);
    }

    pub(crate) fn subscribe(&self) -> Receiver<Event> {
        self.0.subscribe()
    }
}
