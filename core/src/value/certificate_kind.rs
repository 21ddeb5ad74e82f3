use serde::{Deserialize, Serialize};

use crate::value::layout;

/// The four certificates that the application holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum CertificateKind {
    /// 利用者証明用電子証明書: says nothing of the holder but tells cards apart.
    UserAuthentication,
    /// The certificate of the CA that issued it.
    UserAuthenticationCa,
    /// 署名用電子証明書: holds name, address, birth date and sex.
    DigitalSignature,
    /// The certificate of the CA that issued it.
    DigitalSignatureCa,
}

impl CertificateKind {
    /// The EF that holds it.
    #[must_use]
    pub fn ef(self) -> u8 {
        match self {
            Self::UserAuthentication => layout::jpki::USER_AUTHENTICATION_CERTIFICATE,
            Self::UserAuthenticationCa => layout::jpki::USER_AUTHENTICATION_CA_CERTIFICATE,
            Self::DigitalSignature => layout::jpki::DIGITAL_SIGNATURE_CERTIFICATE,
            Self::DigitalSignatureCa => layout::jpki::DIGITAL_SIGNATURE_CA_CERTIFICATE,
        }
    }
}
