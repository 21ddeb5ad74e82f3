//! One thread a reader, since PC/SC blocks. It opens a transaction when there is something to do,
//! keeps it for what follows closely, and leaves the card clean.

use std::{
    sync::{Arc, Mutex, PoisonError, mpsc},
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use kazashi_core::{
    Abilities,
    apdu::{CommandApdu, ResponseApdu},
    error_code::ErrorCode,
    policy::Application,
    session::{CardTransaction, Ending, Session},
    wire::Failure,
};
use tokio::{sync::oneshot, time::timeout};
use tracing::{debug, trace, warn};

use crate::{
    card::{self, Card},
    disclosure_log::DisclosureLog,
    lease::Leases,
    origin::Origin,
    pin_pad::TIME_TO_TYPE,
    visit::Visit,
};

/// A transaction without a command for so long ends: Windows resets the card after 5 s.
const IDLE: Duration = Duration::from_secs(2);
/// The same while an institution signs the card's challenge, which is good for this transaction only.
const IDLE_FOR_TERMINAL: Duration = Duration::from_secs(4);
/// How long a request waits for the card, which another program may hold.
const PATIENCE: Duration = Duration::from_secs(5);
/// A card that has owed an answer for so long is what a request waits for, not another program.
const SILENCE: Duration = Duration::from_secs(2);

/// Where a card can be: a PC/SC reader, or a virtual card.
pub(crate) trait Slot: Send + 'static {
    /// Waits until the card is ours alone.
    fn begin(&mut self) -> Result<(Box<dyn CardTransaction + '_>, Insertion), ErrorCode>;

    /// Lets go of the card between transactions, so that other programs can have it.
    fn rest(&mut self);
}

/// Tells one stay of a card on the reader from the next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Insertion(pub(crate) u32);

/// The thread of one reader. It ends when this is dropped.
#[derive(Debug)]
pub(crate) struct Worker {
    orders: mpsc::Sender<Order>,
    watch: Watch,
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

type Work = Box<dyn FnOnce(Result<&mut Card<'_, '_>, Failure>) + Send>;

/// What every reader's thread shares.
#[derive(Clone, Debug)]
pub(crate) struct Shared {
    pub(crate) leases: Arc<Leases>,
    pub(crate) log: Arc<DisclosureLog>,
    pub(crate) apdu_timeout: Duration,
}

impl Worker {
    pub(crate) fn start(slot: impl Slot, shared: Shared) -> (Self, JoinHandle<()>) {
        let (orders, queue) = mpsc::channel();
        let watch = Watch { since: Arc::default(), limit: shared.apdu_timeout };
        let Shared { leases, log, .. } = shared;
        let this = Self { orders, watch: watch.clone() };
        let thread = thread::spawn(move || Thread { slot, queue, leases, log, watch }.run());
        (this, thread)
    }

    /// Forgets the card that was taken away.
    pub(crate) fn forget(&self, card: Insertion) {
        // A thread that has ended remembers nothing.
        let _ = self.orders.send(Order::Forget(card));
    }

    /// Does something with the card under a lease.
    pub(crate) fn with_card<R: Send + 'static>(
        &self,
        holder: Holder,
        work: impl FnOnce(&mut Card<'_, '_>) -> Result<R, Failure> + Send + 'static,
    ) -> impl Future<Output = Result<R, Failure>> + 'static {
        let (begun, has_begun) = oneshot::channel();
        let (done, mut result) = oneshot::channel();
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
        let watch = self.watch.clone();
        async move {
            let gone = Failure::new(ErrorCode::UnknownReader);
            sent.map_err(|_| gone)?;
            match timeout(PATIENCE, has_begun).await {
                Ok(begun) => begun.map_err(|_| gone)?,
                Err(_) if watch.silence() > SILENCE => {
                    return Err(ErrorCode::CommunicationError.into());
                }
                Err(_) => return Err(ErrorCode::SharingViolation.into()),
            }
            let mut patience = watch.limit;
            loop {
                match timeout(patience, &mut result).await {
                    Ok(result) => return result.unwrap_or(Err(gone)),
                    Err(_) => patience = watch.patience().ok_or(ErrorCode::CommunicationError)?,
                }
            }
        }
    }
}

