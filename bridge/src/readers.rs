use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use kazashi_core::{
    error_code::ErrorCode,
    policy::{Scope, Scopes},
    wire,
};

use crate::{
    events::{Event, Events},
    worker::{Insertion, Shared, Slot, Worker},
};

/// How long a bridge that stops waits for its cards.
const LAST_PATIENCE: Duration = Duration::from_secs(5);

/// Every reader there is, the card on it, and the thread that serves it.
#[derive(Debug)]
pub(crate) struct Readers {
    by_id: Mutex<BTreeMap<String, Reader>>,
    shared: Shared,
    events: Events,
    has_service: AtomicBool,
}

#[derive(Debug)]
struct Reader {
    name: String,
    /// With its ATR, which a mute card has not.
    card: Option<(Insertion, Vec<u8>)>,
    worker: Arc<Worker>,
    thread: JoinHandle<()>,
}

impl Readers {
    pub(crate) fn new(shared: Shared, events: Events) -> Self {
        Self { by_id: Mutex::default(), shared, events, has_service: AtomicBool::new(true) }
    }

    /// A reader was connected. Returns the opaque identifier under which pages know it.
    pub(crate) fn add(&self, name: &str, slot: impl Slot) -> String {
        let id = crate::identifier();
        let (worker, thread) = Worker::start(slot, self.shared.clone());
        let reader = Reader { name: name.to_owned(), card: None, worker: Arc::new(worker), thread };
        self.lock().insert(id.clone(), reader);
        self.events.send(Event::ReaderAdded { reader: id.clone() });
        id
    }

    /// A reader was disconnected.
    pub(crate) fn remove(&self, id: &str) {
        if self.lock().remove(id).is_some() {
            self.shared.leases.end(id, ErrorCode::UnknownReader);
            self.events.send(Event::ReaderRemoved { reader: id.to_owned() });
        }
    }

    /// What lies on a reader now: a card, with its ATR, or nothing.
    pub(crate) fn set_card(&self, id: &str, card: Option<(Insertion, Vec<u8>)>) {
        let mut by_id = self.lock();
        let Some(reader) = by_id.get_mut(id) else { return };
        let insertion =
            |card: &Option<(Insertion, _)>| card.as_ref().map(|(insertion, _)| *insertion);
        let (before, now) = (insertion(&reader.card), insertion(&card));
        reader.card = card;
        let worker = Arc::clone(&reader.worker);
        drop(by_id);
        if before == now {
            return;
        }
        if let Some(before) = before {
            worker.forget(before);
            self.shared.leases.end(id, ErrorCode::RemovedCard);
            self.events.send(Event::CardRemoved { reader: id.to_owned() });
        }
        if now.is_some() {
            self.events.send(Event::CardInserted { reader: id.to_owned() });
        }
    }

    /// Whether the smart card service of the operating system runs.
    pub(crate) fn set_service(&self, runs: bool) {
        self.has_service.store(runs, Ordering::Relaxed);
    }

    /// Every reader, as far as an origin with these scopes may know it.
    pub(crate) fn list(&self, scopes: &Scopes) -> Result<Vec<wire::Reader>, ErrorCode> {
        if !self.has_service.load(Ordering::Relaxed) {
            return Err(ErrorCode::NoService);
        }
        Ok(self.lock().iter().map(|(id, reader)| reader.shown(id, scopes)).collect())
    }

    /// One reader, as far as an origin with these scopes may know it.
    pub(crate) fn show(&self, id: &str, scopes: &Scopes) -> Option<wire::Reader> {
        self.lock().get(id).map(|reader| reader.shown(id, scopes))
    }

    /// Says what is missing before a page could use the card on a reader.
    pub(crate) fn has_card(&self, id: &str) -> Result<(), ErrorCode> {
        match self.lock().get(id) {
            None => Err(ErrorCode::UnknownReader),
            Some(Reader { card: None, .. }) => Err(ErrorCode::NoSmartcard),
            Some(_) => Ok(()),
        }
    }

    /// The thread that serves a reader.
    pub(crate) fn worker(&self, id: &str) -> Result<Arc<Worker>, ErrorCode> {
        let by_id = self.lock();
        let reader = by_id.get(id).ok_or(ErrorCode::UnknownReader)?;
        Ok(Arc::clone(&reader.worker))
    }

    /// Waits until every card is left clean, but not without end for one that does not answer.
    pub(crate) fn shut_down(&self) {
        let readers = std::mem::take(&mut *self.lock()).into_values();
        // A thread ends when its worker is dropped.
        let threads: Vec<_> = readers.map(|reader| reader.thread).collect();
        let deadline = Instant::now() + LAST_PATIENCE;
        while !threads.iter().all(JoinHandle::is_finished) && Instant::now() < deadline {
            thread::sleep(Duration::from_millis(10));
        }
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, Reader>> {
        self.by_id.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Reader {
    fn shown(&self, id: &str, scopes: &Scopes) -> wire::Reader {
        let named = scopes.allow(Scope::Reader);
        let atr = self.card.as_ref().map(|(_, atr)| atr);
        wire::Reader {
            id: id.to_owned(),
            card_present: scopes.allow(Scope::Events).then_some(self.card.is_some()),
            name: named.then(|| self.name.clone()),
            atr: atr.filter(|atr| named && !atr.is_empty()).map(Into::into),
        }
    }
}
