//! One thread a reader, since PC/SC blocks. It opens a transaction when there is something to do,
//! keeps it for what follows closely, and leaves the card clean.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, mpsc};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use kazashi_core::error_code::ErrorCode;
use kazashi_core::guard::session::{Bookmark, Ending, Session};
use kazashi_core::wire::Failure;
use tokio::sync::oneshot;
use tokio::task::spawn_blocking;
use tokio::time::timeout;
use tracing::error;

use crate::access::Origin;
use crate::reader::lease::Leases;
use crate::reader::leased_card::{self, LeasedCard};
use crate::reader::slot::{Insertion, Slot};
use crate::reader::stay::Stay;
use crate::reader::stay_names::StayNames;
use crate::reader::watch::{Watch, Watched};
use crate::record::DisclosureLog;

/// How long a request waits for the card, which another program may hold.
const PATIENCE: Duration = Duration::from_secs(5);
/// A card that has owed an answer for so long is what a request waits for, not another program; or the
/// smart card service is, which is asked each time that it has been so long.
const SILENCE: Duration = Duration::from_secs(2);
/// A page that asks on and on keeps other programs from the card no longer than this.
const LONGEST: Duration = Duration::from_secs(5);
/// The same while the card keeps something for what comes next, as between PIN and signature.
const LONGEST_STEP: Duration = Duration::from_secs(15);
/// A transaction that fails before anything was asked of the card is begun anew so often,
const TRIES_TO_OPEN: u32 = 5;
/// unless the card took so long to fail.
const SOON: Duration = Duration::from_secs(2);
/// Another program's turn, after so long a transaction: pcscd has who waits look every 100 ms.
const TURN_OF_OTHERS: Duration = Duration::from_millis(250);

/// The thread of one reader. It ends when this is dropped.
#[derive(Debug)]
pub(crate) struct Worker {
    orders: mpsc::Sender<Order>,
    watch: Watch,
    kind: Kind,
    service_answers: fn() -> bool,
}

/// Whether the card is a My Number Card, once that is known.
#[derive(Clone, Debug, Default)]
struct Kind(Arc<Mutex<Option<bool>>>);

impl Kind {
    fn lock(&self) -> MutexGuard<'_, Option<bool>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// On whose behalf something is done with the card.
#[derive(Clone, Debug)]
pub(crate) struct Holder {
    pub(crate) lease: String,
    pub(crate) origin: Origin,
}

enum Order {
    Work(Job),
    /// The card is gone, and with it what is remembered of it.
    Forget(Insertion),
}

struct Job {
    holder: Holder,
    work: Work,
}

type Work = Box<dyn FnOnce(Result<&mut LeasedCard<'_, '_>, Failure>) + Send>;

/// Things that every reader's thread shares.
#[derive(Clone, Debug)]
pub(crate) struct Shared {
    pub(crate) leases: Arc<Leases>,
    pub(crate) log: Arc<DisclosureLog>,
    pub(crate) apdu_timeout: Duration,
}

impl Worker {
    pub(crate) fn start<S: Slot>(
        slot: S,
        names: StayNames,
        shared: Shared,
    ) -> (Self, JoinHandle<()>) {
        let (orders, queue) = mpsc::channel();
        let watch = Watch::new(shared.apdu_timeout);
        let Shared { leases, log, .. } = shared;
        let kind = Kind::default();
        let this = Self {
            orders,
            watch: watch.clone(),
            kind: kind.clone(),
            service_answers: S::service_answers,
        };
        let thread =
            thread::spawn(move || Thread { slot, names, queue, leases, log, watch, kind }.run());
        (this, thread)
    }

    /// Whether the card is known to be no My Number Card. It is asked once in a stay.
    pub(crate) async fn has_foreign_card(&self, holder: Holder) -> bool {
        let known = *self.kind.lock();
        if let Some(is_ours) = known {
            return !is_ours;
        }
        let looked = self.with_card(holder, |card| {
            card.session.finish();
            Ok(())
        });
        looked.await.is_err_and(|failure| failure.code == ErrorCode::UnsupportedCard)
    }

