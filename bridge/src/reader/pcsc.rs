//! Readers of the operating system, by way of PC/SC.

use std::collections::HashMap;
use std::ffi::{CStr, CString};
use std::sync::{Arc, mpsc};
use std::time::{Duration, Instant};
use std::{fmt, mem, thread};

use kazashi_core::codec::apdu::{CommandApdu, ResponseApdu, StatusWord};
use kazashi_core::error_code::ErrorCode;
use kazashi_core::guard::session::{CardTransaction, Ending};
use pcsc::{Card, Context, Disposition, Protocols, ReaderState, ShareMode, State};
use tracing::{debug, info, warn};
use zeroize::Zeroizing;

use crate::pin::pin_pad::{self, PinPad};
use crate::reader::driver_words::{self, Silence, code_of, code_of_silence, is_of_service};
use crate::reader::readers::Readers;
use crate::reader::slot::{Insertion, Slot, once};

mod service;

use service::{HUNG_UP, establish};

/// How long another program may hold the card before we give up.
const SHARING_PATIENCE: Duration = Duration::from_secs(3);
/// How soon a card that another program holds is tried again.
const SHARING_INTERVAL: Duration = Duration::from_millis(50);
/// How long the resource manager may take to notice that a silent card is gone.
const REMOVAL_NOTICE: Duration = Duration::from_millis(600);
/// The first pause before a resource manager that went away is looked for again, and between two looks
/// at readers that brought nothing.
const SHORTEST_PAUSE: Duration = Duration::from_millis(100);
/// The longest: it doubles until watching lasts so long.
const LONGEST_PAUSE: Duration = Duration::from_secs(2);
/// So many changes may follow each other without a pause.
const BURST: u32 = 10;
/// How often readers are looked for where nobody tells of them.
const READER_INTERVAL: Duration = Duration::from_secs(1);
/// How long the resource manager may take to note that another program reset the card.
const RESET_NOTICE: Duration = Duration::from_millis(20);
/// Nobody finds the keys of a reader and types four digits sooner.
const SOONEST_TYPED: Duration = Duration::from_secs(1);

/// Watches readers and cards, for ever. PINs are typed on the keys of a reader if these may be used.
pub(crate) fn monitor(readers: &Arc<Readers>, keys: bool) {
    let mut pause = SHORTEST_PAUSE;
    let mut told = None;
    loop {
        let begun = Instant::now();
        let mut watched = HashMap::new();
        let error = match establish() {
            Ok(context) => {
                info!("connected to the smart card service");
                readers.set_service(Ok(()));
                watch(&context, readers, keys, &mut watched)
            }
            Err(error) => error,
        };
        // A context never recovers, whatever it says of itself: begin anew.
        readers.set_service(match code_of(error) {
            ErrorCode::ReaderAccessDenied => Err(ErrorCode::ReaderAccessDenied),
            // There is no reader, and no more to say.
            ErrorCode::UnknownReader => Ok(()),
            _ => Err(ErrorCode::NoService),
        });
        for reader in watched.into_values() {
            readers.remove(&reader);
        }
        if begun.elapsed() > LONGEST_PAUSE {
            (pause, told) = (SHORTEST_PAUSE, None);
        }
        if told.replace(error) != Some(error) {
            info!(%error, "the smart card service went away");
        }
        thread::sleep(pause);
        pause = LONGEST_PAUSE.min(pause * 2);
    }
}

/// Leaves every card clean: a bridge that was killed may have left a PIN verified. Another program
/// that holds a card is not waited for long; its card is cleaned when it lets go. Cards that are no My
/// Number Card are left as they are.
pub(crate) fn clean_cards() {
    let (working, finished) = mpsc::channel::<()>();
    thread::spawn(move || {
        for mut slot in slots().unwrap_or_default() {
            let working = working.clone();
            thread::spawn(move || {
                match clean(&mut slot) {
                    Ok(()) | Err(ErrorCode::NoSmartcard | ErrorCode::UnsupportedCard) => {}
                    Err(code) => warn!(code = code.as_str(), "a card could not be cleaned"),
                }
                drop(working);
            });
        }
    });
    // Nothing is ever sent: it ends when every thread has.
    let _ = finished.recv_timeout(SHARING_PATIENCE);
}

/// Leaves a card clean. One that does not answer may be ours all the same, and is asked again.
fn clean(slot: &mut impl Slot) -> Result<(), ErrorCode> {
    match once(slot, |_| Ok(())) {
        Err(ErrorCode::CommunicationError) => once(slot, |_| Ok(())),
        done => done,
    }
}

