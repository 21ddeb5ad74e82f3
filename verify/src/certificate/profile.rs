//! The JPKI profile of a user authentication certificate.

use std::fmt;
use std::time::SystemTime;

use x509_parser::oid_registry::{Oid, asn1_rs::oid};

use super::issuer::{self, Hierarchy, Purpose};
use super::x509::{Validity, X509};
use crate::VerifyError;
use crate::public_key::PublicKey;

const POLICY: Oid<'static> = oid!(1.2.392.200149.8.5.1.3.30);
const TEST_POLICY: Oid<'static> = oid!(1.2.392.200149.8.5.1.0.30);

/// A user authentication certificate (利用者証明用電子証明書).
///
/// It holds no name, but the same bytes at every reader: it tells cards apart, and so people. Keep
/// it out of logs; `Debug` shows nothing of it.
#[derive(Clone)]
pub struct Certificate {
    der: Box<[u8]>,
    hierarchy: Hierarchy,
    issuer: Box<[u8]>,
    authority_key_identifier: Box<[u8]>,
    serial_number: String,
    validity: Validity,
    public_key: PublicKey,
    public_key_info: Box<[u8]>,
    signed_digest: [u8; 32],
    signature: Box<[u8]>,
}

impl Certificate {
    /// Reads a certificate and holds it to the profile. Who signed it is for
    /// [`Trust`](crate::Trust) to say.
    pub(crate) fn from_der(der: &[u8]) -> Result<Self, VerifyError> {
        let unexpected = |what| VerifyError::CertificateProfileUnexpected { what };
        let certificate = X509::parse(der).ok_or(VerifyError::CertificateMalformed)?;
        certificate.check_common_profile().map_err(unexpected)?;

        let Some((hierarchy, Purpose::UserAuthentication)) = issuer::parse(certificate.issuer())
        else {
            return Err(VerifyError::CertificateIssuerUnexpected);
        };
        let policy = match hierarchy {
            Hierarchy::Production => POLICY,
            Hierarchy::Test => TEST_POLICY,
        };
        if !certificate.policies().contains(&policy) {
            return Err(VerifyError::CertificatePolicyUnexpected);
        }
        if !certificate.is_for_digital_signature_alone() {
            return Err(VerifyError::CertificateKeyUsageUnexpected);
        }
        if !certificate.is_for_client_authentication() {
            return Err(VerifyError::CertificateNotForClientAuthentication);
        }
        if certificate.has_basic_constraints() {
            return Err(unexpected("basic constraints, which only authorities have"));
        }
        Ok(Self {
            der: der.into(),
            hierarchy,
            issuer: certificate.issuer().as_raw().into(),
            authority_key_identifier: certificate
                .authority_key_identifier()
                .ok_or(unexpected("no authority key identifier"))?
                .into(),
            serial_number: certificate.serial_number(),
            validity: certificate.validity().ok_or(VerifyError::CertificateMalformed)?,
            public_key: certificate
                .public_key()
                .ok_or(unexpected("no RSA key of 2048 to 4096 bits with exponent 65537"))?,
            public_key_info: certificate.public_key_info().into(),
            signed_digest: certificate.digest(),
            signature: certificate.signature().into(),
        })
    }

    /// The certificate itself, as a revocation checker needs it.
    #[must_use]
    pub fn der(&self) -> &[u8] {
        &self.der
    }

    /// The hierarchy of the issuer.
    #[must_use]
    pub fn hierarchy(&self) -> Hierarchy {
        self.hierarchy
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

    pub(crate) fn issuer(&self) -> &[u8] {
        &self.issuer
    }

    pub(crate) fn authority_key_identifier(&self) -> &[u8] {
        &self.authority_key_identifier
    }

    pub(crate) fn serial_number(&self) -> &str {
        &self.serial_number
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
        f.debug_struct("Certificate").field("hierarchy", &self.hierarchy).finish_non_exhaustive()
    }
}
