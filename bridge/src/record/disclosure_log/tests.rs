use std::path::Path;
use std::sync::Arc;
use std::{fs, thread};

use kazashi_core::error_code::ErrorCode;
use kazashi_core::value::Scope;
use tempfile::TempDir;

use super::{Disclosure, DisclosureLog, Entry, lines};
use crate::record::tail::{FILE, MAX_FILE, Tail, read};
use crate::record::verification::{Finding, verify};
use crate::sys::{is_for_its_owner_only, place_on_disk};

fn disclosure(stay: &str) -> Entry {
    Entry::Disclosed(Box::new(Disclosure {
        stay: stay.to_owned(),
        card: None,
        origin: "https://portal.example".to_owned(),
        scope: Scope::Authenticate,
        read: vec!["jpki/000A".to_owned()],
        presented: None,
        signed: None,
        failed: None,
    }))
}

/// A log of so many lines, the first of which says that it begins.
fn log(lines: usize) -> (TempDir, DisclosureLog) {
    let state = tempfile::tempdir().unwrap();
    let log = DisclosureLog::open(state.path()).unwrap();
    for n in 1..lines {
        log.append(disclosure(&n.to_string())).unwrap();
    }
    (state, log)
}

fn findings(state: &Path) -> Vec<String> {
    verify(&read(state).unwrap(), None).iter().map(Finding::to_string).collect()
}

/// Has somebody at the lines of the file.
fn tamper(state: &Path, with: impl FnOnce(&mut Vec<String>)) {
    let path = state.join(FILE);
    let mut lines: Vec<_> = text(state).lines().map(str::to_owned).collect();
    with(&mut lines);
    fs::write(&path, lines.join("\n") + "\n").unwrap();
}

/// The lines of the file, without the zeros behind them.
fn text(state: &Path) -> String {
    fs::read_to_string(state.join(FILE)).unwrap().trim_end_matches('\0').to_owned()
}

#[test]
fn a_log_that_nobody_touched_is_whole() {
    let (state, _) = log(5);
    assert_eq!(findings(state.path()), Vec::<String>::new());
    assert_eq!(lines(&read(state.path()).unwrap()).count(), 5);
}

#[test]
fn an_edited_line_is_named() {
    let (state, _) = log(5);
    tamper(state.path(), |lines| lines[2] = lines[2].replace("portal", "pirate"));
    assert_eq!(
        findings(state.path()),
        ["line 3 of disclosure.log, number 3, was changed, or the hash before it"]
    );
    tamper(state.path(), |lines| lines[1] = "gone".to_owned());
    assert_eq!(findings(state.path())[0], "line 2 of disclosure.log cannot be read");
}

#[test]
fn an_edited_line_with_a_hash_that_fits_is_betrayed_by_the_next() {
    let (state, _) = log(5);
    tamper(state.path(), |lines| {
        let before = lines[1].split_once(' ').unwrap().0.to_owned();
        let json = lines[2].split_once(' ').unwrap().1.replace("portal", "pirate");
        lines[2] = format!("{} {json}", super::chained(&before, &json));
    });
    assert_eq!(
        findings(state.path()),
        ["line 4 of disclosure.log, number 4, was changed, or the hash before it"]
    );
}

#[test]
fn dropped_lines_are_counted() {
    let (state, _) = log(6);
    tamper(state.path(), |lines| drop(lines.drain(2..4)));
    assert_eq!(
        findings(state.path()),
        ["numbers 3 to 4 are missing before line 3 of disclosure.log"]
    );
    let (state, _) = log(3);
    tamper(state.path(), |lines| drop(lines.remove(0)));
    assert_eq!(findings(state.path()), ["number 1 is missing before line 1 of disclosure.log"]);
}

#[test]
fn moved_and_repeated_lines_are_named() {
    let (state, _) = log(5);
    tamper(state.path(), |lines| lines.swap(2, 3));
    assert_eq!(
        findings(state.path()),
        [
            "number 3 is missing before line 3 of disclosure.log",
            "line 4 of disclosure.log, number 3, was moved or repeated"
        ]
    );
    let (state, _) = log(5);
    tamper(state.path(), |lines| lines.insert(3, lines[2].clone()));
    assert_eq!(
        findings(state.path()),
        ["line 4 of disclosure.log, number 3, was moved or repeated"]
    );
}

#[test]
fn a_log_that_was_cut_off_lacks_the_hash_that_was_noted() {
    let (state, log) = log(5);
    let files = read(state.path()).unwrap();
    let head = lines(&files).last().unwrap().0.to_owned();
    log.append(disclosure("later")).unwrap();
    assert_eq!(verify(&read(state.path()).unwrap(), Some(&head)), []);
    tamper(state.path(), |lines| lines.truncate(4));
    let files = read(state.path()).unwrap();
    assert_eq!(verify(&files, None), []);
    assert_eq!(verify(&files, Some(&head)), [Finding::NoHead]);
}

