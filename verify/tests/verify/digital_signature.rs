//! The digital signature certificate, and what it says of the holder.

use kazashi_verify::{
    Certificate, CertificateAttributes, CertificateKind, Era, Hierarchy, Sex, Trust, VerifyError,
};
use x509_cert::certificate::TbsCertificate;
use x509_cert::der::Encode;
use x509_cert::der::asn1::{Any, ObjectIdentifier, OctetString, Utf8StringRef};
use x509_cert::ext::Extension;
use x509_cert::ext::pkix::SubjectAltName;
use x509_cert::ext::pkix::name::{GeneralName, OtherName};

use crate::certificate::{KEY_USAGE, extensions, reissued, remove, set_value};
use crate::vector::{NOW, certificate, time, trust};

const SUBJECT_ALT_NAME: &str = "2.5.29.17";

/// Name, flags of the name, sex, date of birth, address and flags of the address, which the
/// certificate numbers from 1.
const HOLDER: [&str; 6] = ["架空　花子", "00000", "2", "319800217", "東京都清瀬市", "000000"];
const NAME: usize = 0;
const NAME_SUBSTITUTES: usize = 1;
const SEX: usize = 2;
const DATE_OF_BIRTH: usize = 3;

fn other_name(number: usize, value: &str) -> GeneralName {
    let oid = format!("1.2.392.200149.8.5.5.{number}");
    GeneralName::OtherName(OtherName {
        type_id: ObjectIdentifier::new(&oid).unwrap(),
        value: Any::from(Utf8StringRef::new(value).unwrap()),
    })
}

/// The certificate with these alternative names.
fn named(names: Vec<GeneralName>) -> Result<Certificate, VerifyError> {
    changed(|tbs| set_value(tbs, SUBJECT_ALT_NAME, &SubjectAltName(names).to_der().unwrap()))
}

fn changed(change: impl FnOnce(&mut TbsCertificate)) -> Result<Certificate, VerifyError> {
    Certificate::digital_signature(&reissued("digital-signature.der", change))
}

/// The attributes of a holder of whom one is another.
fn attributes(index: usize, value: &str) -> Result<CertificateAttributes, VerifyError> {
    let mut holder = HOLDER;
    holder[index] = value;
    let names = holder.iter().enumerate().map(|(index, value)| other_name(index + 1, value));
    Ok(named(names.collect())?.attributes().unwrap().clone())
}

fn profile_unexpected<T>(what: &'static str) -> Result<T, VerifyError> {
    Err(VerifyError::CertificateProfileUnexpected { what })
}

#[test]
fn it_says_all_that_the_profile_has() {
    let der = certificate("digital-signature.der");
    let certificate = Certificate::digital_signature(&der).unwrap();
    assert_eq!(certificate.der(), der);
    assert_eq!(certificate.kind(), CertificateKind::DigitalSignature);
    assert_eq!(certificate.hierarchy(), Hierarchy::Test);
    assert_eq!(certificate.serial_number(), "1e6001");
    assert_eq!(certificate.not_before(), time(1_743_557_025));
    assert_eq!(certificate.not_after(), time(2_370_956_399));
    assert_eq!(certificate.policy(), "1.2.392.200149.8.5.1.0.20");
    assert_eq!(certificate.key_size(), 2048);

    let issuer = certificate.issuer();
    assert_eq!(issuer.country(), Some("JP"));
    assert_eq!(issuer.organization(), Some("JPKI-TEST"));
    assert_eq!(
        issuer.organizational_units().collect::<Vec<_>>(),
        ["JPKI for digital signature", "Japan Agency for Local Authority Information Systems"]
    );
    let subject = certificate.subject();
    assert_eq!(subject.localities().collect::<Vec<_>>(), ["Tokyo-to", "Kiyose-shi"]);
    assert_eq!(subject.common_name(), Some("202504021023450000113221003A"));

    let attributes = certificate.attributes().unwrap();
    assert_eq!(attributes.name(), "架空　花子");
    assert_eq!(attributes.name_substitutes(), Some([false; 5].as_slice()));
    assert_eq!(attributes.address(), "東京都清瀬市架空一丁目２番地３");
    assert_eq!(attributes.address_substitutes(), Some([false; 15].as_slice()));
    assert_eq!(attributes.sex(), Sex::Female);
    let date = attributes.birth_date();
    assert_eq!((date.year(), date.month(), date.day()), (Some(1980), Some(2), Some(17)));
    assert_eq!((attributes.era(), attributes.year_of_era()), (Some(Era::Showa), Some(55)));
}

