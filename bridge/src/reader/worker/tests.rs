use std::sync::{Arc, mpsc};
use std::thread;
use std::time::Duration;

use kazashi_core::codec::apdu::{CommandApdu, ResponseApdu, StatusWord};
use kazashi_core::error_code::ErrorCode;
use kazashi_core::guard::session::{CardTransaction, Ending};
use kazashi_core::value::layout::Application;
use kazashi_core::value::{Scope, Scopes};
use kazashi_core::wire::Failure;

use super::{Holder, PATIENCE, Shared, TRIES_TO_OPEN, Worker};
use crate::access::{Limits, Origin};
use crate::reader::events::Events;
use crate::reader::lease::{Asker, Leases};
use crate::reader::slot::{Insertion, Slot};
use crate::reader::stay_names::StayNames;
use crate::record::DisclosureLog;

/// What a card may take for a command, where it takes longer.
const LIMIT: Duration = Duration::from_millis(200);

/// A card that takes so long for each command.
struct SlowCard(Duration);

impl Slot for SlowCard {
    fn begin(&mut self) -> Result<(Box<dyn CardTransaction + '_>, Insertion), ErrorCode> {
        Ok((Box::new(Self(self.0)), Insertion(1)))
    }

    fn rest(&mut self) {}
}

impl CardTransaction for SlowCard {
    fn transmit(&mut self, _: &CommandApdu) -> Result<ResponseApdu, ErrorCode> {
        thread::sleep(self.0);
        Ok(ResponseApdu::new([], StatusWord::OK))
    }

    fn end(self: Box<Self>, _: Ending) {}
}

/// A reader's thread, and a lease on the reader.
fn worker(slot: impl Slot, apdu_timeout: Duration) -> (Worker, String) {
    let state = tempfile::tempdir().unwrap();
    let leases = Arc::new(Leases::new(&Limits::default(), Events::new()));
    let lease = leases.acquire("r", None, Asker::new(), std::time::Instant::now()).unwrap();
    let log = Arc::new(DisclosureLog::open(state.path()).unwrap());
    let (worker, _) =
        Worker::start(slot, StayNames::default(), Shared { leases, log, apdu_timeout });
    (worker, lease)
}

fn holder(lease: &str) -> Holder {
    let origin = Origin::parse("https://portal.example", false).unwrap();
    Holder { lease: lease.to_owned(), origin }
}

/// Has the card do so many commands, each of which may take so long.
async fn outcome(card: impl Slot, limit: Duration, commands: u32) -> Result<(), ErrorCode> {
    let (worker, lease) = worker(card, limit);
    let select = Application::Jpki.select();
    let done = worker.with_card(holder(&lease), move |card| {
        for _ in 0..commands {
            card.session.transmit(&select, &Scopes::default())?;
        }
        Ok(())
    });
    done.await.map_err(|failure| failure.code)
}

/// A card that tells how it was given up.
struct ToldEnding(mpsc::Sender<Ending>);

impl Slot for ToldEnding {
    fn begin(&mut self) -> Result<(Box<dyn CardTransaction + '_>, Insertion), ErrorCode> {
        Ok((Box::new(Self(self.0.clone())), Insertion(1)))
    }

    fn rest(&mut self) {}
}

impl CardTransaction for ToldEnding {
    fn transmit(&mut self, _: &CommandApdu) -> Result<ResponseApdu, ErrorCode> {
        Ok(ResponseApdu::new([], StatusWord::OK))
    }

    fn end(self: Box<Self>, ending: Ending) {
        self.0.send(ending).unwrap();
    }
}

/// A card that another program resets so often, each time that a transaction has just begun.
struct ResetCard(u32);

impl Slot for ResetCard {
    fn begin(&mut self) -> Result<(Box<dyn CardTransaction + '_>, Insertion), ErrorCode> {
        let is_disturbed = self.0 > 0;
        self.0 = self.0.saturating_sub(1);
        Ok((Box::new(Disturbed(is_disturbed)), Insertion(1)))
    }

    fn rest(&mut self) {}
}

struct Disturbed(bool);

impl CardTransaction for Disturbed {
    fn transmit(&mut self, _: &CommandApdu) -> Result<ResponseApdu, ErrorCode> {
        match self.0 {
            true => Err(ErrorCode::CommunicationError),
            false => Ok(ResponseApdu::new([], StatusWord::OK)),
        }
    }

    fn end(self: Box<Self>, _: Ending) {}
}

