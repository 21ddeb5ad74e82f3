//! Card-verifiable certificates: the published one, and chains of our own.

use std::sync::LazyLock;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use kazashi_verify::{CvCertificate, CvKey, CvTrust, KeyIdentifier, VerifyError};
use proptest::collection::vec;
use proptest::prelude::any;
use proptest::{prop_assert, prop_assert_eq, proptest};

use crate::presence::public_key;
use crate::vector::read;

const TERMINAL_ROOT: &[u8; 16] = b"9000073\x08\x050010000";

fn cv_certificate(file: &str) -> CvCertificate {
    CvCertificate::parse(&read(&format!("cv-certificates/{file}"))).unwrap()
}

fn published() -> Vec<u8> {
    read("cv-certificates/published-intermediate.bin")
}

/// Made once: reading keys takes its time in a test.
static TERMINAL_AUTHORITY: LazyLock<CvKey> = LazyLock::new(|| {
    let root = KeyIdentifier::from_bytes(TERMINAL_ROOT).unwrap();
    CvKey::new(root, &public_key("terminal-authority.pem")).unwrap()
});

/// The chain of the institution: intermediate, then terminal.
fn chain(files: [&str; 2]) -> Result<CvKey, VerifyError> {
    let root = TERMINAL_AUTHORITY.clone();
    let chain = files.map(cv_certificate);
    chain.iter().try_fold(root, |key, certificate| certificate.verify(&key))
}

#[test]
fn the_published_certificate_is_read_and_written_byte_for_byte() {
    let bytes = published();
    let certificate = CvCertificate::parse(&bytes).unwrap();
    assert_eq!(certificate.encode(), bytes);
    assert_eq!(certificate.issuer().as_bytes(), b"9200073\x08\x050010000");
    assert_eq!(certificate.subject().as_bytes(), b"9299774\x08\x050010000");
}

#[test]
fn a_card_is_sent_307_bytes_and_then_261() {
    let bytes = published();
    let certificate = CvCertificate::parse(&bytes).unwrap();
    assert_eq!(certificate.body(), bytes[..307]);
    assert_eq!(certificate.signature(), bytes[307..]);
    assert_eq!(certificate.signature().len(), 261);
}

#[test]
fn a_chain_leads_from_the_root_to_the_terminal() {
    let terminal = chain(["terminal-intermediate.cv", "terminal.cv"]).unwrap();
    assert_eq!(terminal.identifier().to_string(), "9000075/001");
}

#[test]
fn a_chain_is_refused_whose_links_do_not_hold() {
    for (files, issuer, what) in [
        (
            ["terminal.cv", "terminal-intermediate.cv"],
            "9000074/001",
            "the key at hand has another identifier",
        ),
        (
            ["terminal-intermediate.cv", "misnamed-issuer-terminal.cv"],
            &cv_certificate("misnamed-issuer-terminal.cv").issuer().to_string(),
            "the key at hand has another identifier",
        ),
        (
            ["foreign-terminal-intermediate.cv", "foreign-terminal.cv"],
            "9000073/001",
            "the issuer's key did not sign it",
        ),
        (
            ["terminal-intermediate.cv", "foreign-terminal.cv"],
            "9000074/001",
            "the issuer's key did not sign it",
        ),
    ] {
        let error = chain(files).unwrap_err();
        let VerifyError::CvCertificateUntrusted { issuer: found, what: because } = error else {
            panic!("{files:?}: {error:?}")
        };
        assert_eq!((found.to_string().as_str(), because), (issuer, what), "{files:?}");
    }
}

#[test]
fn a_card_surface_certificate_is_verified_under_a_root_that_was_asked_for() {
    let root = KeyIdentifier::from_hexadecimal("39303030303233080530303100000000").unwrap();
    let root_key = public_key("card-surface-authority.pem");
    let trust = CvTrust::pinned().with_key(root, &root_key).unwrap();
    let certificate = cv_certificate("card-surface.cv");
    let error = trust.verify(&certificate).unwrap_err();
    let what = "a test hierarchy, which was not asked for";
    assert_eq!(error, VerifyError::CvCertificateUntrusted { issuer: root, what });

    let records = trust.accepting_test_hierarchy().verify(&certificate).unwrap();
    assert_eq!(records.identifier().to_string(), "9322121/000");
}