#[test]
fn a_user_authentication_certificate_has_no_attributes() {
    let certificate = certificate("user-authentication.der");
    let certificate = Certificate::user_authentication(&certificate).unwrap();
    assert_eq!(certificate.attributes(), None);
    assert_eq!(certificate.subject().common_name(), Some("KAZASHI000000113221003A"));
}

#[test]
fn nothing_of_the_holder_is_printed() {
    let certificate =
        Certificate::digital_signature(&certificate("digital-signature.der")).unwrap();
    let attributes = certificate.attributes().unwrap();
    assert_eq!(
        format!(
            "{certificate:?} {attributes:?} {:?} {:?}",
            attributes.birth_date(),
            certificate.subject()
        ),
        "Certificate { kind: DigitalSignature, hierarchy: Test, .. } CertificateAttributes BirthDate \
         DistinguishedName"
    );
}

#[test]
fn it_is_verified_under_the_authority_for_digital_signatures_only() {
    let certificate_of_holder =
        Certificate::digital_signature(&certificate("digital-signature.der")).unwrap();
    let authority = certificate("digital-signature-ca.der");
    let of_production_only = Trust::from_certificates([authority]).unwrap();
    let outcome = of_production_only.verify(&certificate_of_holder, time(NOW));
    assert_eq!(outcome, Err(VerifyError::CertificateOfTestHierarchy));
    let right = of_production_only.accepting_test_hierarchy();
    assert_eq!(right.verify(&certificate_of_holder, time(NOW)), Ok(()));

    let kind = CertificateKind::DigitalSignatureCa;
    let missing = VerifyError::AuthorityMissing { kind, hierarchy: Hierarchy::Test };
    assert_eq!(trust().verify(&certificate_of_holder, time(NOW)), Err(missing));
    let late = right.verify(&certificate_of_holder, time(u64::from(u32::MAX)));
    assert!(matches!(late, Err(VerifyError::CertificateExpired { .. })), "{late:?}");
}

#[test]
fn no_changed_byte_goes_unnoticed() {
    let trust = Trust::from_certificates([certificate("digital-signature-ca.der")]).unwrap();
    let trust = trust.accepting_test_hierarchy();
    let der = certificate("digital-signature.der");
    for (index, mask) in (0..der.len()).flat_map(|index| [(index, 0x01), (index, 0x80)]) {
        let mut changed = der.clone();
        changed[index] ^= mask;
        let outcome = Certificate::digital_signature(&changed)
            .and_then(|certificate| trust.verify(&certificate, time(NOW)));
        assert!(outcome.is_err(), "byte {index}, changed by {mask:02X}");
    }
}

#[test]
fn one_kind_does_not_pass_for_the_other() {
    use CertificateKind::{DigitalSignature, DigitalSignatureCa, UserAuthentication};
    let error = |file: &str| Certificate::digital_signature(&certificate(file)).unwrap_err();
    let unexpected =
        |found| VerifyError::CertificateKindUnexpected { expected: DigitalSignature, found };
    assert_eq!(error("user-authentication.der"), unexpected(UserAuthentication));
    assert_eq!(error("digital-signature-ca.der"), unexpected(DigitalSignatureCa));
}

#[test]
fn departures_from_its_profile_are_named() {
    let digital_signature_alone = [0x03, 0x02, 0x07, 0x80];
    let key_usage = changed(|tbs| set_value(tbs, KEY_USAGE, &digital_signature_alone));
    let unexpected =
        VerifyError::CertificateKeyUsageUnexpected { expected: 0b11, found: Some(0b01) };
    assert_eq!(key_usage.unwrap_err(), unexpected);

    let extended_key_usage = changed(|tbs| {
        extensions(tbs).push(Extension {
            extn_id: ObjectIdentifier::new_unwrap("2.5.29.37"),
            critical: false,
            extn_value: OctetString::new([0x30, 0x00]).unwrap(),
        });
    });
    assert_eq!(extended_key_usage.err(), profile_unexpected::<()>("an extended key usage").err());
    let anonymous = changed(|tbs| remove(tbs, SUBJECT_ALT_NAME));
    assert_eq!(anonymous.err(), profile_unexpected::<()>("no readable alternative names").err());
}

