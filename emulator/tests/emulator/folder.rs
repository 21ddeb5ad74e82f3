//! Images on disk.

use std::fs;
use std::path::Path;

use kazashi_emulator::{Card, Image, ImageError, Pin, folder};
use tempfile::TempDir;

use crate::transcript::play;

#[test]
fn an_image_is_read_back_as_it_was_written() {
    let dir = new_card();
    assert_eq!(folder::load(&dir).unwrap(), Image::normal());
}

#[test]
fn a_folder_holds_an_image_once_it_is_written() {
    let dir = TempDir::new().unwrap();
    assert!(!folder::holds_image(&dir));
    folder::write(&dir, &Image::normal()).unwrap();
    assert!(folder::holds_image(&dir));
}

#[test]
fn counters_are_saved_and_nothing_else_is_touched() {
    let dir = new_card();
    fs::write(dir.path().join("jpki/0008.bin"), [0x8F, 0x00, 0x00]).unwrap();
    let mut card = Card::new(Image::normal());
    play(
        &mut card,
        "> 00A4040C 0A D392F000260100000001
         < 9000
         > 00200098 04 30303030
         < 63C2",
    );
    folder::save_counters(&dir, card.image()).unwrap();

    let image = folder::load(&dir).unwrap();
    let retries_left: Vec<_> = image.pins().map(|(_, pin)| pin.retries_left()).collect();
    assert_eq!(retries_left, [2, 5]);
    assert_eq!(fs::read(dir.path().join("jpki/0008.bin")).unwrap(), [0x8F, 0x00, 0x00]);
    let names = fs::read_dir(&dir).unwrap().count();
    assert_eq!(names, 3, "card.toml, jpki and keys, nothing left over");
}

#[test]
fn an_image_of_some_files_only_is_a_card() {
    let dir = new_card();
    fs::remove_file(dir.path().join("jpki/0001.bin")).unwrap();
    edit(&dir, "001A = \"keys/digital-signature.pem\"\n", "");
    let mut card = Card::new(folder::load(&dir).unwrap());
    play(
        &mut card,
        "> 00A4040C 0A D392F000260100000001
         < 9000
         > 00A4020C 02 001A
         < 6A82
         > 00A4020C 02 0001
         < 6A82
         > 00A4020C 02 0017
         < 9000",
    );
}

#[test]
fn a_folder_without_card_toml_is_refused() {
    let dir = TempDir::new().unwrap();
    assert!(
        matches!(folder::load(&dir), Err(ImageError::Io { path, .. }) if path.ends_with("card.toml"))
    );
}

#[test]
fn a_key_that_is_named_must_be_there() {
    let dir = new_card();
    fs::remove_file(dir.path().join("keys/user-authentication.pem")).unwrap();
    let path = "keys/user-authentication.pem";
    assert!(matches!(folder::load(&dir), Err(ImageError::Missing { path: p }) if p == path));
}

#[test]
fn a_key_that_is_none_is_refused() {
    let dir = new_card();
    fs::write(dir.path().join("keys/user-authentication.pem"), "a key").unwrap();
    let path = "keys/user-authentication.pem";
    assert!(matches!(folder::load(&dir), Err(ImageError::Key { path: p }) if p == path));
}

#[test]
fn a_wrong_atr_is_refused() {
    for atr in ["", "3B", "3BE", "3BXX", &"3B".repeat(34)] {
        let dir = new_card();
        edit(&dir, "3BE000FF8131FE4514", atr);
        assert!(matches!(folder::load(&dir), Err(ImageError::Atr)), "{atr}");
    }
}

#[test]
fn an_identifier_that_no_file_can_have_is_refused() {
    for id in ["0000", "001F", "18", "+018", "PIN1"] {
        let dir = new_card();
        edit(&dir, "[jpki.pins.0018]", &format!("[jpki.pins.\"{id}\"]"));
        assert!(
            matches!(folder::load(&dir), Err(ImageError::EfIdentifier { name }) if name == id),
            "{id}"
        );
    }
}

#[test]
fn counters_that_cannot_be_are_refused() {
    for (left, max) in [(4, 3), (0, 0), (16, 16)] {
        assert!(matches!(Pin::with_retries_left("1234", left, max), Err(ImageError::RetryCounter)));
    }
}

#[test]
fn a_pin_that_cannot_be_is_refused() {
    for value in ["", "12345678901234567", "一二三四"] {
        assert!(matches!(Pin::new(value, 3), Err(ImageError::PinValue)));
    }
}

#[test]
fn an_error_in_card_toml_does_not_tell_the_pin() {
    for (from, to) in [("\"1234\"", "[\"secret\"]"), ("\"1234\"", "secret"), ("retries-max", "x")] {
        let dir = new_card();
        edit(&dir, from, to);
        let error = folder::load(&dir).unwrap_err();
        assert!(matches!(error, ImageError::CardToml { .. }));
        assert!(!error.to_string().contains("secret"), "{error}");
        assert!(!error.to_string().contains("1234"), "{error}");
    }
}

fn new_card() -> TempDir {
    let dir = TempDir::new().unwrap();
    folder::write(&dir, &Image::normal()).unwrap();
    dir
}

fn edit(dir: impl AsRef<Path>, from: &str, to: &str) {
    let path = dir.as_ref().join("card.toml");
    let text = fs::read_to_string(&path).unwrap();
    assert!(text.contains(from));
    fs::write(path, text.replacen(from, to, 1)).unwrap();
}