/// Every reader there is now.
pub(crate) fn slots() -> Result<Vec<PcscSlot>, ErrorCode> {
    let names = establish().and_then(|context| context.list_readers_owned());
    match names.map_err(code_of) {
        Ok(names) => Ok(names.into_iter().map(|name| PcscSlot::new(name, false)).collect()),
        Err(ErrorCode::UnknownReader) => Ok(Vec::new()),
        Err(code) => Err(code),
    }
}

/// Watches until the resource manager fails. `watched` has the identifier of each reader by name.
fn watch(
    context: &Context,
    readers: &Arc<Readers>,
    keys: bool,
    watched: &mut HashMap<CString, String>,
) -> pcsc::Error {
    let mut states = Vec::new();
    let patience = if tells_of_readers(context) {
        states.push(ReaderState::new(pcsc::PNP_NOTIFICATION(), State::UNAWARE));
        None
    } else {
        Some(READER_INTERVAL)
    };
    let mut at_once: u32 = 0;
    loop {
        let names = match context.list_readers_owned() {
            Ok(names) => names,
            Err(pcsc::Error::NoReadersAvailable) => Vec::new(),
            Err(error) => return error,
        };
        states.retain(|state| {
            is_notification(state.name()) || names.iter().any(|n| **n == *state.name())
        });
        watched.retain(|name, reader| {
            let is_there = names.contains(name);
            if !is_there {
                readers.remove(reader);
            }
            is_there
        });
        for name in names {
            if !states.iter().any(|state| *state.name() == *name) {
                states.push(ReaderState::new(name, State::UNAWARE));
            }
        }
        for state in &mut states {
            state.sync_current_state();
        }
        let begun = Instant::now();
        if states.is_empty() {
            thread::sleep(READER_INTERVAL);
            continue;
        }
        match context.get_status_change(patience, &mut states) {
            Ok(()) | Err(pcsc::Error::Timeout | pcsc::Error::UnknownReader) => {}
            Err(error) => return error,
        }
        // What returns at once again and again has nothing to tell, whatever it says.
        let rest = SHORTEST_PAUSE.saturating_sub(begun.elapsed());
        at_once = if rest.is_zero() { 0 } else { at_once + 1 };
        if at_once > BURST {
            thread::sleep(rest);
        }
        for state in states.iter().filter(|state| !is_notification(state.name())) {
            // A card that lies there the wrong way up is present, and mute. Whoever wants to use it is
            // told so.
            let is_present = state.event_state().contains(State::PRESENT);
            let card = is_present.then(|| (Insertion(state.event_count()), state.atr().to_vec()));
            match watched.get(state.name()) {
                Some(reader) => readers.set_card(reader, card),
                // Known together with its card: nobody takes that for one which was just put there.
                None => {
                    let name = state.name();
                    let slot = PcscSlot::new(name.to_owned(), keys);
                    let reader = readers.add(&name.to_string_lossy(), slot, card);
                    watched.insert(name.to_owned(), reader);
                }
            }
        }
    }
}

/// Whether the resource manager tells of readers that come and go. That of macOS does not: to it, the name
/// by which it is asked is that of a reader that it does not know.
fn tells_of_readers(context: &Context) -> bool {
    let mut states = [ReaderState::new(pcsc::PNP_NOTIFICATION(), State::UNAWARE)];
    match context.get_status_change(Duration::ZERO, &mut states) {
        Err(error) => error != pcsc::Error::UnknownReader,
        Ok(()) => states.iter().all(|state| !state.event_state().contains(State::UNKNOWN)),
    }
}

fn is_notification(name: &CStr) -> bool {
    name == pcsc::PNP_NOTIFICATION()
}

/// A PC/SC reader.
pub(crate) struct PcscSlot {
    name: CString,
    context: Option<Context>,
    card: Option<Card>,
    /// Whether PINs are typed on its keys, if it has any.
    keys: bool,
    /// Whether it was written down that this user may not use it.
    is_denied: bool,
}

impl Slot for PcscSlot {
    fn begin(&mut self) -> Result<(Box<dyn CardTransaction + '_>, Insertion), ErrorCode> {
        let deadline = Instant::now() + SHARING_PATIENCE;
        let insertion = self.connect_patiently(deadline).inspect_err(|_| self.rest())?;
        let (Some(context), Some(mut card)) = (self.context.clone(), self.card.as_mut()) else {
            return Err(ErrorCode::CommunicationError);
        };
        let transaction = loop {
            let (again, error) = match card.transaction2() {
                Ok(transaction) => break transaction,
                Err(failed) => failed,
            };
            if !is_of_another_program(error) || Instant::now() > deadline {
                return Err(code_of_silence(Silence::Error(error)));
            }
            // It reset the card or took its power, which is to be taken note of, or is about to.
            if let Err(error) =
                again.reconnect(ShareMode::Shared, Protocols::ANY, Disposition::LeaveCard)
            {
                debug!(%error, "could not connect again");
                thread::sleep(SHARING_INTERVAL);
            }
            card = again;
        };
        let (name, keys) = (&self.name, &mut self.keys);
        let selected = Vec::new();
        Ok((Box::new(PcscTransaction { transaction, context, name, keys, selected }), insertion))
    }

