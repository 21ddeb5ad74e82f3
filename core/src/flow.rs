//! Flows: what is said to a card, in order, without saying it.
//!
//! A flow is written as one straight `async` block and needs no executor. Whoever drives it takes a
//! [`Step`], does what it names, and resumes the flow with an answer of the type that the step asks
//! for. [`Flow::start`] and [`Waiting::resume`] consume their receiver, so a flow can be neither
//! started twice nor answered out of turn. Dropping it abandons the flow and erases its secrets.

use std::{
    fmt,
    future::Future,
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Poll, Waker},
};

use zeroize::Zeroizing;

use crate::{
    Abilities, BirthDate, Document, Error, Nonce, Progress, VerificationNumberB,
    apdu::{CommandApdu, ResponseApdu, StatusWord},
    jpki::{Signature, SignedDocument},
    key::{Key, PinReference, Verified},
    terminal::TerminalRequest,
};

/// What is said to a card to reach a `T`.
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

/// What a flow wants next.
#[derive(Debug)]
#[must_use = "a step that is not taken abandons the flow"]
#[expect(clippy::exhaustive_enums, reason = "who drives a flow must know every kind of step")]
pub enum Step<T> {
    /// Carry this command to the card.
    Transmit(CommandApdu, Waiting<T, ResponseApdu>),
    /// Whoever guards the card collects the PIN and presents it.
    VerifyPin(PinReference, Waiting<T, Verified>),
    /// Whoever guards the card presents this birth date.
    VerifyBirthDate(BirthDate, Waiting<T, ()>),
    /// Whoever guards the card presents this verification number B.
    VerifyNumberB(VerificationNumberB, Waiting<T, ()>),
    /// Whoever knows the page's origin builds the statement over it and the nonce, and has the card
    /// sign it.
    SignChallenge(Key, Nonce, Waiting<T, Signature>),
    /// Whoever guards the card has it give a challenge, and vouches for it, the page's origin and
    /// this nonce.
    TerminalChallenge(Nonce, Waiting<T, TerminalRequest>),
    /// Whoever guards the card brings it the institution's signature for this nonce, and has the
    /// user authentication key sign the statement.
    TerminalSign(TerminalAnswer, Waiting<T, Signature>),
    /// Whoever guards the card shows the person title and digest, collects the password, and has
    /// the digital signature key sign.
    Sign(Document, Waiting<T, SignedDocument>),
    /// Only the relying party's server can answer.
    Ask(Question, Waiting<T, Vec<u8>>),
    /// The flow is over.
    Done(T),
}

/// A flow that waits for an `A`.
#[must_use = "a waiting flow is abandoned when dropped"]
pub struct Waiting<T, A> {
    flow: Running<T>,
    answer: Slot<A>,
}

/// What an institution's server answered to the request for this nonce.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct TerminalAnswer {
    /// The nonce.
    pub nonce: Nonce,
    /// The institution's signature.
    pub signature: Signature,
}

/// What only the relying party's server knows.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Question {
    /// The birth date of the holder of this user authentication certificate (DER), as `YYYY-MM-DD`.
    BirthDate {
        /// The certificate as read from the card, or its head.
        certificate: Vec<u8>,
    },
    /// The institution's signature for this request.
    TerminalSignature(TerminalRequest),
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
                Some(Request::VerifyPin(reference, answer)) => {
                    Step::VerifyPin(reference, Waiting { flow: self, answer })
                }
                Some(Request::VerifyBirthDate(birth_date, answer)) => {
                    Step::VerifyBirthDate(birth_date, Waiting { flow: self, answer })
                }
                Some(Request::VerifyNumberB(number, answer)) => {
                    Step::VerifyNumberB(number, Waiting { flow: self, answer })
                }
                Some(Request::TerminalChallenge(nonce, answer)) => {
                    Step::TerminalChallenge(nonce, Waiting { flow: self, answer })
                }
                Some(Request::TerminalSign(terminal, answer)) => {
                    Step::TerminalSign(terminal, Waiting { flow: self, answer })
                }
                Some(Request::SignChallenge(key, nonce, answer)) => {
                    Step::SignChallenge(key, nonce, Waiting { flow: self, answer })
                }
                Some(Request::Sign(document, answer)) => {
                    Step::Sign(document, Waiting { flow: self, answer })
                }
                Some(Request::Ask(question, answer)) => {
                    Step::Ask(question, Waiting { flow: self, answer })
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
    /// What can go wrong on the way, and within the flow.
    type Error: From<Error>;

    /// Sends one command and waits for the response.
    fn transmit(&mut self, command: &CommandApdu) -> Result<ResponseApdu, Self::Error>;

    /// What the card was seen to do so far: one value for each insertion, added to by each flow.
    fn abilities(&self) -> Abilities {
        Abilities::default()
    }
}

