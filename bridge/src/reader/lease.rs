use std::collections::{HashMap, VecDeque};
use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use kazashi_core::error_code::ErrorCode;

use crate::access::Limits;
use crate::reader::events::{Event, Events};
use crate::sys::identifier;

/// Whoever waits asks again now and then. A place that nobody asked from for so long is free.
const PLACE: Duration = Duration::from_secs(60);

/// Whoever waits is told when the reader is free, and has so long to ask for it.
const TURN: Duration = Duration::from_secs(2);

/// The leases: who may use which reader. There is one a reader, and each is ended for a reason that
/// its holder is told.
///
/// Who asks for a reader that is taken is refused, but has a place in its queue from then on: once
/// the reader is free, only the first of the queue gets it. So nobody is overtaken who asks when told.
/// Who gets a reader waits for no other one any more.
#[derive(Debug)]
pub(crate) struct Leases {
    by_reader: Mutex<HashMap<String, Reader>>,
    /// So many wait for a reader at most; whoever comes later has no place.
    places: NonZeroUsize,
    /// A lease that nobody used for so long can be taken by another page.
    idle: Duration,
    events: Events,
}

#[derive(Debug, Default)]
struct Reader {
    held: Option<Held>,
    /// When the last lease was given back.
    freed: Option<Instant>,
    queue: VecDeque<Waiting>,
}

/// Whoever asks for leases: one connection of a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Asker(u64);

#[derive(Debug)]
struct Waiting {
    asker: Asker,
    last_asked: Instant,
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
    pub(crate) fn new(limits: &Limits, events: Events) -> Self {
        let (places, idle) = (limits.queue, limits.lease());
        Self { by_reader: Mutex::default(), places, idle, events }
    }

    /// Takes the lease on a reader: it is free and nobody waited for it longer, or its lease is the
    /// `expected` one, or was left unused for too long. Who held it before is told.
    pub(crate) fn acquire(
        &self,
        reader: &str,
        expected: Option<&str>,
        asker: Asker,
        now: Instant,
    ) -> Result<String, ErrorCode> {
        let mut by_reader = self.lock();
        let reader = by_reader.entry(reader.to_owned()).or_default();
        match (&reader.held, expected) {
            (Some(held), Some(expected)) if held.lease == expected => {}
            (None, Some(_)) => return Err(ErrorCode::LeaseLost),
            (held, _) => {
                let is_free = held.as_ref().is_none_or(|held| held.has_run_out(now, self.idle));
                if !(reader.queue(asker, self.places, now, self.idle) && is_free) {
                    return Err(ErrorCode::ReaderBusy);
                }
            }
        }
        let lease = identifier();
        let held = Held { lease: lease.clone(), last_used: now, in_use: 0 };
        if let Some(before) = reader.held.replace(held) {
            self.events.send(Event::LeaseLost { lease: before.lease, code: ErrorCode::LeaseLost });
        }
        // A page that takes any reader asked for them all. Its other places would keep others
        // waiting for readers that are free, and be better than theirs when it comes again.
        by_reader.values_mut().for_each(|reader| reader.leave_queue(asker));
        Ok(lease)
    }

