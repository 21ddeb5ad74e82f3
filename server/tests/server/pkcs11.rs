//! The terminal's key in a token: SoftHSM, as Debian has it.
//!
//! SoftHSM finds its token by an environment variable, so each test runs once more, in a process
//! that has it.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

use cryptoki::context::Pkcs11;
use kazashi_server::{Pkcs11Key, Pkcs11Pin, Pkcs11Signer, SignerError, TerminalSigner};
use kazashi_verify::CvCertificate;
use tempfile::TempDir;

use crate::again;
use crate::terminal::assert_signed_by_the_terminal;

const PIN: &str = "482913";

#[test]
fn a_token_signs_with_the_key_that_it_holds() {
    with_token("pkcs11::a_token_signs_with_the_key_that_it_holds", |folder| {
        let signer = Pkcs11Signer::open(terminal_key(folder)).unwrap();
        let signature = signer.sign(b"challenge and statement").unwrap();
        assert_signed_by_the_terminal(b"challenge and statement", &signature);
        let certificate = include_bytes!("../../../vectors/cv-certificates/terminal.cv");
        let certificate = CvCertificate::parse(certificate).unwrap();
        assert!(certificate.certifies(&signer.modulus().unwrap()));
    });
}

#[test]
fn a_lost_session_is_opened_again() {
    with_token("pkcs11::a_lost_session_is_opened_again", |folder| {
        let signer = Pkcs11Signer::open(terminal_key(folder)).unwrap();
        signer.sign(b"before").unwrap();
        lose_all_sessions();
        let signature = signer.sign(b"after").unwrap();
        assert_signed_by_the_terminal(b"after", &signature);
    });
}

#[test]
fn a_token_says_whether_its_key_could_be_used() {
    with_token("pkcs11::a_token_says_whether_its_key_could_be_used", |folder| {
        let signer = Pkcs11Signer::open(terminal_key(folder)).unwrap();
        signer.check().unwrap();
        lose_all_sessions();
        signer.check().unwrap();
        lose_all_sessions();
        fs::remove_file(folder.join("pin")).unwrap();
        assert!(matches!(signer.check(), Err(SignerError::PinUnreadable)));
        fs::write(folder.join("pin"), PIN).unwrap();
        signer.check().unwrap();
        signer.sign(b"message").unwrap();
    });
}

#[test]
fn a_pin_that_the_token_refuses_is_presented_once() {
    with_token("pkcs11::a_pin_that_the_token_refuses_is_presented_once", |folder| {
        let key = terminal_key(folder);
        let signer = Pkcs11Signer::open(key.clone()).unwrap();
        lose_all_sessions();
        fs::write(folder.join("pin"), "000000").unwrap();
        assert!(matches!(signer.sign(b"message"), Err(SignerError::PinRefused)));
        // Even the right one would not be presented now.
        fs::write(folder.join("pin"), PIN).unwrap();
        assert!(matches!(signer.sign(b"message"), Err(SignerError::PinRefused)));
        Pkcs11Signer::open(key).unwrap().sign(b"message").unwrap();
    });
}

#[test]
fn a_wrong_configuration_says_what_is_wrong() {
    with_token("pkcs11::a_wrong_configuration_says_what_is_wrong", |folder| {
        let right = terminal_key(folder);
        let open = |key| Pkcs11Signer::open(key).unwrap_err().to_string();
        assert_eq!(
            open(Pkcs11Key { token: "other".into(), ..right.clone() }),
            "there is not exactly one token with the configured label"
        );
        assert_eq!(
            open(Pkcs11Key { key: "other".into(), ..right.clone() }),
            "there is not exactly one private key with the configured label"
        );
        assert_eq!(
            open(Pkcs11Key { pin: Pkcs11Pin::Environment("NOT_THERE".into()), ..right.clone() }),
            "the PIN of the token cannot be read from where it should be"
        );
        let module = folder.join("absent.so");
        let unusable = open(Pkcs11Key { module, ..right.clone() });
        assert!(unusable.starts_with("the PKCS#11 module cannot be loaded"), "{unusable}");
        let signer = Pkcs11Signer::open(right).unwrap();
        assert!(!format!("{signer:?}").contains(PIN));
    });
}

fn terminal_key(folder: &Path) -> Pkcs11Key {
    Pkcs11Key {
        module: module(),
        token: "kazashi".into(),
        key: "terminal".into(),
        pin: Pkcs11Pin::File(folder.join("pin")),
    }
}

/// As if the HSM were gone and back: all that the module knew of sessions and log-ins is lost. It is
/// the same module for all in this process.
fn lose_all_sessions() {
    Pkcs11::new(module()).unwrap().finalize().unwrap();
}

/// Runs `body` in a process of its own with a new token, which holds the terminal's key.
fn with_token(test: &str, body: impl FnOnce(&Path)) {
    if let Some(configuration) = env::var_os("SOFTHSM2_CONF") {
        return body(Path::new(&configuration).parent().unwrap());
    }
    let folder = TempDir::new().unwrap();
    let (path, configuration) = (folder.path(), folder.path().join("softhsm2.conf"));
    fs::create_dir(path.join("tokens")).unwrap();
    fs::write(path.join("pin"), format!("{PIN}\n")).unwrap();
    let directories = format!("directories.tokendir = {}/tokens\n", path.display());
    fs::write(&configuration, directories).unwrap();
    let configuration = configuration.to_str().unwrap();
    let key = concat!(env!("CARGO_MANIFEST_DIR"), "/../vectors/keys/terminal.pem");
    for command in [
        format!("--init-token --free --label kazashi --so-pin 12345678 --pin {PIN}"),
        format!("--import {key} --token kazashi --label terminal --id 01 --pin {PIN}"),
    ] {
        let output = Command::new("softhsm2-util")
            .args(command.split(' '))
            .env("SOFTHSM2_CONF", configuration)
            .output()
            .expect("SoftHSM is missing: install Debian's package `softhsm2`");
        assert!(output.status.success(), "{output:?}");
    }
    again::passed(again::start(test, &[("SOFTHSM2_CONF", configuration)]));
}

fn module() -> PathBuf {
    let places = ["/usr/lib/softhsm", "/usr/lib/x86_64-linux-gnu/softhsm", "/usr/lib64/softhsm"];
    let modules = places.map(|place| Path::new(place).join("libsofthsm2.so"));
    let found = modules.into_iter().find(|module| module.exists());
    found.expect("SoftHSM is missing: install Debian's package `softhsm2`")
}
