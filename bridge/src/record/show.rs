//! The log for the person who reads it.

use std::collections::HashSet;
use std::fmt;
use std::path::PathBuf;

use crate::record::disclosure_log::{CardId, Disclosure, Entry, Line, Signed, lines};

/// The lines about these cards, as far as the log says which cards they are about.
pub(crate) fn about(cards: &[CardId], files: &[(PathBuf, String)]) -> Vec<Line> {
    let stays: HashSet<String> = lines(files)
        .filter_map(|(_, line)| {
            let (stay, card) = line.stay()?;
            cards.contains(card?).then(|| stay.to_owned())
        })
        .collect();
    let lines = lines(files).map(|(_, line)| line);
    lines.filter(|line| line.stay().is_some_and(|(stay, _)| stays.contains(stay))).collect()
}

/// How many lines tell of something that a card disclosed, and not of which card: it was taken away before
/// that was known.
pub(crate) fn about_unknown_cards(files: &[(PathBuf, String)]) -> usize {
    let lines = || lines(files).map(|(_, line)| line);
    let known: HashSet<String> = lines()
        .filter_map(|line| line.stay().and_then(|(stay, card)| card.map(|_| stay.to_owned())))
        .collect();
    lines().filter(|line| line.stay().is_some_and(|(stay, _)| !known.contains(stay))).count()
}

impl Line {
    /// The stay that it is about, and the card, if it says so.
    fn stay(&self) -> Option<(&str, Option<&CardId>)> {
        match &self.entry {
            Entry::Disclosed(disclosure) => Some((&disclosure.stay, disclosure.card.as_ref())),
            Entry::CardKnown { stay, card } => Some((stay, Some(card))),
            Entry::Begun | Entry::Continued | Entry::Repaired { .. } => None,
        }
    }
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:>6}  {}  ", self.n, self.when)?;
        match &self.entry {
            Entry::Begun => write!(f, "the log begins"),
            Entry::Continued => write!(f, "a new file"),
            Entry::Repaired { bytes } => {
                write!(f, "{bytes} bytes of a line that was not finished were taken off")
            }
            Entry::CardKnown { stay, card } => {
                write!(f, "visit {}: card {}", short(stay), short(&card.0))
            }
            Entry::Disclosed(disclosure) => disclosure.fmt(f),
        }
    }
}

impl fmt::Display for Disclosure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let card = self.card.as_ref().map_or("unknown", |card| short(&card.0));
        write!(f, "visit {}: card {card}  {}  ", short(&self.stay), self.origin)?;
        write!(f, "{}", serde_json::to_string(&self.scope).unwrap_or_default().trim_matches('"'))?;
        if let Some(presented) = &self.presented {
            write!(f, "  presented {presented}")?;
        }
        if !self.read.is_empty() {
            write!(f, "  read {}", self.read.join(", "))?;
        }
        if let Some(Signed { key, method }) = &self.signed {
            write!(f, "  signed with {key} ({method})")?;
        }
        if let Some(code) = self.failed {
            write!(f, "  {}", code.as_str())?;
        }
        Ok(())
    }
}

/// Enough to tell one from another.
fn short(id: &str) -> &str {
    id.get(..8).unwrap_or(id)
}
