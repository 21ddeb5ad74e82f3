//! Readers of the operating system, by way of PC/SC.

use std::{
    collections::HashMap,
    ffi::{CStr, CString},
    fmt,
    sync::{Arc, mpsc},
    thread,
    time::{Duration, Instant},
};

use kazashi_core::{
    apdu::{CommandApdu, LengthFields, ResponseApdu, StatusWord},
    error_code::ErrorCode,
    session::{CardTransaction, Ending},
};
use pcsc::{Card, Context, Disposition, Protocols, ReaderState, Scope, ShareMode, State};
use tracing::{debug, info, warn};
use zeroize::Zeroizing;

use crate::{
    pin_pad::{self, PinPad},
    readers::Readers,
    worker::{Insertion, Slot, once},
};

/// How long another program may hold the card before we give up.
const SHARING_PATIENCE: Duration = Duration::from_secs(3);
/// How soon a card that another program holds is tried again.
const SHARING_INTERVAL: Duration = Duration::from_millis(50);
/// How long the resource manager may take to notice that a silent card is gone.
const REMOVAL_NOTICE: Duration = Duration::from_millis(600);
/// The longest pause before a resource manager that went away is looked for again.
const MAX_PAUSE: Duration = Duration::from_secs(2);

/// Watches readers and cards, for ever.
pub(crate) fn monitor(readers: &Arc<Readers>) {
    let mut pause = Duration::from_millis(100);
    loop {
        let mut watched = HashMap::new();
        if let Ok(context) = Context::establish(Scope::User) {
            info!("connected to the smart card service");
            readers.set_service(true);
            pause = Duration::from_millis(100);
            let error = watch(&context, readers, &mut watched);
            info!(%error, "the smart card service went away");
        }
        // A context never recovers, whatever it says of itself: begin anew.
        readers.set_service(false);
        for reader in watched.into_values() {
            readers.remove(&reader);
        }
        thread::sleep(pause);
        pause = MAX_PAUSE.min(pause * 2);
    }
}

/// Leaves every card clean: a bridge that was killed may have left a PIN verified. Another program
/// that holds a card is not waited for long; its card is cleaned when it lets go.
pub(crate) fn clean_cards() {
    let (working, finished) = mpsc::channel::<()>();
    for mut slot in slots().unwrap_or_default() {
        let working = working.clone();
        thread::spawn(move || {
            match once(&mut slot, |_| Ok(())) {
                Ok(()) | Err(ErrorCode::NoSmartcard) => {}
                Err(code) => warn!(code = code.as_str(), "a card could not be cleaned"),
            }
            drop(working);
        });
    }
    drop(working);
    // Nothing is ever sent: it ends when every thread has.
    let _ = finished.recv_timeout(SHARING_PATIENCE);
}

/// Every reader there is now.
pub(crate) fn slots() -> Result<Vec<PcscSlot>, ErrorCode> {
    let context = Context::establish(Scope::User).map_err(error_code)?;
    match context.list_readers_owned() {
        Ok(names) => Ok(names.into_iter().map(PcscSlot::new).collect()),
        Err(pcsc::Error::NoReadersAvailable) => Ok(Vec::new()),
        Err(error) => Err(error_code(error)),
    }
}

/// Watches until the resource manager fails. `watched` has the identifier of each reader by name.
fn watch(
    context: &Context,
    readers: &Arc<Readers>,
    watched: &mut HashMap<CString, String>,
) -> pcsc::Error {
    let mut states = vec![ReaderState::new(pcsc::PNP_NOTIFICATION(), State::UNAWARE)];
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
            if !watched.contains_key(&name) {
                states.push(ReaderState::new(name.clone(), State::UNAWARE));
                let slot = PcscSlot::new(name.clone());
                watched.insert(name.clone(), readers.add(&name.to_string_lossy(), slot));
            }
        }
        for state in &mut states {
            state.sync_current_state();
        }
        match context.get_status_change(None, &mut states) {
            Ok(()) | Err(pcsc::Error::Timeout | pcsc::Error::UnknownReader) => {}
            Err(error) => return error,
        }
        for state in &states {
            if let Some(reader) = watched.get(state.name()) {
                // A card that lies there the wrong way up is present, and mute. Whoever wants to use it
                // is told so.
                let is_present = state.event_state().contains(State::PRESENT);
                let insertion = Insertion(state.event_count());
                readers.set_card(reader, is_present.then(|| (insertion, state.atr().to_vec())));
            }
        }
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
}