    /// Forgets the card that was taken away.
    pub(crate) fn forget(&self, card: Insertion) {
        *self.kind.lock() = None;
        // A thread that has ended remembers nothing.
        let _ = self.orders.send(Order::Forget(card));
    }

    /// Does something with the card under a lease.
    pub(crate) fn with_card<R: Send + 'static>(
        &self,
        holder: Holder,
        work: impl FnOnce(&mut LeasedCard<'_, '_>) -> Result<R, Failure> + Send + 'static,
    ) -> impl Future<Output = Result<R, Failure>> + 'static {
        let (begun, has_begun) = oneshot::channel();
        let (done, result) = oneshot::channel();
        let job = Job {
            holder,
            work: Box::new(move |card| {
                // If nobody waits any more, nothing may happen: no PIN is presented behind the
                // back of a person who was told that it failed.
                if begun.send(()).is_ok() {
                    let _ = done.send(card.and_then(work));
                }
            }),
        };
        let sent = self.orders.send(Order::Work(job));
        let (watch, service_answers) = (self.watch.clone(), self.service_answers);
        async move {
            let gone = Failure::new(ErrorCode::UnknownReader);
            sent.map_err(|_| gone)?;
            match timeout(PATIENCE, has_begun).await {
                Ok(begun) => begun.map_err(|_| gone)?,
                Err(_) => {
                    let is_silent = watch.silence() > SILENCE;
                    let busy = ErrorCode::SharingViolation;
                    let code = if is_silent { ErrorCode::CommunicationError } else { busy };
                    let answers = asked(service_answers).await;
                    return Err(if answers { code } else { ErrorCode::NoService }.into());
                }
            }
            finished(result, &watch, service_answers).await
        }
    }
}

/// Waits for what was begun, as long as the card may take for a command and the service answers.
async fn finished<R>(
    mut result: oneshot::Receiver<Result<R, Failure>>,
    watch: &Watch,
    service_answers: fn() -> bool,
) -> Result<R, Failure> {
    // What was begun and has no result failed in a way that nobody foresaw.
    let unforeseen = |_| Err(ErrorCode::CommunicationError.into());
    let mut patience = watch.limit;
    loop {
        if let Ok(result) = timeout(SILENCE.min(patience), &mut result).await {
            return result.unwrap_or_else(unforeseen);
        }
        let rest = watch.patience();
        if rest.is_none() || watch.silence() >= SILENCE {
            tokio::select! {
                biased;
                result = &mut result => return result.unwrap_or_else(unforeseen),
                answers = asked(service_answers) => if !answers {
                    return Err(ErrorCode::NoService.into());
                }
            }
        }
        patience = rest.ok_or(ErrorCode::CommunicationError)?;
    }
}

/// Whether the smart card service answers at all, rather than stand still.
async fn asked(service_answers: fn() -> bool) -> bool {
    spawn_blocking(service_answers).await.unwrap_or(true)
}

struct Thread<S> {
    slot: S,
    names: StayNames,
    queue: mpsc::Receiver<Order>,
    leases: Arc<Leases>,
    log: Arc<DisclosureLog>,
    watch: Watch,
    kind: Kind,
}

/// Memory that outlives a transaction.
#[derive(Default)]
struct Memory {
    /// For as long as the lease does.
    lease: String,
    insertion: Option<Insertion>,
    page: Bookmark,
    /// For as long as the card stays.
    stay: Option<Stay>,
}

