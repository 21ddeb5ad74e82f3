//! Summary of a certificate, for people.

use std::fmt;
use std::time::SystemTime;

use kazashi_core::value::CertificateKind;

use super::DistinguishedName;
use super::issuer::{self, Hierarchy, Issuer};
use super::x509::{Validity, X509};
use crate::VerifyError;

/// Summary of any of the card's four certificates that a person may be shown: without serial number
/// and name. Nothing in it is verified.
#[derive(Clone)]
#[non_exhaustive]
pub struct CertificateSummary {
    /// Which of the four it is.
    pub kind: CertificateKind,
    /// The hierarchy that the issuer's name claims.
    pub hierarchy: Hierarchy,
    /// The first moment of validity.
    pub not_before: SystemTime,
    /// The last moment of validity: for a holder's certificate, a birthday.
    pub not_after: SystemTime,
    /// The policy under which it was issued, in dotted decimal. CA certificates have none.
    pub policy: Option<String>,
}

impl CertificateSummary {
    /// Reads a certificate in DER.
    ///
    /// Fails with [`VerifyError::CertificateMalformed`], or
    /// [`VerifyError::CertificateIssuerUnexpected`] if its issuer's name is not one of JPKI's.
    pub fn from_der(der: &[u8]) -> Result<Self, VerifyError> {
        let certificate = X509::parse(der).ok_or(VerifyError::CertificateMalformed)?;
        let Issuer { hierarchy, purpose } =
            issuer::parse(certificate.issuer()).ok_or_else(|| {
                let found = DistinguishedName::new(certificate.issuer());
                VerifyError::CertificateIssuerUnexpected { found }
            })?;
        let kind = purpose.certificate_kind(certificate.is_authority());
        let Validity { not_before, not_after } =
            certificate.validity().ok_or(VerifyError::CertificateMalformed)?;
        let policy = certificate.policies().into_iter().next();
        Ok(Self { kind, hierarchy, not_before, not_after, policy })
    }
}

/// Reads the serial number (発行の番号) of a certificate in DER, in hexadecimal, for those entitled to
/// use it. Fails with [`VerifyError::CertificateMalformed`].
pub fn certificate_serial_number(der: &[u8]) -> Result<String, VerifyError> {
    let certificate = X509::parse(der).ok_or(VerifyError::CertificateMalformed)?;
    Ok(certificate.serial_number())
}

/// Derived, it would print a birthday.
impl fmt::Debug for CertificateSummary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CertificateSummary")
            .field("kind", &self.kind)
            .field("hierarchy", &self.hierarchy)
            .finish_non_exhaustive()
    }
}
