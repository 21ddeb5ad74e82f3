//! One page's connection: its requests, its leases, and what it is told.

use std::collections::HashSet;
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use futures_util::stream::FuturesUnordered;
use futures_util::{SinkExt, StreamExt};
use hyper::upgrade::Upgraded;
use hyper_util::rt::TokioIo;
use kazashi_core::card::card_information::AttributesReading;
use kazashi_core::error_code::ErrorCode;
use kazashi_core::guard::desk::{self, Entry, Notary, Purpose, Task, Work};
use kazashi_core::guard::verification::{BeforeDialog, Presentation, Presenting};
use kazashi_core::value::layout::PinReference;
use kazashi_core::value::{Scope, Scopes, StayWord, Testimony};
use kazashi_core::wire::{
    Answer, CardAnswer, Envelope, Failure, Integrity, Notification, Reader, Reply, Request,
};
use kazashi_verify::verify_attributes;
use tokio::sync::broadcast::error::RecvError;
use tokio::time::{interval, sleep, timeout};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tracing::{debug, info};

use crate::access::{Origin, is_deeper_than};
use crate::door::bridge::{Bridge, VERSION};
use crate::pin::{Entered, Prompt, Turn};
use crate::reader::{Asker, Event, Holder, InUse, LeasedCard};

/// A page may have so many requests under way.
const MAX_REQUESTS: usize = 16;

type Socket = WebSocketStream<TokioIo<Upgraded>>;

/// A page that got through the guard.
pub(crate) struct Connection {
    bridge: Arc<Bridge>,
    origin: Origin,
    scopes: Scopes,
    leases: Mutex<HashSet<String>>,
    /// Readers that the page asked for in vain, and was not told of since.
    awaited: Mutex<HashSet<String>>,
    asker: Asker,
}

