//! The end of the log, where lines are added; and its files.
//!
//! A file is laid out at its full length before the first line is written into it: behind the last line
//! it holds zeros. So what a line waits for is that its own bytes are on the disk, and not what the file
//! system notes of a file that grows. A file that is full is cut off behind its last line and renamed,
//! and the chain goes on in the next.

use std::fs::{self, File};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use jiff::Timestamp;

use crate::record::disclosure_log::{Entry, LOCK, Line, NO_HASH, chained, split};
use crate::sys::{private_file, sync_folder};

pub(super) const FILE: &str = "disclosure.log";
/// The length of a file.
pub(super) const MAX_FILE: u64 = 1024 * 1024;
/// No line is longer.
const MAX_LINE: u64 = 16 * 1024;
/// A file is looked through in pieces of this length: no longer than what the disk writes at once.
const PIECE: u64 = 4 * 1024;

/// The end of the log.
pub(super) struct Tail {
    folder: PathBuf,
    file: File,
    end: End,
    /// Bytes of lines that were not written to their end, in this file and those before it.
    torn: u64,
}

/// The end of a file.
struct End {
    /// The number and hash of the last line, if there is any.
    last: Option<(u64, String)>,
    /// The length up to that line's end.
    whole: u64,
    /// The length up to the last byte that is not zero: more, if a line was not written to its end.
    written: u64,
    length: u64,
}

impl Tail {
    pub(super) fn of(folder: &Path) -> io::Result<Self> {
        let path = folder.join(FILE);
        let mut file = private_file::open_or_create(&path)?;
        let mut end = End::of(&mut file)?;
        let torn = end.torn();
        if end.whole + MAX_LINE > MAX_FILE {
            file.set_len(end.whole)?;
            file.sync_all()?;
            drop(file);
            fs::rename(&path, next_closed(folder)?)?;
            file = private_file::open_or_create(&path)?;
            end = End { whole: 0, written: 0, length: 0, ..end };
        }
        if end.last.is_none() {
            if end.whole > 0 {
                return Err(io::Error::new(io::ErrorKind::InvalidData, "no line can be read"));
            }
            if let Some(before) = closed(folder)?.last() {
                end.last = End::of(&mut File::open(before)?)?.last;
            }
        }
        Ok(Self { folder: folder.to_owned(), file, end, torn })
    }

    /// Whether lines were not written to their end, of which is to be written down that they were taken
    /// off.
    pub(super) fn was_torn(&self) -> bool {
        self.torn > 0
    }

    /// Finds what is no line behind zeros: of a line that was longer than a piece, after a power failure.
    pub(super) fn look_behind_zeros(&mut self) -> io::Result<()> {
        for piece in (self.end.written / PIECE..self.end.length.div_ceil(PIECE)).rev() {
            if let Some(last) = last_byte(&mut self.file, piece, self.end.length)? {
                self.torn += last - self.end.written;
                self.end.written = last;
                break;
            }
        }
        Ok(())
    }

    /// Takes off what is no line at the end of closed files.
    pub(super) fn take_off_from_closed(&mut self) -> io::Result<()> {
        for path in closed(&self.folder)? {
            let mut file = private_file::open(&path)?;
            let end = End::of(&mut file)?;
            if end.length > end.whole {
                file.set_len(end.whole)?;
                file.sync_all()?;
                self.torn += end.torn();
            }
        }
        Ok(())
    }

    /// Gives the file its full length, unless it has it.
    pub(super) fn lay_out(&mut self) -> io::Result<()> {
        if self.end.length >= MAX_FILE {
            return Ok(());
        }
        let zeros = vec![0; usize::try_from(MAX_FILE - self.end.length).unwrap_or(0)];
        self.file.seek(SeekFrom::Start(self.end.length))?;
        self.file.write_all(&zeros)?;
        self.file.sync_all()?;
        sync_folder(&self.folder)?;
        self.end.length = MAX_FILE;
        Ok(())
    }