#[test]
fn a_line_that_was_not_finished_is_taken_off_and_the_chain_goes_on() {
    let (state, _) = log(4);
    let path = state.path().join(FILE);
    let whole = text(state.path()).into_bytes();
    // As it was written before files were laid out, and since.
    for (cut, zeros) in [(1, 0), (10, 0), (100, 0), (1, 5000), (10, 5000), (100, 5000)] {
        let zeros = vec![0; zeros];
        fs::write(&path, [&whole[..whole.len() - cut], &*zeros].concat()).unwrap();
        assert_eq!(findings(state.path()), ["line 4 of disclosure.log is not finished"]);
        let log = DisclosureLog::open(state.path()).unwrap();
        assert_eq!(findings(state.path()), Vec::<String>::new());
        log.append(disclosure("after")).unwrap();
        assert_eq!(findings(state.path()), Vec::<String>::new());
        let files = read(state.path()).unwrap();
        let entries: Vec<_> = lines(&files).map(|(_, line)| line.entry).skip(3).collect();
        assert!(
            matches!(entries[..], [Entry::Repaired { .. }, Entry::Disclosed(_)]),
            "{entries:?}"
        );
    }
}

#[test]
fn of_a_line_of_which_the_disk_has_a_later_part_nothing_stays() {
    // Of a line of usual length, and of one that is longer than what the disk writes at once.
    for (stay, from_end, length) in [("short", 60, 30), (&"long".repeat(4000), 15_000, 14_000)] {
        let (state, log) = log(3);
        log.append(disclosure(stay)).unwrap();
        let path = state.path().join(FILE);
        let mut bytes = fs::read(&path).unwrap();
        let hole = text(state.path()).len() - from_end;
        bytes[hole..hole + length].fill(0);
        fs::write(&path, bytes).unwrap();
        assert_eq!(findings(state.path()), ["line 4 of disclosure.log is not finished"]);
        let log = DisclosureLog::open(state.path()).unwrap();
        log.append(disclosure("after")).unwrap();
        assert_eq!(findings(state.path()), Vec::<String>::new());
        assert_eq!(lines(&read(state.path()).unwrap()).count(), 5);
    }
}

#[test]
fn what_a_file_lacks_at_its_end_is_taken_off_before_it_is_closed() {
    let (state, log) = log(1);
    let many = std::iter::repeat_with(|| disclosure("many")).take(6000).collect();
    Tail::of(state.path()).unwrap().write(many).unwrap();
    let path = state.path().join(FILE);
    let torn = text(state.path()) + "0123 {\"half";
    fs::write(&path, &torn).unwrap();
    log.append(disclosure("next")).unwrap();
    assert_eq!(findings(state.path()), Vec::<String>::new());
    let files = read(state.path()).unwrap();
    let entries: Vec<_> = lines(&files).map(|(_, line)| line.entry).skip(6001).collect();
    let [Entry::Continued, Entry::Repaired { bytes: 11 }, Entry::Disclosed(_)] = entries[..] else {
        panic!("{entries:?}")
    };
    // So it is in files that were closed before that was done.
    fs::write(&files[0].0, torn).unwrap();
    assert!(!findings(state.path()).is_empty());
    DisclosureLog::open(state.path()).unwrap();
    assert_eq!(findings(state.path()), Vec::<String>::new());
    let files = read(state.path()).unwrap();
    assert_eq!(lines(&files).last().unwrap().1.entry, Entry::Repaired { bytes: 11 });
}

#[test]
fn a_line_is_written_into_a_file_that_is_laid_out_and_grows_by_nothing() {
    let (state, log) = log(1);
    let size = || {
        let path = state.path().join(FILE);
        (fs::metadata(&path).unwrap().len(), place_on_disk(&path))
    };
    let laid_out = size();
    assert_eq!((laid_out.0, text(state.path())), (MAX_FILE, String::new()));
    for n in 0..50 {
        log.append(disclosure(&n.to_string())).unwrap();
        assert_eq!(size(), laid_out);
    }
    assert_eq!(lines(&read(state.path()).unwrap()).count(), 51);
}

#[test]
fn a_copy_without_the_lock_is_verified_and_a_folder_without_a_log_is_none() {
    let (state, _) = log(5);
    fs::remove_file(state.path().join(super::LOCK)).unwrap();
    assert_eq!(lines(&read(state.path()).unwrap()).count(), 5);
    assert_eq!(findings(state.path()), Vec::<String>::new());
    tamper(state.path(), |lines| drop(lines.remove(2)));
    assert_eq!(findings(state.path()).len(), 1);
    let empty = tempfile::tempdir().unwrap();
    for folder in [empty.path(), &empty.path().join("nowhere")] {
        let error = read(folder).unwrap_err().to_string();
        assert_eq!(error, format!("{} holds no disclosure log", folder.display()));
    }
}

