//! Certificates in the shape of JPKI's test hierarchy (card.md 5.1 and 5.2), by throw-away keys.

use rsa::pkcs1v15::{Signature, SigningKey};
use rsa::pkcs8::EncodePublicKey;
use rsa::sha2::Sha256;
use rsa::signature::{SignatureEncoding, Signer};
use rsa::{RsaPrivateKey, RsaPublicKey};
use sha1::{Digest, Sha1};
use x509_cert::certificate::{Certificate, TbsCertificate, Version};
use x509_cert::der::asn1::{
    Any, BitString, Ia5String, Null, ObjectIdentifier, OctetString, PrintableStringRef, SetOfVec,
    UtcTime, Utf8StringRef,
};
use x509_cert::der::flagset::FlagSet;
use x509_cert::der::oid::AssociatedOid;
use x509_cert::der::oid::db::rfc4519::{C, CN, L, O, OU};
use x509_cert::der::oid::db::rfc5280::{ID_AD_OCSP, ID_KP_CLIENT_AUTH, ID_QT_CPS};
use x509_cert::der::oid::db::rfc5912::SHA_256_WITH_RSA_ENCRYPTION;
use x509_cert::der::{DateTime, Decode, Encode};
use x509_cert::ext::Extension;
use x509_cert::ext::pkix::certpolicy::{PolicyInformation, PolicyQualifierInfo};
use x509_cert::ext::pkix::crl::dp::DistributionPoint;
use x509_cert::ext::pkix::name::{DistributionPointName, GeneralName, OtherName};
use x509_cert::ext::pkix::{
    AccessDescription, AuthorityInfoAccessSyntax, AuthorityKeyIdentifier, BasicConstraints,
    CertificatePolicies, CrlDistributionPoints, ExtendedKeyUsage, IssuerAltName, KeyUsage,
    KeyUsages, SubjectAltName, SubjectKeyIdentifier,
};
use x509_cert::name::{Name, RelativeDistinguishedName};
use x509_cert::serial_number::SerialNumber;
use x509_cert::spki::{AlgorithmIdentifierOwned, SubjectPublicKeyInfoOwned};
use x509_cert::time::{Time, Validity};

use crate::Result;

/// The policies of the test hierarchy.
pub(crate) const USER_AUTHENTICATION_POLICY: ObjectIdentifier =
    ObjectIdentifier::new_unwrap("1.2.392.200149.8.5.1.0.30");
pub(crate) const DIGITAL_SIGNATURE_POLICY: ObjectIdentifier =
    ObjectIdentifier::new_unwrap("1.2.392.200149.8.5.1.0.20");

const CPS: &str = "http://www.jpki.go.jp/cps.html";
/// A name that nobody can own (RFC 6761): these certificates must not make anyone call the real
/// responder.
const OCSP: &str = "http://ocspauthnorm.jpki.test";

/// Year, month, day, hour, minute, second, in UTC.
pub(crate) type Moment = (u16, u8, u8, u8, u8, u8);

/// What is said of one of the two hierarchies, or of one that is neither.
pub(crate) struct Hierarchy {
    pub(crate) organization: &'static str,
    pub(crate) unit: &'static str,
    pub(crate) unit_ja: &'static str,
}

pub(crate) const USER_AUTHENTICATION: Hierarchy = Hierarchy {
    organization: "JPKI-TEST",
    unit: "JPKI for user authentication",
    unit_ja: "公的個人認証サービス利用者証明用",
};

pub(crate) const DIGITAL_SIGNATURE: Hierarchy = Hierarchy {
    organization: "JPKI-TEST",
    unit: "JPKI for digital signature",
    unit_ja: "公的個人認証サービス署名用",
};

/// A certification authority with its self-signed certificate.
pub(crate) struct Authority {
    hierarchy: Hierarchy,
    key: RsaPrivateKey,
    certificate: Certificate,
}

/// What tells one end entity certificate from the next. The rest follows from the authority.
#[derive(Clone)]
pub(crate) struct EndEntity<'a> {
    pub(crate) serial: &'a [u8],
    pub(crate) subject: Name,
    pub(crate) key: &'a RsaPrivateKey,
    pub(crate) not_before: Moment,
    pub(crate) not_after: Moment,
    pub(crate) key_usage: FlagSet<KeyUsages>,
    pub(crate) client_auth: bool,
    pub(crate) policy: ObjectIdentifier,
    pub(crate) subject_alt_names: Vec<GeneralName>,
    pub(crate) ocsp: bool,
    pub(crate) further: Vec<Extension>,
}