    /// Begins a request under a lease.
    pub(crate) fn use_lease(&self, lease: &str, now: Instant) -> Result<InUse<'_>, ErrorCode> {
        let mut by_reader = self.lock();
        let (reader, held) = by_reader
            .iter_mut()
            .filter_map(|(id, reader)| Some((id, reader.held.as_mut()?)))
            .find(|(_, held)| held.lease == lease)
            .ok_or(ErrorCode::LeaseLost)?;
        held.last_used = now;
        held.in_use += 1;
        Ok(InUse { leases: self, reader: reader.clone(), lease: lease.to_owned() })
    }

    /// Whether this lease is still the one on its reader.
    pub(crate) fn is_current(&self, lease: &str) -> bool {
        self.lock().values().any(|reader| reader.is_held_under(lease))
    }

    /// Gives a lease back. Says on which reader it was, if it was still held.
    pub(crate) fn release(&self, lease: &str, now: Instant) -> Option<String> {
        let mut by_reader = self.lock();
        let (id, reader) = by_reader.iter_mut().find(|(_, reader)| reader.is_held_under(lease))?;
        reader.held = None;
        reader.freed = Some(now);
        self.events.send(Event::ReaderFree { reader: id.clone() });
        Some(id.clone())
    }

    /// Ends the lease on a reader, because the card or the reader is gone.
    pub(crate) fn end(&self, reader: &str, code: ErrorCode) {
        let mut by_reader = self.lock();
        if let Some(held) = by_reader.get_mut(reader).and_then(|reader| reader.held.take()) {
            self.events.send(Event::LeaseLost { lease: held.lease, code });
        }
    }

    /// Whoever asked is gone, and waits for nothing any more.
    pub(crate) fn forget(&self, asker: Asker) {
        self.lock().retain(|_, reader| {
            reader.leave_queue(asker);
            reader.held.is_some() || !reader.queue.is_empty()
        });
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Reader>> {
        self.by_reader.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Asker {
    /// One that is no other.
    pub(crate) fn new() -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        Self(NEXT.fetch_add(1, Ordering::Relaxed))
    }
}

impl Reader {
    /// Keeps or gives a place in the queue. Says whether it is the first.
    fn queue(&mut self, asker: Asker, places: NonZeroUsize, now: Instant, idle: Duration) -> bool {
        let free_since = match &self.held {
            Some(held) => held.has_run_out(now, idle).then(|| held.last_used + idle),
            None => self.freed,
        };
        let is_taken = self.held.is_some() && free_since.is_none();
        self.queue.retain(|waiting| {
            let patience = if is_taken { PLACE } else { TURN };
            let began = free_since.map_or(waiting.last_asked, |it| it.max(waiting.last_asked));
            waiting.asker == asker || now.saturating_duration_since(began) < patience
        });
        if let Some(place) = self.queue.iter_mut().find(|waiting| waiting.asker == asker) {
            place.last_asked = now;
        } else if self.queue.len() < places.get() {
            self.queue.push_back(Waiting { asker, last_asked: now });
        }
        self.queue.front().is_some_and(|first| first.asker == asker)
    }

    fn leave_queue(&mut self, asker: Asker) {
        self.queue.retain(|waiting| waiting.asker != asker);
    }

    fn is_held_under(&self, lease: &str) -> bool {
        self.held.as_ref().is_some_and(|held| held.lease == lease)
    }
}

impl Held {
    fn has_run_out(&self, now: Instant, idle: Duration) -> bool {
        self.in_use == 0 && now.saturating_duration_since(self.last_used) >= idle
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
        let mut by_reader = self.leases.lock();
        if let Some(held) = by_reader.get_mut(&self.reader).and_then(|it| it.held.as_mut())
            && held.lease == self.lease
        {
            held.in_use -= 1;
            held.last_used = Instant::now();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use kazashi_core::error_code::ErrorCode;

    use super::{Asker, Leases, PLACE, TURN};
    use crate::access::Limits;
    use crate::reader::events::{Event, Events};

    const IDLE: Duration = Duration::from_secs(30);

    /// With four places a reader, and leases that run out after [`IDLE`].
    fn leases(events: Events) -> Leases {
        Leases::new(&Limits::default(), events)
    }

    /// Somebody else each time.
    fn asker() -> Asker {
        Asker::new()
    }

    #[test]
    fn whoever_waits_longest_is_next() {
        let (leases, now) = (leases(Events::new()), Instant::now());
        let lease = leases.acquire("r", None, asker(), now).unwrap();
        let waiting: Vec<_> = (0..4).map(|_| asker()).collect();
        let too_many = asker();
        let busy = Err(ErrorCode::ReaderBusy);
        for &asker in waiting.iter().chain([&too_many]) {
            assert_eq!(leases.acquire("r", None, asker, now), busy);
        }
        leases.release(&lease, now);
        for &asker in waiting.iter().skip(1).chain([&too_many]) {
            assert_eq!(leases.acquire("r", None, asker, now), busy);
        }
        for &asker in &waiting {
            let lease = leases.acquire("r", None, asker, now).unwrap();
            leases.release(&lease, now);
        }
        assert!(leases.acquire("r", None, too_many, now).is_ok());
    }

    #[test]
    fn a_place_is_lost_by_who_stops_asking_or_goes_away() {
        let (leases, now) = (leases(Events::new()), Instant::now());
        let [tired, gone, patient] = [asker(), asker(), asker()];
        let lease = leases.acquire("r", None, asker(), now).unwrap();
        for asker in [tired, gone, patient] {
            assert_eq!(leases.acquire("r", None, asker, now), Err(ErrorCode::ReaderBusy));
        }
        leases.release(&lease, now);
        for asker in [gone, patient] {
            let later = now + TURN / 2;
            assert_eq!(leases.acquire("r", None, asker, later), Err(ErrorCode::ReaderBusy));
        }
        let patient_asks = || leases.acquire("r", None, patient, now + TURN);
        assert_eq!(patient_asks(), Err(ErrorCode::ReaderBusy));
        leases.forget(gone);
        assert!(patient_asks().is_ok());
    }

    #[test]
    fn whoever_waits_keeps_the_place_while_the_reader_is_taken_and_is_told_when_it_is_free() {
        let events = Events::new();
        let mut told = events.subscribe();
        let (leases, now) = (leases(events), Instant::now());
        let [patient, late] = [asker(), asker()];
        let lease = leases.acquire("r", None, asker(), now).unwrap();
        let in_use = leases.use_lease(&lease, now).unwrap();
        assert_eq!(leases.acquire("r", None, patient, now), Err(ErrorCode::ReaderBusy));
        let much_later = now + PLACE - TURN;
        assert_eq!(leases.acquire("r", None, late, much_later), Err(ErrorCode::ReaderBusy));
        drop(in_use);
        assert!(told.try_recv().is_err());
        leases.release(&lease, much_later);
        assert_eq!(told.try_recv().unwrap(), Event::ReaderFree { reader: "r".to_owned() });
        let soon = much_later + TURN / 2;
        assert_eq!(leases.acquire("r", None, late, soon), Err(ErrorCode::ReaderBusy));
        assert!(leases.acquire("r", None, patient, soon).is_ok());
    }

    #[test]
    fn whoever_gets_one_reader_keeps_nobody_from_another() {
        let (leases, now) = (leases(Events::new()), Instant::now());
        let [any, patient] = [asker(), asker()];
        let [one, other] = ["r", "s"].map(|it| leases.acquire(it, None, asker(), now).unwrap());
        for (asker, reader) in [(any, "r"), (any, "s"), (patient, "s")] {
            assert_eq!(leases.acquire(reader, None, asker, now), Err(ErrorCode::ReaderBusy));
        }
        leases.release(&one, now);
        leases.acquire("r", None, any, now).unwrap();
        leases.release(&other, now);
        assert!(leases.acquire("s", None, patient, now).is_ok());
    }

    #[test]
    fn a_reader_has_one_lease() {
        let (leases, now) = (leases(Events::new()), Instant::now());
        leases.acquire("r", None, asker(), now).unwrap();
        assert_eq!(leases.acquire("r", None, asker(), now), Err(ErrorCode::ReaderBusy));
        assert_eq!(leases.acquire("r", Some("x"), asker(), now), Err(ErrorCode::ReaderBusy));
        assert!(leases.acquire("other", None, asker(), now).is_ok());
    }

    #[test]
    fn whoever_knows_the_lease_can_take_it_over_and_the_loser_is_told() {
        let events = Events::new();
        let mut told = events.subscribe();
        let (leases, now) = (leases(events), Instant::now());
        let first = leases.acquire("r", None, asker(), now).unwrap();
        let second = leases.acquire("r", Some(&first), asker(), now).unwrap();
        assert_eq!(leases.use_lease(&first, now).unwrap_err(), ErrorCode::LeaseLost);
        assert!(leases.is_current(&second));
        let lost = Event::LeaseLost { lease: first, code: ErrorCode::LeaseLost };
        assert_eq!(told.try_recv().unwrap(), lost);
    }

    #[test]
    fn a_free_reader_is_not_taken_over() {
        let leases = leases(Events::new());
        assert_eq!(
            leases.acquire("r", Some("x"), asker(), Instant::now()),
            Err(ErrorCode::LeaseLost)
        );
    }

    #[test]
    fn a_lease_left_unused_can_be_taken() {
        let (leases, now) = (leases(Events::new()), Instant::now());
        let first = leases.acquire("r", None, asker(), now).unwrap();
        let other = asker();
        assert_eq!(leases.acquire("r", None, other, now + IDLE / 2), Err(ErrorCode::ReaderBusy));
        // Whoever waited has the first turn.
        assert_eq!(leases.acquire("r", None, asker(), now + IDLE), Err(ErrorCode::ReaderBusy));
        leases.acquire("r", None, other, now + IDLE).unwrap();
        assert!(!leases.is_current(&first));
    }

    #[test]
    fn a_request_under_way_keeps_the_lease() {
        let (leases, now) = (leases(Events::new()), Instant::now());
        let other = asker();
        let lease = leases.acquire("r", None, asker(), now).unwrap();
        let in_use = leases.use_lease(&lease, now).unwrap();
        assert_eq!(in_use.reader(), "r");
        assert_eq!(leases.acquire("r", None, other, now + 10 * IDLE), Err(ErrorCode::ReaderBusy));
        drop(in_use);
        assert!(leases.acquire("r", None, other, now + 10 * IDLE).is_ok());
    }

    #[test]
    fn a_released_lease_is_gone() {
        let (leases, now) = (leases(Events::new()), Instant::now());
        let lease = leases.acquire("r", None, asker(), now).unwrap();
        assert_eq!(leases.release(&lease, now).as_deref(), Some("r"));
        assert_eq!(leases.release(&lease, now), None);
        assert!(leases.acquire("r", None, asker(), now).is_ok());
    }
}