#[test]
fn a_key_that_is_none_is_named_and_stays_as_it_is() {
    let state = tempfile::tempdir().unwrap();
    let path = state.path().join(super::CARD_KEY);
    for key in ["", "short"] {
        fs::write(&path, key).unwrap();
        let error = DisclosureLog::open(state.path()).unwrap_err().to_string();
        assert_eq!(error, format!("{} holds no key of 32 bytes", path.display()));
        assert_eq!(fs::read_to_string(&path).unwrap(), key);
    }
}

#[test]
fn a_log_of_nothing_but_half_a_line_begins_anew() {
    let state = tempfile::tempdir().unwrap();
    fs::write(state.path().join(FILE), "0123").unwrap();
    DisclosureLog::open(state.path()).unwrap().append(disclosure("1")).unwrap();
    assert_eq!(findings(state.path()), Vec::<String>::new());
}

#[test]
fn the_chain_goes_on_from_file_to_file() {
    let (state, log) = log(2);
    let path = state.path().join(FILE);
    for _ in 0..2 {
        // A file of full size, without a thousand waits for the disk.
        let many = std::iter::repeat_with(|| disclosure("many")).take(6000).collect();
        Tail::of(state.path()).unwrap().write(many).unwrap();
        assert!(fs::metadata(&path).unwrap().len() > MAX_FILE);
        log.append(disclosure("next")).unwrap();
    }
    let files = read(state.path()).unwrap();
    let names: Vec<_> = files.iter().map(|(path, _)| path.file_name().unwrap()).collect();
    assert_eq!(names, ["disclosure.000001.log", "disclosure.000002.log", "disclosure.log"]);
    assert_eq!(verify(&files, None), []);
    fs::remove_file(&files[1].0).unwrap();
    assert!(matches!(verify(&read(state.path()).unwrap(), None)[..], [Finding::Missing(..)]));
    fs::remove_file(&files[0].0).unwrap();
    // What is left is numbered on.
    log.append(disclosure("more")).unwrap();
    assert!(matches!(verify(&read(state.path()).unwrap(), None)[..], [Finding::Missing(..)]));
}

#[test]
fn a_crash_between_two_files_loses_nothing() {
    let (state, log) = log(3);
    fs::rename(state.path().join(FILE), state.path().join("disclosure.000001.log")).unwrap();
    log.append(disclosure("next")).unwrap();
    assert_eq!(findings(state.path()), Vec::<String>::new());
    fs::write(state.path().join(FILE), "").unwrap();
    log.append(disclosure("next")).unwrap();
    assert_eq!(findings(state.path()), Vec::<String>::new());
}

#[test]
fn many_write_at_once() {
    let state = tempfile::tempdir().unwrap();
    let shared = Arc::new(DisclosureLog::open(state.path()).unwrap());
    let threads: Vec<_> = (0..8)
        .map(|writer| {
            // Half of them as another program would.
            let log = match writer % 2 {
                0 => Arc::clone(&shared),
                _ => Arc::new(DisclosureLog::open(state.path()).unwrap()),
            };
            thread::spawn(move || {
                for n in 0..10 {
                    log.append(disclosure(&n.to_string())).unwrap();
                }
            })
        })
        .collect();
    threads.into_iter().for_each(|thread| thread.join().unwrap());
    assert_eq!(findings(state.path()), Vec::<String>::new());
    assert_eq!(lines(&read(state.path()).unwrap()).count(), 81);
}

#[test]
fn what_cannot_be_written_is_said_so() {
    let (state, log) = log(2);
    fs::remove_file(state.path().join(FILE)).unwrap();
    fs::create_dir(state.path().join(FILE)).unwrap();
    assert_eq!(log.append(disclosure("1")), Err(ErrorCode::DisclosureNotRecorded));
}

#[test]
fn cards_are_told_apart_by_a_key_of_this_bridge() {
    let (state, log) = log(1);
    let id = log.card_id(b"one");
    assert_ne!(id, log.card_id(b"other"));
    assert_eq!(id, DisclosureLog::open(state.path()).unwrap().card_id(b"one"));
    assert_ne!(id, super::tests::log(1).1.card_id(b"one"));
    log.append(disclosure("1")).unwrap();
    for file in [FILE, super::CARD_KEY, super::LOCK] {
        assert!(is_for_its_owner_only(&state.path().join(file)), "{file}");
    }
}