impl Connection {
    pub(crate) fn new(bridge: Arc<Bridge>, origin: Origin, scopes: Scopes) -> Self {
        let (leases, awaited) = (Mutex::default(), Mutex::default());
        Self { bridge, origin, scopes, leases, awaited, asker: Asker::new() }
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
                        let Ok(envelope) = serde_json::from_str::<Envelope>(&text) else {
                            debug!(origin = %self.origin, "not a message of the protocol");
                            break;
                        };
                        watching |= matches!(envelope.request, Request::Watch);
                        requests.push(self.reply(envelope));
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

    async fn reply(&self, Envelope { id, request }: Envelope) -> Reply {
        let answer = self.answer(request).await.unwrap_or_else(|failure| {
            debug!(origin = %self.origin, code = failure.code.as_str(), "request failed");
            Answer::Error(failure)
        });
        Reply { id, answer }
    }

    async fn answer(&self, request: Request) -> Result<Answer, Failure> {
        match request {
            Request::Hello => Ok(Answer::Hello {
                version: VERSION.to_owned(),
                scopes: self.scopes.clone(),
                native_pin_entry: self.bridge.pin_entry.is_available().await,
            }),
            Request::ListReaders => self.list_readers(),
            Request::Watch => {
                self.scopes.require(Scope::Events)?;
                self.list_readers()
            }
            Request::Acquire { reader, expected } => {
                self.acquire(&reader, expected.as_deref()).await
            }
            Request::Release { lease } => {
                self.use_lease(&lease)?;
                self.release(&lease).await;
                Ok(Answer::Released)
            }
            Request::Card { lease, request } => {
                let in_use = self.use_lease(&lease)?;
                let Task { entry, work } =
                    desk::admit(request, &self.scopes, self.origin.as_str())?;
                let answer = match entry {
                    Some(entry) => self.present(&in_use, entry, work).await?,
                    None => self.perform(&in_use, work, None).await?,
                };
                Ok(Answer::Card(answer))
            }
        }
    }

    fn list_readers(&self) -> Result<Answer, Failure> {
        let readers = self.bridge.readers.list(&self.scopes)?;
        Ok(Answer::Readers { readers: readers.into_iter().map(|it| self.shown(it)).collect() })
    }

    async fn acquire(&self, shown: &str, expected: Option<&str>) -> Result<Answer, Failure> {
        let mut ids = self.bridge.readers.ids().into_iter();
        let reader = ids.find(|id| self.reader_id(id) == shown).ok_or(ErrorCode::UnknownReader)?;
        let lease = self.lease(&reader, expected)?;
        self.lock_leases().insert(lease.clone());
        let worker = self.bridge.readers.worker(&reader)?;
        let unsupported = worker.has_foreign_card(self.holder(&lease)).await;
        // Word that it is lost went out before anybody knew of it.
        if !self.bridge.leases.is_current(&lease) {
            return Err(ErrorCode::RemovedCard.into());
        }
        Ok(Answer::Acquired { lease, unsupported })
    }

    /// Takes a reader, or has this page told when it is free.
    fn lease(&self, reader: &str, expected: Option<&str>) -> Result<String, ErrorCode> {
        let acquired = self.bridge.readers.has_card(reader).and_then(|()| {
            self.bridge.leases.acquire(reader, expected, self.asker, Instant::now())
        });
        let mut awaited = lock(&self.awaited);
        match acquired {
            Ok(_) => awaited.clear(),
            Err(ErrorCode::NoSmartcard | ErrorCode::ReaderBusy) => {
                awaited.insert(reader.to_owned());
            }
            Err(_) => {}
        }
        acquired
    }

    /// The identifier under which pages of this origin know a reader.
    fn reader_id(&self, reader: &str) -> String {
        self.bridge.reader_ids.of(reader, &self.origin)
    }

    /// A reader, as pages of this origin know it.
    fn shown(&self, reader: Reader) -> Reader {
        Reader { id: self.reader_id(&reader.id), ..reader }
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
        let Some(reader) = self.bridge.leases.release(lease, Instant::now()) else { return };
        if let Ok(worker) = self.bridge.readers.worker(&reader) {
            // A lease that is gone makes the worker leave the card clean before it refuses this.
            let _ = worker.with_card(self.holder(lease), |_| Ok(())).await;
        }
    }

    async fn with_card<R: Send + 'static>(
        &self,
        in_use: &InUse<'_>,
        work: impl FnOnce(&mut LeasedCard<'_, '_>) -> Result<R, Failure> + Send + 'static,
    ) -> Result<R, Failure> {
        let worker = self.bridge.readers.worker(in_use.reader())?;
        worker.with_card(self.holder(in_use.lease()), work).await
    }

    fn holder(&self, lease: &str) -> Holder {
        Holder { lease: lease.to_owned(), origin: self.origin.clone() }
    }

    /// Has work done with the card, after what is to be presented for it.
    async fn perform(
        &self,
        in_use: &InUse<'_>,
        work: Work,
        presenting: Option<Presenting>,
    ) -> Result<CardAnswer, Failure> {
        let word = Word { bridge: Arc::clone(&self.bridge), origin: self.origin.clone() };
        self.with_card(in_use, move |card| card.perform(work, presenting, &word)).await
    }

    /// Has something presented when it is this origin's turn, and done what it was presented for.
    async fn present(
        &self,
        in_use: &InUse<'_>,
        entry: Entry,
        work: Work,
    ) -> Result<CardAnswer, Failure> {
        let lost = self.lease_lost(in_use.lease());
        let present = async {
            let mut turn = self.bridge.try_guard.turn(&self.origin).await;
            let done = match entry {
                Entry::Given(presentation) => {
                    self.present_given(in_use, presentation, work, &mut turn).await
                }
                Entry::Asked { reference, purpose } => {
                    self.present_typed(in_use, reference, purpose, work, &mut turn).await
                }
            };
            turn.end(&done);
            done
        };
        tokio::select! {
            done = present => done,
            code = lost => Err(code.into()),
        }
    }

