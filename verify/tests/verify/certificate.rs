//! Certificates that `vectors` does not have: issued anew, by the same authority, with one thing
//! changed.

use std::time::SystemTime;

use kazashi_verify::{CertificateKind, CertificateSummary, Hierarchy, Trust, VerifyError};
use rsa::pkcs8::{DecodePrivateKey, EncodePublicKey};
use rsa::{BigUint, Pkcs1v15Sign, RsaPrivateKey, RsaPublicKey};
use sha2::{Digest, Sha256};
use x509_cert::certificate::{TbsCertificate, Version};
use x509_cert::der::asn1::{Any, BitString, ObjectIdentifier, OctetString, Utf8StringRef};
use x509_cert::der::{Decode, Encode};
use x509_cert::ext::Extension;
use x509_cert::spki::SubjectPublicKeyInfoOwned;

use crate::vector::{NOW, certificate, read, signed, trust};

pub(crate) const KEY_USAGE: &str = "2.5.29.15";
const BASIC_CONSTRAINTS: &str = "2.5.29.19";
const POLICIES: &str = "2.5.29.32";
const AUTHORITY_KEY_IDENTIFIER: &str = "2.5.29.35";
const SHA_384_WITH_RSA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.12");

/// A certificate, changed and signed again by the authority for its kind.
pub(crate) fn reissued(file: &str, change: impl FnOnce(&mut TbsCertificate)) -> Vec<u8> {
    let mut reissued = x509_cert::Certificate::from_der(&certificate(file)).unwrap();
    change(&mut reissued.tbs_certificate);

    let authority = match file {
        "digital-signature.der" => "digital-signature-ca",
        _ => "user-authentication-ca",
    };
    let key = String::from_utf8(read(&format!("keys/{authority}.pem"))).unwrap();
    let key = RsaPrivateKey::from_pkcs8_pem(&key).unwrap();
    let digest = Sha256::digest(reissued.tbs_certificate.to_der().unwrap());
    let signature = key.sign(Pkcs1v15Sign::new::<Sha256>(), &digest).unwrap();
    reissued.signature_algorithm = reissued.tbs_certificate.signature.clone();
    reissued.signature = BitString::from_bytes(&signature).unwrap();
    reissued.to_der().unwrap()
}

/// The outcome of the PIN token with such a certificate.
fn outcome(
    trust: &Trust,
    change: impl FnOnce(&mut TbsCertificate),
) -> Result<Hierarchy, VerifyError> {
    let mut token = signed("pin");
    token.replace("unverifiedCertificate", &reissued("user-authentication.der", change));
    token.verify(NOW, trust).map(|authentication| authentication.certificate().hierarchy())
}

pub(crate) fn extensions(tbs: &mut TbsCertificate) -> &mut Vec<Extension> {
    tbs.extensions.as_mut().unwrap()
}

pub(crate) fn extension<'a>(tbs: &'a mut TbsCertificate, oid: &str) -> &'a mut Extension {
    extensions(tbs).iter_mut().find(|extension| extension.extn_id.to_string() == oid).unwrap()
}

pub(crate) fn set_value(tbs: &mut TbsCertificate, oid: &str, value: &[u8]) {
    extension(tbs, oid).extn_value = OctetString::new(value).unwrap();
}

pub(crate) fn remove(tbs: &mut TbsCertificate, oid: &str) {
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
    let test_policy = "1.2.392.200149.8.5.1.0.30";
    let error = VerifyError::CertificatePolicyUnexpected {
        expected: "1.2.392.200149.8.5.1.3.30",
        found: vec![test_policy.to_owned()],
    };
    assert_eq!(of_production(test_policy), Err(error));
}

#[test]
fn key_usage_must_be_critical_and_digital_signature_alone() {
    let unexpected =
        |found| Err(VerifyError::CertificateKeyUsageUnexpected { expected: 0b01, found });
    let not_critical = outcome(&trust(), |tbs| extension(tbs, KEY_USAGE).critical = false);
    assert_eq!(not_critical, unexpected(None));
    assert_eq!(outcome(&trust(), |tbs| remove(tbs, KEY_USAGE)), unexpected(None));
    // digitalSignature and nonRepudiation
    let both = [0x03, 0x02, 0x06, 0xC0];
    let both = outcome(&trust(), |tbs| set_value(tbs, KEY_USAGE, &both));
    assert_eq!(both, unexpected(Some(0b11)));
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
    let unexpected =
        Err(VerifyError::CertificateKeyUsageUnexpected { expected: 0b01, found: None });
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
    let error = VerifyError::CertificatePolicyUnexpected {
        expected: "1.2.392.200149.8.5.1.0.30",
        found: Vec::new(),
    };
    assert_eq!(outcome(&trust(), |tbs| set_value(tbs, POLICIES, &empty)), Err(error));
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
    let VerifyError::CertificateIssuerUnexpected { found } = summary(&foreign) else { panic!() };
    assert_eq!(found.organization(), Some("ELSEWHERE"));
}
