use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use kazashi_core::error_code::ErrorCode;
use kazashi_core::value::{Scope, Scopes};
use kazashi_core::wire;

use crate::reader::events::{Event, Events};
use crate::reader::slot::{Insertion, Slot};
use crate::reader::stay_names::StayNames;
use crate::reader::worker::{Shared, Worker};

/// How long a bridge that stops waits for its cards.
const LAST_PATIENCE: Duration = Duration::from_secs(5);

/// A card that lies on a reader, with its ATR, which a mute card has not.
pub(crate) type PresentCard = (Insertion, Vec<u8>);

/// Every reader there is, the card on it, and the thread that serves it.
#[derive(Debug)]
pub(crate) struct Readers {
    by_id: Mutex<BTreeMap<String, Reader>>,
    shared: Shared,
    events: Events,
    /// Part of the name of the reader that comes first.
    preferred: Option<String>,
    /// Why there is no smart card service, if there is none.
    service: Mutex<Result<(), ErrorCode>>,
}

#[derive(Debug)]
struct Reader {
    name: String,
    card: Option<PresentCard>,
    names: StayNames,
    worker: Arc<Worker>,
    thread: JoinHandle<()>,
}

impl Readers {
    pub(crate) fn new(shared: Shared, events: Events, preferred: Option<String>) -> Self {
        Self { by_id: Mutex::default(), shared, events, preferred, service: Mutex::new(Ok(())) }
    }

    /// A reader was connected, on which this card lies already, if any does. Returns its identifier within
    /// the bridge: its name, and a number that tells it from others of that name.
    pub(crate) fn add(&self, name: &str, slot: impl Slot, card: Option<PresentCard>) -> String {
        let names = StayNames::default();
        let (worker, thread) = Worker::start(slot, names.clone(), self.shared.clone());
        let (name, worker) = (name.to_owned(), Arc::new(worker));
        let mut by_id = self.lock();
        let mut ids = (0..=by_id.len()).map(|number| format!("{number} {name}"));
        let id = ids.find(|id| !by_id.contains_key(id)).expect("one more than there are readers");
        by_id.insert(id.clone(), Reader { name, card, names, worker, thread });
        drop(by_id);
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

    /// Notes what lies on a reader now: a card, with its ATR, or nothing.
    pub(crate) fn set_card(&self, id: &str, card: Option<PresentCard>) {
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

    /// Whether the smart card service of the operating system can be used, or why not.
    pub(crate) fn set_service(&self, service: Result<(), ErrorCode>) {
        *self.service.lock().unwrap_or_else(PoisonError::into_inner) = service;
    }

    /// Every reader, as far as an origin with these scopes may know it: the preferred one first, the
    /// others by their names.
    pub(crate) fn list(&self, scopes: &Scopes) -> Result<Vec<wire::Reader>, ErrorCode> {
        (*self.service.lock().unwrap_or_else(PoisonError::into_inner))?;
        let by_id = self.lock();
        let mut readers: Vec<_> = by_id.iter().collect();
        let is_preferred = |name: &str| self.preferred.as_ref().is_some_and(|it| name.contains(it));
        readers.sort_by_key(|(_, Reader { name, .. })| (!is_preferred(name), name.clone()));
        Ok(readers.into_iter().map(|(id, reader)| reader.shown(id, scopes)).collect())
    }

    /// The identifiers of all readers within the bridge.
    pub(crate) fn ids(&self) -> Vec<String> {
        self.lock().keys().cloned().collect()
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
        let told = scopes.allow(Scope::Events);
        let atr = self.card.as_ref().map(|(_, atr)| atr);
        let insertion = self.card.as_ref().filter(|_| told).map(|(insertion, _)| *insertion);
        wire::Reader {
            id: id.to_owned(),
            card_present: told.then_some(self.card.is_some()),
            insertion: insertion.map(|insertion| self.names.of(insertion).to_string()),
            name: named.then(|| self.name.clone()),
            atr: atr.filter(|atr| named && !atr.is_empty()).map(Into::into),
        }
    }
}
