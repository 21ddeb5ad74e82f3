//! Whether a certificate was revoked.

use std::borrow::Cow;

use crate::VerifyError;

/// What is known of a certificate's revocation.
///
/// JPKI answers accredited verifiers only (利用者証明検証者); others ask a platform operator, or do not
/// know. Not knowing is an answer of its own, with its reason, so that it is never taken for good.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Revocation {
    /// Whoever is entitled to know says that the certificate is not revoked.
    Good,
    /// The certificate is revoked: the card was lost, say, or the holder asked for it.
    Revoked,
    /// Nobody said.
    NotChecked {
        /// Why not, for the relying party's records.
        because: Cow<'static, str>,
    },
}

impl Revocation {
    pub(crate) const NOBODY_ASKED: Self =
        Self::NotChecked { because: Cow::Borrowed("no revocation check was made") };

    /// Everything but [`Revoked`](Self::Revoked), which is [`VerifyError::CertificateRevoked`].
    pub(crate) fn unless_revoked(self) -> Result<Self, VerifyError> {
        match self {
            Self::Revoked => Err(VerifyError::CertificateRevoked),
            other => Ok(other),
        }
    }
}