    fn rest(&mut self) {
        if let Some(card) = self.card.take()
            && let Err((card, error)) = card.disconnect(Disposition::LeaveCard)
        {
            debug!(%error, "could not disconnect");
            // Dropped, it would be reset.
            mem::forget(card);
        }
    }

    fn service_answers() -> bool {
        service::answers()
    }
}

impl PcscSlot {
    /// The name by which the system knows it.
    pub(crate) fn name(&self) -> String {
        self.name.to_string_lossy().into_owned()
    }

    fn new(name: CString, keys: bool) -> Self {
        Self { name, context: None, card: None, keys, is_denied: false }
    }

    /// Connects as soon as no other program keeps the card to itself.
    fn connect_patiently(&mut self, deadline: Instant) -> Result<Insertion, ErrorCode> {
        let mut hung_up = 0;
        loop {
            let is_fresh = self.context.is_none();
            let error = match self.connect() {
                Ok(insertion) => {
                    self.is_denied = false;
                    return Ok(insertion);
                }
                Err(error) => error,
            };
            let is_busy = matches!(error, pcsc::Error::SharingViolation | pcsc::Error::ResetCard);
            if is_busy && Instant::now() < deadline {
                thread::sleep(SHARING_INTERVAL);
                continue;
            }
            self.context = None;
            match code_of(error) {
                // A context of before a restart of the service: once more with a new one.
                _ if is_of_service(error) && !is_fresh => {}
                // It lets us in, and hangs up when it hears which card is wanted.
                ErrorCode::NoService if hung_up < HUNG_UP && establish().is_ok() => hung_up += 1,
                ErrorCode::NoService if hung_up == HUNG_UP => {
                    return Err(self.denied(pcsc::Error::SecurityViolation));
                }
                ErrorCode::ReaderAccessDenied => return Err(self.denied(error)),
                code => return Err(code),
            }
        }
    }

    /// Writes down why this user may not use the card, but not each time.
    fn denied(&mut self, error: pcsc::Error) -> ErrorCode {
        if !mem::replace(&mut self.is_denied, true) {
            warn!(%error, "the system's policy does not let this user have the card");
        }
        ErrorCode::ReaderAccessDenied
    }

    fn connect(&mut self) -> Result<Insertion, pcsc::Error> {
        self.rest();
        let context = match self.context.take() {
            Some(context) => context,
            None => establish()?,
        };
        let context = self.context.insert(context);
        self.card = Some(context.connect(&self.name, ShareMode::Shared, Protocols::ANY)?);
        // Counted once connected: if another card comes after this, the connection is of no more
        // use; if one came before, the count is no longer the one that is remembered.
        let mut state = [ReaderState::new(self.name.clone(), State::UNAWARE)];
        context.get_status_change(Duration::ZERO, &mut state)?;
        let [state] = &state;
        Ok(Insertion(state.event_count()))
    }
}

/// However it ends, the card is left as it is.
impl Drop for PcscSlot {
    fn drop(&mut self) {
        self.rest();
    }
}

/// Whether another program is the reason, and may soon be none.
fn is_of_another_program(error: pcsc::Error) -> bool {
    use pcsc::Error as E;
    matches!(error, E::SharingViolation | E::ResetCard | E::UnpoweredCard)
}

struct PcscTransaction<'c> {
    transaction: pcsc::Transaction<'c>,
    context: Context,
    name: &'c CStr,
    keys: &'c mut bool,
    /// What selected the application and the file in it that are selected, if nobody reset the card.
    selected: Vec<CommandApdu>,
}

