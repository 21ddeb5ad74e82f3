//! Try guard: keeps what a card counts. A value that the card refused is not sent to it again, and an
//! origin whose tries fail must wait before the next.

use std::collections::HashMap;
use std::fmt;
use std::time::Duration;

use hmac::{Hmac, Mac};
use sha2::Sha256;
use zeroize::Zeroizing;

use crate::error_code::ErrorCode;
use crate::guard::verification::VerificationData;
use crate::wire::Failure;

/// Values that a card refused during one stay on the reader, as hashes under a key that is made for
/// this stay and kept in memory only: nobody can find out from them what was tried.
pub(crate) struct WrongData {
    key: Zeroizing<[u8; 32]>,
    hashes: Vec<Hash>,
}

/// Keyed hash of a value that may be wrong.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Hash([u8; 32]);

impl WrongData {
    pub(crate) fn new(key: Zeroizing<[u8; 32]>) -> Self {
        Self { key, hashes: Vec::new() }
    }

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

    /// Notes that the card refused what has this hash.
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

/// Pauses of the origins whose tries failed. Another origin's failures are nothing to one.
///
/// Times are what has passed since a moment that stays the same.
#[derive(Debug, Default)]
pub struct Pauses(HashMap<String, Failures>);

#[derive(Debug)]
struct Failures {
    count: u32,
    last: Duration,
}

impl Pauses {
    /// Pause after a first failure; each further one doubles it.
    const FIRST: Duration = Duration::from_millis(500);
    const LONGEST: Duration = Duration::from_secs(10);
    /// Age at which a failure counts no more.
    const MEMORY: Duration = Duration::from_secs(60);

    /// Time that this origin must still wait before it may have something presented.
    #[must_use]
    pub fn rest(&self, origin: &str, now: Duration) -> Duration {
        let Some(Failures { count, last }) = self.0.get(origin) else { return Duration::ZERO };
        let doubled = 1_u32.checked_shl(count.saturating_sub(1)).unwrap_or(u32::MAX);
        let pause = Self::FIRST.saturating_mul(doubled).min(Self::LONGEST);
        pause.saturating_sub(now.saturating_sub(*last))
    }

    /// Notes how a try of this origin ended. A person who was asked in vain counts like a wrong value:
    /// a page that has dialogs opened and goes away fares no better than one whose dialogs are
    /// cancelled.
    pub fn ended<R>(
        &mut self,
        origin: &str,
        now: Duration,
        result: &Result<R, Failure>,
        asked_person: bool,
    ) {
        match result {
            Ok(_) => {
                self.0.remove(origin);
            }
            Err(failure) if is_wrong(*failure) || asked_person && is_unanswered(*failure) => {
                self.failed(origin, now);
            }
            Err(_) => {}
        }
    }

    fn failed(&mut self, origin: &str, now: Duration) {
        self.0.retain(|_, failures| now.saturating_sub(failures.last) < Self::MEMORY);
        let failures = self.0.entry(origin.to_owned()).or_insert(Failures { count: 0, last: now });
        failures.count = failures.count.saturating_add(1);
        failures.last = now;
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
        E::PinCancelled
            | E::PinTimeout
            | E::PinMalformed
            | E::TooFewRetries
            | E::RemovedCard
            | E::LeaseLost
    )
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use zeroize::Zeroizing;

    use super::{Pauses, WrongData};
    use crate::error_code::ErrorCode;
    use crate::guard::verification::VerificationData;
    use crate::value::layout::PinReference;
    use crate::value::{Calendar, PinValue, PrintedBirthDate, VerificationNumberB};
    use crate::wire::Failure;

    const SINCE: Duration = Duration::from_secs(1_000);

    fn wrong_data(key: u8) -> WrongData {
        WrongData::new(Zeroizing::new([key; 32]))
    }

    fn pin(reference: PinReference, text: &str) -> VerificationData {
        VerificationData::Pin(PinValue::parse(reference, text).unwrap())
    }

    #[test]
    fn what_was_wrong_is_known_and_nothing_else() {
        let mut wrong = wrong_data(1);
        let password = pin(PinReference::DigitalSignature, "000101");
        let day = |text| PrintedBirthDate::parse(text, Calendar::Era).unwrap();
        let birth_date = VerificationData::BirthDate(day("2000-01-01"));
        let number = VerificationNumberB::parse(day("2000-01-01"), "2035", "2285").unwrap();
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
        let without_hyphens = VerificationData::BirthDate(day("20000101"));
        assert!(wrong.contains(wrong.hash(&without_hyphens)));
    }

    #[test]
    fn two_cards_have_nothing_in_common() {
        let (one, other) = (wrong_data(1), wrong_data(2));
        let data = pin(PinReference::UserAuthentication, "0000");
        assert!(one.hash(&data) != other.hash(&data));
        assert_eq!(format!("{one:?}"), "WrongData");
    }

    #[test]
    fn the_pause_grows_to_a_limit_and_is_of_the_guilty_origin_alone() {
        let mut pauses = Pauses::default();
        assert_eq!(pauses.rest("guilty", SINCE), Duration::ZERO);
        let mut before = Duration::ZERO;
        for _ in 0..40 {
            pauses.failed("guilty", SINCE);
            let pause = pauses.rest("guilty", SINCE);
            assert!(pause >= (2 * before).min(Pauses::LONGEST).max(Pauses::FIRST), "{pause:?}");
            before = pause;
        }
        assert_eq!(before, Pauses::LONGEST);
        assert_eq!(pauses.rest("guilty", SINCE + Pauses::LONGEST), Duration::ZERO);
        assert_eq!(pauses.rest("innocent", SINCE), Duration::ZERO);
    }

    #[test]
    fn success_and_time_end_it() {
        let mut pauses = Pauses::default();
        pauses.failed("a", SINCE);
        pauses.ended("a", SINCE, &Ok(()), false);
        assert_eq!(pauses.rest("a", SINCE), Duration::ZERO);
        pauses.failed("a", SINCE);
        pauses.failed("a", SINCE);
        pauses.failed("a", SINCE + Pauses::MEMORY);
        assert_eq!(pauses.rest("a", SINCE + Pauses::MEMORY), Pauses::FIRST);
    }

    #[test]
    fn what_bothers_a_person_in_vain_or_is_wrong_counts_and_nothing_else() {
        let mut pauses = Pauses::default();
        for (origin, asked_person, code, expected) in [
            ("a", true, ErrorCode::PinCancelled, true),
            ("b", true, ErrorCode::RemovedCard, true),
            ("h", true, ErrorCode::TooFewRetries, true),
            ("j", false, ErrorCode::TooFewRetries, false),
            ("c", false, ErrorCode::RemovedCard, false),
            ("d", false, ErrorCode::PinIncorrect, true),
            ("e", false, ErrorCode::BirthDateIncorrect, true),
            ("f", false, ErrorCode::VerificationNumberIncorrect, true),
            ("i", true, ErrorCode::SharingViolation, false),
            ("g", true, ErrorCode::CommunicationError, false),
        ] {
            let failed = Err::<(), _>(Failure::new(code));
            pauses.ended(origin, SINCE, &failed, asked_person);
            assert_eq!(!pauses.rest(origin, SINCE).is_zero(), expected, "{origin}");
        }
    }
}
