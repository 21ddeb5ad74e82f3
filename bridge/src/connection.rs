//! One page's connection: its requests, its leases, and what it is told.

use std::{
    collections::HashSet,
    pin::pin,
    sync::{Arc, Mutex, PoisonError},
    time::Instant,
};

use futures_util::{SinkExt, StreamExt, stream::FuturesUnordered};
use hyper::upgrade::Upgraded;
use hyper_util::rt::TokioIo;
use kazashi_core::{
    AttributesRecord, BirthDate, Document, Nonce, VerificationNumberB,
    apdu::CommandApdu,
    card_information::AttributesReading,
    error_code::ErrorCode,
    jpki::Signature,
    key::PinReference,
    policy::{Scope, Scopes},
    verification::{Presentation, ReferenceData},
    wire::{Answer, Ask, Failure, Integrity, Notification, PinEntry, PinText, Reply, Request},
};
use kazashi_verify::verify_attributes;
use tokio::{
    sync::broadcast::error::RecvError,
    time::{interval, sleep, timeout},
};
use tokio_tungstenite::{WebSocketStream, tungstenite::Message};
use tracing::{debug, info};

use crate::{
    Bridge,
    card::{BeforeDialog, Card, Presenting},
    events::Event,
    lease::{Asker, InUse},
    limits::is_deeper_than,
    origin::Origin,
    pin_entry::{Entered, Prompt, Purpose},
    try_guard::Turn,
    worker::Holder,
};

/// A page may have so many requests under way.
const MAX_REQUESTS: usize = 16;

type Socket = WebSocketStream<TokioIo<Upgraded>>;

/// A page that got through the guard.
pub(crate) struct Connection {
    bridge: Arc<Bridge>,
    origin: Origin,
    scopes: Scopes,
    leases: Mutex<HashSet<String>>,
    asker: Asker,
}

impl Connection {
    pub(crate) fn new(bridge: Arc<Bridge>, origin: Origin, scopes: Scopes) -> Self {
        Self { bridge, origin, scopes, leases: Mutex::default(), asker: Asker::new() }
    }

    /// Serves the page until it goes away; then gives its leases back.
    pub(crate) async fn serve(self, mut socket: Socket) {
        info!(origin = %self.origin, "connected");
        self.converse(&mut socket).await;
        let leases = std::mem::take(&mut *self.lock_leases());
        for lease in leases {
            self.release(&lease).await;
        }
        self.bridge.leases.forget(self.asker);
        // Only now: who does not answer a closing handshake keeps nobody else waiting.
        let _ = timeout(self.bridge.limits.handshake(), socket.close(None)).await;
        info!(origin = %self.origin, "disconnected");
    }

    async fn converse(&self, socket: &mut Socket) {
        let mut events = self.bridge.events.subscribe();
        let mut watching = false;
        let mut requests = FuturesUnordered::new();
        let idle = self.bridge.limits.idle();
        let mut ping = interval(idle / 3);
        let mut heard = Instant::now();
        let mut pace = self.bridge.limits.pace(heard);
        let mut changed = pin!(self.bridge.access.changed(&self.origin, &self.scopes));
        loop {
            let pause = pace.pause(Instant::now());
            let may_ask = requests.len() < MAX_REQUESTS && pause.is_zero();
            let message = tokio::select! {
                message = socket.next(), if may_ask => match message {
                    Some(Ok(Message::Text(text))) => {
                        heard = Instant::now();
                        pace.count(heard);
                        if is_deeper_than(self.bridge.limits.json_depth, &text) {
                            debug!(origin = %self.origin, "a message is nested too deep");
                            break;
                        }
                        let Ok(ask) = serde_json::from_str::<Ask>(&text) else {
                            debug!(origin = %self.origin, "not a message of the protocol");
                            break;
                        };
                        watching |= matches!(ask.request, Request::Watch);
                        requests.push(self.reply(ask));
                        continue;
                    }
                    Some(Ok(Message::Ping(_) | Message::Pong(_))) => {
                        heard = Instant::now();
                        pace.count(heard);
                        continue;
                    }
                    // Binary frames, a closing handshake, an error, the end.
                    _ => break,
                },
                Some(reply) = requests.next(), if !requests.is_empty() => serde_json::to_string(&reply),
                event = events.recv() => match event {
                    Ok(event) => match self.notification(event, watching) {
                        Some(notification) => serde_json::to_string(&notification),
                        None => continue,
                    },
                    // Too slow to be told everything: it must begin anew.
                    Err(RecvError::Lagged(_) | RecvError::Closed) => break,
                },
                () = sleep(pause), if !pause.is_zero() => continue,
                () = &mut changed => {
                    info!(origin = %self.origin, "may no longer do the same as before");
                    break;
                }
                _ = ping.tick() => {
                    let ping = Message::Ping("".into());
                    if heard.elapsed() > idle || self.send(socket, ping).await.is_none() {
                        break;
                    }
                    continue;
                }
            };
            let Ok(message) = message else { break };
            if self.send(socket, Message::Text(message.into())).await.is_none() {
                break;
            }
        }
    }

