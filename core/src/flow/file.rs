//! Elementary files: naming one in a command, and reading one whole.
//!
//! Few round trips if card and reader allow it, with short EF identifiers and extended length
//! fields; SELECT EF and 256 bytes at a time if they do not (card.md 2 and 4.1).

use zeroize::Zeroizing;

use crate::codec::apdu::{CommandApdu, StatusWord};
use crate::codec::card_record;
use crate::codec::tlv::{self, Tag};
use crate::flow::{Card, Error, command};

/// The longest file: READ BINARY has 15 bits for the offset.
const MAX_FILE: usize = 0x7FFF;

/// Reads a file: all of it, or, if its first bytes say how long its one data object is, no less
/// than that.
pub(crate) async fn read(card: &Card, ef: u8) -> Result<Zeroizing<Vec<u8>>, Error> {
    loop {
        let extended = card.abilities().extended_length();
        match read_as_able(card, ef).await {
            Err(Error::Refused { status: StatusWord::WRONG_LENGTH, .. }) if extended => {
                card.abilities().lacks_extended_length();
            }
            Err(error) if is_for_want_of_short_identifiers(card, error) => {
                card.abilities().lacks_short_ef_identifiers();
            }
            result => return result,
        }
    }
}

async fn read_as_able(card: &Card, ef: u8) -> Result<Zeroizing<Vec<u8>>, Error> {
    let most = if card.abilities().extended_length() {
        CommandApdu::MAX_EXTENDED_NE
    } else {
        CommandApdu::MAX_SHORT_NE
    };
    let p1 = name(card, ef).await?.unwrap_or(0x00);
    let mut file = card.transmit(command::read_binary(p1, 0x00, most)).await?;
    for _ in 0..Card::MAX_ROUNDS {
        let length = length(&file);
        let rest = length.saturating_sub(file.len());
        card.progress().set(length - rest, length);
        if rest == 0 {
            return Ok(file);
        }
        let offset = u16::try_from(file.len()).map_err(|_| TOO_LONG)?;
        let [high, low] = offset.to_be_bytes();
        let ne = u32::try_from(rest).map_err(|_| TOO_LONG)?.min(most);
        let chunk = card.transmit(command::read_binary(high, low, ne)).await?;
        if chunk.is_empty() {
            return Err(Error::Malformed { what: "a file that ends too early" });
        }
        if file.len() + chunk.len() > MAX_FILE {
            return Err(TOO_LONG);
        }
        // Allocated at once: a vector that grows leaves copies behind.
        file = Zeroizing::new([&file[..], &chunk].concat());
    }
    Err(Error::Malformed { what: "a file that never ends" })
}

const TOO_LONG: Error = Error::Malformed { what: "a file of more than 32 KiB" };

/// How long the data object at the start says that it is, with what may stand before it; as long as
/// what is there, if it does not.
fn length(file: &[u8]) -> usize {
    // Certificates, and those that are card-verifiable.
    let certificate = tlv::encoded_length(file, |tag| matches!(tag, Tag(0x30 | 0x7F21)));
    certificate.or_else(|| card_record::length(file)).unwrap_or(file.len())
}

/// Reads the first 256 bytes of a file at most, in the form that every card and reader takes.
pub(crate) async fn read_head(card: &Card, ef: u8) -> Result<Zeroizing<Vec<u8>>, Error> {
    loop {
        let p1 = name(card, ef).await?.unwrap_or(0x00);
        match card.transmit(command::read_binary(p1, 0x00, CommandApdu::MAX_SHORT_NE)).await {
            Err(error) if is_for_want_of_short_identifiers(card, error) => {
                card.abilities().lacks_short_ef_identifiers();
            }
            result => return result,
        }
    }
}

/// Asks for a retry counter. Spends no try.
pub(crate) async fn retries_left(card: &Card, ef: u8) -> Result<u8, Error> {
    loop {
        let p2 = name(card, ef).await?.unwrap_or(0x80);
        let command = command::retries_left(p2);
        let ins = command.ins();
        let status = card.exchange(command).await.status();
        if status.is_blocked() {
            return Ok(0);
        }
        let error = Error::Refused { ins, status };
        match status.retries_left() {
            Some(retries_left) => return Ok(retries_left),
            None if is_for_want_of_short_identifiers(card, error) => {
                card.abilities().lacks_short_ef_identifiers();
            }
            None => return Err(error),
        }
    }
}

/// Names a file for the next command: its short identifier as the parameter byte has it, or none
/// once it is the current file.
pub(crate) async fn name(card: &Card, ef: u8) -> Result<Option<u8>, Error> {
    if card.abilities().short_ef_identifiers() {
        return Ok(Some(0x80 | ef));
    }
    card.transmit(command::select_file(ef)).await?;
    Ok(None)
}

fn is_for_want_of_short_identifiers(card: &Card, error: Error) -> bool {
    let refused = matches!(error, Error::Refused { status: StatusWord::WRONG_P1_P2, .. });
    refused && card.abilities().short_ef_identifiers()
}
