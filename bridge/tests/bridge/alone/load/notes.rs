//! What the pages noted, and what must be true of it.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, MutexGuard};
use std::time::{Duration, Instant};

use kazashi_core::codec::apdu::CommandApdu;
use kazashi_core::value::Statement;

use crate::harness::selects_card_manager;

/// What all pages noted.
#[derive(Default)]
pub(crate) struct Notes(Mutex<Inner>);

#[derive(Default)]
struct Inner {
    /// How many wait for a reader, or have it.
    at_reader: HashMap<String, usize>,
    waits: Vec<Wait>,
    tenures: Vec<Tenure>,
    statements: HashMap<[u8; 32], usize>,
    complaints: Vec<String>,
}

/// How long a page waited.
#[derive(Debug)]
pub(crate) struct Wait {
    #[expect(dead_code, reason = "shown where something went wrong")]
    pub(crate) page: usize,
    pub(crate) reader: String,
    /// When it first asked, and when it had its answer and so its place.
    pub(crate) first: Instant,
    pub(crate) queued: Instant,
    /// So many waited for that reader, or had it, when it first asked.
    pub(crate) ahead: usize,
    /// When it was answered last, and whether it had the reader then.
    pub(crate) ended: Instant,
    pub(crate) was_granted: bool,
}

/// A lease.
#[derive(Debug)]
pub(crate) struct Tenure {
    page: usize,
    reader: String,
    asked: Instant,
    granted: Instant,
    /// Until when nobody else may have had the reader.
    until: Instant,
    /// When it was certainly over.
    over: Instant,
}

impl Tenure {
    pub(crate) fn new(
        page: usize,
        reader: &str,
        asked: Instant,
        granted: Instant,
        until: Instant,
        over: Instant,
    ) -> Self {
        Self { page, reader: reader.to_owned(), asked, granted, until, over }
    }
}

impl Notes {
    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap()
    }

    pub(crate) fn ahead(&self, reader: &str) -> usize {
        self.lock().at_reader.get(reader).copied().unwrap_or(0)
    }

    pub(crate) fn joins(&self, reader: &str) {
        *self.lock().at_reader.entry(reader.to_owned()).or_default() += 1;
    }

    pub(crate) fn leaves(&self, reader: &str) {
        *self.lock().at_reader.get_mut(reader).unwrap() -= 1;
    }

    pub(crate) fn waited(&self, wait: Wait) {
        self.lock().waits.push(wait);
    }

    pub(crate) fn held(&self, tenure: Tenure) {
        let mut notes = self.lock();
        if let Some(count) = notes.at_reader.get_mut(&tenure.reader) {
            *count = count.saturating_sub(1);
        }
        notes.tenures.push(tenure);
    }

    pub(crate) fn signs(&self, page: usize, statement: Statement) {
        self.lock().statements.insert(statement.digest(), page);
    }

    pub(crate) fn complain(&self, complaint: String) {
        self.lock().complaints.push(complaint);
    }

    pub(crate) fn complaints(&self) -> Vec<String> {
        self.lock().complaints.clone()
    }

    pub(crate) fn leases(&self) -> usize {
        self.lock().tenures.len()
    }

    /// Pairs of leases that were held on one reader at one time.
    pub(crate) fn double_owners(&self) -> Vec<String> {
        let mut notes = self.lock();
        notes.tenures.sort_by_key(|tenure| tenure.granted);
        let mut last = HashMap::<&str, &Tenure>::new();
        let mut double = Vec::new();
        for tenure in &notes.tenures {
            if let Some(before) = last.insert(&tenure.reader, tenure)
                && before.until > tenure.granted
            {
                double.push(format!("{before:?} and {tenure:?}"));
            }
        }
        double
    }

    /// Pages that waited, and saw one served who had come later.
    pub(crate) fn overtaken(&self) -> Vec<String> {
        let notes = self.lock();
        let mut overtaken = Vec::new();
        for wait in &notes.waits {
            overtaken.extend(notes.waits.iter().filter_map(|other| {
                let is_later = other.reader == wait.reader && other.first > wait.queued;
                let was_served = other.was_granted && other.ended < wait.ended;
                (is_later && was_served).then(|| format!("{wait:?} by {other:?}"))
            }));
        }
        overtaken
    }

    /// Pages that waited for longer than those before them can have taken.
    pub(crate) fn starved(&self, longest_lease: Duration) -> Vec<String> {
        let notes = self.lock();
        let waits = notes.waits.iter().filter(|wait| {
            wait.ended - wait.first > longest_lease * u32::try_from(wait.ahead + 1).unwrap()
        });
        waits.map(|wait| format!("{wait:?}")).collect()
    }

    /// Milliseconds waited by those who had a lease, by how many were ahead of them.
    pub(crate) fn waits(&self) -> BTreeMap<usize, Vec<u128>> {
        let mut waits = BTreeMap::<_, Vec<_>>::new();
        for wait in self.lock().waits.iter().filter(|wait| wait.was_granted) {
            // Powers of two, since there may be hundreds.
            let ahead = wait.ahead.checked_ilog2().map_or(0, |log| 1 << log);
            waits.entry(ahead).or_default().push((wait.ended - wait.first).as_millis());
        }
        waits.values_mut().for_each(|waits| waits.sort_unstable());
        waits
    }

    /// How many of a card's commands tell whose they are. Fails if one is of a page that had no
    /// lease on that card's reader then, or if pages share a transaction.
    pub(crate) fn judge(&self, commands: &[(Instant, Vec<u8>)]) -> usize {
        let notes = self.lock();
        let (mut reader, mut owner, mut told) = (None, None, 0);
        for (at, command) in commands {
            if selects_card_manager(command) {
                owner = None;
            }
            let Some(page) = notes.page_of(command) else { continue };
            told += 1;
            assert_eq!(*owner.get_or_insert(page), page, "two pages in one transaction");
            let tenure = notes
                .tenures
                .iter()
                .find(|it| it.page == page && it.asked <= *at && *at <= it.over)
                .unwrap_or_else(|| panic!("page {page} had no lease"));
            let reader = reader.get_or_insert(&tenure.reader);
            assert_eq!(*reader, &tenure.reader, "page {page} had the lease on another reader");
        }
        told
    }
}

impl Inner {
    /// Whose command this is, if it tells: a byte read at the page's own offset, or its statement.
    fn page_of(&self, command: &[u8]) -> Option<usize> {
        match command {
            [0x00, 0xB0, high @ 0..=0x7F, low, 0x01] => {
                Some(u16::from_be_bytes([*high, *low]).into())
            }
            [0x80, 0x2A, ..] => {
                let command = CommandApdu::from_bytes(command).ok()?;
                self.statements.get(command.data().last_chunk::<32>()?).copied()
            }
            _ => None,
        }
    }
}
