//! What whoever guards the card does with PINs. Their application is selected.

use crate::{
    Error,
    apdu::StatusWord,
    command, file,
    flow::{Card, Flow},
    key::{PinReference, Verified},
    secret::PinValue,
};

/// Reads one retry counter.
pub fn retries_left(reference: PinReference) -> Flow<u8> {
    Flow::new(async move |card| file::retries_left(&card, reference.ef()).await)
}

/// Presents a PIN.
///
/// The counter is read first: with fewer than `at_least` tries left nothing is presented, so a try
/// is never spent that the person did not know of.
pub fn verify_pin(value: PinValue, at_least: u8) -> Flow<Verified> {
    Flow::new(async move |card| {
        let reference = value.reference();
        match present(&card, reference.ef(), value.as_bytes(), at_least).await? {
            Presented::Correct => Ok(Verified { reference }),
            Presented::Blocked => Err(Error::PinBlocked),
            Presented::Incorrect { retries_left } => Err(Error::PinIncorrect { retries_left }),
        }
    })
}

/// What the card said to what was presented.
pub(crate) enum Presented {
    Correct,
    Incorrect { retries_left: u8 },
    Blocked,
}

/// Presents a value to an EF, unless fewer than `at_least` tries are left.
pub(crate) async fn present(
    card: &Card,
    ef: u8,
    value: &[u8],
    at_least: u8,
) -> Result<Presented, Error> {
    match file::retries_left(card, ef).await? {
        0 => return Ok(Presented::Blocked),
        retries_left if retries_left < at_least => {
            return Err(Error::TooFewRetries { retries_left });
        }
        _ => {}
    }
    let p2 = file::name(card, ef).await?.unwrap_or(0x80);
    let command = command::verify(p2, value);
    let ins = command.ins();
    match card.exchange(command).await.status() {
        StatusWord::OK => Ok(Presented::Correct),
        status if status.is_blocked() => Ok(Presented::Blocked),
        status => match status.retries_left() {
            Some(0) => Ok(Presented::Blocked),
            Some(retries_left) => Ok(Presented::Incorrect { retries_left }),
            None => Err(Error::Refused { ins, status }),
        },
    }
}