impl<S: Slot> Thread<S> {
    fn run(mut self) {
        let mut memory = Memory::default();
        while let Ok(order) = self.queue.recv() {
            let mut next = Some(order);
            while let Some(order) = next {
                next = match order {
                    Order::Work(job) => {
                        // What comes late from a lease that is over must not cost the next its memory.
                        let is_current = self.leases.is_current(&job.holder.lease);
                        if is_current && memory.lease != job.holder.lease {
                            let lease = job.holder.lease.clone();
                            let stay = memory.stay.take().map(Stay::under_new_lease);
                            memory = Memory { lease, stay, ..Memory::default() };
                        }
                        let begun = Instant::now();
                        let work = || self.transaction(job, &mut memory);
                        // Whatever happened, the card was powered down, and the next page is served.
                        let next = catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|_| {
                            error!("work with the card was given up, and the card powered down");
                            None
                        });
                        self.slot.rest();
                        if begun.elapsed() > LONGEST {
                            thread::sleep(TURN_OF_OTHERS);
                        }
                        next
                    }
                    Order::Forget(card) => {
                        memory.stay.take_if(|stay| stay.insertion == card);
                        None
                    }
                };
            }
        }
    }

    /// Does a job, and the jobs of the same lease that follow closely. Returns the first order that
    /// is not one of them.
    fn transaction(&mut self, job: Job, memory: &mut Memory) -> Option<Order> {
        if !self.leases.is_current(&job.holder.lease) {
            (job.work)(Err(ErrorCode::LeaseLost.into()));
            return None;
        }
        let Self { slot, names, queue, leases, log, watch, kind } = self;
        let asked = Instant::now();
        let mut tries = 0..TRIES_TO_OPEN;
        let session = loop {
            let session = slot.begin().map_err(Failure::from).and_then(|(card, insertion)| {
                // Another card may lie there before the monitor has seen it.
                if *memory.insertion.get_or_insert(insertion) != insertion {
                    card.end(Ending::LeaveCard);
                    return Err(ErrorCode::RemovedCard.into());
                }
                let before = memory.stay.take().filter(|stay| stay.insertion == insertion);
                let stay = before.unwrap_or_else(|| Stay::new(insertion, names.of(insertion)));
                let stay = memory.stay.insert(stay);
                let card = Box::new(Watched { card, watch });
                let session = Session::open(card, memory.page, stay.memory.clone());
                *kind.lock() = match &session {
                    Ok(_) => Some(true),
                    Err(failure) if failure.code == ErrorCode::UnsupportedCard => Some(false),
                    Err(_) => None,
                };
                Ok((session?, stay))
            });
            // A reset by another program may just come between. Nothing was asked of the card yet.
            let failed = session.as_ref().is_err_and(|failure| {
                let comes_between = matches!(
                    failure.code,
                    ErrorCode::CommunicationError | ErrorCode::SharingViolation
                );
                comes_between && asked.elapsed() < SOON
            });
            if !(failed && tries.next().is_some()) {
                break session;
            }
            drop(session);
            slot.rest();
        };
        let (mut session, stay) = match session {
            Ok(session) => session,
            Err(failure) => {
                (job.work)(Err(failure));
                return None;
            }
        };
        let (begun, mut step) = (Instant::now(), None);
        let does = |job: Job, session: &mut Session<'_>, stay: &mut Stay| {
            let Holder { lease, origin } = &job.holder;
            (job.work)(Ok(&mut LeasedCard { session, stay, log, lease, origin }));
        };
        does(job, &mut session, stay);
        let mut next = None;
        while !session.is_finished() {
            step = session.is_amid().then(|| step.unwrap_or_else(Instant::now));
            let rest = match step {
                Some(step) => LONGEST_STEP.saturating_sub(step.elapsed()),
                None => LONGEST.saturating_sub(begun.elapsed()),
            };
            if rest.is_zero() {
                break;
            }
            match queue.recv_timeout(session.idle().min(rest)) {
                Ok(Order::Work(job))
                    if job.holder.lease == memory.lease && leases.is_current(&job.holder.lease) =>
                {
                    does(job, &mut session, stay);
                }
                Ok(order) => {
                    next = Some(order);
                    break;
                }
                Err(_) => break,
            }
        }
        leased_card::identify(&mut session, stay, log);
        memory.page = session.close();
        next
    }
}

#[cfg(test)]
mod tests;
