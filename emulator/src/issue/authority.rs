use std::fmt;

use rsa::pkcs1v15::{Signature, SigningKey};
use rsa::pkcs8::EncodePublicKey;
use rsa::signature::{SignatureEncoding, Signer};
use rsa::{RsaPrivateKey, RsaPublicKey};
use sha1::{Digest, Sha1};
use sha2::Sha256;
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

use super::{Holder, IssueError};

type Result<T> = std::result::Result<T, IssueError>;

/// The policy of user authentication certificates in the test hierarchy.
pub const USER_AUTHENTICATION_POLICY: ObjectIdentifier =
    ObjectIdentifier::new_unwrap("1.2.392.200149.8.5.1.0.30");
/// The policy of digital signature certificates in the test hierarchy.
pub const DIGITAL_SIGNATURE_POLICY: ObjectIdentifier =
    ObjectIdentifier::new_unwrap("1.2.392.200149.8.5.1.0.20");

const CPS: &str = "http://www.jpki.go.jp/cps.html";
/// A name that nobody can own (RFC 6761): these certificates must not make anyone call the real
/// responder.
const OCSP: &str = "http://ocspauthnorm.jpki.test";

/// Names within one of the two branches of the hierarchy, or within one that is neither.
#[derive(Clone, Copy, Debug)]
struct Branch {
    organization: &'static str,
    unit: &'static str,
    unit_ja: &'static str,
}

const USER_AUTHENTICATION: Branch = Branch {
    organization: "JPKI-TEST",
    unit: "JPKI for user authentication",
    unit_ja: "公的個人認証サービス利用者証明用",
};

const DIGITAL_SIGNATURE: Branch = Branch {
    organization: "JPKI-TEST",
    unit: "JPKI for digital signature",
    unit_ja: "公的個人認証サービス署名用",
};

/// A certification authority with its self-signed certificate. `Debug` shows nothing of its key.
#[derive(Clone)]
pub struct Authority {
    branch: Branch,
    key: RsaPrivateKey,
    certificate: Certificate,
}

/// Difference between one end entity certificate and the next. The rest follows from the authority.
///
/// Made as the card has it; whoever needs another, or a wrong one, changes a field.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct EndEntity {
    /// The serial number, big-endian.
    pub serial: Vec<u8>,
    /// The subject.
    pub subject: Name,
    /// The key that is certified.
    pub key: RsaPublicKey,
    /// From when it is valid.
    pub not_before: DateTime,
    /// Until when it is valid.
    pub not_after: DateTime,
    /// Uses of the key.
    pub key_usage: FlagSet<KeyUsages>,
    /// Whether the key is for authenticating clients.
    pub client_auth: bool,
    /// The certificate policy.
    pub policy: ObjectIdentifier,
    /// The holder's attributes, if it names them.
    pub subject_alt_names: Vec<GeneralName>,
    /// Whether it names an OCSP responder.
    pub ocsp: bool,
    /// Extensions behind those of JPKI.
    pub further: Vec<Extension>,
}

impl EndEntity {
    /// The user authentication certificate of a person.
    pub fn user_authentication(holder: &Holder, key: &RsaPrivateKey) -> Result<Self> {
        let common_name = format!("KAZASHI{:07}13221003A", holder.number);
        Ok(Self {
            serial: serial(0x0022_7000, holder),
            subject: name(&[(C, "JP"), (CN, &common_name)])?,
            key: RsaPublicKey::from(key),
            not_before: DateTime::new(2025, 4, 2, 1, 23, 45)?,
            not_after: DateTime::new(2045, 2, 17, 14, 59, 59)?,
            key_usage: KeyUsages::DigitalSignature.into(),
            client_auth: true,
            policy: USER_AUTHENTICATION_POLICY,
            subject_alt_names: Vec::new(),
            ocsp: true,
            further: Vec::new(),
        })
    }

    /// The digital signature certificate of a person. Its subject names the municipality and the
    /// time of the request.
    pub fn digital_signature(holder: &Holder, key: &RsaPrivateKey) -> Result<Self> {
        let request = format!("20250402102345{:05}13221003A", holder.number);
        Ok(Self {
            serial: serial(0x001E_6000, holder),
            subject: name(&[(C, "JP"), (L, "Tokyo-to"), (L, "Kiyose-shi"), (CN, &request)])?,
            key_usage: KeyUsages::DigitalSignature | KeyUsages::NonRepudiation,
            client_auth: false,
            policy: DIGITAL_SIGNATURE_POLICY,
            subject_alt_names: attributes(holder)?,
            ocsp: false,
            ..Self::user_authentication(holder, key)?
        })
    }
}

