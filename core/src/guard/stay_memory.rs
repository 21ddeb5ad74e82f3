//! Memory of one stay of a card on the reader: what outlives a transaction.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use zeroize::Zeroizing;

use crate::error_code::ErrorCode;
use crate::flow::Abilities;
use crate::guard::try_guard::WrongData;
use crate::value::{Certificate, SignedStatement, StayName, StayWord, Testimony};

/// What the card was seen to do, what it refused, and what it signed under one lease. Clones share
/// it.
#[derive(Clone, Debug)]
pub struct StayMemory {
    name: StayName,
    pub(super) abilities: Abilities,
    pub(super) wrong: Arc<Mutex<WrongData>>,
    seen: Arc<Seen>,
    /// The user authentication certificate, once it was read.
    certificate: Arc<OnceLock<Certificate>>,
    /// One more than a word holds, at most: then there were too many.
    signed: Arc<Mutex<Vec<SignedStatement>>>,
}

/// Things that were seen once and hold for the stay.
#[derive(Debug, Default)]
struct Seen {
    my_number_card: AtomicBool,
    failing_keys: AtomicBool,
}

impl StayMemory {
    /// The memory of a card that was just put on the reader. Name and key are random, and for this
    /// stay only.
    #[must_use]
    pub fn new(name: StayName, key: Zeroizing<[u8; 32]>) -> Self {
        let wrong = Arc::new(Mutex::new(WrongData::new(key)));
        let (seen, certificate, signed) = Default::default();
        Self { name, abilities: Abilities::default(), wrong, seen, certificate, signed }
    }

    /// The same under a new lease, for whose page the card has signed nothing yet.
    #[must_use]
    pub fn under_new_lease(&self) -> Self {
        Self { certificate: Arc::default(), signed: Arc::default(), ..self.clone() }
    }

    /// The name of the stay.
    #[must_use]
    pub fn name(&self) -> StayName {
        self.name
    }

    /// Whether it is known to be a My Number Card.
    pub(super) fn is_ours(&self) -> bool {
        self.seen.my_number_card.load(Ordering::Relaxed)
    }

    pub(super) fn set_ours(&self) {
        self.seen.my_number_card.store(true, Ordering::Relaxed);
    }

    /// Whether the reader's keys brought nothing: the next PIN is typed into the dialog.
    pub(super) fn keys_failed(&self) -> bool {
        self.seen.failing_keys.load(Ordering::Relaxed)
    }

    pub(super) fn set_keys_failed(&self) {
        self.seen.failing_keys.store(true, Ordering::Relaxed);
    }

    pub(super) fn certificate(&self) -> Option<Certificate> {
        self.certificate.get().cloned()
    }

    pub(super) fn set_certificate(&self, certificate: Certificate) {
        // Another transaction of the same stay may have read the same.
        let _ = self.certificate.set(certificate);
    }

    pub(super) fn remember(&self, statement: SignedStatement) {
        let mut signed = self.signed.lock().unwrap_or_else(PoisonError::into_inner);
        if signed.len() <= StayWord::MAX_STATEMENTS {
            signed.push(statement);
        }
    }

    /// What there is to vouch for. Where that is more than a word holds, nothing is left out in
    /// silence: no word is given.
    pub(super) fn testimony(&self) -> Result<Testimony, ErrorCode> {
        let statements = self.signed.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if statements.len() > StayWord::MAX_STATEMENTS {
            return Err(ErrorCode::TooManyStatements);
        }
        Ok(Testimony { stay: self.name, statements, challenge: None })
    }
}