/// Does something with the card on a reader without a lease, and leaves it clean.
pub(crate) fn once<R>(
    slot: &mut impl Slot,
    work: impl FnOnce(&mut Session<'_>) -> Result<R, Failure>,
) -> Result<R, ErrorCode> {
    let done = slot.begin().map_err(Failure::from).and_then(|(card, _)| {
        let mut session = Session::open(card, None, Abilities::default())?;
        let done = work(&mut session);
        session.close();
        done
    });
    slot.rest();
    done.map_err(|failure| failure.code)
}

/// Since when the card has owed an answer, and how long it may.
#[derive(Clone, Debug)]
struct Watch {
    since: Arc<Mutex<Option<Instant>>>,
    limit: Duration,
}

impl Watch {
    fn set(&self, since: Option<Instant>) {
        *self.since.lock().unwrap_or_else(PoisonError::into_inner) = since;
    }

    /// For how long the card has owed an answer.
    fn silence(&self) -> Duration {
        let since = *self.since.lock().unwrap_or_else(PoisonError::into_inner);
        since.map_or(Duration::ZERO, |since| since.elapsed())
    }

    /// How long to wait before looking again; nothing, if the card has taken too long.
    fn patience(&self) -> Option<Duration> {
        let rest = self.limit.saturating_sub(self.silence());
        (!rest.is_zero()).then_some(rest)
    }
}

struct Thread<S> {
    slot: S,
    queue: mpsc::Receiver<Order>,
    leases: Arc<Leases>,
    log: Arc<DisclosureLog>,
    watch: Watch,
}

/// What outlives a transaction.
#[derive(Default)]
struct Memory {
    /// For as long as the lease does.
    lease: String,
    insertion: Option<Insertion>,
    page_application: Option<Application>,
    /// For as long as the card stays.
    visit: Option<Visit>,
}

impl<S: Slot> Thread<S> {
    fn run(mut self) {
        let mut memory = Memory::default();
        while let Ok(order) = self.queue.recv() {
            let mut next = Some(order);
            while let Some(order) = next {
                next = match order {
                    Order::Work(job) => {
                        if memory.lease != job.holder.lease {
                            let (lease, visit) = (job.holder.lease.clone(), memory.visit.take());
                            memory = Memory { lease, visit, ..Memory::default() };
                        }
                        let next = self.transaction(job, &mut memory);
                        self.slot.rest();
                        next
                    }
                    Order::Forget(card) => {
                        memory.visit.take_if(|visit| visit.insertion == card);
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
        let Self { slot, queue, leases, log, watch } = self;
        let session = slot.begin().map_err(Failure::from).and_then(|(card, insertion)| {
            // Another card may lie there before the monitor has seen it.
            if *memory.insertion.get_or_insert(insertion) != insertion {
                card.end(Ending::LeaveCard);
                return Err(ErrorCode::RemovedCard.into());
            }
            let before = memory.visit.take().filter(|visit| visit.insertion == insertion);
            let visit = memory.visit.insert(before.unwrap_or_else(|| Visit::new(insertion)));
            let card = Box::new(Watched { card, watch });
            let session = Session::open(card, memory.page_application, visit.abilities.clone())?;
            Ok((session, visit))
        });
        let (mut session, visit) = match session {
            Ok(session) => session,
            Err(failure) => {
                (job.work)(Err(failure));
                return None;
            }
        };
        let does = |job: Job, session: &mut Session<'_>, visit: &mut Visit| {
            let Holder { lease, origin } = &job.holder;
            (job.work)(Ok(&mut Card { session, visit, log, lease, origin }));
        };
        does(job, &mut session, visit);
        let mut next = None;
        while !session.is_finished() {
            let idle = if session.awaits_terminal() { IDLE_FOR_TERMINAL } else { IDLE };
            match queue.recv_timeout(idle) {
                Ok(Order::Work(job))
                    if job.holder.lease == memory.lease && leases.is_current(&job.holder.lease) =>
                {
                    does(job, &mut session, visit);
                }
                Ok(order) => {
                    next = Some(order);
                    break;
                }
                Err(_) => break,
            }
        }
        card::identify(&mut session, visit, log);
        memory.page_application = session.close();
        next
    }
}

/// Sees what passes. Writes down headers, lengths and status words only, since the data may be a PIN
/// or a certificate.
struct Watched<'c> {
    card: Box<dyn CardTransaction + 'c>,
    watch: &'c Watch,
}

impl CardTransaction for Watched<'_> {
    fn transmit(&mut self, command: &CommandApdu) -> Result<ResponseApdu, ErrorCode> {
        self.watch.set(Some(Instant::now()));
        let answer = self.card.transmit(command);
        self.watch.set(None);
        match &answer {
            Ok(response) => trace!(?command, ?response),
            Err(code) => warn!(?command, code = code.as_str(), "the card did not answer"),
        }
        answer
    }

    fn has_pin_pad(&mut self) -> bool {
        self.card.has_pin_pad()
    }

    fn verify_on_reader(&mut self, verify: &CommandApdu) -> Result<ResponseApdu, ErrorCode> {
        // Only from then on the card owes an answer.
        self.watch.set(Some(Instant::now() + TIME_TO_TYPE));
        let answer = self.card.verify_on_reader(verify);
        self.watch.set(None);
        match &answer {
            Ok(response) => trace!(command = ?verify, ?response, "typed on the reader"),
            Err(code) => debug!(code = code.as_str(), "nothing was typed on the reader"),
        }
        answer
    }

    fn end(self: Box<Self>, ending: Ending) {
        self.card.end(ending);
    }
}

#[cfg(test)]
mod tests {
    use std::{sync::Arc, thread, time::Duration};

    use kazashi_core::{
        apdu::{CommandApdu, ResponseApdu, StatusWord},
        error_code::ErrorCode,
        session::{CardTransaction, Ending},
    };

    use super::{Holder, Insertion, PATIENCE, Shared, Slot, Worker};
    use crate::{
        disclosure_log::DisclosureLog,
        events::Events,
        lease::{Asker, Leases},
        limits::Limits,
        origin::Origin,
    };

    /// A card that takes so long for each command.
    struct SlowCard(Duration);

    impl Slot for SlowCard {
        fn begin(&mut self) -> Result<(Box<dyn CardTransaction + '_>, Insertion), ErrorCode> {
            Ok((Box::new(Self(self.0)), Insertion(1)))
        }

        fn rest(&mut self) {}
    }

    impl CardTransaction for SlowCard {
        fn transmit(&mut self, _: &CommandApdu) -> Result<ResponseApdu, ErrorCode> {
            thread::sleep(self.0);
            Ok(ResponseApdu::new([], StatusWord::OK))
        }

        fn end(self: Box<Self>, _: Ending) {}
    }

    /// Has the card do so many commands, each of which may take 200 ms.
    async fn outcome(card: SlowCard, commands: u32) -> Result<(), ErrorCode> {
        let state = tempfile::tempdir().unwrap();
        let leases = Arc::new(Leases::new(&Limits::default(), Events::new()));
        let lease = leases.acquire("r", None, Asker::new(), std::time::Instant::now()).unwrap();
        let log = Arc::new(DisclosureLog::open(state.path()).unwrap());
        let apdu_timeout = Duration::from_millis(200);
        let (worker, _) = Worker::start(card, Shared { leases, log, apdu_timeout });
        let origin = Origin::parse("https://portal.example", false).unwrap();
        let select =
            CommandApdu::new(0x00, 0xA4, 0x04, 0x0C).with_data(kazashi_core::jpki::AID).unwrap();
        let done = worker.with_card(Holder { lease, origin }, move |card| {
            for _ in 0..commands {
                card.transmit(&select, &[].into_iter().collect())?;
            }
            Ok(())
        });
        done.await.map_err(|failure| failure.code)
    }

    #[tokio::test]
    async fn a_card_that_does_not_answer_is_given_up() {
        let silent = SlowCard(Duration::from_secs(2));
        assert_eq!(outcome(silent, 1).await, Err(ErrorCode::CommunicationError));
    }

    #[tokio::test]
    async fn a_card_that_is_silent_from_the_first_is_not_said_to_be_another_programs() {
        let silent = SlowCard(PATIENCE + Duration::from_secs(1));
        assert_eq!(outcome(silent, 1).await, Err(ErrorCode::CommunicationError));
    }

    #[tokio::test]
    async fn many_commands_may_take_longer_than_one() {
        assert_eq!(outcome(SlowCard(Duration::from_millis(40)), 10).await, Ok(()));
    }
}
