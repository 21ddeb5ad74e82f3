//! What cards disclosed here, and to whom: a file to which lines are only ever added.
//!
//! A line is a hash, a space, and a JSON object. The hash is SHA-256 over the hash of the line
//! before (64 zeros before the first) and the object, both as they are written. So whoever edits,
//! drops or moves a line must write every later one anew; and whoever does that, or cuts lines off
//! the end, is found out by a hash that was noted elsewhere. Files that have grown large are renamed,
//! and the chain goes on in the next.

use std::{
    fmt,
    fs::{self, File},
    io::{self, Read, Seek, SeekFrom, Write},
    path::{Path, PathBuf},
};

use hmac::{Hmac, Mac};
use jiff::Timestamp;
use kazashi_core::{error_code::ErrorCode, policy::Scope};
use rand_core::{OsRng, RngCore};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use tracing::error;
use zeroize::Zeroizing;

use crate::{hexadecimal, private_file};

mod verification;

pub(crate) use verification::verify;

const FILE: &str = "disclosure.log";
/// Held by whoever writes, so that several programs may.
const LOCK: &str = "disclosure.lock";
const CARD_KEY: &str = "card-key";
/// A file of this size is closed, and the next begun.
const MAX_FILE: u64 = 1024 * 1024;
/// No line is longer.
const MAX_LINE: u64 = 16 * 1024;
/// What stands for the hash of the line before the first.
const NO_HASH: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// The log in the state folder, and the key by which it tells cards apart.
pub(crate) struct DisclosureLog {
    folder: PathBuf,
    card_key: Zeroizing<[u8; 32]>,
}

/// A card as the log knows it: a hash of its public key under a key that only this bridge has.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct CardId(String);

/// A line, without its hash.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Line {
    /// Counts the lines, from 1.
    n: u64,
    when: String,
    #[serde(flatten)]
    pub(crate) entry: Entry,
}

/// What happened.
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
    /// Which card it is that the lines of a visit are about.
    CardKnown { visit: String, card: CardId },
}

/// What a card disclosed to an origin. Never a PIN, a nonce, a name or a serial number.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Disclosure {
    /// Joins what concerns one stay of one card on the reader.
    pub(crate) visit: String,
    /// Which card, as far as it was known by then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) card: Option<CardId>,
    pub(crate) origin: String,
    pub(crate) scope: Scope,
    /// The files that were read: application and EF identifier.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) read: Vec<String>,
    /// What the card was given to compare.
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
        // What a crash left behind is put right before anybody looks.
        let _lock = log.lock()?;
        let tail = Tail::of(&log.folder)?;
        if tail.end.torn > 0 {
            tail.write(Vec::new())?;
        }
        Ok(log)
    }

    /// How the log names the card with this public key.
    pub(crate) fn card_id(&self, public_key: &[u8]) -> CardId {
        let mut mac = Hmac::<Sha256>::new_from_slice(&*self.card_key).expect("HMAC takes any key");
        mac.update(public_key);
        CardId(hexadecimal(&mac.finalize().into_bytes()))
    }

    /// Adds a line. When this returns, the line is on the disk.
    pub(crate) fn append(&self, entry: Entry) -> Result<(), ErrorCode> {
        let appended = self.lock().and_then(|_lock| Tail::of(&self.folder)?.write(vec![entry]));
        appended.map_err(|error| {
            error!(%error, folder = %self.folder.display(), "the disclosure log cannot be written");
            ErrorCode::DisclosureNotRecorded
        })
    }

    fn lock(&self) -> io::Result<File> {
        let lock = private_file::options().create(true).write(true).open(self.folder.join(LOCK))?;
        lock.lock()?;
        Ok(lock)
    }
}

/// The end of the log, where lines are added.
struct Tail {
    file: File,
    end: End,
    /// The file has no line yet.
    is_new: bool,
}

/// Where a file ends.
struct End {
    /// The number and hash of the last line, if there is any.
    last: Option<(u64, String)>,
    /// The length up to that line's end.
    whole: u64,
    /// Bytes behind it, of a line that was not written to its end.
    torn: u64,
}

impl Tail {
    fn of(folder: &Path) -> io::Result<Self> {
        let path = folder.join(FILE);
        if fs::metadata(&path).is_ok_and(|metadata| metadata.len() >= MAX_FILE) {
            fs::rename(&path, next_closed(folder)?)?;
        }
        let mut file = private_file::options().create(true).read(true).append(true).open(&path)?;
        let mut end = End::of(&mut file)?;
        let is_new = end.last.is_none();
        if is_new {
            if end.whole > 0 {
                return Err(io::Error::new(io::ErrorKind::InvalidData, "no line can be read"));
            }
            if let Some(before) = closed(folder)?.last() {
                end.last = End::of(&mut File::open(before)?)?.last;
            }
            sync_folder(folder)?;
        }
        Ok(Self { file, end, is_new })
    }

