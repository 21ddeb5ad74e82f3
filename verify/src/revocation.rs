//! Revocation of a certificate: the answer of whoever was asked, and what is left of it in a
//! result.

use std::borrow::Cow;

use serde::Serialize;

use crate::VerifyError;

/// The answer of whoever was asked whether a certificate was revoked.
///
/// JPKI answers accredited verifiers only (利用者証明検証者); others ask a platform operator, or do not
/// know. Not knowing is an answer of its own, with its reason, so that it is never taken for good.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "another answer must not be overlooked")]
pub enum Answer {
    /// Whoever is entitled to know says that the certificate is not revoked.
    Good,
    /// The certificate is revoked: the card was lost, say, or the holder asked for it.
    Revoked,
    /// Nobody said.
    NotChecked {
        /// The reason, for the relying party's records.
        because: Cow<'static, str>,
    },
}

/// The state of a certificate that a result rests on. A revoked one gives no result.
///
/// Serde writes `{"status": "good"}`, or `{"status": "not-checked", "because": …}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "status", rename_all = "kebab-case")]
#[expect(clippy::exhaustive_enums, reason = "a state of another worth must not be overlooked")]
pub enum Revocation {
    /// Whoever is entitled to know says that the certificate is not revoked.
    Good,
    /// Nobody said.
    NotChecked {
        /// The reason, for the relying party's records.
        because: Cow<'static, str>,
    },
}

impl Revocation {
    pub(crate) const NOBODY_ASKED: Self =
        Self::NotChecked { because: Cow::Borrowed("no revocation check was made") };

    /// Its name in records.
    #[must_use]
    pub fn status(&self) -> &'static str {
        match self {
            Self::Good => "good",
            Self::NotChecked { .. } => "not-checked",
        }
    }
}

/// Fails with [`VerifyError::CertificateRevoked`].
impl TryFrom<Answer> for Revocation {
    type Error = VerifyError;

    fn try_from(answer: Answer) -> Result<Self, VerifyError> {
        match answer {
            Answer::Good => Ok(Self::Good),
            Answer::Revoked => Err(VerifyError::CertificateRevoked),
            Answer::NotChecked { because } => Ok(Self::NotChecked { because }),
        }
    }
}