impl Authority {
    /// The one that issues user authentication certificates.
    pub fn user_authentication(key: RsaPrivateKey) -> Result<Self> {
        Self::new(USER_AUTHENTICATION, &[0x21, 0x80, 0x01], key)
    }

    /// The one that issues digital signature certificates.
    pub fn digital_signature(key: RsaPrivateKey) -> Result<Self> {
        Self::new(DIGITAL_SIGNATURE, &[0x1E, 0xA0, 0x01], key)
    }

    /// One that has nothing to do with JPKI.
    pub fn foreign(key: RsaPrivateKey) -> Result<Self> {
        Self::new(Branch { organization: "ELSEWHERE", ..USER_AUTHENTICATION }, &[0x01], key)
    }

    fn new(branch: Branch, serial: &[u8], key: RsaPrivateKey) -> Result<Self> {
        let name = branch.authority_name()?;
        let public = public_key_info(&RsaPublicKey::from(&key))?;
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
            validity: validity(
                DateTime::new(2025, 3, 31, 15, 0, 0)?,
                DateTime::new(2045, 3, 31, 14, 59, 59)?,
            )?,
            subject: name,
            subject_public_key_info: public,
            issuer_unique_id: None,
            subject_unique_id: None,
            extensions: Some(extensions),
        };
        let certificate = sign(tbs, &key)?;
        Ok(Self { branch, key, certificate })
    }

    /// Its own certificate, in DER.
    pub fn certificate(&self) -> Result<Vec<u8>> {
        Ok(self.certificate.to_der()?)
    }

    /// Issues a certificate, in DER.
    pub fn issue(&self, entity: &EndEntity) -> Result<Vec<u8>> {
        let public = public_key_info(&entity.key)?;
        let extensions = self.extensions(entity, &public)?;
        let tbs = TbsCertificate {
            version: Version::V3,
            serial_number: SerialNumber::new(&entity.serial)?,
            signature: sha256_with_rsa()?,
            issuer: self.certificate.tbs_certificate.subject.clone(),
            validity: validity(entity.not_before, entity.not_after)?,
            subject: entity.subject.clone(),
            subject_public_key_info: public,
            issuer_unique_id: None,
            subject_unique_id: None,
            extensions: Some(extensions),
        };
        Ok(sign(tbs, &self.key)?.to_der()?)
    }

    fn extensions(
        &self,
        entity: &EndEntity,
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
        extensions.push(extension(false, &self.branch.issuer_alt_name()?)?);
        extensions.push(extension(false, &self.branch.crl_distribution_points()?)?);
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

impl Branch {
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

/// Three bytes, as on cards.
fn serial(first: u32, holder: &Holder) -> Vec<u8> {
    let [_, serial @ ..] = (first + u32::from(holder.number)).to_be_bytes();
    serial.to_vec()
}

/// A name of one attribute per RDN: C is a PrintableString, all others are UTF8Strings.
fn name(attributes: &[(ObjectIdentifier, &str)]) -> Result<Name> {
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

/// The holder as the digital signature certificate names her, in the order of the card: name, date
/// of birth, sex, address, and for each character of name and address whether it stands for one
/// that could not be encoded.
fn attributes(holder: &Holder) -> Result<Vec<GeneralName>> {
    let unsubstituted = |text: &str| "0".repeat(text.chars().count());
    [
        ("1.2.392.200149.8.5.5.1", holder.name),
        ("1.2.392.200149.8.5.5.4", &holder.birth_date.with_era()),
        ("1.2.392.200149.8.5.5.3", holder.sex),
        ("1.2.392.200149.8.5.5.5", holder.address),
        ("1.2.392.200149.8.5.5.2", &unsubstituted(holder.name)),
        ("1.2.392.200149.8.5.5.6", &unsubstituted(holder.address)),
    ]
    .into_iter()
    .map(|(oid, value)| {
        let value = Any::from(Utf8StringRef::new(value)?);
        let type_id = ObjectIdentifier::new_unwrap(oid);
        Ok(GeneralName::OtherName(OtherName { type_id, value }))
    })
    .collect()
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

fn validity(not_before: DateTime, not_after: DateTime) -> Result<Validity> {
    let time = |moment| -> Result<Time> { Ok(Time::UtcTime(UtcTime::from_date_time(moment)?)) };
    Ok(Validity { not_before: time(not_before)?, not_after: time(not_after)? })
}

fn public_key_info(key: &RsaPublicKey) -> Result<SubjectPublicKeyInfoOwned> {
    let der = key.to_public_key_der()?;
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

impl fmt::Debug for Authority {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Authority").field("branch", &self.branch).finish_non_exhaustive()
    }
}
