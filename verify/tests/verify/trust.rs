use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use kazashi_verify::{CertificateKind, Hierarchy, Trust, VerifyError};

use crate::certificate::{KEY_USAGE, reissued, remove, set_value};
use crate::vector::{NOW, certificate, read, signed, time};

const SUBJECT_KEY_IDENTIFIER: &str = "2.5.29.14";

#[test]
fn an_authority_must_be_valid_too() {
    let until = |from: &[u8], to: &[u8]| {
        let der = certificate("user-authentication-ca.der");
        let at = der.windows(from.len()).position(|window| window == from).unwrap();
        let der = [&der[..at], to, &der[at + from.len()..]].concat();
        let trust = Trust::from_certificates([der]).unwrap().accepting_test_hierarchy();
        signed("pin").verify(NOW, &trust).unwrap_err()
    };
    let now = time(NOW);
    assert_eq!(
        until(b"450331145959Z", b"251231235959Z"),
        VerifyError::AuthorityExpired { now, not_after: time(NOW - 1) }
    );
    assert_eq!(
        until(b"250331150000Z", b"260101000001Z"),
        VerifyError::AuthorityNotYetValid { now, not_before: time(NOW + 1) }
    );
}

#[test]
fn an_authority_may_be_pem_among_others() {
    let pem = |file: &str| {
        let text = STANDARD.encode(certificate(file));
        let lines = text.as_bytes().chunks(64).map(|line| std::str::from_utf8(line).unwrap());
        let body = lines.collect::<Vec<_>>().join("\n");
        format!("-----BEGIN CERTIFICATE-----\n{body}\n-----END CERTIFICATE-----\n")
    };
    let both = pem("digital-signature-ca.der") + &pem("user-authentication-ca.der");
    let trust = Trust::from_certificates([both]).unwrap().accepting_test_hierarchy();
    assert!(signed("pin").verify(NOW, &trust).is_ok());
}

#[test]
fn what_is_no_certificate_is_no_authority() {
    let key = read("keys/user-authentication-ca.pem");
    let broken = b"-----BEGIN CERTIFICATE-----\n!\n-----END CERTIFICATE-----\n";
    let unended = b"-----BEGIN CERTIFICATE-----\nMII=\n";
    for bytes in [b"".as_slice(), &[0x30, 0x00], b"text", broken, unended, &key] {
        let error = Trust::from_certificates([bytes]).unwrap_err();
        assert_eq!(error, VerifyError::AuthorityMalformed, "{bytes:?}");
    }
}

#[test]
fn what_may_not_issue_certificates_is_no_authority() {
    let not_signing = "basic constraints and key usage do not let it sign certificates";
    let holder = certificate("user-authentication.der");
    // cRLSign alone
    let crl_sign = reissued("user-authentication-ca.der", |tbs| {
        set_value(tbs, KEY_USAGE, &[0x03, 0x02, 0x01, 0x02]);
    });
    let anonymous = reissued("user-authentication-ca.der", |tbs| {
        remove(tbs, SUBJECT_KEY_IDENTIFIER);
    });
    let foreign = certificate("foreign-ca.der");
    for (der, what) in [
        (holder, not_signing),
        (crl_sign, not_signing),
        (anonymous, "no subject key identifier"),
        (foreign, "its name is not that of an authority of JPKI"),
    ] {
        let error = Trust::from_certificates([der]).unwrap_err();
        assert_eq!(error, VerifyError::AuthorityUnsuitable { what });
    }
}

#[test]
fn a_missing_authority_is_named() {
    let digital_signature_ca = certificate("digital-signature-ca.der");
    let trust = Trust::from_certificates([digital_signature_ca]).unwrap();
    let error = signed("pin").verify(NOW, &trust.accepting_test_hierarchy()).unwrap_err();
    let kind = CertificateKind::UserAuthenticationCa;
    assert_eq!(error, VerifyError::AuthorityMissing { kind, hierarchy: Hierarchy::Test });
}

#[test]
fn a_missing_generation_is_named_by_its_key_identifier() {
    let other = certificate("same-name-foreign-ca.der");
    let trust = Trust::from_certificates([other]).unwrap().accepting_test_hierarchy();
    let error = signed("pin").verify(NOW, &trust).unwrap_err();
    // As `openssl x509 -ext authorityKeyIdentifier` prints it.
    let key_identifier = "9e1cd347e0904d6561a46d817efc58dd7344d7c2".to_owned();
    assert_eq!(error, VerifyError::CertificateUntrusted { key_identifier });
}

#[test]
fn an_authority_read_from_a_card_is_trusted_when_it_is_pinned() {
    let of_the_card = |file: &str| Trust::pinned().with_card_authority(&certificate(file)).err();
    assert_eq!(of_the_card("jpki/user-authentication-ca-3.der"), None);
    assert_eq!(of_the_card("jpki/digital-signature-ca-3.der"), None);

    // As `sha256sum` prints it.
    let fingerprint = "3f349e1f6a368e551d614c709b778489cd4b76bc5696f5e7f1f5ad01b3622f16".to_owned();
    let error = VerifyError::AuthorityNotPinned { fingerprint };
    assert_eq!(of_the_card("user-authentication-ca.der"), Some(error));
}

#[test]
fn a_pinned_authority_is_the_one_whose_key_signed() {
    let authority = certificate("jpki/user-authentication-ca-test.der");
    let trust = Trust::pinned().accepting_test_hierarchy().with_card_authority(&authority).unwrap();
    let error = signed("pin").verify(NOW, &trust).unwrap_err();
    assert!(matches!(error, VerifyError::CertificateUntrusted { .. }), "{error:?}");
}

#[test]
fn an_authority_of_the_test_hierarchy_counts_only_when_it_was_asked_for() {
    let authority = certificate("jpki/user-authentication-ca-test.der");
    let error = Trust::pinned().with_card_authority(&authority).unwrap_err();
    assert_eq!(error, VerifyError::CertificateOfTestHierarchy);
    assert!(Trust::pinned().accepting_test_hierarchy().with_card_authority(&authority).is_ok());
}
