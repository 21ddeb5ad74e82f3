//! One thread a reader, since PC/SC blocks. It opens a transaction when there is something to do,
//! keeps it for what follows closely, and leaves the card clean.

use std::{
    sync::{Arc, mpsc},
    thread::{self, JoinHandle},
    time::Duration,
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
use tracing::{trace, warn};

use crate::lease::Leases;

/// A transaction without a command for so long ends: Windows resets the card after 5 s.
const IDLE: Duration = Duration::from_secs(2);
/// The same while an institution signs the card's challenge, which is good for this transaction only.
const IDLE_FOR_TERMINAL: Duration = Duration::from_secs(4);
/// How long a request waits for the card, which another program may hold.
const PATIENCE: Duration = Duration::from_secs(5);

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
    jobs: mpsc::Sender<Job>,
}

struct Job {
    lease: String,
    work: Work,
}

type Work = Box<dyn FnOnce(Result<&mut Session<'_>, Failure>) + Send>;

impl Worker {
    pub(crate) fn start(slot: impl Slot, leases: Arc<Leases>) -> (Self, JoinHandle<()>) {
        let (jobs, queue) = mpsc::channel();
        let thread = thread::spawn(move || Thread { slot, queue, leases }.run());
        (Self { jobs }, thread)
    }

    /// Does something with the card under a lease.
    pub(crate) fn with_card<R: Send + 'static>(
        &self,
        lease: &str,
        work: impl FnOnce(&mut Session<'_>) -> Result<R, Failure> + Send + 'static,
    ) -> impl Future<Output = Result<R, Failure>> + 'static {
        let (begun, has_begun) = oneshot::channel();
        let (done, result) = oneshot::channel();
        let job = Job {
            lease: lease.to_owned(),
            work: Box::new(move |session| {
                // If nobody waits any more, nothing may happen: no PIN is presented behind the
                // back of a person who was told that it failed.
                if begun.send(()).is_ok() {
                    let _ = done.send(session.and_then(work));
                }
            }),
        };
        let sent = self.jobs.send(job);
        async move {
            let gone = Failure::new(ErrorCode::UnknownReader);
            sent.map_err(|_| gone)?;
            match timeout(PATIENCE, has_begun).await {
                Ok(begun) => begun.map_err(|_| gone)?,
                Err(_) => return Err(ErrorCode::SharingViolation.into()),
            }
            result.await.unwrap_or(Err(gone))
        }
    }
}

struct Thread<S> {
    slot: S,
    queue: mpsc::Receiver<Job>,
    leases: Arc<Leases>,
}

/// What outlives a transaction, for as long as the lease does.
#[derive(Default)]
struct Memory {
    lease: String,
    insertion: Option<Insertion>,
    page_application: Option<Application>,
    abilities: Abilities,
}

impl<S: Slot> Thread<S> {
    fn run(mut self) {
        let mut memory = Memory::default();
        while let Ok(job) = self.queue.recv() {
            let mut next = Some(job);
            while let Some(job) = next {
                if memory.lease != job.lease {
                    memory = Memory { lease: job.lease.clone(), ..Memory::default() };
                }
                next = self.transaction(job, &mut memory);
                self.slot.rest();
            }
        }
    }

    /// Does a job, and the jobs of the same lease that follow closely. Returns the first that must
    /// have a transaction of its own.
    fn transaction(&mut self, job: Job, memory: &mut Memory) -> Option<Job> {
        if !self.leases.is_current(&job.lease) {
            (job.work)(Err(ErrorCode::LeaseLost.into()));
            return None;
        }
        let session = self.slot.begin().map_err(Failure::from).and_then(|(card, insertion)| {
            // Another card may lie there before the monitor has seen it.
            if *memory.insertion.get_or_insert(insertion) != insertion {
                card.end(Ending::LeaveCard);
                return Err(ErrorCode::RemovedCard.into());
            }
            let card = Box::new(Logged(card));
            Session::open(card, memory.page_application, memory.abilities.clone())
        });
        let mut session = match session {
            Ok(session) => session,
            Err(failure) => {
                (job.work)(Err(failure));
                return None;
            }
        };
        (job.work)(Ok(&mut session));
        let mut next = None;
        while !session.is_finished() {
            let idle = if session.awaits_terminal() { IDLE_FOR_TERMINAL } else { IDLE };
            match self.queue.recv_timeout(idle) {
                Ok(job) if job.lease == memory.lease && self.leases.is_current(&job.lease) => {
                    (job.work)(Ok(&mut session));
                }
                Ok(job) => {
                    next = Some(job);
                    break;
                }
                Err(_) => break,
            }
        }
        memory.page_application = session.close();
        next
    }
}

/// Writes down what passes: headers, lengths and status words only, since the data may be a PIN or
/// a certificate.
struct Logged<'c>(Box<dyn CardTransaction + 'c>);

impl CardTransaction for Logged<'_> {
    fn transmit(&mut self, command: &CommandApdu) -> Result<ResponseApdu, ErrorCode> {
        let answer = self.0.transmit(command);
        match &answer {
            Ok(response) => trace!(?command, ?response),
            Err(code) => warn!(?command, code = code.as_str(), "the card did not answer"),
        }
        answer
    }

    fn end(self: Box<Self>, ending: Ending) {
        self.0.end(ending);
    }
}