#[test]
fn attributes_that_are_missing_or_unreadable_are_named() {
    assert_eq!(attributes(SEX, "4"), profile_unexpected("no readable sex"));
    for date in ["", "31980021", "3198002170", "3 9800217", "３１９８００２１７"] {
        let error = profile_unexpected("no readable date of birth");
        assert_eq!(attributes(DATE_OF_BIRTH, date), error, "{date}");
    }
    let without_name =
        vec![other_name(5, "東京都"), other_name(4, "319800217"), other_name(3, "1")];
    assert_eq!(named(without_name).err(), profile_unexpected::<()>("no readable name").err());
    let two_names = vec![other_name(1, "甲"), other_name(1, "乙")];
    assert_eq!(named(two_names).err(), profile_unexpected::<()>("no readable name").err());
}

#[test]
fn substitutes_are_told_for_each_character_or_not_at_all() {
    let name_substitutes = |flags: &str| {
        attributes(NAME_SUBSTITUTES, flags).unwrap().name_substitutes().map(<[bool]>::to_vec)
    };
    assert_eq!(name_substitutes("01001"), Some(vec![false, true, false, false, true]));
    for flags in ["", "0000", "000000", "00002"] {
        assert_eq!(name_substitutes(flags), None, "{flags}");
    }
    assert_eq!(attributes(NAME, "架空").unwrap().name_substitutes(), None);
}

#[test]
fn parts_of_a_date_that_are_not_known_are_none() {
    for (text, era, year, month, day) in [
        ("319800217", Some(Era::Showa), Some(1980), Some(2), Some(17)),
        ("019800217", None, Some(1980), Some(2), Some(17)),
        ("319800000", Some(Era::Showa), Some(1980), None, None),
        ("319800200", Some(Era::Showa), Some(1980), Some(2), None),
        ("319800017", Some(Era::Showa), Some(1980), None, Some(17)),
        ("300000000", Some(Era::Showa), None, None, None),
        ("000000000", None, None, None, None),
        // Not in the calendar
        ("319801317", Some(Era::Showa), Some(1980), None, Some(17)),
        ("319810229", Some(Era::Showa), Some(1981), Some(2), None),
        ("319800229", Some(Era::Showa), Some(1980), Some(2), Some(29)),
        ("300000229", Some(Era::Showa), None, Some(2), Some(29)),
        ("319800431", Some(Era::Showa), Some(1980), Some(4), None),
        ("319800132", Some(Era::Showa), Some(1980), Some(1), None),
    ] {
        let attributes = attributes(DATE_OF_BIRTH, text).unwrap();
        let date = attributes.birth_date();
        let parts = (attributes.era(), date.year(), date.month(), date.day());
        assert_eq!(parts, (era, year, month, day), "{text}");
    }
}

#[test]
fn a_year_of_an_era_is_told_only_if_the_date_lies_in_the_era() {
    for (text, year_of_era) in [
        ("118680125", Some(1)),
        ("119120730", Some(45)),
        ("119120731", None),
        ("219120730", Some(1)),
        ("219261225", Some(15)),
        ("319261224", None),
        ("319261225", Some(1)),
        ("319890107", Some(64)),
        ("319890108", None),
        ("419890107", None),
        ("419890108", Some(1)),
        ("420190430", Some(31)),
        ("520190501", Some(1)),
        ("519800217", None),
        ("019800217", None),
        // Not known
        ("319800000", Some(55)),
        ("319890000", None),
        ("319890100", None),
        ("300000000", None),
    ] {
        let attributes = attributes(DATE_OF_BIRTH, text).unwrap();
        assert_eq!(attributes.year_of_era(), year_of_era, "{text}");
    }
}
