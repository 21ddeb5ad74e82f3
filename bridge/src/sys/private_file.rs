//! Files of the state folder, which no other user of the machine may read.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::Path;

use zeroize::Zeroizing;

use super::{identifier, sync_folder, system};

/// Makes a folder that only this user may enter. Where it is there, says whether it is such a one.
pub(crate) fn create_folder(path: &Path) -> io::Result<()> {
    system::create_private_folder(path)
}

/// Makes a file that is not there yet, for this user only.
fn create(path: &Path) -> io::Result<File> {
    system::create_private_file(path)
}

/// Opens a file that is there, for reading and writing.
pub(crate) fn open(path: &Path) -> io::Result<File> {
    checked(File::options().read(true).write(true).open(path)?)
}

/// Opens a file for reading and writing. Makes it, unless it is there.
pub(crate) fn open_or_create(path: &Path) -> io::Result<File> {
    match create(path) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => open(path),
        made => made,
    }
}

/// Reads a file whole.
pub(crate) fn read(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    checked(File::open(path)?)?.read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Reads a file of text.
pub(crate) fn read_to_string(path: &Path) -> io::Result<String> {
    let mut text = String::new();
    checked(File::open(path)?)?.read_to_string(&mut text)?;
    Ok(text)
}

/// A file that nobody else may use, or an error that says who may.
fn checked(file: File) -> io::Result<File> {
    system::check_private(&file).map(|()| file)
}

/// Reads a secret. The first time, makes it, and waits until it is on the disk: whole, or not at all.
pub(crate) fn read_or_create(
    path: &Path,
    make: impl FnOnce() -> Zeroizing<Vec<u8>>,
) -> io::Result<Zeroizing<Vec<u8>>> {
    let read = || read(path).map(Zeroizing::new);
    match read() {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let secret = make();
            // Of two programs that make one at once, the first to be done has made it for both.
            match write_beside(path, &secret, |beside| fs::hard_link(beside, path)) {
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => read(),
                made => made.map(|()| secret),
            }
        }
        read => read,
    }
    .map_err(|error| io::Error::new(error.kind(), format!("{}: {error}", path.display())))
}

/// Writes a file that is not there yet. One that is there stays as it is.
pub(crate) fn write_new(path: &Path, text: &str) -> io::Result<()> {
    let written = create(path).and_then(|mut file| {
        let written = file.write_all(text.as_bytes()).and_then(|()| file.sync_all());
        written.inspect_err(|_| drop(fs::remove_file(path)))
    });
    written.map_err(|error| io::Error::new(error.kind(), format!("{}: {error}", path.display())))
}

/// Writes a file whole, or leaves it as it was: whoever reads it sees the one or the other.
pub(crate) fn replace(path: &Path, text: &str) -> io::Result<()> {
    write_beside(path, text.as_bytes(), |beside| fs::rename(beside, path))
}

/// Writes a file beside another, has it put in its place, and leaves nothing beside it.
fn write_beside(
    path: &Path,
    bytes: &[u8],
    put: impl FnOnce(&Path) -> io::Result<()>,
) -> io::Result<()> {
    let beside = path.with_extension(identifier());
    let written = create(&beside).and_then(|mut file| {
        file.write_all(bytes)?;
        file.sync_all()?;
        put(&beside)
    });
    // It may have been renamed, or not been made at all.
    let _ = fs::remove_file(&beside);
    written.and_then(|()| path.parent().map_or(Ok(()), sync_folder))
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;
    use std::{fs, thread};

    use zeroize::Zeroizing;

    use super::{create, create_folder, read_or_create, replace, write_new};
    use crate::sys::is_for_its_owner_only;

    #[test]
    fn a_file_is_replaced_whole_and_leaves_nothing_beside_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("approvals.toml");
        for text in ["a longer text", "short"] {
            replace(&path, text).unwrap();
            assert_eq!(fs::read_to_string(&path).unwrap(), text);
        }
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_file_that_is_there_is_not_made_again() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        create(&path).unwrap();
        assert!(create(&path).is_err());
    }

    #[test]
    fn a_secret_is_made_once_and_whole() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        let make = |byte| move || Zeroizing::new(vec![byte; 32]);
        let made: HashSet<_> = thread::scope(|scope| {
            let threads: Vec<_> = (0..8)
                .map(|byte| {
                    scope.spawn({
                        let path = &path;
                        move || read_or_create(path, make(byte)).unwrap().to_vec()
                    })
                })
                .collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect()
        });
        assert_eq!(made.len(), 1);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
        let missing = folder.path().join("nowhere/key");
        let error = read_or_create(&missing, make(0)).unwrap_err();
        assert!(error.to_string().starts_with(missing.to_str().unwrap()), "{error}");
    }

    #[test]
    fn a_new_file_takes_the_place_of_none() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("report.txt");
        write_new(&path, "first").unwrap();
        let error = write_new(&path, "second").unwrap_err();
        assert_eq!(error.kind(), std::io::ErrorKind::AlreadyExists);
        assert!(error.to_string().starts_with(path.to_str().unwrap()), "{error}");
        assert_eq!(fs::read_to_string(&path).unwrap(), "first");
        assert!(is_for_its_owner_only(&path));
    }

    #[test]
    fn nobody_else_may_read() {
        let folder = tempfile::tempdir().unwrap();
        let state = folder.path().join("state/kazashi");
        create_folder(&state).unwrap();
        replace(&state.join("file"), "").unwrap();
        assert!(is_for_its_owner_only(&state) && is_for_its_owner_only(&state.join("file")));
    }
}
