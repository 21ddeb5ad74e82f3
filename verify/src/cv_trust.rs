//! The roots of card-verifiable certificates that a relying party trusts.

mod pinned;

use crate::{CvCertificate, CvKey, KeyIdentifier, VerifyError};

/// The keys that may have issued the CV certificate of an application (EF 0004): of the card surface,
/// or of the card information input support application.
#[derive(Clone, Debug)]
pub struct CvTrust {
    roots: Vec<CvKey>,
    accepts_test_hierarchy: bool,
}

impl CvTrust {
    /// Trusts the roots of the card surface that `roots.toml` lists.
    ///
    /// The keys come from the crate myna-card. The test key was seen to verify cards of the test
    /// hierarchy; the production key has not been checked against a card by this project. Try one
    /// before you rely on it.
    #[must_use]
    pub fn pinned() -> Self {
        Self { roots: pinned::card_surface(), accepts_test_hierarchy: false }
    }

    /// Trusts the roots of the card information input support application (券面事項入力補助AP) that
    /// `roots.toml` lists, for [`verify_attributes`](crate::verify_attributes). Of these keys the same
    /// is known as of those of the card surface.
    #[must_use]
    pub fn pinned_card_information() -> Self {
        Self { roots: pinned::card_information(), accepts_test_hierarchy: false }
    }

    /// Trusts one more root: its name, and its public key (SubjectPublicKeyInfo) as PEM or DER.
    /// Fails with [`VerifyError::CvKeyMalformed`].
    pub fn with_key(
        self,
        identifier: KeyIdentifier,
        public_key: &[u8],
    ) -> Result<Self, VerifyError> {
        Ok(self.with_root(CvKey::new(identifier, public_key)?))
    }

    /// Trusts one more root.
    #[must_use]
    pub fn with_root(mut self, root: CvKey) -> Self {
        self.roots.push(root);
        self
    }

    /// Accepts roots of test hierarchies too (the first digit of whose name is not 5): test cards,
    /// and the virtual card. Never in production.
    #[must_use]
    pub fn accepting_test_hierarchy(self) -> Self {
        Self { accepts_test_hierarchy: true, ..self }
    }

    /// Verifies that one of the roots issued the certificate, and gives the key that it certifies.
    /// Fails with [`VerifyError::CvCertificateUntrusted`].
    pub fn verify(&self, certificate: &CvCertificate) -> Result<CvKey, VerifyError> {
        let issuer = certificate.issuer();
        if !issuer.is_production() && !self.accepts_test_hierarchy {
            return Err(certificate.untrusted("a test hierarchy, which was not asked for"));
        }
        let namesakes = self.roots.iter().filter(|root| root.identifier() == issuer);
        namesakes
            .map(|root| certificate.verify(root))
            .reduce(Result::or)
            .unwrap_or_else(|| Err(certificate.untrusted("no trusted key has this identifier")))
    }
}
