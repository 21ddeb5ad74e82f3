//! Layout of the card: its applications, their files, keys and PINs, by name.

use serde::{Deserialize, Serialize};

use crate::value::Method;

/// Applications of the card, by their complete names (card.md 3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Application {
    /// The card manager (GlobalPlatform issuer security domain). Selecting it clears every VERIFY.
    CardManager,
    /// The public key application (公的個人認証AP).
    Jpki,
    /// The card surface application (券面事項確認AP).
    CardSurface,
    /// The card information input support application (券面事項入力補助AP). No command of a page
    /// reaches it: its PIN opens the individual number too, and EF 0003 gives that away.
    CardInformation,
}

impl Application {
    const ALL: [Self; 4] =
        [Self::CardManager, Self::Jpki, Self::CardSurface, Self::CardInformation];

    /// The application's complete name.
    #[must_use]
    pub fn aid(self) -> &'static [u8] {
        match self {
            Self::CardManager => &[0xA0, 0x00, 0x00, 0x01, 0x51, 0x00, 0x00],
            Self::Jpki => &[0xD3, 0x92, 0xF0, 0x00, 0x26, 0x01, 0x00, 0x00, 0x00, 0x01],
            Self::CardSurface => &[0xD3, 0x92, 0x10, 0x00, 0x31, 0x00, 0x01, 0x01, 0x04, 0x02],
            Self::CardInformation => &[0xD3, 0x92, 0x10, 0x00, 0x31, 0x00, 0x01, 0x01, 0x04, 0x08],
        }
    }

    /// Name in records.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::CardManager => "card-manager",
            Self::Jpki => "jpki",
            Self::CardSurface => "card-surface",
            Self::CardInformation => "card-information",
        }
    }

    pub(crate) fn named(aid: &[u8]) -> Option<Self> {
        Self::ALL.into_iter().find(|application| application.aid() == aid)
    }
}

/// Short identifiers of the files of the public key application; all lie between 01 and 1E (card.md
/// 3.1).
pub mod jpki {
    /// Digital signature certificate (署名用電子証明書); readable after its password.
    pub const DIGITAL_SIGNATURE_CERTIFICATE: u8 = 0x01;
    /// CA certificate for digital signatures.
    pub const DIGITAL_SIGNATURE_CA_CERTIFICATE: u8 = 0x02;
    /// Token information, a PKCS #11 `CK_TOKEN_INFO`.
    pub const TOKEN_INFORMATION: u8 = 0x06;
    /// Availability of the certificates: which of them are there.
    pub const CERTIFICATE_AVAILABILITY: u8 = 0x08;
    /// User authentication certificate (利用者証明用電子証明書); readable without a PIN.
    pub const USER_AUTHENTICATION_CERTIFICATE: u8 = 0x0A;
    /// CA certificate for user authentication.
    pub const USER_AUTHENTICATION_CA_CERTIFICATE: u8 = 0x0B;
    /// Key that certifies terminals (特定機関認証EF, by name only: card.md 6.1).
    pub const TERMINAL_AUTHORITY: u8 = 0x16;
    /// User authentication key.
    pub const USER_AUTHENTICATION_KEY: u8 = 0x17;
    /// PIN of the user authentication key.
    pub const USER_AUTHENTICATION_PIN: u8 = 0x18;
    /// Digital signature key.
    pub const DIGITAL_SIGNATURE_KEY: u8 = 0x1A;
    /// Password of the digital signature key.
    pub const DIGITAL_SIGNATURE_PASSWORD: u8 = 0x1B;
}

/// Short identifiers of the files of the card surface application (card.md 3.3).
pub mod card_surface {
    /// Age record (生年月日): birth date and public key, signed; readable after the birth date.
    pub const AGE_RECORD: u8 = 0x01;
    /// Card face (券面): what is printed on the card, mostly as pictures; readable after verification
    /// number B.
    pub const CARD_FACE: u8 = 0x02;
    /// Card-verifiable certificate of the key that signed the records.
    pub const CV_CERTIFICATE: u8 = 0x04;
    /// Birth date, presented like a PIN.
    pub const BIRTH_DATE: u8 = 0x11;
    /// Verification number B (照合番号B), presented like a PIN; ten tries.
    pub const VERIFICATION_NUMBER_B: u8 = 0x12;
}

/// Short identifiers of the files of the card information input support application (card.md 3.2).
/// EF 0001, the individual number, is not among them: nothing here reads it.
pub mod card_information {
    /// The four basic attributes; readable after the PIN.
    pub const BASIC_ATTRIBUTES: u8 = 0x02;
    /// Signed digests of the individual number and of the basic attributes; readable after the PIN.
    pub const INTEGRITY_RECORD: u8 = 0x03;
    /// Card-verifiable certificate of the key that signed the digests.
    pub const CV_CERTIFICATE: u8 = 0x04;
    /// PIN of the application (券面事項入力補助用暗証番号), four digits.
    pub const PIN: u8 = 0x11;
}

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

impl Key {
    /// The application that it belongs to.
    pub(crate) fn application(self) -> Application {
        match self {
            Self::UserAuthentication => Application::Jpki,
            Self::CardSurface => Application::CardSurface,
        }
    }

    /// Name in records.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::UserAuthentication => "user-authentication",
            Self::CardSurface => "card-surface",
        }
    }

    /// Method that a signature of this key stands for, when a page asks for it.
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
            Self::UserAuthentication => jpki::USER_AUTHENTICATION_PIN,
            Self::DigitalSignature => jpki::DIGITAL_SIGNATURE_PASSWORD,
            Self::CardInformation => card_information::PIN,
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