    /// Writes lines, before them what must be said of the file itself, and waits for the disk.
    fn write(self, entries: Vec<Entry>) -> io::Result<()> {
        let Self { mut file, end: End { last, whole, torn }, is_new } = self;
        let beginning = is_new.then_some(match last {
            Some(_) => Entry::Continued,
            None => Entry::Begun,
        });
        let repaired = (torn > 0).then_some(Entry::Repaired { bytes: torn });
        let when = format!("{:.0}", Timestamp::now());
        let (mut n, mut hash) = last.unwrap_or((0, NO_HASH.to_owned()));
        let mut text = String::new();
        for entry in beginning.into_iter().chain(repaired).chain(entries) {
            n += 1;
            let json = serde_json::to_string(&Line { n, when: when.clone(), entry })?;
            hash = chained(&hash, &json);
            text.extend([&hash, " ", &json, "\n"]);
        }
        if torn > 0 {
            file.set_len(whole)?;
        }
        file.write_all(text.as_bytes())?;
        file.sync_data()
    }
}

impl End {
    fn of(file: &mut File) -> io::Result<Self> {
        let length = file.seek(SeekFrom::End(0))?;
        file.seek(SeekFrom::Start(length.saturating_sub(2 * MAX_LINE)))?;
        let mut end = Vec::new();
        file.read_to_end(&mut end)?;
        let (whole, torn) = match end.iter().rposition(|&byte| byte == b'\n') {
            Some(newline) => end.split_at(newline + 1),
            None => (&[][..], &end[..]),
        };
        let last = String::from_utf8_lossy(whole)
            .lines()
            .rev()
            .find_map(|line| split(line).map(|(hash, _, line)| (line.n, hash.to_owned())));
        let torn = u64::try_from(torn.len()).unwrap_or(length);
        Ok(Self { last, whole: length - torn, torn })
    }
}

/// The hash of a line, its object as it is written, and that object.
fn split(line: &str) -> Option<(&str, &str, Line)> {
    let (hash, json) = line.split_once(' ')?;
    let line = serde_json::from_str(json).ok()?;
    (hash.len() == NO_HASH.len()).then_some((hash, json, line))
}

fn chained(before: &str, json: &str) -> String {
    hexadecimal(&Sha256::new().chain_update(before).chain_update(json).finalize())
}

/// What the log says, file by file; nothing where there is none.
pub(crate) fn read(folder: &Path) -> io::Result<Vec<(PathBuf, String)>> {
    // Nobody writes meanwhile.
    let _lock = match File::open(folder.join(LOCK)) {
        Ok(lock) => {
            lock.lock_shared()?;
            lock
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let mut files = closed(folder)?;
    files.push(folder.join(FILE));
    files.retain(|path| path.exists());
    files
        .into_iter()
        .map(|path| {
            let text = String::from_utf8_lossy(&fs::read(&path)?).into_owned();
            Ok((path, text))
        })
        .collect()
}

/// The lines that can be read, with their hashes.
pub(crate) fn lines(files: &[(PathBuf, String)]) -> impl Iterator<Item = (&str, Line)> {
    let lines = files.iter().flat_map(|(_, text)| text.lines());
    lines.filter_map(|line| split(line).map(|(hash, _, line)| (hash, line)))
}

/// The closed files, the oldest first.
fn closed(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut closed: Vec<_> = fs::read_dir(folder)?
        .map_while(Result::ok)
        .map(|entry| entry.path())
        .filter(|path| number(path).is_some())
        .collect();
    closed.sort();
    Ok(closed)
}

/// The name under which the current file is closed.
fn next_closed(folder: &Path) -> io::Result<PathBuf> {
    let last = closed(folder)?.last().and_then(|path| number(path)).unwrap_or(0);
    Ok(folder.join(format!("disclosure.{:06}.log", last + 1)))
}

/// Which of the closed files this is, if it is one.
fn number(path: &Path) -> Option<u32> {
    let name = path.file_name()?.to_str()?;
    let digits = name.strip_prefix("disclosure.")?.strip_suffix(".log")?;
    digits.parse().ok().filter(|_| digits.len() == 6)
}

fn load_or_create_card_key(path: &Path) -> io::Result<Zeroizing<[u8; 32]>> {
    let secret = private_file::read_or_create(path, || {
        let mut key = Zeroizing::new(vec![0; 32]);
        OsRng.fill_bytes(&mut key);
        key
    })?;
    let key = secret.first_chunk().ok_or(io::ErrorKind::UnexpectedEof)?;
    Ok(Zeroizing::new(*key))
}

/// Waits until the names of the files are on the disk too.
fn sync_folder(folder: &Path) -> io::Result<()> {
    #[cfg(unix)]
    File::open(folder)?.sync_all()?;
    Ok(())
}

impl fmt::Debug for DisclosureLog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DisclosureLog").field("folder", &self.folder).finish_non_exhaustive()
    }
}

/// For the person who reads it.
impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:>6}  {}  ", self.n, self.when)?;
        match &self.entry {
            Entry::Begun => write!(f, "the log begins"),
            Entry::Continued => write!(f, "a new file"),
            Entry::Repaired { bytes } => {
                write!(f, "{bytes} bytes of a line that was not finished were taken off")
            }
            Entry::CardKnown { visit, card } => {
                write!(f, "visit {}: card {}", short(visit), short(&card.0))
            }
            Entry::Disclosed(disclosure) => disclosure.fmt(f),
        }
    }
}

impl fmt::Display for Disclosure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let card = self.card.as_ref().map_or("unknown", |card| short(&card.0));
        write!(f, "visit {}: card {card}  {}  ", short(&self.visit), self.origin)?;
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

#[cfg(test)]
mod tests;
