//! `kazashi-bridge log`: what was read from cards here, and whether the log of it is whole.

use std::error::Error;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use clap::Subcommand;
use jiff::Timestamp;
use kazashi_core::error_code::ErrorCode;

use crate::pin::Language;
use crate::reader::slot::{Slot, once};
use crate::reader::{pcsc, virtual_card};
use crate::record::{CardId, DisclosureLog, about, lines, read, verify};
use crate::sys::private_file;

mod holder_page;
mod holder_words;

use holder_page::HolderPage;

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
        /// Write it in plain words for the holder of the card instead: a page (HTML) to print, in a file
        /// that must not be there yet.
        #[arg(long, value_name = "FILE")]
        page: Option<PathBuf>,
        /// The language of the page. Without it, that of the environment.
        #[arg(long, requires = "page")]
        language: Option<Language>,
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
        LogCommand::ForCard { virtual_card, page, language } => {
            let log = DisclosureLog::open(state)?;
            let cards = match virtual_card {
                Some(image) => cards(&log, [virtual_card::slot(&image)?])?,
                None => cards(&log, pcsc::slots().map_err(ErrorCode::en)?)?,
            };
            let files = read(state)?;
            let Some(page) = page else {
                for line in about(&cards, &files) {
                    writeln!(out, "{line}")?;
                }
                return Ok(());
            };
            // Two cards may have two holders.
            let [card] = &*cards else {
                return Err("more than one card lies on the readers: leave one there".into());
            };
            let language = language.unwrap_or_else(Language::of_system);
            let html = HolderPage::new(language, Timestamp::now(), card, &files).html()?;
            private_file::write_new(&page, &html)?;
            writeln!(out, "{}", page.display())?;
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
