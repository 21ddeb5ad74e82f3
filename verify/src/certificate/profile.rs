//! The JPKI profiles of the two certificates of a holder.

use std::fmt;
use std::time::SystemTime;

use kazashi_core::value::CertificateKind;

use super::attributes::CertificateAttributes;
use super::issuer::{self, Hierarchy, Issuer, Purpose};
use super::name::DistinguishedName;
use super::x509::{Validity, X509};
use crate::VerifyError;
use crate::public_key::PublicKey;

/// The bits of key usage (RFC 5280, 4.2.1.3).
const DIGITAL_SIGNATURE: u16 = 1 << 0;
const NON_REPUDIATION: u16 = 1 << 1;

/// One of the two certificates of a holder, which keeps to the JPKI profile.
///
/// That it was issued by JPKI, [`Trust::verify`](crate::Trust::verify) says. It holds the same
/// bytes at every reader: it tells cards apart, and so people. Keep it out of logs; `Debug` shows
/// nothing of the holder.
#[derive(Clone)]
pub struct Certificate {
    der: Box<[u8]>,
    issued_by: Issuer,
    issuer: DistinguishedName,
    subject: DistinguishedName,
    authority_key_identifier: Box<[u8]>,
    serial_number: String,
    validity: Validity,
    policy: &'static str,
    public_key: PublicKey,
    public_key_info: Box<[u8]>,
    signed_digest: [u8; 32],
    signature: Box<[u8]>,
    attributes: Option<CertificateAttributes>,
}

impl Certificate {
    /// Reads a user authentication certificate (利用者証明用電子証明書) in DER.
    pub fn user_authentication(der: &[u8]) -> Result<Self, VerifyError> {
        Self::from_der(der, Purpose::UserAuthentication)
    }

    /// Reads a digital signature certificate (署名用電子証明書) in DER.
    pub fn digital_signature(der: &[u8]) -> Result<Self, VerifyError> {
        Self::from_der(der, Purpose::DigitalSignature)
    }

    fn from_der(der: &[u8], purpose: Purpose) -> Result<Self, VerifyError> {
        let unexpected = |what| VerifyError::CertificateProfileUnexpected { what };
        let certificate = X509::parse(der).ok_or(VerifyError::CertificateMalformed)?;
        certificate.check_common_profile().map_err(unexpected)?;

        let issuer = DistinguishedName::new(certificate.issuer());
        let Some(issued_by) = issuer::parse(certificate.issuer()) else {
            return Err(VerifyError::CertificateIssuerUnexpected { found: issuer });
        };
        let expected = purpose.certificate_kind(false);
        let found = issued_by.purpose.certificate_kind(certificate.is_authority());
        if found != expected {
            return Err(VerifyError::CertificateKindUnexpected { expected, found });
        }
        let policy = policy(issued_by);
        let policies = certificate.policies();
        if !policies.iter().any(|found| found == policy) {
            return Err(VerifyError::CertificatePolicyUnexpected {
                expected: policy,
                found: policies,
            });
        }
        let attributes = match purpose {
            Purpose::UserAuthentication => {
                check_key_usage(&certificate, DIGITAL_SIGNATURE)?;
                if !certificate.is_for_client_authentication() {
                    return Err(VerifyError::CertificateNotForClientAuthentication);
                }
                None
            }
            Purpose::DigitalSignature => {
                check_key_usage(&certificate, DIGITAL_SIGNATURE | NON_REPUDIATION)?;
                if certificate.has_extended_key_usage() {
                    return Err(unexpected("an extended key usage"));
                }
                let names = certificate.subject_alt_name().unwrap_or_default();
                Some(CertificateAttributes::parse(names).map_err(unexpected)?)
            }
        };
        if certificate.has_basic_constraints() {
            return Err(unexpected("basic constraints, which only authorities have"));
        }
        Ok(Self {
            der: der.into(),
            issued_by,
            issuer,
            subject: DistinguishedName::new(certificate.subject()),
            authority_key_identifier: certificate
                .authority_key_identifier()
                .ok_or(unexpected("no authority key identifier"))?
                .into(),
            serial_number: certificate.serial_number(),
            validity: certificate.validity().ok_or(VerifyError::CertificateMalformed)?,
            policy,
            public_key: certificate
                .public_key()
                .ok_or(unexpected("no RSA key of 2048 to 4096 bits with exponent 65537"))?,
            public_key_info: certificate.public_key_info().into(),
            signed_digest: certificate.digest(),
            signature: certificate.signature().into(),
            attributes,
        })
    }