impl Slot for PcscSlot {
    fn begin(&mut self) -> Result<(Box<dyn CardTransaction + '_>, Insertion), ErrorCode> {
        let deadline = Instant::now() + SHARING_PATIENCE;
        let mut had_context = self.context.is_some();
        let insertion = loop {
            match self.connect() {
                Ok(insertion) => break insertion,
                Err(pcsc::Error::SharingViolation) if Instant::now() < deadline => {
                    thread::sleep(SHARING_INTERVAL);
                }
                Err(error) => {
                    self.context = None;
                    let code = error_code(error);
                    // A context of before a restart of the service: once more with a new one.
                    if !(had_context && code == ErrorCode::NoService) {
                        return Err(code);
                    }
                    had_context = false;
                }
            }
        };
        let context = self.context.clone();
        let (Some(context), Some(card)) = (context, self.card.as_mut()) else {
            return Err(ErrorCode::CommunicationError);
        };
        let transaction = card.transaction().map_err(error_code)?;
        let card = PcscTransaction { transaction, context, name: &self.name };
        Ok((Box::new(card), insertion))
    }

    fn rest(&mut self) {
        if let Some(card) = self.card.take()
            && let Err((card, error)) = card.disconnect(Disposition::LeaveCard)
        {
            debug!(%error, "could not disconnect");
            drop(card);
        }
    }
}

impl PcscSlot {
    fn new(name: CString) -> Self {
        Self { name, context: None, card: None }
    }

    fn connect(&mut self) -> Result<Insertion, pcsc::Error> {
        let context = match self.context.take() {
            Some(context) => context,
            None => Context::establish(Scope::User)?,
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

struct PcscTransaction<'c> {
    transaction: pcsc::Transaction<'c>,
    context: Context,
    name: &'c CStr,
}

impl CardTransaction for PcscTransaction<'_> {
    fn transmit(&mut self, command: &CommandApdu) -> Result<ResponseApdu, ErrorCode> {
        let mut buffer = Zeroizing::new(vec![0; pcsc::MAX_BUFFER_SIZE_EXTENDED]);
        let code = match self.transaction.transmit(&command.to_bytes(), &mut buffer) {
            // Some drivers answer with nothing when the card is pulled.
            Ok(response) => match ResponseApdu::from_bytes(response) {
                Ok(response) => return Ok(response),
                Err(_) => ErrorCode::CommunicationError,
            },
            Err(error) => {
                // A reader that carries short length fields only. To a flow it is as if the card
                // knew no others, and it goes on with those.
                if is_for_want_of_extended_length(error, command) {
                    return Ok(ResponseApdu::new([], StatusWord::WRONG_LENGTH));
                }
                error_code(error)
            }
        };
        Err(self.unless_gone(code))
    }

    fn has_pin_pad(&mut self) -> bool {
        PinPad::of(&self.transaction).is_some()
    }

    fn verify_on_reader(&mut self, verify: &CommandApdu) -> Result<ResponseApdu, ErrorCode> {
        let pin_pad = PinPad::of(&self.transaction).ok_or(ErrorCode::PinEntryUnavailable)?;
        let code = match pin_pad.verify(verify) {
            Ok(response) => match ResponseApdu::from_bytes(&response) {
                Ok(response) => return pin_pad::outcome(response),
                Err(_) => ErrorCode::CommunicationError,
            },
            Err(error) => error_code(error),
        };
        Err(self.unless_gone(code))
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
            state.sync_current_state();
        }
    }
}

fn is_for_want_of_extended_length(error: pcsc::Error, command: &CommandApdu) -> bool {
    use pcsc::Error::{InvalidParameter, InvalidValue, UnsupportedFeature};
    command.length_fields() == LengthFields::Extended
        && matches!(error, InvalidParameter | InvalidValue | UnsupportedFeature)
}

fn error_code(error: pcsc::Error) -> ErrorCode {
    use pcsc::Error as E;
    match error {
        E::NoSmartcard => ErrorCode::NoSmartcard,
        E::RemovedCard => ErrorCode::RemovedCard,
        E::UnresponsiveCard | E::UnpoweredCard => ErrorCode::UnresponsiveCard,
        E::SharingViolation => ErrorCode::SharingViolation,
        E::UnknownReader | E::ReaderUnavailable | E::NoReadersAvailable => ErrorCode::UnknownReader,
        E::NoService | E::ServiceStopped | E::InvalidHandle | E::CommError => ErrorCode::NoService,
        _ => ErrorCode::CommunicationError,
    }
}

impl fmt::Debug for PcscSlot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PcscSlot").finish_non_exhaustive()
    }
}
