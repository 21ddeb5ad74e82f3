//! Keeps what a card counts: a wrong PIN, birth date or verification number is sent to a card once, and an origin whose
//! tries fail must wait before the next.

use std::{
    collections::HashMap,
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use hmac::{Hmac, Mac};
use kazashi_core::{error_code::ErrorCode, verification::VerificationData, wire::Failure};
use rand_core::{OsRng, RngCore};
use sha2::Sha256;
use tokio::{sync::OwnedMutexGuard, time::sleep};
use zeroize::Zeroizing;

use crate::origin::Origin;

/// The pause after a first failure; each further one doubles it.
const FIRST_PAUSE: Duration = Duration::from_millis(500);
const LONGEST_PAUSE: Duration = Duration::from_secs(10);
/// A failure that lies so far back counts no more.
const MEMORY: Duration = Duration::from_secs(60);

/// What a card refused during one stay on the reader, as hashes under a key that is made for this
/// stay and kept in memory only: nobody can find out from them what was tried.
pub(crate) struct WrongData {
    key: Zeroizing<[u8; 32]>,
    hashes: Vec<Hash>,
}

/// A hash under the key of one stay.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Hash([u8; 32]);

impl WrongData {
    pub(crate) fn new() -> Self {
        let mut key = Zeroizing::new([0; 32]);
        OsRng.fill_bytes(&mut *key);
        Self { key, hashes: Vec::new() }
    }

    /// By which this is known again.
    pub(crate) fn hash(&self, data: &VerificationData) -> Hash {
        let (application, ef) = data.reference().file();
        let mut mac = Hmac::<Sha256>::new_from_slice(&*self.key).expect("HMAC takes any key");
        mac.update(application.aid());
        mac.update(&[ef]);
        mac.update(&data.to_bytes());
        Hash(mac.finalize().into_bytes().into())
    }

    /// Whether the card is known to refuse what has this hash.
    pub(crate) fn contains(&self, hash: Hash) -> bool {
        self.hashes.contains(&hash)
    }

    /// The card refused what has this hash.
    pub(crate) fn insert(&mut self, hash: Hash) {
        if !self.contains(hash) {
            self.hashes.push(hash);
        }
    }
}

impl fmt::Debug for WrongData {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("WrongData")
    }
}

/// How long each origin must wait.
#[derive(Debug, Default)]
struct Pauses(HashMap<Origin, Failures>);

#[derive(Debug)]
struct Failures {
    count: u32,
    last: Instant,
}

impl Pauses {
    /// How long this origin must still wait before it may try again.
    fn rest(&self, origin: &Origin, now: Instant) -> Duration {
        let Some(Failures { count, last }) = self.0.get(origin) else { return Duration::ZERO };
        let doubled = 1_u32.checked_shl(count.saturating_sub(1)).unwrap_or(u32::MAX);
        let pause = FIRST_PAUSE.saturating_mul(doubled).min(LONGEST_PAUSE);
        pause.saturating_sub(now.saturating_duration_since(*last))
    }

    fn failed(&mut self, origin: &Origin, now: Instant) {
        self.0.retain(|_, failures| now.saturating_duration_since(failures.last) < MEMORY);
        let failures = self.0.entry(origin.clone()).or_insert(Failures { count: 0, last: now });
        failures.count = failures.count.saturating_add(1);
        failures.last = now;
    }

    fn succeeded(&mut self, origin: &Origin) {
        self.0.remove(origin);
    }
}

/// Gives each origin one turn at a time to have something presented. Another origin's failures are
/// nothing to it.
#[derive(Debug, Default)]
pub(crate) struct TryGuard {
    pauses: Mutex<Pauses>,
    queues: Mutex<HashMap<Origin, Arc<tokio::sync::Mutex<()>>>>,
}

impl TryGuard {
    /// Waits until this origin may try: what it asked for before is over, and so is the pause for
    /// what failed.
    pub(crate) async fn turn(&self, origin: &Origin) -> Turn<'_> {
        let queue = Arc::clone(lock(&self.queues).entry(origin.clone()).or_default());
        let place = queue.lock_owned().await;
        let rest = lock(&self.pauses).rest(origin, Instant::now());
        sleep(rest).await;
        Turn { guard: self, origin: origin.clone(), at_stake: false, _place: place }
    }
}

/// An origin's turn to have something presented.
#[derive(Debug)]
pub(crate) struct Turn<'a> {
    guard: &'a TryGuard,
    origin: Origin,
    /// From here on it is a failure if nothing comes of it: a page that has dialogs opened and goes
    /// away fares no better than one whose dialogs are cancelled.
    at_stake: bool,
    _place: OwnedMutexGuard<()>,
}

impl Turn<'_> {
    /// A person is bothered.
    pub(crate) fn opens_dialog(&mut self) {
        self.at_stake = true;
    }

    /// How it ended.
    pub(crate) fn end<R>(mut self, result: &Result<R, Failure>) {
        self.at_stake = match result {
            Ok(_) => {
                lock(&self.guard.pauses).succeeded(&self.origin);
                false
            }
            Err(failure) => is_wrong(*failure) || self.at_stake && is_unanswered(*failure),
        };
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        if self.at_stake {
            lock(&self.guard.pauses).failed(&self.origin, Instant::now());
        }
    }
}

/// Whether the card found wrong what was presented.
pub(crate) fn is_wrong(failure: Failure) -> bool {
    use ErrorCode as E;
    matches!(
        failure.code,
        E::PinIncorrect
            | E::PinBlocked
            | E::BirthDateIncorrect
            | E::BirthDateBlocked
            | E::VerificationNumberIncorrect
            | E::VerificationNumberBlocked
    )
}