#[test]
fn a_name_shows_its_digits_and_whether_real_cards_are_meant() {
    let root = KeyIdentifier::from_hexadecimal("35303030303233080530303100000000").unwrap();
    assert_eq!(root.as_bytes(), b"5000023\x08\x05001\0\0\0\0");
    assert_eq!(root.to_hexadecimal(), "35303030303233080530303100000000");
    assert_eq!(
        (root.to_string(), format!("{root:?}")),
        ("5000023/001".into(), "5000023/001".into())
    );
    assert!(root.is_production());
    for digit in b"012346789" {
        let mut name = *root.as_bytes();
        name[0] = *digit;
        assert!(!KeyIdentifier::from_bytes(&name).unwrap().is_production());
    }
}

#[test]
fn a_name_is_of_digits_in_their_places() {
    for name in [
        b"A000023\x08\x05001\0\0\0\0",
        b"500002A\x08\x05001\0\0\0\0",
        b"5000023\x08\x0500A\0\0\0\0",
        b"5000023\x09\x05001\0\0\0\0",
        b"5000023\x08\x06001\0\0\0\0",
    ] {
        let error = KeyIdentifier::from_bytes(name).unwrap_err();
        assert_eq!(VerifyError::from(error), VerifyError::CvCertificateMalformed, "{name:?}");
    }
}

#[test]
fn a_root_is_pem_or_der_of_an_rsa_key() {
    let name = KeyIdentifier::from_bytes(TERMINAL_ROOT).unwrap();
    let der = public_key("terminal-authority.pem");
    let text = STANDARD.encode(&der);
    let pem = format!("-----BEGIN PUBLIC KEY-----\n{text}\n-----END PUBLIC KEY-----\n");
    let intermediate = cv_certificate("terminal-intermediate.cv");
    for key in [pem.as_bytes(), &der] {
        let root = CvKey::new(name, key).unwrap();
        assert_eq!(root.to_der(), der);
        assert_eq!(intermediate.verify(&root).unwrap().identifier(), intermediate.subject());
    }

    let followed = [der.as_slice(), &[0]].concat();
    let twice = pem.repeat(2);
    let private = read("keys/terminal-authority.pem");
    for bytes in [b"".as_slice(), &[0x30, 0x00], b"text", &followed, twice.as_bytes(), &private] {
        let error = CvKey::new(name, bytes).unwrap_err();
        assert_eq!(error, VerifyError::CvKeyMalformed, "{bytes:?}");
        assert_eq!(error.code().as_str(), "authority-malformed");
    }
}

#[test]
fn a_certificate_prints_its_issuer_alone() {
    let certificate = cv_certificate("card-surface.cv");
    assert_eq!(format!("{certificate:?}"), "CvCertificate { issuer: 9000023/001, .. }");
}

#[test]
fn what_is_cut_off_or_goes_on_is_no_certificate() {
    let bytes = published();
    let longer = [[bytes.as_slice(), &[0]].concat(), [&[0], bytes.as_slice()].concat()];
    for changed in (0..bytes.len()).map(|length| bytes[..length].to_vec()).chain(longer) {
        let error = CvCertificate::parse(&changed).unwrap_err();
        assert_eq!(error, VerifyError::CvCertificateMalformed, "{} bytes", changed.len());
    }
}

proptest! {
    #[test]
    fn no_bytes_bring_the_parser_to_panic(bytes in vec(any::<u8>(), 0..600)) {
        prop_assert!(CvCertificate::parse(&bytes).is_err());
    }

    #[test]
    fn no_bytes_but_a_key_in_der_are_a_root(at in 0..38_usize, byte in any::<u8>()) {
        let good = public_key("terminal-authority.pem");
        let mut bytes = good.clone();
        // The modulus begins behind these, and any other would do.
        bytes[at % 33] = byte;
        let end = bytes.len() - 5 + at % 5;
        bytes[end] = byte;
        let root = CvKey::new(KeyIdentifier::from_bytes(TERMINAL_ROOT).unwrap(), &bytes);
        prop_assert_eq!(root.is_ok(), bytes == good);
    }

    #[test]
    fn what_is_read_is_written_again(at in 0..568_usize, byte in any::<u8>()) {
        let mut bytes = published();
        bytes[at] = byte;
        if let Ok(certificate) = CvCertificate::parse(&bytes) {
            prop_assert_eq!(certificate.encode(), bytes);
        }
    }

    #[test]
    fn no_key_brings_the_verifier_to_panic(modulus in vec(any::<u8>(), 256)) {
        let mut bytes = read("cv-certificates/terminal-intermediate.cv");
        bytes[51..307].copy_from_slice(&modulus);
        if let Ok(certificate) = CvCertificate::parse(&bytes) {
            prop_assert!(certificate.verify(&TERMINAL_AUTHORITY).is_err());
        }
    }
}