impl Authority {
    pub(crate) fn new(hierarchy: Hierarchy, serial: &[u8], key: RsaPrivateKey) -> Result<Self> {
        let name = hierarchy.authority_name()?;
        let public = public_key_info(&key)?;
        let identifier = key_identifier(&public)?;
        let extensions = vec![
            extension(true, &KeyUsage(KeyUsages::KeyCertSign | KeyUsages::CRLSign))?,
            extension(true, &BasicConstraints { ca: true, path_len_constraint: Some(0) })?,
            extension(
                false,
                &AuthorityKeyIdentifier {
                    key_identifier: Some(identifier.clone()),
                    ..Default::default()
                },
            )?,
            extension(false, &SubjectKeyIdentifier(identifier))?,
        ];
        let tbs = TbsCertificate {
            version: Version::V3,
            serial_number: SerialNumber::new(serial)?,
            signature: sha256_with_rsa()?,
            issuer: name.clone(),
            validity: validity((2025, 3, 31, 15, 0, 0), (2045, 3, 31, 14, 59, 59))?,
            subject: name,
            subject_public_key_info: public,
            issuer_unique_id: None,
            subject_unique_id: None,
            extensions: Some(extensions),
        };
        let certificate = sign(tbs, &key)?;
        Ok(Self { hierarchy, key, certificate })
    }

    pub(crate) fn certificate(&self) -> Result<Vec<u8>> {
        Ok(self.certificate.to_der()?)
    }

    pub(crate) fn issue(&self, entity: EndEntity<'_>) -> Result<Vec<u8>> {
        let public = public_key_info(entity.key)?;
        let extensions = self.extensions(&entity, &public)?;
        let tbs = TbsCertificate {
            version: Version::V3,
            serial_number: SerialNumber::new(entity.serial)?,
            signature: sha256_with_rsa()?,
            issuer: self.certificate.tbs_certificate.subject.clone(),
            validity: validity(entity.not_before, entity.not_after)?,
            subject: entity.subject,
            subject_public_key_info: public,
            issuer_unique_id: None,
            subject_unique_id: None,
            extensions: Some(extensions),
        };
        Ok(sign(tbs, &self.key)?.to_der()?)
    }

    fn extensions(
        &self,
        entity: &EndEntity<'_>,
        public: &SubjectPublicKeyInfoOwned,
    ) -> Result<Vec<Extension>> {
        let issuer = &self.certificate.tbs_certificate;
        let mut extensions = vec![extension(true, &KeyUsage(entity.key_usage))?];
        if entity.client_auth {
            extensions.push(extension(false, &ExtendedKeyUsage(vec![ID_KP_CLIENT_AUTH]))?);
        }
        extensions.push(extension(true, &policies(entity.policy)?)?);
        if !entity.subject_alt_names.is_empty() {
            extensions.push(extension(false, &SubjectAltName(entity.subject_alt_names.clone()))?);
        }
        extensions.push(extension(false, &self.hierarchy.issuer_alt_name()?)?);
        extensions.push(extension(false, &self.hierarchy.crl_distribution_points()?)?);
        if entity.ocsp {
            extensions.push(extension(false, &ocsp_access()?)?);
        }
        let identifier = AuthorityKeyIdentifier {
            key_identifier: Some(key_identifier(&issuer.subject_public_key_info)?),
            authority_cert_issuer: Some(vec![GeneralName::DirectoryName(issuer.subject.clone())]),
            authority_cert_serial_number: Some(issuer.serial_number.clone()),
        };
        extensions.push(extension(false, &identifier)?);
        extensions.push(extension(false, &SubjectKeyIdentifier(key_identifier(public)?))?);
        extensions.extend(entity.further.iter().cloned());
        Ok(extensions)
    }
}

impl Hierarchy {
    fn authority_name(&self) -> Result<Name> {
        name(&[
            (C, "JP"),
            (O, self.organization),
            (OU, self.unit),
            (OU, "Japan Agency for Local Authority Information Systems"),
        ])
    }

    fn issuer_alt_name(&self) -> Result<IssuerAltName> {
        let name = name(&[
            (C, "JP"),
            (O, "公的個人認証サービス"),
            (OU, self.unit_ja),
            (OU, "地方公共団体情報システム機構"),
        ])?;
        Ok(IssuerAltName(vec![GeneralName::DirectoryName(name)]))
    }

    fn crl_distribution_points(&self) -> Result<CrlDistributionPoints> {
        let name = name(&[
            (C, "JP"),
            (O, self.organization),
            (OU, self.unit),
            (OU, "CRL Distribution Points"),
            (OU, "Tokyo-to"),
            (CN, "Kiyose-shi CRLDP"),
        ])?;
        let full_name = vec![GeneralName::DirectoryName(name)];
        Ok(CrlDistributionPoints(vec![DistributionPoint {
            distribution_point: Some(DistributionPointName::FullName(full_name)),
            reasons: None,
            crl_issuer: None,
        }]))
    }
}

/// A name of one attribute per RDN: C is a PrintableString, all others are UTF8Strings.
pub(crate) fn name(attributes: &[(ObjectIdentifier, &str)]) -> Result<Name> {
    let rdns = attributes.iter().map(|&(oid, value)| {
        let value = if oid == C {
            Any::from(PrintableStringRef::new(value)?)
        } else {
            Any::from(Utf8StringRef::new(value)?)
        };
        let attribute = x509_cert::attr::AttributeTypeAndValue { oid, value };
        Ok(RelativeDistinguishedName(SetOfVec::try_from(vec![attribute])?))
    });
    Ok(Name::from(rdns.collect::<Result<Vec<_>>>()?))
}

