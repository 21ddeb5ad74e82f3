//! The keys that sign and the PINs that unlock, by name, wherever on the card they lie.

use serde::{Deserialize, Serialize};

use crate::{card_information, jpki, policy::Application, statement::Method};

/// The keys that sign challenges.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Key {
    /// 利用者証明用の鍵, unlocked by its PIN.
    UserAuthentication,
    /// The key of the card surface application, which signs without a PIN (card.md 4.6).
    CardSurface,
}

/// A PIN by what it unlocks. (An EF identifier alone does not name one: 0011 is a PIN in one
/// application and a birth date in another.)
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[expect(clippy::exhaustive_enums, reason = "who asks for a PIN must know how to ask for each")]
pub enum PinReference {
    /// 利用者証明用暗証番号: four digits, three tries.
    UserAuthentication,
    /// 署名用パスワード: 6 to 16 capitals and digits, five tries.
    DigitalSignature,
    /// 券面事項入力補助用暗証番号: four digits, three tries. It opens name and address, but also the
    /// individual number: it is presented only for what is read in the same breath.
    CardInformation,
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

impl Key {
    /// The application that it belongs to.
    pub(crate) fn application(self) -> Application {
        match self {
            Self::UserAuthentication => Application::Jpki,
            Self::CardSurface => Application::CardSurface,
        }
    }

    /// What it is called in records.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::UserAuthentication => "user-authentication",
            Self::CardSurface => "card-surface",
        }
    }

    /// What a signature of this key says of how it came about, when a page asks for it.
    #[must_use]
    pub fn method(self) -> Method {
        match self {
            Self::UserAuthentication => Method::Pin,
            Self::CardSurface => Method::Presence,
        }
    }

    /// The PIN that unlocks it, if it needs one.
    #[must_use]
    pub fn pin_reference(self) -> Option<PinReference> {
        match self {
            Self::UserAuthentication => Some(PinReference::UserAuthentication),
            Self::CardSurface => None,
        }
    }
}

impl PinReference {
    /// The application that it belongs to.
    #[must_use]
    pub fn application(self) -> Application {
        match self {
            Self::UserAuthentication | Self::DigitalSignature => Application::Jpki,
            Self::CardInformation => Application::CardInformation,
        }
    }

    /// The EF that holds it.
    #[must_use]
    pub fn ef(self) -> u8 {
        match self {
            Self::UserAuthentication => jpki::ef::USER_AUTHENTICATION_PIN,
            Self::DigitalSignature => jpki::ef::DIGITAL_SIGNATURE_PASSWORD,
            Self::CardInformation => card_information::ef::PIN,
        }
    }

    /// How many digits it has; nothing if it may have letters, which most readers have no keys for.
    #[must_use]
    pub fn digits(self) -> Option<u8> {
        match self {
            Self::UserAuthentication | Self::CardInformation => Some(4),
            Self::DigitalSignature => None,
        }
    }
}
