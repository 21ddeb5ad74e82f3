//! Issuing new hierarchies.

use std::fs;
use std::process::Command;

use kazashi_emulator::{Image, Variant, folder};
use tempfile::TempDir;
use x509_cert::der::Encode;

use crate::contents::{certificate, is_issued};

#[test]
fn an_issued_card_belongs_to_its_new_hierarchy_only() {
    let dir = TempDir::new().unwrap();
    let issue = || {
        Command::new(env!("CARGO_BIN_EXE_kazashi-emulator"))
            .args(["issue", "--variant", "short"])
            .arg(dir.path())
            .output()
            .unwrap()
    };
    let output = issue();
    assert!(output.status.success());
    assert!(String::from_utf8(output.stdout).unwrap().contains("1234 (3 tries)"));

    let (image, normal) = (folder::load(&dir).unwrap(), Image::normal());
    assert_eq!(image.variant(), Variant::Short);
    for (id, authority_id, name) in [
        (0x000A, 0x000B, "user-authentication-ca.der"),
        (0x0001, 0x0002, "digital-signature-ca.der"),
    ] {
        assert!(is_issued(&image, id, &image, authority_id));
        assert!(!is_issued(&image, id, &normal, authority_id));
        let authority = fs::read(dir.path().join("authorities").join(name)).unwrap();
        assert_eq!(certificate(&image, authority_id).to_der().unwrap(), authority);
    }

    assert!(!issue().status.success(), "a card is not written over");
    assert_eq!(folder::load(&dir).unwrap(), image);
}