/// The subject of a user authentication certificate.
pub(crate) fn user_authentication_subject() -> Result<Name> {
    name(&[(C, "JP"), (CN, "KAZASHI000000113221003A")])
}

/// The subject of a digital signature certificate: the municipality, and the time of the request.
pub(crate) fn digital_signature_subject() -> Result<Name> {
    let request = "202504021023450000113221003A";
    name(&[(C, "JP"), (L, "Tokyo-to"), (L, "Kiyose-shi"), (CN, request)])
}

/// The holder as the digital signature certificate names her, in the order of the card: name, date
/// of birth (the first digit is the era: Shōwa), sex, address, and for each character of name and
/// address whether it stands for one that could not be encoded.
pub(crate) fn holder() -> Result<Vec<GeneralName>> {
    let name = "架空　花子";
    let address = "東京都清瀬市架空一丁目２番地３";
    let unsubstituted = |text: &str| "0".repeat(text.chars().count());
    [
        ("1.2.392.200149.8.5.5.1", name),
        ("1.2.392.200149.8.5.5.4", "319800217"),
        ("1.2.392.200149.8.5.5.3", "2"),
        ("1.2.392.200149.8.5.5.5", address),
        ("1.2.392.200149.8.5.5.2", &unsubstituted(name)),
        ("1.2.392.200149.8.5.5.6", &unsubstituted(address)),
    ]
    .into_iter()
    .map(|(oid, value)| {
        let value = Any::from(Utf8StringRef::new(value)?);
        Ok(GeneralName::OtherName(OtherName { type_id: ObjectIdentifier::new(oid)?, value }))
    })
    .collect()
}

/// A critical extension that no verifier knows.
pub(crate) fn unknown_critical_extension() -> Result<Extension> {
    Ok(Extension {
        extn_id: ObjectIdentifier::new("1.2.392.200149.8.5.999")?,
        critical: true,
        extn_value: OctetString::new(Null.to_der()?)?,
    })
}

fn policies(policy: ObjectIdentifier) -> Result<CertificatePolicies> {
    let cps = PolicyQualifierInfo {
        policy_qualifier_id: ID_QT_CPS,
        qualifier: Some(Any::from(&Ia5String::new(CPS)?)),
    };
    Ok(CertificatePolicies(vec![PolicyInformation {
        policy_identifier: policy,
        policy_qualifiers: Some(vec![cps]),
    }]))
}

fn ocsp_access() -> Result<AuthorityInfoAccessSyntax> {
    Ok(AuthorityInfoAccessSyntax(vec![AccessDescription {
        access_method: ID_AD_OCSP,
        access_location: GeneralName::UniformResourceIdentifier(Ia5String::new(OCSP)?),
    }]))
}

fn extension<T: AssociatedOid + Encode>(critical: bool, value: &T) -> Result<Extension> {
    Ok(Extension { extn_id: T::OID, critical, extn_value: OctetString::new(value.to_der()?)? })
}

fn validity(not_before: Moment, not_after: Moment) -> Result<Validity> {
    let time = |(year, month, day, hour, minute, second)| -> Result<Time> {
        let moment = DateTime::new(year, month, day, hour, minute, second)?;
        Ok(Time::UtcTime(UtcTime::from_date_time(moment)?))
    };
    Ok(Validity { not_before: time(not_before)?, not_after: time(not_after)? })
}

fn public_key_info(key: &RsaPrivateKey) -> Result<SubjectPublicKeyInfoOwned> {
    let der = RsaPublicKey::from(key).to_public_key_der()?;
    Ok(SubjectPublicKeyInfoOwned::from_der(der.as_bytes())?)
}

/// SHA-1 over the key itself (RFC 5280, 4.2.1.2, method 1).
fn key_identifier(public: &SubjectPublicKeyInfoOwned) -> Result<OctetString> {
    let digest = Sha1::digest(public.subject_public_key.raw_bytes());
    Ok(OctetString::new(digest.as_slice())?)
}

fn sha256_with_rsa() -> Result<AlgorithmIdentifierOwned> {
    Ok(AlgorithmIdentifierOwned {
        oid: SHA_256_WITH_RSA_ENCRYPTION,
        parameters: Some(Any::from(Null)),
    })
}

fn sign(tbs_certificate: TbsCertificate, key: &RsaPrivateKey) -> Result<Certificate> {
    let signer = SigningKey::<Sha256>::new(key.clone());
    let signature: Signature = signer.sign(&tbs_certificate.to_der()?);
    Ok(Certificate {
        signature_algorithm: tbs_certificate.signature.clone(),
        signature: BitString::from_bytes(&signature.to_vec())?,
        tbs_certificate,
    })
}