    /// Presents what the page supplied. Of few tries, the person says whether one may be spent.
    async fn present_given(
        &self,
        in_use: &InUse<'_>,
        presentation: Presentation,
        work: Work,
        turn: &mut Turn<'_>,
    ) -> Result<CardAnswer, Failure> {
        let known = Presenting::Known(presentation.clone());
        let done = self.perform(in_use, work.clone(), Some(known)).await;
        let few = done.as_ref().err().and_then(|failure| presentation.few_tries(*failure));
        let Some(few_tries) = few else { return done };
        let screen = self.bridge.pin_entry.screen().await;
        turn.opens_dialog();
        screen.confirm(&self.origin, few_tries).await?;
        let known = Presenting::Known(presentation.agreed(few_tries));
        self.perform(in_use, work, Some(known)).await
    }

    /// Presents what the person types, who is told how many tries are left.
    async fn present_typed(
        &self,
        in_use: &InUse<'_>,
        reference: PinReference,
        purpose: Purpose,
        work: Work,
        turn: &mut Turn<'_>,
    ) -> Result<CardAnswer, Failure> {
        loop {
            let look = move |card: &mut LeasedCard<'_, '_>| {
                card.log.check()?;
                card.session.before_dialog(reference)
            };
            let BeforeDialog { retries_left, on_reader } = self.with_card(in_use, look).await?;
            let origin = self.origin.clone();
            let purpose = purpose.clone();
            let prompt = Prompt { origin, purpose, reference, retries_left, on_reader };
            let screen = self.bridge.pin_entry.screen().await;
            turn.opens_dialog();
            // A message on the screen, if there is one, stays until the card has answered.
            let (presenting, notice) = match screen.ask(&prompt).await? {
                Entered::Value(value) => {
                    (Presenting::Known(Presentation::of_person(value, retries_left)), None)
                }
                Entered::OnReader(notice) => {
                    (Presenting::OnReader { reference, retries_left }, Some(notice))
                }
            };
            let done = self.perform(in_use, work.clone(), Some(presenting)).await;
            // Keys that the reader has by name only: the dialog takes their place from now on.
            let has_no_keys = notice.is_some() && is_unavailable(&done);
            if !has_no_keys {
                return done;
            }
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

    /// Word of an event, if this page is to be told.
    fn notification(&self, event: Event, watching: bool) -> Option<Notification> {
        let is_told = watching && self.scopes.allow(Scope::Events);
        let show = |reader: &str| {
            self.bridge.readers.show(reader, &self.scopes).map(|reader| self.shown(reader))
        };
        match event {
            Event::LeaseLost { lease, code } => {
                let is_own = self.lock_leases().remove(&lease);
                is_own.then_some(Notification::LeaseLost { lease, code })
            }
            Event::ReaderFree { reader } => self.reader_free(&reader),
            Event::CardInserted { reader } if !is_told => self.reader_free(&reader),
            _ if !is_told => None,
            Event::ReaderAdded { reader } => {
                show(&reader).map(|reader| Notification::ReaderAdded { reader })
            }
            Event::ReaderRemoved { reader } => {
                Some(Notification::ReaderRemoved { reader: self.reader_id(&reader) })
            }
            Event::CardInserted { reader } => {
                show(&reader).map(|reader| Notification::CardInserted { reader })
            }
            Event::CardRemoved { reader } => {
                Some(Notification::CardRemoved { reader: self.reader_id(&reader) })
            }
        }
    }

    /// Word of a reader that is free, if this page asked for it in vain.
    fn reader_free(&self, reader: &str) -> Option<Notification> {
        let has_waited = lock(&self.awaited).remove(reader);
        has_waited.then(|| Notification::ReaderFree { reader: self.reader_id(reader) })
    }

    fn lock_leases(&self) -> MutexGuard<'_, HashSet<String>> {
        lock(&self.leases)
    }
}

/// Whether nothing could be typed.
fn is_unavailable<R>(done: &Result<R, Failure>) -> bool {
    matches!(done, Err(failure) if failure.code == ErrorCode::PinEntryUnavailable)
}

fn lock(names: &Mutex<HashSet<String>>) -> MutexGuard<'_, HashSet<String>> {
    names.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Word of this bridge, given to a page of this origin.
struct Word {
    bridge: Arc<Bridge>,
    origin: Origin,
}

impl Notary for Word {
    fn vouch(&self, testimony: Testimony) -> StayWord {
        self.bridge.identity.vouch(&self.origin, testimony)
    }

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
}