    /// Sends a message, unless the page does not take it.
    async fn send(&self, socket: &mut Socket, message: Message) -> Option<()> {
        timeout(self.bridge.limits.idle(), socket.send(message)).await.ok()?.ok()
    }

    async fn reply(&self, ask: Ask) -> Reply {
        let answer = self.answer(ask.request).await.unwrap_or_else(|failure| {
            debug!(origin = %self.origin, code = failure.code.as_str(), "request failed");
            Answer::Error(failure)
        });
        Reply { id: ask.id, answer }
    }

    async fn answer(&self, request: Request) -> Result<Answer, Failure> {
        match request {
            Request::Hello => Ok(Answer::Hello {
                version: crate::VERSION.to_owned(),
                scopes: self.scopes.clone(),
                native_pin_entry: self.bridge.pin_entry.is_available(),
            }),
            Request::ListReaders => self.list_readers(),
            Request::Watch => {
                self.scopes.require(Scope::Events)?;
                self.list_readers()
            }
            Request::Acquire { reader, expected } => self.acquire(&reader, expected.as_deref()),
            Request::Transmit { lease, command } => {
                let command = CommandApdu::from_bytes(command.as_bytes())
                    .map_err(|_| ErrorCode::InvalidRequest)?;
                let (in_use, scopes) = (self.use_lease(&lease)?, self.scopes.clone());
                let transmit = move |card: &mut Card<'_, '_>| card.transmit(&command, &scopes);
                let response = self.with_card(&in_use, transmit).await?;
                Ok(Answer::Response { response: (&*response.to_bytes()).into() })
            }
            Request::VerifyPin { lease, reference, value } => {
                let in_use = self.use_lease(&lease)?;
                self.scopes.require(Scope::of_pin(reference))?;
                let purpose = match reference {
                    PinReference::UserAuthentication => Purpose::SignIn,
                    PinReference::DigitalSignature => Purpose::Read,
                    // It opens the individual number too: never without what it is asked for.
                    PinReference::CardInformation => return Err(ErrorCode::InvalidRequest.into()),
                };
                let entry = self.pin_entry(reference, purpose, value)?;
                self.present(&in_use, entry, |card, data| card.present(data)).await?;
                Ok(Answer::Verified)
            }
            Request::VerifyBirthDate { lease, birth_date } => {
                let in_use = self.use_lease(&lease)?;
                self.scopes.require(ReferenceData::BirthDate.scope())?;
                let birth_date = BirthDate::parse(birth_date.as_str())
                    .map_err(|_| ErrorCode::BirthDateMalformed)?;
                let entry = Entry::Given(Presentation::of_birth_date(birth_date));
                self.present(&in_use, entry, |card, data| card.present(data)).await?;
                Ok(Answer::Verified)
            }
            Request::VerifyNumberB { lease, birth_date, expiry_year, security_code } => {
                let in_use = self.use_lease(&lease)?;
                self.scopes.require(ReferenceData::VerificationNumberB.scope())?;
                let number = VerificationNumberB::parse(
                    birth_date.as_str(),
                    expiry_year.as_str(),
                    security_code.as_str(),
                )?;
                let entry = Entry::Given(Presentation::of_number_b(number));
                self.present(&in_use, entry, |card, data| card.present(data)).await?;
                Ok(Answer::Verified)
            }
            Request::SignChallenge { lease, key, nonce, pin } => {
                let in_use = self.use_lease(&lease)?;
                self.scopes.require(Scope::of_key(key))?;
                let nonce = parse_nonce(&nonce)?;
                let signature = match (key.pin_reference(), pin) {
                    (Some(reference), Some(PinEntry { value })) => {
                        let entry = self.pin_entry(reference, Purpose::SignIn, value)?;
                        let sign = move |card: &mut Card<'_, '_>, pin| {
                            card.sign_challenge(key, &nonce, Some(pin))
                        };
                        self.present(&in_use, entry, sign).await?
                    }
                    _ => {
                        let sign =
                            move |card: &mut Card<'_, '_>| card.sign_challenge(key, &nonce, None);
                        self.with_card(&in_use, sign).await?
                    }
                };
                Ok(Answer::Signed { signature: signature.as_bytes().into() })
            }
            Request::TerminalRequest { lease, nonce } => {
                let in_use = self.use_lease(&lease)?;
                self.scopes.require(Scope::AuthenticatePinless)?;
                let nonce = parse_nonce(&nonce)?;
                let challenge = {
                    let nonce = nonce.clone();
                    move |card: &mut Card<'_, '_>| card.terminal_challenge(&nonce)
                };
                let challenge = self.with_card(&in_use, challenge).await?;
                let request = self.bridge.identity.vouch(&self.origin, &nonce, challenge);
                Ok(Answer::TerminalRequest { request })
            }
            Request::TerminalSign { lease, nonce, signature } => {
                let in_use = self.use_lease(&lease)?;
                self.scopes.require(Scope::AuthenticatePinless)?;
                let nonce = parse_nonce(&nonce)?;
                let signature = Signature::from_bytes(signature.as_bytes());
                let sign = move |card: &mut Card<'_, '_>| card.sign_as_terminal(&nonce, &signature);
                let signature = self.with_card(&in_use, sign).await?;
                Ok(Answer::Signed { signature: signature.as_bytes().into() })
            }
            Request::Sign { lease, title, hash, digest } => {
                let in_use = self.use_lease(&lease)?;
                self.scopes.require(Scope::Sign)?;
                let document = Document::new(title, hash, digest.as_bytes())
                    .map_err(|_| ErrorCode::InvalidRequest)?;
                let purpose = Purpose::Sign(document.clone());
                let entry = Entry::Asked { reference: PinReference::DigitalSignature, purpose };
                let sign = move |card: &mut Card<'_, '_>, pin| card.sign_document(&document, pin);
                let signed = self.present(&in_use, entry, sign).await?;
                Ok(Answer::DocumentSigned {
                    signature: signed.signature.as_bytes().into(),
                    certificate: signed.certificate.as_der().into(),
                })
            }
            Request::ReadAttributes { lease, pin } => {
                let in_use = self.use_lease(&lease)?;
                let reference = PinReference::CardInformation;
                self.scopes.require(Scope::of_pin(reference))?;
                let PinEntry { value } = pin.unwrap_or_default();
                let entry = self.pin_entry(reference, Purpose::ReadAttributes, value)?;
                let read = |card: &mut Card<'_, '_>, pin| card.read_attributes(pin);
                let reading = self.present(&in_use, entry, read).await?;
                let integrity = self.integrity(&reading);
                let attributes = AttributesRecord::parse(&reading.record)?;
                Ok(Answer::Attributes {
                    name: PinText::new(attributes.name()),
                    address: PinText::new(attributes.address()),
                    birth_date: PinText::of_birth_date(attributes.birth_date()),
                    sex: attributes.sex(),
                    integrity,
                })
            }
            Request::Release { lease } => {
                self.use_lease(&lease)?;
                self.release(&lease).await;
                Ok(Answer::Released)
            }
        }
    }

