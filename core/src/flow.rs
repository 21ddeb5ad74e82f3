//! Flows: what is said to a card, in order, without saying it.
//!
//! A flow is written as one straight `async` block and needs no executor. Whoever drives it takes a
//! [`Step`], does what it names, and resumes the flow with the answer. [`Flow::start`] and [`Waiting::resume`] consume their receiver, so a flow can be neither
//! started twice nor answered out of turn. Dropping it abandons the flow and erases its secrets.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Waker};

use zeroize::Zeroizing;

use crate::codec::Base64;
use crate::codec::apdu::{CommandApdu, ResponseApdu, StatusWord};
use crate::value::Signature;
use crate::wire::{CardAnswer, CardRequest};

mod abilities;
pub(crate) mod command;
mod error;
pub(crate) mod file;
mod progress;

pub use abilities::Abilities;
pub use error::Error;
pub use progress::Progress;

/// Conversation with a card that reaches a `T`.
#[must_use = "a flow does nothing until it is started"]
pub struct Flow<T> {
    write: Box<dyn FnOnce(Card) -> Body<T> + Send>,
    progress: Progress,
}

/// A flow that has begun.
struct Running<T> {
    body: Body<T>,
    requests: Slot<Request>,
}

type Body<T> = Pin<Box<dyn Future<Output = Result<T, Error>> + Send>>;

/// Next thing that a flow wants.
#[derive(Debug)]
#[must_use = "a step that is not taken abandons the flow"]
#[expect(clippy::exhaustive_enums, reason = "who drives a flow must know every kind of step")]
pub enum Step<T> {
    /// Carry this command to the card.
    Transmit(CommandApdu, Waiting<T, ResponseApdu>),
    /// Whoever guards the card does this: presents what is given, builds what is signed.
    Guard(CardRequest, Waiting<T, CardAnswer>),
    /// Only the relying party's server can answer.
    AskServer(Question, Waiting<T, Vec<u8>>),
    /// The flow is over.
    Done(T),
}

/// A flow that waits for an `A`.
#[must_use = "a waiting flow is abandoned when dropped"]
pub struct Waiting<T, A> {
    flow: Running<T>,
    answer: Slot<A>,
}

/// Question that only the relying party's server can answer.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Question {
    /// The birth date of the holder of this user authentication certificate (DER), as `YYYY-MM-DD`,
    /// and after a space the name of the [`Calendar`](crate::value::Calendar), if the card has another
    /// than the era's.
    BirthDate {
        /// The certificate as read from the card, or its head.
        certificate: Vec<u8>,
    },
    /// The institution's signature for the challenge in this word of the bridge.
    TerminalSignature(Base64),
}

impl<T> Flow<T> {
    /// Writes a flow as a function of the card.
    pub(crate) fn new<B, F>(body: B) -> Self
    where
        B: FnOnce(Card) -> F + Send + 'static,
        F: Future<Output = Result<T, Error>> + Send + 'static,
    {
        Self { write: Box::new(|card| Box::pin(body(card))), progress: Progress::default() }
    }

    /// How far it has come with the file that it reads: to be looked at between steps.
    #[must_use]
    pub fn progress(&self) -> Progress {
        self.progress.clone()
    }

    /// The same flow, with something else made of what it brings back.
    pub fn map<U>(self, make: impl FnOnce(T) -> U + Send + 'static) -> Flow<U>
    where
        T: 'static,
    {
        let write = self.write;
        Flow {
            write: Box::new(|card| {
                let body = write(card);
                Box::pin(async move { body.await.map(make) })
            }),
            progress: self.progress,
        }
    }

    /// Runs to the first step, with a card of which nothing is known.
    pub fn start(self) -> Result<Step<T>, Error> {
        self.start_with(&Abilities::default())
    }

    /// Runs to the first step, with a card of which this is known; what the flow learns is added.
    pub fn start_with(self, abilities: &Abilities) -> Result<Step<T>, Error> {
        let requests = Slot::default();
        let card = Card {
            requests: requests.clone(),
            abilities: abilities.clone(),
            progress: self.progress,
        };
        Running { body: (self.write)(card), requests }.run()
    }
}

impl<T> Running<T> {
    /// Runs to the next step.
    fn run(mut self) -> Result<Step<T>, Error> {
        match self.body.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(output) => output.map(Step::Done),
            Poll::Pending => Ok(match self.requests.take() {
                Some(Request::Transmit(command, answer)) => {
                    Step::Transmit(command, Waiting { flow: self, answer })
                }
                Some(Request::Guard(request, answer)) => {
                    Step::Guard(request, Waiting { flow: self, answer })
                }
                Some(Request::AskServer(question, answer)) => {
                    Step::AskServer(question, Waiting { flow: self, answer })
                }
                None => unreachable!("a flow awaits nothing but its card"),
            }),
        }
    }
}

impl<T, A> Waiting<T, A> {
    /// Hands over the answer and runs to the next step.
    pub fn resume(self, answer: A) -> Result<Step<T>, Error> {
        self.answer.put(answer);
        self.flow.run()
    }
}

/// Carries command APDUs to a card, blocking until it answers.
pub trait Transport {
    /// Failure on the way, or within the flow.
    type Error: From<Error>;

    /// Sends one command and waits for the response.
    fn transmit(&mut self, command: &CommandApdu) -> Result<ResponseApdu, Self::Error>;

    /// Abilities that the card was seen to have so far: one value for each insertion, added to by each flow.
    fn abilities(&self) -> Abilities {
        Abilities::default()
    }
}