impl CardTransaction for PcscTransaction<'_> {
    fn transmit(&mut self, command: &CommandApdu) -> Result<ResponseApdu, ErrorCode> {
        let answer = self.send(command).and_then(|response| self.believe(command, response));
        if answer.as_ref().is_ok_and(|response| response.status() == StatusWord::OK) {
            self.note_selected(command);
        }
        answer.or_else(|silence| self.explain(command, silence))
    }

    fn has_pin_pad(&mut self) -> bool {
        *self.keys && PinPad::of(&self.transaction).is_some()
    }

    fn verify_on_reader(&mut self, verify: &CommandApdu) -> Result<ResponseApdu, ErrorCode> {
        let pin_pad = PinPad::of(&self.transaction).ok_or(ErrorCode::PinEntryUnavailable)?;
        let begun = Instant::now();
        let answer = pin_pad.verify(verify);
        // Before it is asked whether the card is gone, which takes most of that time.
        let is_too_soon = begun.elapsed() < SOONEST_TYPED;
        let answer = match answer {
            Ok(bytes) => driver_words::answer(verify, &bytes),
            Err(error) => Err(Silence::Error(error)),
        };
        let outcome = match answer {
            Ok(response) => pin_pad::outcome(response),
            Err(silence) => Err(self.unless_gone(code_of_silence(silence))),
        };
        match outcome {
            Err(ErrorCode::PinTimeout | ErrorCode::CommunicationError) if is_too_soon => {
                warn!(
                    "the reader says that it has keys, and they do not work: it is taken for one without"
                );
                *self.keys = false;
                Err(ErrorCode::PinEntryUnavailable)
            }
            outcome => outcome,
        }
    }

    fn end(self: Box<Self>, ending: Ending) {
        let disposition = match ending {
            Ending::LeaveCard => Disposition::LeaveCard,
            Ending::UnpowerCard => Disposition::UnpowerCard,
        };
        if let Err((_, error)) = self.transaction.end(disposition) {
            debug!(%error, "could not end the transaction");
        }
    }
}

impl PcscTransaction<'_> {
    fn send(&self, command: &CommandApdu) -> Result<ResponseApdu, Silence> {
        let mut buffer = Zeroizing::new(vec![0; pcsc::MAX_BUFFER_SIZE_EXTENDED]);
        match self.transaction.transmit(&command.to_bytes(), &mut buffer) {
            Ok(bytes) => driver_words::answer(command, bytes),
            Err(error) => Err(Silence::Error(error)),
        }
    }

    fn note_selected(&mut self, command: &CommandApdu) {
        if driver_words::selects_application(command) {
            self.selected = vec![command.clone()];
        } else if driver_words::selects_file(command) {
            self.selected.truncate(1);
            self.selected.push(command.clone());
        }
    }

    /// What the card answers, unless it refuses what another program has undone before: pcscd lets a
    /// reset pass between two commands of a transaction. It tells of it at the next, or not at all, if this
    /// program connected while the reset was on its way. Then the card tells: with the same selected once
    /// more, it does what it refused.
    fn believe(
        &self,
        command: &CommandApdu,
        response: ResponseApdu,
    ) -> Result<ResponseApdu, Silence> {
        if !driver_words::is_refusal(&response) {
            return Ok(response);
        }
        thread::sleep(RESET_NOTICE);
        self.transaction.status2_len().map_err(Silence::Error)?;
        if driver_words::is_of_what_is_selected(command) && !self.selected.is_empty() {
            for select in &self.selected {
                self.send(select)?;
            }
            if !driver_words::is_refusal(&self.send(command)?) {
                return Err(Silence::Error(pcsc::Error::ResetCard));
            }
        }
        Ok(response)
    }

    /// What it means that a command was not answered.
    fn explain(&self, command: &CommandApdu, silence: Silence) -> Result<ResponseApdu, ErrorCode> {
        if driver_words::is_for_want_of_extended_length(command, silence) {
            debug!(?command, ?silence, "taken for a reader that carries short commands only");
            // To a flow it is as if the card knew no others, and it goes on with those. If instead the
            // card is gone, they will say so; but nothing follows a certificate that was refused.
            if !(driver_words::loads_certificate(command) && self.card_is_gone()) {
                return Ok(ResponseApdu::new([], StatusWord::WRONG_LENGTH));
            }
        }
        debug!(?command, ?silence, "not answered");
        Err(self.unless_gone(code_of_silence(silence)))
    }

    /// Why there is no answer, unless there is no card.
    fn unless_gone(&self, code: ErrorCode) -> ErrorCode {
        if self.card_is_gone() { ErrorCode::RemovedCard } else { code }
    }

    /// Whether the card that does not answer was pulled, which readers report in many ways, and the
    /// resource manager notices only when it looks again.
    fn card_is_gone(&self) -> bool {
        let deadline = Instant::now() + REMOVAL_NOTICE;
        let mut states = [ReaderState::new(self.name, State::UNAWARE)];
        loop {
            let patience = deadline.saturating_duration_since(Instant::now());
            if self.context.get_status_change(patience, &mut states).is_err() {
                return false;
            }
            let [state] = &mut states;
            if !state.event_state().contains(State::PRESENT) {
                return true;
            }
            // There are services that answer at once, whatever they are told of the state.
            if patience.is_zero() {
                return false;
            }
            state.sync_current_state();
        }
    }
}

impl fmt::Debug for PcscSlot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PcscSlot").finish_non_exhaustive()
    }
}
