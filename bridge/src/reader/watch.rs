//! What passes between bridge and card: seen by whoever waits for it, and written down without data.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use kazashi_core::codec::apdu::{CommandApdu, ResponseApdu};
use kazashi_core::error_code::ErrorCode;
use kazashi_core::guard::session::{CardTransaction, Ending};
use tracing::{debug, trace, warn};

use crate::pin::pin_pad::TIME_TO_TYPE;

/// Since when the card has owed an answer, and how long it may.
#[derive(Clone, Debug)]
pub(super) struct Watch {
    since: Arc<Mutex<Option<Instant>>>,
    pub(super) limit: Duration,
}

impl Watch {
    pub(super) fn new(limit: Duration) -> Self {
        Self { since: Arc::default(), limit }
    }

    fn set(&self, since: Option<Instant>) {
        *self.since.lock().unwrap_or_else(PoisonError::into_inner) = since;
    }

    /// For how long the card has owed an answer.
    pub(super) fn silence(&self) -> Duration {
        let since = *self.since.lock().unwrap_or_else(PoisonError::into_inner);
        since.map_or(Duration::ZERO, |since| since.elapsed())
    }

    /// How long to wait before looking again; nothing, if the card has taken too long.
    pub(super) fn patience(&self) -> Option<Duration> {
        let rest = self.limit.saturating_sub(self.silence());
        (!rest.is_zero()).then_some(rest)
    }
}

/// Sees what passes. Writes down headers, lengths and status words only, since the data may be a PIN
/// or a certificate.
pub(super) struct Watched<'c> {
    pub(super) card: Box<dyn CardTransaction + 'c>,
    pub(super) watch: &'c Watch,
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