/// Carries a flow's commands to a card until the flow is over.
///
/// Steps that need somebody who guards the card are refused with [`Error::Unguarded`]: a native
/// program takes those by hand, with a [`Session`](crate::guard::session::Session).
pub fn run<T, C: Transport>(flow: Flow<T>, card: &mut C) -> Result<T, C::Error> {
    let mut step = flow.start_with(&card.abilities())?;
    loop {
        step = match step {
            Step::Done(output) => return Ok(output),
            Step::Transmit(command, waiting) => waiting.resume(card.transmit(&command)?)?,
            Step::Guard(..) | Step::AskServer(..) => return Err(Error::Unguarded.into()),
        };
    }
}

/// The card as a flow sees it. Each call is a step that the driver takes.
#[derive(Clone)]
pub(crate) struct Card {
    requests: Slot<Request>,
    abilities: Abilities,
    progress: Progress,
}

/// One variant for each kind of step, with the slot in which its answer will lie.
enum Request {
    Transmit(CommandApdu, Slot<ResponseApdu>),
    Guard(CardRequest, Slot<CardAnswer>),
    AskServer(Question, Slot<Vec<u8>>),
}

impl Card {
    /// The most that GET RESPONSE may add up to, so that a card cannot fill the memory.
    const MAX_RESPONSE: usize = 64 * 1024;
    /// The most commands for one response or file, so that a card cannot go on for ever: four times as many as the
    /// longest file needs.
    pub(crate) const MAX_ROUNDS: usize = 512;

    /// Transmits one command and returns the response whatever its status word says.
    pub(crate) async fn exchange(&self, command: CommandApdu) -> ResponseApdu {
        self.request(|answer| Request::Transmit(command, answer)).await
    }

    /// Transmits one command, collecting what `61XX` announces with GET RESPONSE, and once more
    /// with the Ne that `6CXX` corrects.
    pub(crate) async fn transmit(&self, command: CommandApdu) -> Result<Zeroizing<Vec<u8>>, Error> {
        let ins = command.ins();
        let mut response = self.exchange(command.clone()).await;
        if let Some(ne) = response.status().corrected_ne()
            && command.ne() > 0
        {
            let corrected = command.with_ne(ne).expect("6CXX has at most 256");
            response = self.exchange(corrected).await;
        }
        let mut data = Zeroizing::new(response.data().to_vec());
        let mut rounds = 0;
        while let Some(ne) = response.status().bytes_left() {
            response = self.exchange(command::get_response(ne)).await;
            data.extend_from_slice(response.data());
            rounds += 1;
            if data.len() > Self::MAX_RESPONSE {
                return Err(Error::Malformed { what: "a response of more than 64 KiB" });
            }
            if response.data().is_empty() && response.status().bytes_left().is_some()
                || rounds > Self::MAX_ROUNDS
            {
                return Err(Error::Malformed { what: "a response that never ends" });
            }
        }
        match response.status() {
            StatusWord::OK => Ok(data),
            _ if command::has_read(ins, &response) => Ok(data),
            status => Err(Error::Refused { ins, status }),
        }
    }

    /// Abilities that this card was seen to have.
    pub(crate) fn abilities(&self) -> &Abilities {
        &self.abilities
    }

    /// Where it is told how much of a file is read.
    pub(crate) fn progress(&self) -> &Progress {
        &self.progress
    }

    /// Has whoever guards the card do something that needs no answer but that it was done.
    pub(crate) async fn verify(&self, request: CardRequest) -> Result<(), Error> {
        match self.guard(request).await {
            CardAnswer::Verified => Ok(()),
            _ => Err(Error::Unanswered),
        }
    }

    /// Has whoever guards the card have it sign a statement.
    pub(crate) async fn sign(&self, request: CardRequest) -> Result<Signature, Error> {
        match self.guard(request).await {
            CardAnswer::Signed { signature, .. } => Ok(Signature::from_bytes(signature.as_bytes())),
            _ => Err(Error::Unanswered),
        }
    }

    /// Has whoever guards the card do something.
    pub(crate) async fn guard(&self, request: CardRequest) -> CardAnswer {
        self.request(|answer| Request::Guard(request, answer)).await
    }

    /// Asks the relying party's server.
    pub(crate) async fn ask_server(&self, question: Question) -> Vec<u8> {
        self.request(|answer| Request::AskServer(question, answer)).await
    }

    async fn request<A>(&self, request: impl FnOnce(Slot<A>) -> Request) -> A {
        let answer = Slot::default();
        self.requests.put(request(answer.clone()));
        std::future::poll_fn(|_| answer.take().map_or(Poll::Pending, Poll::Ready)).await
    }
}

/// A place for one value, shared by the flow and its driver. The lock is never contended: the two
/// take turns. It is there so that a flow is `Send`.
struct Slot<A>(Arc<Mutex<Option<A>>>);

impl<A> Slot<A> {
    fn put(&self, value: A) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(value);
    }

    fn take(&self) -> Option<A> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

impl<A> Clone for Slot<A> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<A> Default for Slot<A> {
    fn default() -> Self {
        Self(Arc::new(Mutex::new(None)))
    }
}

/// Shows nothing of the flow: its state may hold what the card answered.
impl<T> fmt::Debug for Flow<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Flow").finish_non_exhaustive()
    }
}

/// Shows nothing of the flow: its state may hold what the card answered.
impl<T, A> fmt::Debug for Waiting<T, A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Waiting").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