/// Whether a dialog brought nothing.
fn is_unanswered(failure: Failure) -> bool {
    use ErrorCode as E;
    matches!(
        failure.code,
        E::PinCancelled | E::PinTimeout | E::PinMalformed | E::RemovedCard | E::LeaseLost
    )
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use kazashi_core::{
        BirthDate, VerificationNumberB, error_code::ErrorCode, key::PinReference, secret::PinValue,
        verification::VerificationData, wire::Failure,
    };

    use super::{FIRST_PAUSE, LONGEST_PAUSE, MEMORY, Pauses, TryGuard, WrongData, lock};
    use crate::origin::Origin;

    fn origin(host: &str) -> Origin {
        Origin::parse(&format!("https://{host}.example"), false).unwrap()
    }

    fn pin(reference: PinReference, text: &str) -> VerificationData {
        VerificationData::Pin(PinValue::parse(reference, text).unwrap())
    }

    #[test]
    fn what_was_wrong_is_known_and_nothing_else() {
        let mut wrong = WrongData::new();
        let password = pin(PinReference::DigitalSignature, "000101");
        let birth_date = VerificationData::BirthDate(BirthDate::parse("2000-01-01").unwrap());
        let number = VerificationNumberB::parse("2000-01-01", "2035", "2285").unwrap();
        let number = VerificationData::VerificationNumberB(number);
        let pin_of_zeros = pin(PinReference::UserAuthentication, "0000");
        for data in [&pin_of_zeros, &password, &birth_date, &number] {
            assert!(!wrong.contains(wrong.hash(data)));
            wrong.insert(wrong.hash(data));
            assert!(wrong.contains(wrong.hash(data)));
        }
        let full_width = pin(PinReference::UserAuthentication, "００００");
        assert!(wrong.contains(wrong.hash(&full_width)));
        let other = pin(PinReference::UserAuthentication, "0001");
        assert!(!wrong.contains(wrong.hash(&other)));
        let without_hyphens = VerificationData::BirthDate(BirthDate::parse("20000101").unwrap());
        assert!(wrong.contains(wrong.hash(&without_hyphens)));
    }

    #[test]
    fn two_cards_have_nothing_in_common() {
        let (one, other) = (WrongData::new(), WrongData::new());
        let data = pin(PinReference::UserAuthentication, "0000");
        assert!(one.hash(&data) != other.hash(&data));
        assert_eq!(format!("{one:?}"), "WrongData");
    }

    #[test]
    fn the_pause_grows_to_a_limit_and_is_of_the_guilty_origin_alone() {
        let (mut pauses, now) = (Pauses::default(), Instant::now());
        let guilty = origin("guilty");
        assert_eq!(pauses.rest(&guilty, now), Duration::ZERO);
        let mut before = Duration::ZERO;
        for _ in 0..40 {
            pauses.failed(&guilty, now);
            let pause = pauses.rest(&guilty, now);
            assert!(pause >= (2 * before).min(LONGEST_PAUSE).max(FIRST_PAUSE), "{pause:?}");
            before = pause;
        }
        assert_eq!(before, LONGEST_PAUSE);
        assert_eq!(pauses.rest(&guilty, now + LONGEST_PAUSE), Duration::ZERO);
        assert_eq!(pauses.rest(&origin("innocent"), now), Duration::ZERO);
    }

    #[test]
    fn success_and_time_end_it() {
        let (mut pauses, now) = (Pauses::default(), Instant::now());
        pauses.failed(&origin("a"), now);
        pauses.succeeded(&origin("a"));
        assert_eq!(pauses.rest(&origin("a"), now), Duration::ZERO);
        pauses.failed(&origin("a"), now);
        pauses.failed(&origin("a"), now);
        pauses.failed(&origin("a"), now + MEMORY);
        assert_eq!(pauses.rest(&origin("a"), now + MEMORY), FIRST_PAUSE);
    }

    #[tokio::test]
    async fn an_origin_has_one_turn_at_a_time() {
        let guard = TryGuard::default();
        let first = guard.turn(&origin("a")).await;
        let waits = Duration::from_millis(20);
        assert!(tokio::time::timeout(waits, guard.turn(&origin("a"))).await.is_err());
        guard.turn(&origin("b")).await.end(&Ok(()));
        first.end(&Ok(()));
        guard.turn(&origin("a")).await.end(&Ok(()));
    }

    #[tokio::test]
    async fn what_bothers_a_person_in_vain_or_is_wrong_counts_and_nothing_else() {
        let guard = TryGuard::default();
        let counts = |name: &str| lock(&guard.pauses).0.contains_key(&origin(name));
        for (name, dialog, code, expected) in [
            ("a", true, ErrorCode::PinCancelled, true),
            ("b", true, ErrorCode::RemovedCard, true),
            ("c", false, ErrorCode::RemovedCard, false),
            ("d", false, ErrorCode::PinIncorrect, true),
            ("e", false, ErrorCode::BirthDateIncorrect, true),
            ("f", false, ErrorCode::VerificationNumberIncorrect, true),
            ("i", true, ErrorCode::SharingViolation, false),
            ("g", true, ErrorCode::CommunicationError, false),
        ] {
            let mut turn = guard.turn(&origin(name)).await;
            if dialog {
                turn.opens_dialog();
            }
            turn.end(&Err::<(), _>(Failure::new(code)));
            assert_eq!(counts(name), expected, "{name}");
        }
        let mut abandoned = guard.turn(&origin("h")).await;
        abandoned.opens_dialog();
        drop(abandoned);
        assert!(counts("h"));
    }
}
