//! What browsers are told by administrators: on Linux, a file in a folder of each.

use std::fs::{self, DirBuilder, File};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::sys::browsers::{BROWSERS, Found, POLICY, POLICY_FILE, policy_file};

/// Has browsers let these websites through, in place of those that they were told of before.
pub(crate) fn allow(origins: &[&str]) -> io::Result<()> {
    has_folders()?;
    allow_below(Path::new("/"), origins)
}

/// Takes back what browsers were told, and leaves no folder that is empty then.
pub(crate) fn forget() -> io::Result<()> {
    has_folders()?;
    forget_below(Path::new("/"))
}

/// The browsers that have policies here, whoever wrote them.
pub(crate) fn found() -> Vec<Found> {
    let have_some = BROWSERS.iter().filter(|browser| Path::new(browser.folder).exists());
    let found = have_some
        .map(|browser| Found { name: browser.name, websites: websites(Path::new(browser.folder)) });
    found.collect()
}

fn has_folders() -> io::Result<()> {
    if cfg!(target_os = "linux") {
        return Ok(());
    }
    let why = "browsers are told by a configuration profile here: see kazashi-bridge policies";
    Err(io::Error::new(io::ErrorKind::Unsupported, why))
}

fn allow_below(root: &Path, origins: &[&str]) -> io::Result<()> {
    let text = policy_file(origins)?;
    for path in files(root) {
        write(&path, &text).map_err(|error| at(&path, &error))?;
    }
    Ok(())
}

fn forget_below(root: &Path) -> io::Result<()> {
    for path in files(root) {
        match fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                return Err(at(&path, &error));
            }
            _ => remove_empty(&path),
        }
    }
    Ok(())
}

/// Our file for each browser.
fn files(root: &Path) -> impl Iterator<Item = PathBuf> {
    let folders = BROWSERS.iter().map(|browser| browser.folder.trim_start_matches('/'));
    folders.map(move |folder| root.join(folder).join(POLICY_FILE))
}

/// Writes a file, in a folder that is made where there is none: for all to read.
fn write(path: &Path, text: &str) -> io::Result<()> {
    if let Some(folder) = path.parent() {
        DirBuilder::new().mode(0o755).recursive(true).create(folder)?;
    }
    let mut options = File::options();
    let mut file = options.write(true).create(true).truncate(true).mode(0o644).open(path)?;
    file.write_all(text.as_bytes())
}

/// Removes the folders of a file that was there, as far as they are of browsers and empty.
fn remove_empty(path: &Path) {
    let is_of_browser = |folder: &&Path| !folder.ends_with("etc") && !folder.ends_with("etc/opt");
    for folder in path.ancestors().skip(1).take_while(is_of_browser) {
        if fs::remove_dir(folder).is_err() {
            break;
        }
    }
}

/// The websites that the files in a folder name. Of several with the policy, the last counts.
fn websites(folder: &Path) -> Vec<String> {
    let files = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut paths: Vec<_> = files.map(|file| file.path()).collect();
    paths.sort();
    let policy = paths.iter().rev().find_map(|path| {
        let policies: Value = serde_json::from_str(&fs::read_to_string(path).ok()?).ok()?;
        policies.get(POLICY)?.as_array().cloned()
    });
    let named = policy.into_iter().flatten();
    named.filter_map(|website| website.as_str().map(str::to_owned)).collect()
}

fn at(path: &Path, error: &io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("{}: {error}", path.display()))
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt;

    use super::{allow_below, files, forget_below, websites};

    #[test]
    fn browsers_are_told_of_websites_in_place_of_those_before_and_all_can_read_it() {
        let root = tempfile::tempdir().unwrap();
        allow_below(root.path(), &["https://old.example", "https://older.example"]).unwrap();
        allow_below(root.path(), &["https://portal.example"]).unwrap();
        assert_eq!(files(root.path()).count(), 3);
        for file in files(root.path()) {
            let folder = file.parent().unwrap();
            assert_eq!(websites(folder), ["https://portal.example"]);
            assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o644);
            assert_eq!(fs::metadata(folder).unwrap().permissions().mode() & 0o777, 0o755);
        }
    }

    #[test]
    fn what_is_forgotten_leaves_the_files_of_others_and_no_empty_folder() {
        let root = tempfile::tempdir().unwrap();
        let etc = root.path().join("etc");
        fs::create_dir_all(etc.join("chromium/policies/managed")).unwrap();
        let other = etc.join("chromium/policies/managed/other.json");
        fs::write(&other, "{}").unwrap();
        fs::create_dir_all(etc.join("opt")).unwrap();
        allow_below(root.path(), &["https://portal.example"]).unwrap();
        forget_below(root.path()).unwrap();
        assert!(files(root.path()).all(|file| !file.exists()));
        assert!(other.exists());
        assert_eq!(fs::read_dir(etc.join("opt")).unwrap().count(), 0);
        forget_below(root.path()).unwrap();
    }

    #[test]
    fn websites_are_those_of_the_last_file_that_has_the_policy() {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in [
            ("0.json", r#"{"LoopbackNetworkAllowedForUrls": ["https://0.example"]}"#),
            ("a.json", r#"{"LoopbackNetworkAllowedForUrls": ["https://a.example", 1]}"#),
            ("b.json", r#"{"LoopbackNetworkAllowedForUrls": "https://b.example"}"#),
            ("c.json", r#"{"LoopbackNetworkBlockedForUrls": ["https://c.example"]}"#),
            ("d.json", "LoopbackNetworkAllowedForUrls"),
        ] {
            fs::write(folder.path().join(name), text).unwrap();
        }
        assert_eq!(websites(folder.path()), ["https://a.example"]);
        assert!(websites(&folder.path().join("nowhere")).is_empty());
    }
}
