//! Certificates that `vectors` does not have: issued anew, by the same authority, with one thing
//! changed.

use std::time::SystemTime;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use kazashi_verify::{CertificateKind, CertificateSummary, Hierarchy, Trust, VerifyError};
use rsa::pkcs8::{DecodePrivateKey, EncodePublicKey};
use rsa::{BigUint, Pkcs1v15Sign, RsaPrivateKey, RsaPublicKey};
use sha2::{Digest, Sha256};
use x509_cert::certificate::{TbsCertificate, Version};
use x509_cert::der::asn1::{Any, BitString, ObjectIdentifier, OctetString, Utf8StringRef};
use x509_cert::der::{Decode, Encode};
use x509_cert::ext::Extension;
use x509_cert::spki::SubjectPublicKeyInfoOwned;

use crate::vector::{NOW, certificate, read, signed, time, trust};

const KEY_USAGE: &str = "2.5.29.15";
const BASIC_CONSTRAINTS: &str = "2.5.29.19";
const POLICIES: &str = "2.5.29.32";
const AUTHORITY_KEY_IDENTIFIER: &str = "2.5.29.35";
const SUBJECT_KEY_IDENTIFIER: &str = "2.5.29.14";
const SHA_384_WITH_RSA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.12");

/// The user authentication certificate, changed and signed again by its authority.
fn reissued(file: &str, change: impl FnOnce(&mut TbsCertificate)) -> Vec<u8> {
    let mut reissued = x509_cert::Certificate::from_der(&certificate(file)).unwrap();
    change(&mut reissued.tbs_certificate);

    let key = String::from_utf8(read("keys/user-authentication-ca.pem")).unwrap();
    let key = RsaPrivateKey::from_pkcs8_pem(&key).unwrap();
    let digest = Sha256::digest(reissued.tbs_certificate.to_der().unwrap());
    let signature = key.sign(Pkcs1v15Sign::new::<Sha256>(), &digest).unwrap();
    reissued.signature_algorithm = reissued.tbs_certificate.signature.clone();
    reissued.signature = BitString::from_bytes(&signature).unwrap();
    reissued.to_der().unwrap()
}

/// What comes of the PIN token with such a certificate.
fn outcome(
    trust: &Trust,
    change: impl FnOnce(&mut TbsCertificate),
) -> Result<Hierarchy, VerifyError> {
    let mut token = signed("pin");
    token.replace("unverifiedCertificate", &reissued("user-authentication.der", change));
    token.verify(NOW, trust).map(|authentication| authentication.certificate().hierarchy())
}

fn extensions(tbs: &mut TbsCertificate) -> &mut Vec<Extension> {
    tbs.extensions.as_mut().unwrap()
}

fn extension<'a>(tbs: &'a mut TbsCertificate, oid: &str) -> &'a mut Extension {
    extensions(tbs).iter_mut().find(|extension| extension.extn_id.to_string() == oid).unwrap()
}

fn set_value(tbs: &mut TbsCertificate, oid: &str, value: &[u8]) {
    extension(tbs, oid).extn_value = OctetString::new(value).unwrap();
}

fn remove(tbs: &mut TbsCertificate, oid: &str) {
    extensions(tbs).retain(|extension| extension.extn_id.to_string() != oid);
}

fn set_organization(tbs: &mut TbsCertificate, organization: &str) {
    for name in [&mut tbs.issuer, &mut tbs.subject] {
        let mut rdns = name.0.clone();
        for rdn in &mut rdns {
            let mut attributes = rdn.0.clone().into_vec();
            for attribute in &mut attributes {
                if attribute.oid.to_string() == "2.5.4.10" {
                    attribute.value = Any::from(Utf8StringRef::new(organization).unwrap());
                }
            }
            rdn.0 = attributes.try_into().unwrap();
        }
        name.0 = rdns;
    }
}

fn set_public_key(tbs: &mut TbsCertificate, key: &RsaPublicKey) {
    let der = key.to_public_key_der().unwrap();
    tbs.subject_public_key_info = SubjectPublicKeyInfoOwned::from_der(der.as_bytes()).unwrap();
}

/// CertificatePolicies of one policy without qualifiers.
fn policies(oid: &str) -> Vec<u8> {
    vec![vec![ObjectIdentifier::new(oid).unwrap()]].to_der().unwrap()
}

#[test]
fn a_certificate_issued_anew_without_change_is_accepted() {
    assert_eq!(outcome(&trust(), |_| {}), Ok(Hierarchy::Test));
}

#[test]
fn a_certificate_of_the_production_hierarchy_is_accepted_under_its_own_policy_only() {
    let authority = reissued("user-authentication-ca.der", |tbs| set_organization(tbs, "JPKI"));
    let trust = Trust::from_certificates([authority]).unwrap();
    let of_production = |policy: &'static str| {
        outcome(&trust, |tbs| {
            set_organization(tbs, "JPKI");
            set_value(tbs, POLICIES, &policies(policy));
        })
    };
    assert_eq!(of_production("1.2.392.200149.8.5.1.3.30"), Ok(Hierarchy::Production));
    let test_policy = of_production("1.2.392.200149.8.5.1.0.30");
    assert_eq!(test_policy, Err(VerifyError::CertificatePolicyUnexpected));
}

