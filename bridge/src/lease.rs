use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use kazashi_core::error_code::ErrorCode;

use crate::events::{Event, Events};

/// A lease that nobody used for so long can be taken by another page.
const IDLE: Duration = Duration::from_secs(30);

/// Who may use which reader: one lease a reader, each ended for a reason that its holder is told.
#[derive(Debug)]
pub(crate) struct Leases {
    by_reader: Mutex<HashMap<String, Held>>,
    events: Events,
}

#[derive(Debug)]
struct Held {
    lease: String,
    last_used: Instant,
    /// Requests under way, a dialog among them: they keep the lease alive.
    in_use: usize,
}

/// A request under way. The lease cannot run out while this lives.
#[derive(Debug)]
pub(crate) struct InUse<'a> {
    leases: &'a Leases,
    reader: String,
    lease: String,
}

impl Leases {
    pub(crate) fn new(events: Events) -> Self {
        Self { by_reader: Mutex::default(), events }
    }

    /// Takes the lease on a reader: it is free, or its lease is the `expected` one, or was left
    /// unused for too long. Who held it before is told.
    pub(crate) fn acquire(
        &self,
        reader: &str,
        expected: Option<&str>,
        now: Instant,
    ) -> Result<String, ErrorCode> {
        let mut by_reader = self.lock();
        match (by_reader.get(reader), expected) {
            (Some(held), Some(expected)) if held.lease == expected => {}
            (Some(held), _) if held.has_run_out(now) => {}
            (Some(_), _) => return Err(ErrorCode::ReaderBusy),
            (None, Some(_)) => return Err(ErrorCode::LeaseLost),
            (None, None) => {}
        }
        let lease = crate::identifier();
        let held = Held { lease: lease.clone(), last_used: now, in_use: 0 };
        if let Some(before) = by_reader.insert(reader.to_owned(), held) {
            self.events.send(Event::LeaseLost { lease: before.lease, code: ErrorCode::LeaseLost });
        }
        Ok(lease)
    }

    /// Begins a request under a lease.
    pub(crate) fn use_lease(&self, lease: &str, now: Instant) -> Result<InUse<'_>, ErrorCode> {
        let mut by_reader = self.lock();
        let (reader, held) = by_reader
            .iter_mut()
            .find(|(_, held)| held.lease == lease)
            .ok_or(ErrorCode::LeaseLost)?;
        held.last_used = now;
        held.in_use += 1;
        Ok(InUse { leases: self, reader: reader.clone(), lease: lease.to_owned() })
    }

    /// Whether this lease is still the one on its reader.
    pub(crate) fn is_current(&self, lease: &str) -> bool {
        self.lock().values().any(|held| held.lease == lease)
    }

    /// Gives a lease back. Says on which reader it was, if it was still held.
    pub(crate) fn release(&self, lease: &str) -> Option<String> {
        let mut by_reader = self.lock();
        let reader = by_reader.iter().find(|(_, held)| held.lease == lease)?.0.clone();
        by_reader.remove(&reader);
        Some(reader)
    }

    /// Ends the lease on a reader, because the card or the reader is gone.
    pub(crate) fn end(&self, reader: &str, code: ErrorCode) {
        if let Some(held) = self.lock().remove(reader) {
            self.events.send(Event::LeaseLost { lease: held.lease, code });
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Held>> {
        self.by_reader.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Held {
    fn has_run_out(&self, now: Instant) -> bool {
        self.in_use == 0 && now.saturating_duration_since(self.last_used) >= IDLE
    }
}

impl InUse<'_> {
    /// The lease.
    pub(crate) fn lease(&self) -> &str {
        &self.lease
    }

    /// The reader that the lease is on.
    pub(crate) fn reader(&self) -> &str {
        &self.reader
    }
}

impl Drop for InUse<'_> {
    fn drop(&mut self) {
        if let Some(held) = self.leases.lock().get_mut(&self.reader)
            && held.lease == self.lease
        {
            held.in_use -= 1;
            held.last_used = Instant::now();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use kazashi_core::error_code::ErrorCode;

    use super::{IDLE, Leases};
    use crate::events::{Event, Events};

    #[test]
    fn a_reader_has_one_lease() {
        let (leases, now) = (Leases::new(Events::new()), Instant::now());
        leases.acquire("r", None, now).unwrap();
        assert_eq!(leases.acquire("r", None, now), Err(ErrorCode::ReaderBusy));
        assert_eq!(leases.acquire("r", Some("x"), now), Err(ErrorCode::ReaderBusy));
        assert!(leases.acquire("other", None, now).is_ok());
    }

    #[test]
    fn whoever_knows_the_lease_can_take_it_over_and_the_loser_is_told() {
        let events = Events::new();
        let mut told = events.subscribe();
        let (leases, now) = (Leases::new(events), Instant::now());
        let first = leases.acquire("r", None, now).unwrap();
        let second = leases.acquire("r", Some(&first), now).unwrap();
        assert_eq!(leases.use_lease(&first, now).unwrap_err(), ErrorCode::LeaseLost);
        assert!(leases.is_current(&second));
        let lost = Event::LeaseLost { lease: first, code: ErrorCode::LeaseLost };
        assert_eq!(told.try_recv().unwrap(), lost);
    }

    #[test]
    fn a_free_reader_is_not_taken_over() {
        let leases = Leases::new(Events::new());
        assert_eq!(leases.acquire("r", Some("x"), Instant::now()), Err(ErrorCode::LeaseLost));
    }

    #[test]
    fn a_lease_left_unused_can_be_taken() {
        let (leases, now) = (Leases::new(Events::new()), Instant::now());
        let first = leases.acquire("r", None, now).unwrap();
        assert_eq!(leases.acquire("r", None, now + IDLE / 2), Err(ErrorCode::ReaderBusy));
        leases.acquire("r", None, now + IDLE).unwrap();
        assert!(!leases.is_current(&first));
    }

    #[test]
    fn a_request_under_way_keeps_the_lease() {
        let (leases, now) = (Leases::new(Events::new()), Instant::now());
        let lease = leases.acquire("r", None, now).unwrap();
        let in_use = leases.use_lease(&lease, now).unwrap();
        assert_eq!(in_use.reader(), "r");
        assert_eq!(leases.acquire("r", None, now + 10 * IDLE), Err(ErrorCode::ReaderBusy));
        drop(in_use);
        assert!(leases.acquire("r", None, now + 10 * IDLE).is_ok());
    }

    #[test]
    fn a_released_lease_is_gone() {
        let (leases, now) = (Leases::new(Events::new()), Instant::now());
        let lease = leases.acquire("r", None, now).unwrap();
        assert_eq!(leases.release(&lease).as_deref(), Some("r"));
        assert_eq!(leases.release(&lease), None);
        assert!(leases.acquire("r", None, now).is_ok());
    }
}
