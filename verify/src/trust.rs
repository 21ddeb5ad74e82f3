//! The authorities that a relying party trusts.

use std::time::SystemTime;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::VerifyError;
use crate::certificate::{Certificate, Validity, X509};
use crate::public_key::PublicKey;

/// The CA certificates that a relying party trusts.
///
/// JPKI's are at <https://www.jpki.go.jp/ca/>. Configure every generation in force: all bear the
/// same name, and the right one is found by its key. A CA certificate read from a card proves
/// nothing.
#[derive(Clone, Debug)]
pub struct Trust {
    authorities: Vec<Authority>,
    accepts_test_hierarchy: bool,
}

/// What is needed of a CA certificate to judge what it signed.
#[derive(Clone, Debug)]
struct Authority {
    name: Box<[u8]>,
    key_identifier: Box<[u8]>,
    public_key: PublicKey,
    validity: Validity,
}

impl Trust {
    /// Trusts these CA certificates, each as DER or as PEM of one or several.
    ///
    /// Fails with [`VerifyError::AuthorityMalformed`] or [`VerifyError::AuthorityUnsuitable`] if
    /// one is no CA certificate.
    pub fn from_certificates<C: AsRef<[u8]>>(
        certificates: impl IntoIterator<Item = C>,
    ) -> Result<Self, VerifyError> {
        let mut authorities = Vec::new();
        for certificate in certificates {
            let certificates = der_certificates(certificate.as_ref());
            for der in certificates.ok_or(VerifyError::AuthorityMalformed)? {
                authorities.push(Authority::from_der(&der)?);
            }
        }
        Ok(Self { authorities, accepts_test_hierarchy: false })
    }

    /// Accepts certificates of JPKI-TEST too: test cards, and the virtual card. Never in
    /// production.
    #[must_use]
    pub fn accepting_test_hierarchy(self) -> Self {
        Self { accepts_test_hierarchy: true, ..self }
    }

    pub(crate) fn accepts_test_hierarchy(&self) -> bool {
        self.accepts_test_hierarchy
    }

    /// Checks that one of the authorities signed the certificate, and that both are valid now.
    pub(crate) fn check(
        &self,
        certificate: &Certificate,
        now: SystemTime,
    ) -> Result<(), VerifyError> {
        let authority = self
            .authorities
            .iter()
            .find(|authority| authority.issued(certificate))
            .ok_or(VerifyError::CertificateUntrusted)?;

        let (not_before, not_after) = (certificate.not_before(), certificate.not_after());
        if now < not_before {
            return Err(VerifyError::CertificateNotYetValid { now, not_before });
        }
        if now > not_after {
            return Err(VerifyError::CertificateExpired { now, not_after });
        }
        let Validity { not_before, not_after } = authority.validity;
        if now < not_before {
            return Err(VerifyError::AuthorityNotYetValid { now, not_before });
        }
        if now > not_after {
            return Err(VerifyError::AuthorityExpired { now, not_after });
        }
        Ok(())
    }
}

impl Authority {
    fn from_der(der: &[u8]) -> Result<Self, VerifyError> {
        let unsuitable = |what| VerifyError::AuthorityUnsuitable { what };
        let certificate = X509::parse(der).ok_or(VerifyError::AuthorityMalformed)?;
        certificate.check_common_profile().map_err(unsuitable)?;
        if !certificate.is_authority() {
            return Err(unsuitable(
                "basic constraints and key usage do not let it sign certificates",
            ));
        }
        Ok(Self {
            name: certificate.subject().as_raw().into(),
            key_identifier: certificate
                .subject_key_identifier()
                .ok_or(unsuitable("no subject key identifier"))?
                .into(),
            public_key: certificate
                .public_key()
                .ok_or(unsuitable("no RSA key of 2048 to 4096 bits with exponent 65537"))?,
            validity: certificate.validity().ok_or(VerifyError::AuthorityMalformed)?,
        })
    }

    /// Whether this authority's key signed the certificate. Its name alone says little: all
    /// generations share one.
    fn issued(&self, certificate: &Certificate) -> bool {
        *self.name == *certificate.issuer()
            && *self.key_identifier == *certificate.authority_key_identifier()
            && certificate.is_signed_by(&self.public_key)
    }
}

/// The certificates in DER, from DER or from the blocks of a PEM text (RFC 7468).
fn der_certificates(bytes: &[u8]) -> Option<Vec<Vec<u8>>> {
    const SEQUENCE: u8 = 0x30;
    if bytes.first() == Some(&SEQUENCE) {
        return Some(vec![bytes.to_vec()]);
    }
    let text = std::str::from_utf8(bytes).ok()?;
    let blocks = text.split("-----BEGIN CERTIFICATE-----").skip(1).map(|block| {
        let (base64, _) = block.split_once("-----END CERTIFICATE-----")?;
        STANDARD.decode(base64.split_ascii_whitespace().collect::<String>()).ok()
    });
    let certificates = blocks.collect::<Option<Vec<_>>>()?;
    (!certificates.is_empty()).then_some(certificates)
}
