//! The log of what cards disclosed here, and to whom: a file to which lines are only ever added.
//!
//! A line is a hash, a space, and a JSON object. The hash is SHA-256 over the hash of the line
//! before (64 zeros before the first) and the object, both as they are written. So whoever edits,
//! drops or moves a line must write every later one anew; and whoever does that, or cuts lines off
//! the end, is found out by a hash that was noted elsewhere. How lines come into files: `tail.rs`.

use std::fmt;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use hmac::{Hmac, Mac};
use kazashi_core::error_code::ErrorCode;
use kazashi_core::value::Scope;
use rand_core::{OsRng, RngCore};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use tracing::{error, warn};
use zeroize::Zeroizing;

use crate::record::tail::Tail;
use crate::sys::private_file;

/// Held by whoever writes, so that several programs may.
pub(super) const LOCK: &str = "disclosure.lock";
const CARD_KEY: &str = "card-key";
/// Stand-in for the hash of the line before the first.
pub(super) const NO_HASH: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// The log in the state folder, and the key by which it tells cards apart.
pub(crate) struct DisclosureLog {
    folder: PathBuf,
    card_key: Zeroizing<[u8; 32]>,
}

/// A card as the log knows it: a hash of its public key under a key that only this bridge has.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct CardId(pub(super) String);

/// A line, without its hash.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Line {
    /// Counts the lines, from 1.
    pub(crate) n: u64,
    pub(crate) when: String,
    #[serde(flatten)]
    pub(crate) entry: Entry,
}

/// An event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "kebab-case", rename_all_fields = "camelCase")]
pub(crate) enum Entry {
    /// The log began.
    Begun,
    /// A new file goes on behind the last line of the one before.
    Continued,
    /// A line that was not written to its end was taken off: nothing was disclosed under it.
    Repaired { bytes: u64 },
    /// A card disclosed something, or was given something to compare.
    Disclosed(Box<Disclosure>),
    /// Which card it is that the lines about a stay are about.
    CardKnown {
        #[serde(rename = "visit")]
        stay: String,
        card: CardId,
    },
}

/// Things that a card disclosed to an origin. Never a PIN, a nonce, a name or a serial number.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Disclosure {
    /// Joins what concerns one stay of one card on the reader.
    #[serde(rename = "visit")]
    pub(crate) stay: String,
    /// Which card, as far as it was known by then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) card: Option<CardId>,
    pub(crate) origin: String,
    pub(crate) scope: Scope,
    /// The files that were read: application and EF identifier.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) read: Vec<String>,
    /// The kind of thing that the card was given to compare.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) presented: Option<String>,
    /// The signature that was made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) signed: Option<Signed>,
    /// How it ended, if not well.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) failed: Option<ErrorCode>,
}

/// A signature: by which key, and how the holder let the card make it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Signed {
    pub(crate) key: String,
    pub(crate) method: String,
}

impl Signed {
    pub(crate) fn new(key: &str, method: &str) -> Self {
        Self { key: key.to_owned(), method: method.to_owned() }
    }
}

impl DisclosureLog {
    /// The log of this state folder. The first time, makes the key by which cards are told apart.
    pub(crate) fn open(state: &Path) -> io::Result<Self> {
        private_file::create_folder(state)?;
        let folder = state.to_owned();
        let log = Self { card_key: load_or_create_card_key(&folder.join(CARD_KEY))?, folder };
        // What a crash left behind is put right before anybody looks, and room is made before anybody
        // waits for it.
        let _lock = log.lock()?;
        let mut tail = Tail::of(&log.folder)?;
        tail.look_behind_zeros()?;
        tail.take_off_from_closed()?;
        if let Err(error) = tail.lay_out() {
            warn!(%error, folder = %log.folder.display(), "no room for the disclosure log");
        } else if tail.was_torn() {
            tail.write(Vec::new())?;
        }
        Ok(log)
    }

    /// How the log names the card with this public key.
    pub(crate) fn card_id(&self, public_key: &[u8]) -> CardId {
        let mut mac = Hmac::<Sha256>::new_from_slice(&*self.card_key).expect("HMAC takes any key");
        mac.update(public_key);
        CardId(format!("{:x}", mac.finalize().into_bytes()))
    }

    /// Adds a line. When this returns, the line is on the disk.
    pub(crate) fn append(&self, entry: Entry) -> Result<(), ErrorCode> {
        self.at_tail(|tail| tail.write(vec![entry]))
    }

    /// Whether there is room for a line: nobody is asked for a PIN when what follows could not be
    /// written down.
    pub(crate) fn check(&self) -> Result<(), ErrorCode> {
        self.at_tail(|_| Ok(()))
    }

    fn at_tail(&self, work: impl FnOnce(Tail) -> io::Result<()>) -> Result<(), ErrorCode> {
        let done = self.lock().and_then(|_lock| {
            let mut tail = Tail::of(&self.folder)?;
            tail.lay_out()?;
            work(tail)
        });
        done.map_err(|error| {
            error!(%error, folder = %self.folder.display(), "the disclosure log cannot be written");
            ErrorCode::DisclosureNotRecorded
        })
    }

    fn lock(&self) -> io::Result<File> {
        let lock = private_file::open_or_create(&self.folder.join(LOCK))?;
        lock.lock()?;
        Ok(lock)
    }
}

/// The hash of a line, its object as it is written, and that object.
pub(super) fn split(line: &str) -> Option<(&str, &str, Line)> {
    let (hash, json) = line.split_once(' ')?;
    let line = serde_json::from_str(json).ok()?;
    (hash.len() == NO_HASH.len()).then_some((hash, json, line))
}

pub(super) fn chained(before: &str, json: &str) -> String {
    format!("{:x}", Sha256::new().chain_update(before).chain_update(json).finalize())
}

/// The lines that can be read, with their hashes.
pub(crate) fn lines(files: &[(PathBuf, String)]) -> impl Iterator<Item = (&str, Line)> {
    let lines = files.iter().flat_map(|(_, text)| text.lines());
    lines.filter_map(|line| split(line).map(|(hash, _, line)| (hash, line)))
}

fn load_or_create_card_key(path: &Path) -> io::Result<Zeroizing<[u8; 32]>> {
    let secret = private_file::read_or_create(path, || {
        let mut key = Zeroizing::new(vec![0; 32]);
        OsRng.fill_bytes(&mut key);
        key
    })?;
    let key = <[u8; 32]>::try_from(&**secret).map_err(|_| {
        let problem = format!("{} holds no key of 32 bytes", path.display());
        io::Error::new(io::ErrorKind::InvalidData, problem)
    })?;
    Ok(Zeroizing::new(key))
}

impl fmt::Debug for DisclosureLog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DisclosureLog").field("folder", &self.folder).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
