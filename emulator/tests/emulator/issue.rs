//! Issuing new hierarchies.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use kazashi_core::codec::apdu::StatusWord;
use kazashi_emulator::{Application, Image, Variant, folder};
use rand_core::OsRng;
use rsa::pkcs8::{DecodePrivateKey, DecodePublicKey};
use rsa::sha2::{Digest, Sha256};
use rsa::traits::PublicKeyParts;
use rsa::{Pkcs1v15Sign, RsaPrivateKey, RsaPublicKey};
use tempfile::TempDir;
use x509_cert::der::Encode;

use crate::support::commands::{
    EXTERNAL_AUTHENTICATE, command, load_commands, response, send, sign_command,
};
use crate::support::contents::{certificate, is_issued, objects_in, public_key, transparent_of};
use crate::support::transcript::in_jpki_of;

#[test]
fn an_issued_card_belongs_to_its_new_hierarchy_only() {
    // One card for all of it: ten keys take their time.
    let dir = TempDir::new().unwrap();
    let output = issue(&dir, &["--variant", "expired"]);
    assert!(output.status.success());
    let printed = String::from_utf8(output.stdout).unwrap();
    assert!(printed.contains("1234 (3 tries)"), "{printed}");

    let image = folder::load(&dir).unwrap();
    assert_eq!(image.variant(), Variant::Expired);
    let authorities = dir.path().join("authorities");
    its_authorities_issued_its_certificates(&image, &authorities);
    its_records_are_verified_with_the_keys_beside_it(&image, &authorities);
    it_trusts_the_terminal_beside_it(&image, &authorities.join("terminal"), &printed);

    let again = issue(&dir, &["--variant", "expired"]);
    assert!(!again.status.success(), "a card is not written over");
    assert_eq!(folder::load(&dir).unwrap(), image);
}

#[test]
fn people_have_cards_of_one_hierarchy_with_keys_of_their_own() {
    let dir = TempDir::new().unwrap();
    let output = issue(&dir, &["--people", "3"]);
    assert!(output.status.success());
    let printed = String::from_utf8(output.stdout).unwrap();
    let names: BTreeSet<_> =
        fs::read_dir(&dir).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(names, ["0001", "0002", "0003", "authorities"].map(OsString::from).into());

    let authorities = dir.path().join("authorities");
    let cards = ["0001", "0002", "0003"].map(|name| {
        assert!(printed.contains(dir.path().join(name).to_str().unwrap()), "{printed}");
        folder::load(dir.path().join(name)).unwrap()
    });
    for card in &cards {
        its_authorities_issued_its_certificates(card, &authorities);
        its_records_are_verified_with_the_keys_beside_it(card, &authorities);
    }
    it_trusts_the_terminal_beside_it(&cards[2], &authorities.join("terminal"), &printed);

    let different = |of: &dyn Fn(&Image) -> Vec<u8>| {
        assert_eq!(cards.iter().map(of).collect::<BTreeSet<_>>().len(), cards.len());
    };
    different(&|card| certificate(card, 0x000A).tbs_certificate.serial_number.as_bytes().to_vec());
    different(&|card| public_key(card, 0x000A).n().to_bytes_be());
    // The date of birth, and the card's key.
    different(&|card| transparent_of(card, Application::CardSurface, 0x0001)[5..16].to_vec());
    different(&|card| transparent_of(card, Application::CardSurface, 0x0001)[21..286].to_vec());
    different(&|card| {
        objects_in(transparent_of(card, Application::CardInformation, 0x0002))[1].value.to_vec()
    });

    let again = issue(&dir, &["--people", "3"]);
    assert!(!again.status.success(), "cards are not written over");
    assert_eq!(folder::load(dir.path().join("0001")).unwrap(), cards[0]);
}

fn its_authorities_issued_its_certificates(image: &Image, authorities: &Path) {
    for (id, authority_id, name) in [
        (0x000A, 0x000B, "user-authentication-ca.der"),
        (0x0001, 0x0002, "digital-signature-ca.der"),
    ] {
        assert!(is_issued(image, id, image, authority_id));
        assert!(!is_issued(image, id, &Image::normal(), authority_id));
        let authority = fs::read(authorities.join(name)).unwrap();
        assert_eq!(certificate(image, authority_id).to_der().unwrap(), authority);
    }
}

fn its_records_are_verified_with_the_keys_beside_it(image: &Image, authorities: &Path) {
    for (application, name, identifier) in [
        (Application::CardSurface, "card-surface-authority.pem", "39303030303233"),
        (Application::CardInformation, "card-info-authority.pem", "39303030303333"),
    ] {
        let pem = fs::read_to_string(authorities.join(name)).unwrap();
        let line = format!("Key identifier: {identifier}080530303100000000\n");
        assert!(pem.starts_with(&line), "{pem}");
        let key = RsaPublicKey::from_public_key_pem(&pem).unwrap();
        let verifies = |image: &Image| {
            let certificate = transparent_of(image, application, 0x0004);
            let digest = Sha256::digest(&certificate[10..307]);
            key.verify(Pkcs1v15Sign::new::<Sha256>(), &digest, &certificate[312..]).is_ok()
        };
        assert!(verifies(image));
        assert!(!verifies(&Image::normal()));
    }
}

fn it_trusts_the_terminal_beside_it(image: &Image, terminal: &Path, printed: &str) {
    let file = |name: &str| {
        let path = terminal.join(name);
        assert!(printed.contains(path.to_str().unwrap()), "{printed}");
        fs::read(path).unwrap()
    };
    let certificates = ["intermediate.cv", "terminal.cv"].map(file);
    let key = String::from_utf8(file("terminal.pem")).unwrap();
    let key = RsaPrivateKey::from_pkcs8_pem(&key).unwrap();

    let signs = |image: &Image| {
        let mut card = in_jpki_of(image.clone(), "> 00A4020C 02 0016\n< 9000");
        for command in certificates.iter().flat_map(|certificate| load_commands(certificate)) {
            send(&mut card, &command);
        }
        let challenge = card.transmit(b"\x00\x84\x00\x00\x20", &mut OsRng);
        let response = response(&key, &challenge[..32], [0x51; 32]);
        send(&mut card, &command(&EXTERNAL_AUTHENTICATE, &response, None));
        send(&mut card, &sign_command(0x00, 0x97, [0x51; 32])) == StatusWord::OK
    };
    assert!(signs(image));
    assert!(!signs(&Image::normal()));
}

fn issue(dir: &TempDir, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_kazashi-emulator"))
        .arg("issue")
        .args(arguments)
        .arg(dir.path())
        .output()
        .unwrap()
}
