//! A log file that does not grow without end, for a bridge without a console.

use std::fs::{self, File};
use std::io::{self, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use crate::sys::private_file;

/// The longest that it gets. What was before that is kept beside it, up to as much.
const MAX_LENGTH: u64 = 1024 * 1024;

/// The file, and the one before it: `bridge.log` and `bridge.old.log`.
#[derive(Debug)]
pub(super) struct LogFile {
    path: PathBuf,
    file: File,
    length: u64,
}

impl LogFile {
    /// Goes on where the file ends, in a folder that is there or is made.
    pub(super) fn open(path: &Path) -> io::Result<Self> {
        if let Some(folder) = path.parent().filter(|folder| !folder.exists()) {
            private_file::create_folder(folder)?;
        }
        let mut file = private_file::open_or_create(path)?;
        let length = file.seek(SeekFrom::End(0))?;
        Ok(Self { path: path.to_owned(), file, length })
    }

    /// Puts the file aside, in place of the one that was put aside before.
    fn begin_anew(&mut self) -> io::Result<()> {
        fs::rename(&self.path, self.path.with_extension("old.log"))?;
        *self = Self::open(&self.path)?;
        Ok(())
    }
}

impl Write for LogFile {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        if self.length >= MAX_LENGTH {
            self.begin_anew()?;
        }
        let written = self.file.write(line)?;
        self.length += u64::try_from(written).unwrap_or(0);
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::io::Write;

    use super::{LogFile, MAX_LENGTH};

    #[test]
    fn it_goes_on_where_it_ended_and_keeps_what_was_last() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log").join("bridge.log");
        for line in ["one\n", "two\n"] {
            LogFile::open(&path).unwrap().write_all(line.as_bytes()).unwrap();
        }
        assert_eq!(fs::read_to_string(&path).unwrap(), "one\ntwo\n");
        let mut log = LogFile::open(&path).unwrap();
        for number in 0..50_000 {
            writeln!(log, "{number:0100}").unwrap();
        }
        let length = |name| fs::metadata(folder.path().join("log").join(name)).unwrap().len();
        assert!(length("bridge.log") <= MAX_LENGTH + 101);
        assert!(length("bridge.old.log") <= MAX_LENGTH + 101);
        let text = fs::read_to_string(&path).unwrap();
        assert!(text.ends_with("49999\n") && text.starts_with("000"), "no line is cut in two");
        assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), 2);
    }
}