    /// Writes lines, before them what must be said of the file itself, and waits for the disk.
    pub(super) fn write(self, entries: Vec<Entry>) -> io::Result<()> {
        let Self { mut file, end, torn, .. } = self;
        let beginning = (end.whole == 0).then_some(match end.last {
            Some(_) => Entry::Continued,
            None => Entry::Begun,
        });
        let repaired = (torn > 0).then_some(Entry::Repaired { bytes: torn });
        let when = format!("{:.0}", Timestamp::now());
        let half_a_line = usize::try_from(end.torn()).unwrap_or(usize::MAX);
        let (mut n, mut hash) = end.last.unwrap_or((0, NO_HASH.to_owned()));
        let mut text = String::new();
        for entry in beginning.into_iter().chain(repaired).chain(entries) {
            n += 1;
            let json = serde_json::to_string(&Line { n, when: when.clone(), entry })?;
            hash = chained(&hash, &json);
            text.extend([&hash, " ", &json, "\n"]);
        }
        let mut bytes = text.into_bytes();
        bytes.resize(bytes.len().max(half_a_line), 0);
        file.seek(SeekFrom::Start(end.whole))?;
        file.write_all(&bytes)?;
        file.sync_data()
    }
}

impl End {
    fn of(file: &mut File) -> io::Result<Self> {
        let length = file.metadata()?.len();
        let written = written(file, length)?;
        let begin = written.saturating_sub(2 * MAX_LINE);
        let end = read_part(file, begin, written)?;
        // Of a line that was cut short by a power failure, a later part may be there without an earlier.
        let text = end.split(|&byte| byte == 0).next().unwrap_or_default();
        let lines = text.iter().rposition(|&byte| byte == b'\n').map_or(0, |newline| newline + 1);
        let last = String::from_utf8_lossy(text.get(..lines).unwrap_or_default())
            .lines()
            .rev()
            .find_map(|line| split(line).map(|(hash, _, line)| (line.n, hash.to_owned())));
        let lines = u64::try_from(lines).unwrap_or(0);
        let whole = if lines == 0 { begin } else { begin + lines };
        Ok(Self { last, whole, written, length })
    }

    /// The length of a line that was not written to its end.
    fn torn(&self) -> u64 {
        self.written - self.whole
    }
}

/// The length up to the last byte that is not zero.
fn written(file: &mut File, length: u64) -> io::Result<u64> {
    // In a file that was put right once, zeros are behind all lines, and their begin is soon found.
    let (mut lines, mut zeros) = (0, length.div_ceil(PIECE));
    while lines < zeros {
        let middle = lines.midpoint(zeros);
        match last_byte(file, middle, length)? {
            Some(_) => lines = middle + 1,
            None => zeros = middle,
        }
    }
    match lines.checked_sub(1) {
        Some(last) => Ok(last_byte(file, last, length)?.unwrap_or(0)),
        None => Ok(0),
    }
}

/// The length up to the last byte of this piece that is not zero, if there is one.
fn last_byte(file: &mut File, piece: u64, length: u64) -> io::Result<Option<u64>> {
    let begin = piece * PIECE;
    let part = read_part(file, begin, length.min(begin + PIECE))?;
    let last = part.iter().rposition(|&byte| byte != 0);
    Ok(last.map(|last| begin + u64::try_from(last).unwrap_or(0) + 1))
}

fn read_part(file: &mut File, begin: u64, end: u64) -> io::Result<Vec<u8>> {
    let mut part = vec![0; usize::try_from(end - begin).unwrap_or(0)];
    file.seek(SeekFrom::Start(begin))?;
    file.read_exact(&mut part)?;
    Ok(part)
}

/// The log, file by file.
pub(crate) fn read(folder: &Path) -> io::Result<Vec<(PathBuf, String)>> {
    // Nobody writes meanwhile. Where there is no lock, it is a copy, into which nobody writes.
    let _lock = match File::open(folder.join(LOCK)) {
        Ok(lock) => {
            lock.lock_shared()?;
            Some(lock)
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        Err(error) => return Err(error),
    };
    let mut files = if folder.is_dir() { closed(folder)? } else { Vec::new() };
    files.extend(Some(folder.join(FILE)).filter(|path| path.exists()));
    if files.is_empty() {
        let problem = format!("{} holds no disclosure log", folder.display());
        return Err(io::Error::new(io::ErrorKind::NotFound, problem));
    }
    files
        .into_iter()
        .map(|path| {
            let text = String::from_utf8_lossy(&fs::read(&path)?).trim_end_matches('\0').to_owned();
            Ok((path, text))
        })
        .collect()
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
