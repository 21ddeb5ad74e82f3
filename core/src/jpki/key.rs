//! What the application holds, by name: certificates, keys, and the PINs that unlock them.

use serde::{Deserialize, Serialize};

use super::ef;

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

/// The keys that sign challenges.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Key {
    /// 利用者証明用の鍵.
    UserAuthentication,
}

/// A PIN by the key that it unlocks. (An EF identifier alone does not name one: 0011 is a PIN in
/// one application and a birth date in another.)
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[expect(clippy::exhaustive_enums, reason = "who asks for a PIN must know how to ask for each")]
pub enum PinReference {
    /// 利用者証明用暗証番号: four digits, three tries.
    UserAuthentication,
    /// 署名用パスワード: 6 to 16 capitals and digits, five tries.
    DigitalSignature,
}

/// Says that the card accepted a PIN.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Verified {
    /// The key that is unlocked.
    pub reference: PinReference,
}

impl Verified {
    /// What a driver answers to [`Step::VerifyPin`](crate::flow::Step::VerifyPin) once the card
    /// accepted the PIN.
    #[must_use]
    pub fn new(reference: PinReference) -> Self {
        Self { reference }
    }
}

impl CertificateKind {
    /// The EF that holds it.
    #[must_use]
    pub fn ef(self) -> u8 {
        match self {
            Self::UserAuthentication => ef::USER_AUTHENTICATION_CERTIFICATE,
            Self::UserAuthenticationCa => ef::USER_AUTHENTICATION_CA_CERTIFICATE,
            Self::DigitalSignature => ef::DIGITAL_SIGNATURE_CERTIFICATE,
            Self::DigitalSignatureCa => ef::DIGITAL_SIGNATURE_CA_CERTIFICATE,
        }
    }
}

impl Key {
    /// The EF that holds it.
    #[must_use]
    pub fn ef(self) -> u8 {
        match self {
            Self::UserAuthentication => ef::USER_AUTHENTICATION_KEY,
        }
    }

    /// The PIN that unlocks it.
    #[must_use]
    pub fn pin_reference(self) -> PinReference {
        match self {
            Self::UserAuthentication => PinReference::UserAuthentication,
        }
    }
}

impl PinReference {
    /// The EF that holds it.
    #[must_use]
    pub fn ef(self) -> u8 {
        match self {
            Self::UserAuthentication => ef::USER_AUTHENTICATION_PIN,
            Self::DigitalSignature => ef::DIGITAL_SIGNATURE_PASSWORD,
        }
    }
}
