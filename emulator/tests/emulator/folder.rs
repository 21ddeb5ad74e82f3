//! Images on disk.

use std::fs;
use std::path::Path;

use kazashi_emulator::{Card, Image, ImageError, Pin, folder};
use rand_core::OsRng;
use rsa::RsaPrivateKey;
use rsa::pkcs8::{EncodePrivateKey, EncodePublicKey, LineEnding};
use tempfile::TempDir;

use crate::support::transcript::play;

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
    assert_eq!(retries_left, [2, 5, 10, 10, 10, 3, 0, 10, 10]);
    assert_eq!(fs::read(dir.path().join("jpki/0008.bin")).unwrap(), [0x8F, 0x00, 0x00]);
    let names = fs::read_dir(&dir).unwrap().count();
    assert_eq!(names, 6, "card.toml, four applications and keys, nothing left over");
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
fn a_key_whose_file_is_missing_is_no_key_of_the_card() {
    let dir = new_card();
    fs::remove_file(dir.path().join("keys/user-authentication.pem")).unwrap();
    let image = folder::load(&dir).unwrap();
    let missing: Vec<_> = image.missing_keys().map(|(ef, path)| (ef.id, path)).collect();
    assert_eq!(missing, [(0x0017, "keys/user-authentication.pem")]);
    play(
        &mut Card::new(image),
        "> 00A4040C 0A D392F000260100000001
         < 9000
         > 00200098 04 31323334
         < 9000
         > 802A0097 01 00 00
         < 6A82
         > 00B08A0004
         < 3082 ... 9000",
    );
}

#[test]
fn saving_the_counters_forgets_no_missing_key() {
    let dir = new_card();
    let key = dir.path().join("keys/user-authentication.pem");
    fs::rename(&key, dir.path().join("elsewhere")).unwrap();
    folder::save_counters(&dir, &folder::load(&dir).unwrap()).unwrap();
    fs::rename(dir.path().join("elsewhere"), &key).unwrap();
    assert_eq!(folder::load(&dir).unwrap(), Image::normal());
}

#[test]
fn a_dump_without_keys_and_pins_is_a_card() {
    let dir = TempDir::new().unwrap();
    fs::create_dir(dir.path().join("jpki")).unwrap();
    fs::create_dir(dir.path().join("card-surface")).unwrap();
    fs::write(dir.path().join("card.toml"), "").unwrap();
    fs::write(dir.path().join("jpki/000A.bin"), [0x30, 0x82, 0x00, 0x00]).unwrap();
    fs::write(dir.path().join("card-surface/0001.bin"), [0xFF]).unwrap();
    fs::write(dir.path().join("notes.txt"), "read on a Sunday").unwrap();
    let image = folder::load(&dir).unwrap();
    assert_eq!(image.atr(), Image::CONTACT_ATR);
    play(
        &mut Card::new(image),
        "> 00A4040C 0A D392F000260100000001
         < 9000
         > 00B08A0000
         < 30820000 9000
         > 00200098
         < 6A82
         > 00A4020C 02 0017
         < 6A82
         > 00A4040C 0A D3921000310001010100
         < 6A82",
    );
}

#[test]
fn a_pin_of_unknown_value_counts_its_tries() {
    let dir = new_card();
    edit(&dir, "value = \"1234\"\n", "");
    play(
        &mut Card::new(folder::load(&dir).unwrap()),
        "> 00A4040C 0A D392F000260100000001
         < 9000
         > 00200098
         < 63C3
         > 00200098 04 31323334
         < 63C2",
    );
}

#[test]
fn a_data_object_that_is_none_is_refused() {
    for line in ["00F0 = \"3\"", "00F0 = \"XX\"", "F0 = \"33\"", "000F0 = \"33\""] {
        let dir = new_card();
        edit(&dir, "00F0 = \"3133323231\"", line);
        let error = folder::load(&dir).unwrap_err();
        assert!(matches!(error, ImageError::DataObject { .. }), "{line}: {error}");
    }
}

#[test]
fn a_record_that_cannot_be_is_refused() {
    for name in ["0001.0.bin", "0001.255.bin", "0001.01.bin", "0001.+1.bin", "0001.1.1.bin"] {
        let dir = new_card();
        fs::write(dir.path().join("common").join(name), [0x01]).unwrap();
        let error = folder::load(&dir).unwrap_err();
        let path = format!("common/{name}");
        assert!(matches!(error, ImageError::RecordNumber { path: p } if p == path), "{name}");
    }
}

#[test]
fn two_files_of_one_identifier_are_refused() {
    for name in
        ["jpki/0016.bin", "jpki/0017.bin", "jpki/0018.bin", "jpki/000A.1.bin", "common/0001.bin"]
    {
        let dir = new_card();
        fs::write(dir.path().join(name), [0x01]).unwrap();
        assert!(matches!(folder::load(&dir), Err(ImageError::Twice { .. })), "{name}");
    }
}

#[test]
fn a_key_of_another_size_is_refused() {
    let dir = new_card();
    let key = RsaPrivateKey::new(&mut OsRng, 1024).unwrap().to_pkcs8_pem(LineEnding::LF).unwrap();
    fs::write(dir.path().join("keys/user-authentication.pem"), key).unwrap();
    assert!(matches!(folder::load(&dir), Err(ImageError::Key { .. })));
}

#[test]
fn a_key_that_is_none_is_refused() {
    let dir = new_card();
    fs::write(dir.path().join("keys/user-authentication.pem"), "a key").unwrap();
    let path = "keys/user-authentication.pem";
    assert!(matches!(folder::load(&dir), Err(ImageError::Key { path: p }) if p == path));
}

#[test]
fn a_public_key_that_is_missing_or_none_is_refused() {
    let path = "keys/terminal-authority.pem";
    let dir = new_card();
    fs::remove_file(dir.path().join(path)).unwrap();
    assert!(matches!(folder::load(&dir), Err(ImageError::Missing { path: p }) if p == path));

    let small = RsaPrivateKey::new(&mut OsRng, 1024).unwrap();
    let small = small.to_public_key().to_public_key_pem(LineEnding::LF).unwrap();
    let private = fs::read_to_string(dir.path().join("keys/card-surface.pem")).unwrap();
    for pem in ["a key", &small, &private] {
        fs::write(dir.path().join(path), pem).unwrap();
        assert!(matches!(folder::load(&dir), Err(ImageError::Key { path: p }) if p == path));
    }
}

#[test]
fn a_card_without_the_authority_of_terminals_does_not_find_it() {
    let dir = new_card();
    edit(&dir, "[jpki.public-keys]\n0016 = \"keys/terminal-authority.pem\"\n", "");
    play(
        &mut Card::new(folder::load(&dir).unwrap()),
        "> 00A4040C 0A D392F000260100000001
         < 9000
         > 00A4020C 02 0016
         < 6A82",
    );
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
