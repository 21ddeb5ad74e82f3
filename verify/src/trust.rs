//! The authorities that a relying party trusts.

mod pinned;

use std::time::SystemTime;

use kazashi_core::codec::Hex;
use sha2::{Digest, Sha256};

use crate::certificate::{Certificate, Hierarchy, Issuer, Validity, X509, parse_issuer};
use crate::public_key::PublicKey;
use crate::{VerifyError, pem};

/// The CA certificates that a relying party trusts.
///
/// JPKI's are at <https://www.jpki.go.jp/ca/>. Configure every generation in force: all bear the
/// same name, and the right one is found by its key. Or start from [`pinned`](Self::pinned), and
/// add the CA certificate that lies on each card.
#[derive(Clone, Debug)]
pub struct Trust {
    authorities: Vec<Authority>,
    accepts_test_hierarchy: bool,
}

/// The parts of a CA certificate by which its signatures are judged.
#[derive(Clone, Debug)]
struct Authority {
    identity: Issuer,
    key_identifier: Box<[u8]>,
    public_key: PublicKey,
    validity: Validity,
}

impl Trust {
    /// Trusts these CA certificates, each as DER or as PEM of one or several.
    ///
    /// Fails with [`VerifyError::AuthorityMalformed`] or [`VerifyError::AuthorityUnsuitable`] if
    /// one is no CA certificate of JPKI.
    pub fn from_certificates<C: AsRef<[u8]>>(
        certificates: impl IntoIterator<Item = C>,
    ) -> Result<Self, VerifyError> {
        let mut trust = Self::pinned();
        for certificate in certificates {
            let certificates = pem::decode(certificate.as_ref(), "CERTIFICATE");
            for der in certificates.ok_or(VerifyError::AuthorityMalformed)? {
                trust.authorities.push(Authority::from_der(&der)?);
            }
        }
        Ok(trust)
    }

    /// Trusts the CA certificates whose fingerprints `roots.toml` lists, once somebody hands them
    /// over: see [`with_card_authority`](Self::with_card_authority).
    #[must_use]
    pub fn pinned() -> Self {
        Self { authorities: Vec::new(), accepts_test_hierarchy: false }
    }

    /// Accepts certificates of JPKI-TEST too: test cards, and the virtual card. Never in
    /// production.
    #[must_use]
    pub fn accepting_test_hierarchy(self) -> Self {
        Self { accepts_test_hierarchy: true, ..self }
    }

    /// Trusts, too, the CA certificate (DER) that was read from a card: EF 000B or 0002.
    ///
    /// What a card says of itself proves nothing, so its SHA-256 fingerprint must be pinned; else
    /// it fails with [`VerifyError::AuthorityNotPinned`]. Those of the test hierarchy count only
    /// after [`accepting_test_hierarchy`](Self::accepting_test_hierarchy).
    pub fn with_card_authority(mut self, der: &[u8]) -> Result<Self, VerifyError> {
        let fingerprint = Hex::from(Sha256::digest(der)).to_string();
        let Some(hierarchy) = pinned::hierarchy(&fingerprint) else {
            return Err(VerifyError::AuthorityNotPinned { fingerprint });
        };
        self.check_hierarchy(hierarchy)?;
        self.authorities.push(Authority::from_der(der)?);
        Ok(self)
    }

    /// Whether one of the authorities is valid at the time passed in: else every certificate is
    /// refused. For whoever watches over a server.
    #[must_use]
    pub fn is_in_force(&self, now: SystemTime) -> bool {
        self.authorities.iter().any(|authority| {
            let Validity { not_before, not_after } = authority.validity;
            not_before <= now && now <= not_after
        })
    }

    /// Verifies a certificate, whoever showed it: one of the authorities signed it, and both are
    /// valid at the time passed in. [`verify`](crate::verify) does so with the one in a token.
    ///
    /// It does not say that the holder was there, nor that the certificate was not revoked.
    pub fn verify(&self, certificate: &Certificate, now: SystemTime) -> Result<(), VerifyError> {
        self.check_hierarchy(certificate.hierarchy())?;
        let authority = self.issuer(certificate)?;

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

    fn check_hierarchy(&self, hierarchy: Hierarchy) -> Result<(), VerifyError> {
        match hierarchy {
            Hierarchy::Test if !self.accepts_test_hierarchy => {
                Err(VerifyError::CertificateOfTestHierarchy)
            }
            _ => Ok(()),
        }
    }

    /// The authority that signed the certificate: all generations share a name, so its key decides.
    fn issuer(&self, certificate: &Certificate) -> Result<&Authority, VerifyError> {
        let Issuer { hierarchy, purpose } = certificate.issued_by();
        let mut namesakes = self
            .authorities
            .iter()
            .filter(|authority| authority.identity == certificate.issued_by())
            .peekable();
        if namesakes.peek().is_none() {
            let kind = purpose.certificate_kind(true);
            return Err(VerifyError::AuthorityMissing { kind, hierarchy });
        }
        let key_identifier = certificate.authority_key_identifier();
        let mut candidates =
            namesakes.filter(|authority| *authority.key_identifier == *key_identifier).peekable();
        if candidates.peek().is_none() {
            let key_identifier = Hex::from(key_identifier).to_string();
            return Err(VerifyError::CertificateUntrusted { key_identifier });
        }
        candidates
            .find(|authority| certificate.is_signed_by(&authority.public_key))
            .ok_or(VerifyError::CertificateSignatureMismatch)
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
            identity: parse_issuer(certificate.subject())
                .ok_or(unsuitable("its name is not that of an authority of JPKI"))?,
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
}
