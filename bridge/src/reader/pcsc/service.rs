//! The smart card service (PC/SC's resource manager) itself, before any reader.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use kazashi_core::error_code::ErrorCode;
use pcsc::{Context, Scope};

use crate::reader::driver_words::code_of;
use crate::sys::smart_card_service_listens;

/// How long it may take to say that it is there.
const SERVICE_PATIENCE: Duration = Duration::from_secs(1);
/// How soon who waits for their turn to ask it looks again.
const TURN_INTERVAL: Duration = Duration::from_millis(50);
/// So many fresh connections that are hung up on are no accident.
pub(super) const HUNG_UP: u32 = 3;

/// Connects to the resource manager. One that opens the door and hangs up does not let us in.
pub(super) fn establish() -> Result<Context, pcsc::Error> {
    let mut hung_up = 0;
    loop {
        match Context::establish(Scope::User) {
            Err(error)
                if code_of(error) == ErrorCode::NoService && smart_card_service_listens() =>
            {
                hung_up += 1;
                if hung_up == HUNG_UP {
                    return Err(pcsc::Error::SecurityViolation);
                }
            }
            established => return established,
        }
    }
}

/// Whether the resource manager answers at all. One that is stopped, as on a machine that wakes up,
/// takes every question and answers none.
pub(super) fn answers() -> bool {
    /// One question at a time: what is not answered keeps its thread.
    static IS_ASKED: AtomicBool = AtomicBool::new(false);
    let deadline = Instant::now() + SERVICE_PATIENCE;
    while IS_ASKED.swap(true, Ordering::AcqRel) {
        if Instant::now() > deadline {
            return false;
        }
        thread::sleep(TURN_INTERVAL);
    }
    let (answered, answer) = mpsc::channel();
    thread::spawn(move || {
        let _ = Context::establish(Scope::User);
        IS_ASKED.store(false, Ordering::Release);
        answered.send(())
    });
    answer.recv_timeout(SERVICE_PATIENCE).is_ok()
}
