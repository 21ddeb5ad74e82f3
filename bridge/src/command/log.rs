//! `kazashi-bridge log`: what was read from cards here, and whether the log of it is whole.

use std::error::Error;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use clap::Subcommand;
use kazashi_core::error_code::ErrorCode;

use crate::reader::slot::{Slot, once};
use crate::reader::{pcsc, virtual_card};
use crate::record::{CardId, DisclosureLog, about, lines, read, verify};

#[derive(Debug, Subcommand)]
pub(crate) enum LogCommand {
    /// Show every line.
    Show,
    /// Find out whether lines were edited, dropped or moved. Lines that were cut off the end are
    /// missed only by who has noted the hash of a later one.
    Verify {
        /// A hash that `head` printed before.
        #[arg(long, value_name = "HASH")]
        head: Option<String>,
    },
    /// Show what was read from the card that lies on the reader.
    ForCard {
        /// The card of this image folder instead.
        #[arg(long, value_name = "DIR")]
        virtual_card: Option<PathBuf>,
    },
    /// Print the hash of the last line, to be noted elsewhere.
    Head,
}

pub(crate) fn run(command: LogCommand, state: &Path) -> Result<(), Box<dyn Error>> {
    let mut out = io::stdout().lock();
    match command {
        LogCommand::Show => {
            for (_, line) in lines(&read(state)?) {
                writeln!(out, "{line}")?;
            }
        }
        LogCommand::Verify { head } => {
            let files = read(state)?;
            let findings = verify(&files, head.as_deref());
            for finding in &findings {
                writeln!(out, "{finding}")?;
            }
            if !findings.is_empty() {
                return Err("the disclosure log is not as it was written".into());
            }
            writeln!(out, "{} lines, whole", lines(&files).count())?;
        }
        LogCommand::ForCard { virtual_card } => {
            let log = DisclosureLog::open(state)?;
            let cards = match virtual_card {
                Some(image) => cards(&log, [virtual_card::slot(&image)?])?,
                None => cards(&log, pcsc::slots().map_err(ErrorCode::en)?)?,
            };
            for line in about(&cards, &read(state)?) {
                writeln!(out, "{line}")?;
            }
        }
        LogCommand::Head => {
            if let Some((hash, _)) = lines(&read(state)?).last() {
                writeln!(out, "{hash}")?;
            }
        }
    }
    Ok(())
}

/// The cards on these readers, as the log knows them.
fn cards(
    log: &DisclosureLog,
    slots: impl IntoIterator<Item = impl Slot>,
) -> Result<Vec<CardId>, &'static str> {
    let mut cards = Vec::new();
    for mut slot in slots {
        match once(&mut slot, |card| card.public_key()) {
            Ok(public_key) => cards.push(log.card_id(&public_key)),
            Err(ErrorCode::NoSmartcard) => {}
            Err(code) => return Err(code.en()),
        }
    }
    if cards.is_empty() { Err(ErrorCode::NoSmartcard.en()) } else { Ok(cards) }
}