/// Carries a flow's commands to a card until the flow is over.
///
/// Steps that need somebody who guards the card are refused with [`Error::Unguarded`]: a native
/// program takes those by hand, with [`present`](crate::verification::present) and
/// [`sign_statement`](crate::jpki::sign_statement).
pub fn run<T, C: Transport>(flow: Flow<T>, card: &mut C) -> Result<T, C::Error> {
    let mut step = flow.start_with(&card.abilities())?;
    loop {
        step = match step {
            Step::Done(output) => return Ok(output),
            Step::Transmit(command, waiting) => waiting.resume(card.transmit(&command)?)?,
            Step::VerifyPin(..)
            | Step::VerifyBirthDate(..)
            | Step::VerifyNumberB(..)
            | Step::SignChallenge(..)
            | Step::TerminalChallenge(..)
            | Step::TerminalSign(..)
            | Step::Sign(..)
            | Step::Ask(..) => return Err(Error::Unguarded.into()),
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
    VerifyPin(PinReference, Slot<Verified>),
    VerifyBirthDate(BirthDate, Slot<()>),
    VerifyNumberB(VerificationNumberB, Slot<()>),
    SignChallenge(Key, Nonce, Slot<Signature>),
    TerminalChallenge(Nonce, Slot<TerminalRequest>),
    TerminalSign(TerminalAnswer, Slot<Signature>),
    Sign(Document, Slot<SignedDocument>),
    Ask(Question, Slot<Vec<u8>>),
}

impl Card {
    /// The most that GET RESPONSE may add up to, so that a card cannot fill the memory.
    const MAX_RESPONSE: usize = 64 * 1024;

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
        while let Some(ne) = response.status().bytes_left() {
            response = self.exchange(crate::command::get_response(ne)).await;
            data.extend_from_slice(response.data());
            if data.len() > Self::MAX_RESPONSE {
                return Err(Error::Malformed { what: "a response of more than 64 KiB" });
            }
        }
        match response.status() {
            StatusWord::OK => Ok(data),
            status => Err(Error::Refused { ins, status }),
        }
    }

    /// What this card was seen to do.
    pub(crate) fn abilities(&self) -> &Abilities {
        &self.abilities
    }

    /// Where it is told how much of a file is read.
    pub(crate) fn progress(&self) -> &Progress {
        &self.progress
    }

    /// Has the guard present a PIN.
    pub(crate) async fn verify_pin(&self, reference: PinReference) -> Verified {
        self.request(|answer| Request::VerifyPin(reference, answer)).await
    }

    /// Has the guard present the birth date.
    pub(crate) async fn verify_birth_date(&self, birth_date: BirthDate) {
        self.request(|answer| Request::VerifyBirthDate(birth_date, answer)).await;
    }

    /// Has the guard present verification number B.
    pub(crate) async fn verify_number_b(&self, number: VerificationNumberB) {
        self.request(|answer| Request::VerifyNumberB(number, answer)).await;
    }

    /// Has the guard request the institution's signature for this nonce.
    pub(crate) async fn terminal_challenge(&self, nonce: Nonce) -> TerminalRequest {
        self.request(|answer| Request::TerminalChallenge(nonce, answer)).await
    }

    /// Has the guard bring the institution's signature to the card, and the statement signed.
    pub(crate) async fn terminal_sign(&self, nonce: Nonce, signature: Signature) -> Signature {
        let terminal = TerminalAnswer { nonce, signature };
        self.request(|answer| Request::TerminalSign(terminal, answer)).await
    }

    /// Has the guard sign the statement over its origin and this nonce.
    pub(crate) async fn sign_challenge(&self, key: Key, nonce: Nonce) -> Signature {
        self.request(|answer| Request::SignChallenge(key, nonce, answer)).await
    }

    /// Has the guard ask for consent and sign a document.
    pub(crate) async fn sign(&self, document: Document) -> SignedDocument {
        self.request(|answer| Request::Sign(document, answer)).await
    }

    /// Asks the relying party's server.
    pub(crate) async fn ask(&self, question: Question) -> Vec<u8> {
        self.request(|answer| Request::Ask(question, answer)).await
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