    fn list_readers(&self) -> Result<Answer, Failure> {
        Ok(Answer::Readers { readers: self.bridge.readers.list(&self.scopes)? })
    }

    fn acquire(&self, reader: &str, expected: Option<&str>) -> Result<Answer, Failure> {
        self.bridge.readers.has_card(reader)?;
        let lease = self.bridge.leases.acquire(reader, expected, self.asker, Instant::now())?;
        self.lock_leases().insert(lease.clone());
        Ok(Answer::Acquired { lease })
    }

    /// Begins a request under one of this connection's own leases.
    fn use_lease(&self, lease: &str) -> Result<InUse<'_>, ErrorCode> {
        if self.lock_leases().contains(lease) {
            self.bridge.leases.use_lease(lease, Instant::now())
        } else {
            Err(ErrorCode::LeaseLost)
        }
    }

    async fn release(&self, lease: &str) {
        self.lock_leases().remove(lease);
        let Some(reader) = self.bridge.leases.release(lease) else { return };
        if let Ok(worker) = self.bridge.readers.worker(&reader) {
            // A lease that is gone makes the worker leave the card clean before it refuses this.
            let _ = worker.with_card(self.holder(lease), |_| Ok(())).await;
        }
    }

    async fn with_card<R: Send + 'static>(
        &self,
        in_use: &InUse<'_>,
        work: impl FnOnce(&mut Card<'_, '_>) -> Result<R, Failure> + Send + 'static,
    ) -> Result<R, Failure> {
        let worker = self.bridge.readers.worker(in_use.reader())?;
        worker.with_card(self.holder(in_use.lease()), work).await
    }

    fn holder(&self, lease: &str) -> Holder {
        Holder { lease: lease.to_owned(), origin: self.origin.clone() }
    }

    /// A PIN from the page, if it may supply one, or from the person.
    fn pin_entry(
        &self,
        reference: PinReference,
        purpose: Purpose,
        value: Option<PinText>,
    ) -> Result<Entry, ErrorCode> {
        match value {
            Some(text) => Ok(Entry::Given(Presentation::of_page(reference, &text, &self.scopes)?)),
            None => Ok(Entry::Asked { reference, purpose }),
        }
    }

    /// Has something presented when it is this origin's turn, and does what it was presented for.
    async fn present<R: Send + 'static>(
        &self,
        in_use: &InUse<'_>,
        entry: Entry,
        work: impl FnOnce(&mut Card<'_, '_>, Presenting) -> Result<R, Failure> + Send + 'static,
    ) -> Result<R, Failure> {
        let lost = self.lease_lost(in_use.lease());
        let present = async {
            let mut turn = self.bridge.try_guard.turn(&self.origin).await;
            let done = match self.collect(in_use, entry, &mut turn).await {
                Ok(presenting) => self.with_card(in_use, |card| work(card, presenting)).await,
                Err(failure) => Err(failure),
            };
            turn.end(&done);
            done
        };
        tokio::select! {
            done = present => done,
            code = lost => Err(code.into()),
        }
    }

    /// What is presented, and how. A person who is asked for it is told how many tries are left.
    async fn collect(
        &self,
        in_use: &InUse<'_>,
        entry: Entry,
        turn: &mut Turn<'_>,
    ) -> Result<Presenting, Failure> {
        let (reference, purpose) = match entry {
            Entry::Given(presentation) => return Ok(Presenting::Known(presentation)),
            Entry::Asked { reference, purpose } => (reference, purpose),
        };
        let look = move |card: &mut Card<'_, '_>| card.before_dialog(reference);
        let BeforeDialog { retries_left, on_reader } = self.with_card(in_use, look).await?;
        let origin = self.origin.clone();
        let prompt = Prompt { origin, purpose, reference, retries_left, on_reader };
        let screen = self.bridge.pin_entry.screen().await;
        turn.opens_dialog();
        Ok(match screen.ask(prompt).await? {
            Entered::Value(value) => {
                Presenting::Known(Presentation::of_person(value, retries_left))
            }
            Entered::OnReader(notice) => Presenting::OnReader { reference, retries_left, notice },
        })
    }

    /// Whether the municipality wrote the attributes. What shows it stays here.
    fn integrity(&self, reading: &AttributesReading) -> Integrity {
        let AttributesReading { record, integrity_record, cv_certificate, .. } = reading;
        let trust = self.bridge.access.rules().card_information_trust();
        match trust
            .and_then(|trust| verify_attributes(record, integrity_record, cv_certificate, &trust))
        {
            Ok(_) => Integrity::Genuine,
            Err(error) => Integrity::Doubtful(error.code()),
        }
    }

    /// Waits until this lease is lost; what happens from the call on counts.
    fn lease_lost(&self, lease: &str) -> impl Future<Output = ErrorCode> {
        let mut events = self.bridge.events.subscribe();
        let was_current = self.bridge.leases.is_current(lease);
        async move {
            if !was_current {
                return ErrorCode::LeaseLost;
            }
            loop {
                match events.recv().await {
                    Ok(Event::LeaseLost { lease: lost, code }) if lost == lease => return code,
                    Ok(_) => {}
                    Err(RecvError::Lagged(_)) if self.bridge.leases.is_current(lease) => {}
                    Err(_) => return ErrorCode::LeaseLost,
                }
            }
        }
    }

    /// What this page is told of an event.
    fn notification(&self, event: Event, watching: bool) -> Option<Notification> {
        if let Event::LeaseLost { lease, code } = event {
            let is_own = self.lock_leases().remove(&lease);
            return is_own.then_some(Notification::LeaseLost { lease, code });
        }
        if !watching || !self.scopes.allow(Scope::Events) {
            return None;
        }
        let show = |reader: &str| self.bridge.readers.show(reader, &self.scopes);
        match event {
            Event::ReaderAdded { reader } => {
                show(&reader).map(|reader| Notification::ReaderAdded { reader })
            }
            Event::ReaderRemoved { reader } => Some(Notification::ReaderRemoved { reader }),
            Event::CardInserted { reader } => {
                show(&reader).map(|reader| Notification::CardInserted { reader })
            }
            Event::CardRemoved { reader } => Some(Notification::CardRemoved { reader }),
            Event::LeaseLost { .. } => None,
        }
    }

    fn lock_leases(&self) -> std::sync::MutexGuard<'_, HashSet<String>> {
        self.leases.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Where what is presented comes from.
enum Entry {
    /// The page supplied it.
    Given(Presentation),
    /// The person is asked.
    Asked { reference: PinReference, purpose: Purpose },
}

fn parse_nonce(text: &str) -> Result<Nonce, ErrorCode> {
    Nonce::parse(text).map_err(|_| ErrorCode::InvalidRequest)
}
