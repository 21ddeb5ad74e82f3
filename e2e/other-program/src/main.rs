//! Another program on the same reader: until its standard input ends, it does what other programs
//! do to a card, again and again. At the end it prints one line of JSON: what it did and saw.
//!
//! - `probe` selects the public key application, asks for a retry counter, and tries to sign with
//!   both keys without a PIN, outside of any transaction. A signature means that a PIN which
//!   somebody else presented was left behind.
//! - `hold` does the same within transactions, and now and then keeps one for a while.
//! - `reset` ends its transactions with a reset or by taking the power, connects again with a reset, or
//!   disconnects with one, each in turn.
//! - `exclusive` takes the card for itself alone, for a while, and says so.
//! - `watch` does nothing to it, and prints when pcscd told of each insertion: milliseconds since
//!   1970, one a line.
#![expect(clippy::print_stdout, reason = "a command line program speaks on standard output")]

use std::ffi::CStr;
use std::io::Read;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use clap::Parser;
use kazashi_core::codec::apdu::{CommandApdu, ResponseApdu, StatusWord};
use kazashi_core::value::layout::Application;
use pcsc::{
    Card, Context, Disposition, Error, MAX_BUFFER_SIZE, Protocols, ReaderState, Scope, ShareMode,
    State,
};
use serde_json::json;

/// Between two rounds: pcscd tries a transaction that has to wait again every 100 ms only, so that
/// a program without pauses leaves nobody else a turn.
const PAUSE: Duration = Duration::from_millis(10);

/// What the program is up to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Habit {
    Probe,
    Hold,
    Reset,
    Exclusive,
    Watch,
}

/// Another program on the same reader.
#[derive(Debug, Parser)]
struct Options {
    habit: Habit,
    /// How long it keeps the card where its habit is to keep it, in milliseconds.
    #[arg(long, default_value_t = 20)]
    keep: u64,
}

/// What it did and saw.
#[derive(Debug, Default)]
struct Record {
    rounds: u32,
    /// Rounds in which somebody else had the card.
    refused: u32,
    /// Signatures that it was given without a PIN.
    signatures: u32,
}

fn main() -> Result<(), Error> {
    let options = Options::parse();
    let context = Context::establish(Scope::User)?;
    let reader = context.list_readers_owned()?.into_iter().next().ok_or(Error::UnknownReader)?;

    let over = Arc::new(AtomicBool::new(false));
    thread::spawn({
        let over = Arc::clone(&over);
        move || {
            let _ = std::io::stdin().read_to_end(&mut Vec::new());
            over.store(true, Ordering::Relaxed);
        }
    });
    if options.habit == Habit::Watch {
        return watch(&context, &reader, &over);
    }
    let mut record = Record::default();
    while !over.load(Ordering::Relaxed) {
        thread::sleep(PAUSE);
        record.rounds += 1;
        match round(&context, &reader, &options, record.rounds) {
            Ok(signatures) => record.signatures += signatures,
            Err(_) => record.refused += 1,
        }
    }
    let Record { rounds, refused, signatures } = record;
    println!("{}", json!({ "rounds": rounds, "refused": refused, "signatures": signatures }));
    Ok(())
}

/// Prints when a card was inserted.
fn watch(context: &Context, reader: &CStr, over: &AtomicBool) -> Result<(), Error> {
    let mut states = [ReaderState::new(reader, State::UNAWARE)];
    while !over.load(Ordering::Relaxed) {
        let was_empty = states.iter().all(|state| state.event_state().contains(State::EMPTY));
        match context.get_status_change(Duration::from_millis(500), &mut states) {
            Ok(()) => {
                let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
                let [state] = &mut states;
                if was_empty && state.event_state().contains(State::PRESENT) {
                    println!("{}.{:03}", now.as_millis(), now.subsec_micros() % 1000);
                }
                state.sync_current_state();
            }
            Err(Error::Timeout) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// One turn with the card. Says how many signatures it was given.
fn round(context: &Context, reader: &CStr, options: &Options, turn: u32) -> Result<u32, Error> {
    let keep = Duration::from_millis(options.keep);
    let share = match options.habit {
        Habit::Exclusive => ShareMode::Exclusive,
        Habit::Probe | Habit::Hold | Habit::Reset | Habit::Watch => ShareMode::Shared,
    };
    let mut card = context.connect(reader, share, Protocols::ANY)?;
    let signatures = match options.habit {
        Habit::Probe => look_for_a_pin(|command| transmit(&card, command)),
        Habit::Hold => {
            let transaction = card.transaction()?;
            let signatures = look_for_a_pin(|command| {
                let mut buffer = [0; MAX_BUFFER_SIZE];
                answer(transaction.transmit(&command.to_bytes(), &mut buffer)?)
            });
            if turn.is_multiple_of(10) {
                thread::sleep(keep);
            }
            transaction.end(Disposition::LeaveCard).map_err(|(_, error)| error)?;
            signatures
        }
        Habit::Reset => return reset(card, keep, turn),
        Habit::Exclusive | Habit::Watch => {
            println!("has the card");
            thread::sleep(keep);
            Ok(0)
        }
    };
    // Dropped as it is, the card would be reset.
    card.disconnect(Disposition::LeaveCard).map_err(|(_, error)| error)?;
    if options.habit == Habit::Exclusive {
        thread::sleep(keep);
    }
    signatures
}

/// One turn with the card, after which it is as nobody left it.
fn reset(mut card: Card, keep: Duration, turn: u32) -> Result<u32, Error> {
    let transaction = card.transaction()?;
    thread::sleep(keep);
    let ending = match turn % 4 {
        0 => Disposition::ResetCard,
        1 => Disposition::UnpowerCard,
        _ => Disposition::LeaveCard,
    };
    transaction.end(ending).map_err(|(_, error)| error)?;
    if turn % 4 == 2 {
        card.reconnect(ShareMode::Shared, Protocols::ANY, Disposition::ResetCard)?;
    }
    let ending = if turn % 4 == 3 { Disposition::ResetCard } else { Disposition::LeaveCard };
    card.disconnect(ending).map_err(|(_, error)| error)?;
    Ok(0)
}

fn look_for_a_pin(
    mut transmit: impl FnMut(&CommandApdu) -> Result<ResponseApdu, Error>,
) -> Result<u32, Error> {
    transmit(&Application::Jpki.select())?;
    transmit(&CommandApdu::new(0x00, 0x20, 0x00, 0x98))?;
    let mut signatures = 0;
    for key in [0x17, 0x1A] {
        let sign = CommandApdu::new(0x80, 0x2A, 0x00, 0x80 | key)
            .with_data(*b"not a DigestInfo")
            .and_then(|command| command.with_ne(CommandApdu::MAX_SHORT_NE))
            .map_err(|_| Error::InvalidParameter)?;
        signatures += u32::from(transmit(&sign)?.status() == StatusWord::OK);
    }
    Ok(signatures)
}

fn transmit(card: &Card, command: &CommandApdu) -> Result<ResponseApdu, Error> {
    let mut buffer = [0; MAX_BUFFER_SIZE];
    answer(card.transmit(&command.to_bytes(), &mut buffer)?)
}

fn answer(bytes: &[u8]) -> Result<ResponseApdu, Error> {
    ResponseApdu::from_bytes(bytes).map_err(|_| Error::CommError)
}