#[test]
fn key_usage_must_be_critical_and_digital_signature_alone() {
    let unexpected = Err(VerifyError::CertificateKeyUsageUnexpected);
    assert_eq!(outcome(&trust(), |tbs| extension(tbs, KEY_USAGE).critical = false), unexpected);
    assert_eq!(outcome(&trust(), |tbs| remove(tbs, KEY_USAGE)), unexpected);
    // digitalSignature and nonRepudiation
    let both = [0x03, 0x02, 0x06, 0xC0];
    assert_eq!(outcome(&trust(), |tbs| set_value(tbs, KEY_USAGE, &both)), unexpected);
}

#[test]
fn other_departures_from_the_profile_are_named() {
    type Change = fn(&mut TbsCertificate);
    let departures: [(Change, &str); 6] = [
        (|tbs| tbs.version = Version::V2, "not version 3"),
        (|tbs| tbs.signature.oid = SHA_384_WITH_RSA, "not signed with RSA and SHA-256"),
        (|tbs| remove(tbs, AUTHORITY_KEY_IDENTIFIER), "no authority key identifier"),
        (
            |tbs| {
                extensions(tbs).push(Extension {
                    extn_id: ObjectIdentifier::new_unwrap(BASIC_CONSTRAINTS),
                    critical: false,
                    extn_value: OctetString::new([0x30, 0x03, 0x01, 0x01, 0xFF]).unwrap(),
                });
            },
            "basic constraints, which only authorities have",
        ),
        (
            |tbs| {
                let short = (BigUint::from(1_u8) << 2046) + 1_u8;
                set_public_key(tbs, &RsaPublicKey::new(short, 65537_u32.into()).unwrap());
            },
            "no RSA key of 2048 to 4096 bits with exponent 65537",
        ),
        (
            |tbs| {
                let modulus = (BigUint::from(1_u8) << 2047) + 1_u8;
                set_public_key(tbs, &RsaPublicKey::new(modulus, 3_u8.into()).unwrap());
            },
            "no RSA key of 2048 to 4096 bits with exponent 65537",
        ),
    ];
    for (change, what) in departures {
        let error = VerifyError::CertificateProfileUnexpected { what };
        assert_eq!(outcome(&trust(), change), Err(error));
    }
}

#[test]
fn an_extension_that_is_there_twice_or_unreadable_counts_for_nothing() {
    let unexpected = Err(VerifyError::CertificateKeyUsageUnexpected);
    let twice = |tbs: &mut TbsCertificate| {
        let again = extension(tbs, KEY_USAGE).clone();
        extensions(tbs).push(again);
    };
    assert_eq!(outcome(&trust(), twice), unexpected);
    let null = [0x05, 0x00];
    assert_eq!(outcome(&trust(), |tbs| set_value(tbs, KEY_USAGE, &null)), unexpected);
    let followed = [0x03, 0x02, 0x07, 0x80, 0x00];
    assert_eq!(outcome(&trust(), |tbs| set_value(tbs, KEY_USAGE, &followed)), unexpected);
    let empty = [0x30, 0x00];
    let error = Err(VerifyError::CertificatePolicyUnexpected);
    assert_eq!(outcome(&trust(), |tbs| set_value(tbs, POLICIES, &empty)), error);
}

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
    for (der, what) in
        [(holder, not_signing), (crl_sign, not_signing), (anonymous, "no subject key identifier")]
    {
        let error = Trust::from_certificates([der]).unwrap_err();
        assert_eq!(error, VerifyError::AuthorityUnsuitable { what });
    }
}

#[test]
fn a_summary_tells_the_four_certificates_apart() {
    for (file, kind, policy) in [
        (
            "user-authentication",
            CertificateKind::UserAuthentication,
            Some("1.2.392.200149.8.5.1.0.30"),
        ),
        ("user-authentication-ca", CertificateKind::UserAuthenticationCa, None),
        ("digital-signature", CertificateKind::DigitalSignature, Some("1.2.392.200149.8.5.1.0.20")),
        ("digital-signature-ca", CertificateKind::DigitalSignatureCa, None),
    ] {
        let summary = CertificateSummary::from_der(&certificate(&format!("{file}.der"))).unwrap();
        assert_eq!(summary.kind, kind);
        assert_eq!(summary.hierarchy, Hierarchy::Test);
        assert_eq!(summary.policy.as_deref(), policy);
        assert!(summary.not_before < summary.not_after);
        assert!(summary.not_before > SystemTime::UNIX_EPOCH);
    }
}

#[test]
fn a_summary_is_of_a_certificate_of_jpki() {
    let summary = |der: &[u8]| CertificateSummary::from_der(der).unwrap_err();
    assert_eq!(summary(&[0x30, 0x00]), VerifyError::CertificateMalformed);
    let foreign = certificate("foreign-ca.der");
    assert_eq!(summary(&foreign), VerifyError::CertificateIssuerUnexpected);
}