#[tokio::test]
async fn a_reset_that_comes_between_is_nothing_to_the_page() {
    let failed = Err(ErrorCode::CommunicationError.into());
    let most = TRIES_TO_OPEN;
    for (resets, expected) in [(0, Ok(())), (1, Ok(())), (most, Ok(())), (most + 1, failed)] {
        let (worker, lease) = worker(ResetCard(resets), Duration::from_secs(10));
        let done = worker.with_card(holder(&lease), |_| Ok(()));
        assert_eq!(done.await, expected, "{resets} resets");
    }
}

#[tokio::test]
async fn work_that_panics_powers_the_card_down_and_the_next_is_done() {
    let (told, endings) = mpsc::channel();
    let (worker, lease) = worker(ToldEnding(told), Duration::from_secs(10));
    let panics = worker
        .with_card(holder(&lease), |_| -> Result<(), Failure> { panic!("nobody foresaw this") });
    assert_eq!(panics.await, Err(ErrorCode::CommunicationError.into()));
    assert_eq!(endings.recv().unwrap(), Ending::UnpowerCard);
    let next = worker.with_card(holder(&lease), |card| {
        card.session.finish();
        Ok(())
    });
    assert_eq!(next.await, Ok(()));
    assert_eq!(endings.recv().unwrap(), Ending::LeaveCard);
}

#[tokio::test]
async fn a_card_that_does_not_answer_is_given_up() {
    let silent = SlowCard(Duration::from_secs(2));
    assert_eq!(outcome(silent, LIMIT, 1).await, Err(ErrorCode::CommunicationError));
}

#[tokio::test]
async fn a_card_that_is_silent_from_the_first_is_not_said_to_be_another_programs() {
    let silent = SlowCard(PATIENCE + Duration::from_secs(1));
    assert_eq!(outcome(silent, LIMIT, 1).await, Err(ErrorCode::CommunicationError));
}

/// A silent card behind a smart card service that is stopped.
struct FrozenCard(SlowCard);

impl Slot for FrozenCard {
    fn begin(&mut self) -> Result<(Box<dyn CardTransaction + '_>, Insertion), ErrorCode> {
        self.0.begin()
    }

    fn rest(&mut self) {}

    fn service_answers() -> bool {
        false
    }
}

#[tokio::test]
async fn a_card_is_not_blamed_for_a_service_that_stands_still() {
    // Stopped when the work has begun, and before: while the card was recognised.
    for silence in [Duration::from_secs(2), PATIENCE + Duration::from_secs(1)] {
        let frozen = FrozenCard(SlowCard(silence));
        assert_eq!(outcome(frozen, LIMIT, 1).await, Err(ErrorCode::NoService));
    }
}

#[tokio::test]
async fn what_comes_late_from_the_lease_before_does_not_disturb_the_next() {
    let state = tempfile::tempdir().unwrap();
    let leases = Arc::new(Leases::new(&Limits::default(), Events::new()));
    let log = Arc::new(DisclosureLog::open(state.path()).unwrap());
    let apdu_timeout = Duration::from_secs(10);
    let shared = Shared { leases: Arc::clone(&leases), log, apdu_timeout };
    let (worker, _) = Worker::start(SlowCard(Duration::ZERO), StayNames::default(), shared);
    let origin = Origin::parse("https://portal.example", false).unwrap();
    let transmit = |lease: &str, command: CommandApdu| {
        let scopes: Scopes = [Scope::UserCertificate].into_iter().collect();
        let holder = Holder { lease: lease.to_owned(), origin: origin.clone() };
        let done = worker
            .with_card(holder, move |card| card.session.transmit(&command, &scopes).map(drop));
        async { done.await.map_err(|failure| failure.code) }
    };
    let acquire = || leases.acquire("r", None, Asker::new(), std::time::Instant::now());
    let before = acquire().unwrap();
    leases.release(&before, std::time::Instant::now());
    let lease = acquire().unwrap();
    assert_eq!(transmit(&lease, Application::Jpki.select()).await, Ok(()));
    let late = transmit(&before, Application::Jpki.select()).await;
    assert_eq!(late, Err(ErrorCode::LeaseLost));
    // The application is still the one that its page selected.
    let retry_counter = CommandApdu::new(0x00, 0x20, 0x00, 0x98);
    assert_eq!(transmit(&lease, retry_counter).await, Ok(()));
}

#[tokio::test]
async fn many_commands_may_take_longer_than_one() {
    let limit = Duration::from_secs(2);
    assert_eq!(outcome(SlowCard(limit / 8), limit, 10).await, Ok(()));
}