    /// The certificate itself, as a revocation checker needs it.
    #[must_use]
    pub fn der(&self) -> &[u8] {
        &self.der
    }

    /// Which of the holder's two certificates it is.
    #[must_use]
    pub fn kind(&self) -> CertificateKind {
        self.issued_by.purpose.certificate_kind(false)
    }

    /// The hierarchy of the issuer.
    #[must_use]
    pub fn hierarchy(&self) -> Hierarchy {
        self.issued_by.hierarchy
    }

    /// The name of the issuer, the same in all its generations.
    #[must_use]
    pub fn issuer(&self) -> &DistinguishedName {
        &self.issuer
    }

    /// The holder as the issuer numbers them. It tells people apart at every service, as the serial
    /// number does; the name by which a person goes is in the [attributes](Self::attributes).
    #[must_use]
    pub fn subject(&self) -> &DistinguishedName {
        &self.subject
    }

    /// The serial number (発行の番号) in hexadecimal, for those entitled to use it.
    ///
    /// It is the same at every relying party, and the law restricts what it may be used for. Keep
    /// it out of logs.
    #[must_use]
    pub fn serial_number(&self) -> &str {
        &self.serial_number
    }

    /// The first moment of validity.
    #[must_use]
    pub fn not_before(&self) -> SystemTime {
        self.validity.not_before
    }

    /// The last moment of validity: the end, in Japan, of a birthday of the holder.
    #[must_use]
    pub fn not_after(&self) -> SystemTime {
        self.validity.not_after
    }

    /// The policy under which it was issued, in dotted decimal.
    #[must_use]
    pub fn policy(&self) -> &str {
        self.policy
    }

    /// The bits of the RSA modulus: 2048 in all certificates so far.
    #[must_use]
    pub fn key_size(&self) -> usize {
        self.public_key.size()
    }

    /// Name, address, date of birth and sex (基本4情報) at the time of issue, for those entitled to
    /// use them. A user authentication certificate has none.
    #[must_use]
    pub fn attributes(&self) -> Option<&CertificateAttributes> {
        self.attributes.as_ref()
    }

    pub(crate) fn issued_by(&self) -> Issuer {
        self.issued_by
    }

    pub(crate) fn authority_key_identifier(&self) -> &[u8] {
        &self.authority_key_identifier
    }

    pub(crate) fn public_key_info(&self) -> &[u8] {
        &self.public_key_info
    }

    pub(crate) fn is_signed_by(&self, authority: &PublicKey) -> bool {
        authority.verifies(&self.signed_digest, &self.signature)
    }

    pub(crate) fn has_signed(&self, digest: &[u8; 32], signature: &[u8]) -> bool {
        self.public_key.verifies(digest, signature)
    }
}

impl fmt::Debug for Certificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Certificate")
            .field("kind", &self.kind())
            .field("hierarchy", &self.hierarchy())
            .finish_non_exhaustive()
    }
}

/// The policy under which an authority issues certificates to the holders of cards.
fn policy(issuer: Issuer) -> &'static str {
    match (issuer.purpose, issuer.hierarchy) {
        (Purpose::UserAuthentication, Hierarchy::Production) => "1.2.392.200149.8.5.1.3.30",
        (Purpose::UserAuthentication, Hierarchy::Test) => "1.2.392.200149.8.5.1.0.30",
        (Purpose::DigitalSignature, Hierarchy::Production) => "1.2.392.200149.8.5.1.1.20",
        (Purpose::DigitalSignature, Hierarchy::Test) => "1.2.392.200149.8.5.1.0.20",
    }
}

fn check_key_usage(certificate: &X509<'_>, expected: u16) -> Result<(), VerifyError> {
    match certificate.critical_key_usage() {
        Some(found) if found == expected => Ok(()),
        found => Err(VerifyError::CertificateKeyUsageUnexpected { expected, found }),
    }
}
