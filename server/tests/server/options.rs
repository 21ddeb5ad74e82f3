//! Files that the command line names, as people have them.

use std::fs;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use clap::Parser;
use kazashi_server::VerifierOptions;
use tempfile::TempDir;

use crate::noon;

#[derive(Parser)]
struct Options {
    #[command(flatten)]
    verifier: VerifierOptions,
}

fn options(arguments: &[&str]) -> VerifierOptions {
    Options::parse_from([&["program"], arguments].concat()).verifier
}

fn vector_path(name: &str) -> String {
    format!("{}/../vectors/{name}", env!("CARGO_MANIFEST_DIR"))
}

fn vector(name: &str) -> Vec<u8> {
    fs::read(vector_path(name)).unwrap()
}

fn pem(label: &str, der: &[u8]) -> String {
    let base64 = STANDARD.encode(der);
    let lines: Vec<_> =
        base64.as_bytes().chunks(64).map(|line| str::from_utf8(line).unwrap()).collect();
    format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", lines.join("\n"))
}

fn utf_16(text: &str) -> Vec<u8> {
    text.encode_utf16().flat_map(u16::to_le_bytes).collect()
}

/// Has a file with these bytes read, and gives what was said against it.
fn said(option: &str, bytes: &[u8]) -> Option<String> {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("file");
    fs::write(&path, bytes).unwrap();
    let path = path.display().to_string();
    let error = match option {
        "--authorities" => options(&[option, &path]).trust(noon()).err(),
        "--terminal-key" => {
            let certificate = vector_path("cv-certificates/terminal.cv");
            options(&[option, &path, "--terminal-certificate", &certificate]).terminal().err()
        }
        _ => {
            let key = vector_path("keys/terminal.pem");
            options(&[option, &path, "--terminal-key", &key]).terminal().err()
        }
    };
    error.map(|error| error.to_string().strip_prefix(&path).unwrap().trim().to_owned())
}

#[test]
fn an_authority_is_taken_as_people_have_it() {
    let der = vector("certificates/user-authentication-ca.der");
    let pem = pem("CERTIFICATE", &der);
    for bytes in [
        der.clone(),
        pem.clone().into_bytes(),
        pem.replace('\n', "\r\n").into_bytes(),
        format!("\u{FEFF}{pem}").into_bytes(),
        [b"# \x8E\xF3\x95t\r\n", pem.as_bytes()].concat(), // a comment in CP932
        pem.replace('\n', "\n  ").into_bytes(),
        format!("{pem}{pem}").into_bytes(),
    ] {
        assert_eq!(said("--authorities", &bytes), None);
    }
}

#[test]
fn what_is_no_authority_is_said_to_be_what_it_is() {
    let der = vector("certificates/user-authentication-ca.der");
    let text = pem("CERTIFICATE", &der);
    let signed_data = b"\x30\x82\x01\x00\x06\x09\x2A\x86\x48\x86\xF7\x0D\x01\x07\x02\xA0";
    for (bytes, words) in [
        (vec![], "is empty"),
        (b"\r\n".to_vec(), "is empty"),
        ([b"\xFF\xFE".to_vec(), utf_16(&text)].concat(), "is UTF-16"),
        (utf_16(&text), "is UTF-16"),
        (pem("PKCS7", &der).into_bytes(), "is PKCS#7 (p7b)"),
        (signed_data.to_vec(), "is PKCS#7 (p7b)"),
        (b"\x30\x82\x01\x00\x02\x01\x03\x30".to_vec(), "is PKCS#12"),
        (STANDARD.encode(&der).into_bytes(), "is base64 alone"),
        ([der.as_slice(), b"\n"].concat(), "is DER with something after its end"),
        (der[..100].to_vec(), "is DER that was cut off"),
        (text.as_bytes()[..200].to_vec(), "is PEM that was cut off"),
        (pem("TRUSTED CERTIFICATE", &der).into_bytes(), "is a TRUSTED CERTIFICATE of OpenSSL"),
        (pem("CERTIFICATE REQUEST", &der).into_bytes(), "is a request for a certificate"),
        (vector("keys/terminal.pem"), "is PEM of something else"),
        (b"<!DOCTYPE html>".to_vec(), "is a web page"),
        (b"nothing known".to_vec(), "cannot be taken: "),
    ] {
        let said = said("--authorities", &bytes).expect(words);
        assert!(said.starts_with(words), "{said}");
    }
}

#[test]
fn without_an_authority_that_is_valid_there_is_no_server() {
    let words = |options: VerifierOptions, now| options.trust(now).unwrap_err().to_string();
    let none = words(options(&[]), noon());
    assert!(none.starts_with("there are no --authorities"), "{none}");
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("ca.der");
    fs::write(&path, vector("certificates/user-authentication-ca.der")).unwrap();
    let named = || options(&["--authorities", path.to_str().unwrap()]);
    let centuries = Duration::from_hours(24 * 365 * 200);
    for now in [UNIX_EPOCH, SystemTime::now() + centuries] {
        assert!(words(named(), now).starts_with("no certificate of --authorities is valid"));
    }
    named().trust(noon()).unwrap();
}

#[test]
fn keys_and_certificates_of_the_institution_are_named_with_what_is_wrong() {
    let key = String::from_utf8(vector("keys/terminal.pem")).unwrap();
    let relabelled = |label: &str| key.replace("PRIVATE KEY", label).into_bytes();
    assert_eq!(said("--terminal-key", key.as_bytes()), None);
    for (bytes, words) in [
        (vec![], "is empty"),
        ([b"\xFF\xFE".to_vec(), utf_16(&key)].concat(), "is UTF-16"),
        (relabelled("ENCRYPTED PRIVATE KEY"), "is a private key with a password"),
        (relabelled("RSA PRIVATE KEY"), "is a private key of PKCS#1"),
    ] {
        let said = said("--terminal-key", &bytes).expect(words);
        assert!(said.starts_with(words), "{said}");
    }
    let certificate = vector("cv-certificates/terminal.cv");
    assert_eq!(said("--terminal-certificate", &certificate), None);
    for bytes in [[certificate.as_slice(), b"\n"].concat(), vec![], b"\x7F\x21".to_vec()] {
        assert!(said("--terminal-certificate", &bytes).is_some());
    }
}

#[test]
fn an_institution_has_a_key_and_its_certificates_or_neither() {
    let path = |name: &str| vector_path(&format!("cv-certificates/{name}"));
    let (intermediate, terminal) = (path("terminal-intermediate.cv"), path("terminal.cv"));
    let key = ["--terminal-key", &vector_path("keys/terminal.pem")];
    let first = ["--terminal-certificate", &intermediate];
    let second = ["--terminal-certificate", &terminal];
    let institution = |arguments: &[[&str; 2]]| {
        let terminal = options(&arguments.concat()).terminal();
        terminal.map(|it| it.map(|it| it.certificates.len())).map_err(|error| error.to_string())
    };
    assert_eq!(institution(&[]), Ok(None));
    assert_eq!(institution(&[key, first, second]), Ok(Some(2)));
    for half in [&[key][..], &[first, second]] {
        assert!(institution(half).unwrap_err().ends_with("of no use without each other"));
    }
    assert!(institution(&[key, first]).unwrap_err().contains("is not that of the institution's"));
    assert!(institution(&[key, second, first]).unwrap_err().contains("name them in their order"));
}
