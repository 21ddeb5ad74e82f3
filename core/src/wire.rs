//! The messages between page and bridge: JSON text frames of the WebSocket subprotocol
//! `kazashi.v1`.
//!
//! A request has an `id`; its one answer has the same. Notifications have none. APDUs, signatures
//! and ATRs are written in hexadecimal.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};
use zeroize::Zeroizing;

use crate::{
    BirthDate, Error, Hash, Sex,
    error_code::ErrorCode,
    key::{Key, PinReference},
    policy::Scopes,
    terminal::{Base64, TerminalRequest},
};

/// The WebSocket subprotocol (RFC 6455, 1.9): name and version of what is spoken here.
pub const SUBPROTOCOL: &str = "kazashi.v1";
/// The port on which the bridge listens by default.
pub const DEFAULT_PORT: u16 = 27390;
/// The longest message, in bytes.
pub const MAX_MESSAGE: usize = 64 * 1024;

/// From the page: a request, and the number under which it is answered.
#[derive(Debug, Serialize, Deserialize)]
#[expect(clippy::exhaustive_structs, reason = "the protocol is fixed by its version")]
pub struct Ask {
    /// Chosen by the page; returned with the answer.
    pub id: u32,
    /// What is asked.
    #[serde(flatten)]
    pub request: Request,
}

/// From the bridge: the answer to the request of this number.
#[derive(Debug, Serialize, Deserialize)]
#[expect(clippy::exhaustive_structs, reason = "the protocol is fixed by its version")]
pub struct Reply {
    /// The number of the request.
    pub id: u32,
    /// What is answered.
    #[serde(flatten)]
    pub answer: Answer,
}

/// What a page asks.
#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "kebab-case", rename_all_fields = "camelCase")]
#[expect(clippy::exhaustive_enums, reason = "the protocol is fixed by its version")]
pub enum Request {
    /// What may this origin do? Answered by [`Answer::Hello`].
    Hello,
    /// Which readers are there? Answered by [`Answer::Readers`].
    ListReaders,
    /// Notify of readers and cards from now on. Answered by [`Answer::Readers`].
    Watch,
    /// Take the lease on a reader. Answered by [`Answer::Acquired`].
    Acquire {
        /// Which reader.
        reader: String,
        /// The lease to take over; without one the reader must be free.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        expected: Option<String>,
    },
    /// Carry one command APDU to the card. Answered by [`Answer::Response`].
    Transmit {
        /// The lease.
        lease: String,
        /// The command.
        command: Hex,
    },
    /// Collect a PIN and present it. Answered by [`Answer::Verified`].
    VerifyPin {
        /// The lease.
        lease: String,
        /// Which PIN.
        reference: PinReference,
        /// The PIN, where the page may supply it; otherwise the bridge asks the person.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        value: Option<PinText>,
    },
    /// Present the holder's birth date. Answered by [`Answer::Verified`].
    VerifyBirthDate {
        /// The lease.
        lease: String,
        /// As `YYYY-MM-DD`.
        birth_date: PinText,
    },
    /// Present verification number B. Answered by [`Answer::Verified`].
    VerifyNumberB {
        /// The lease.
        lease: String,
        /// The holder's birth date, as `YYYY-MM-DD`.
        birth_date: PinText,
        /// The year in which the card expires, as `2035`.
        expiry_year: PinText,
        /// The security code on the card, as `2285`.
        security_code: PinText,
    },
    /// Have the card sign the statement over this connection's origin and a nonce. Answered by
    /// [`Answer::Signed`].
    SignChallenge {
        /// The lease.
        lease: String,
        /// Which key.
        key: Key,
        /// The server's nonce.
        nonce: String,
        /// Collects the key's PIN and presents it for this one signature. Without it, the PIN must
        /// have been presented in the same transaction.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pin: Option<PinEntry>,
    },
    /// Have the card give a challenge for an institution to sign, and vouch for it: the terminal's
    /// certificates were accepted in the same transaction. Answered by [`Answer::TerminalRequest`].
    TerminalRequest {
        /// The lease.
        lease: String,
        /// The server's nonce.
        nonce: String,
    },
    /// Carry the institution's signature to the card, and have the user authentication key sign
    /// the statement over this connection's origin and the nonce of the request before. Answered by
    /// [`Answer::Signed`].
    TerminalSign {
        /// The lease.
        lease: String,
        /// The nonce of [`Request::TerminalRequest`].
        nonce: String,
        /// The institution's signature.
        signature: Base64,
    },
    /// Sign a document with the digital signature key. The bridge always asks the person, showing
    /// origin, title and digest. Answered by [`Answer::DocumentSigned`].
    Sign {
        /// The lease.
        lease: String,
        /// What the document is called.
        title: String,
        /// How it was digested.
        hash: Hash,
        /// Its digest.
        digest: Hex,
    },
    /// Collect the PIN of the card information input support application, present it for this one
    /// thing, and read the four basic attributes. Answered by [`Answer::Attributes`].
    ReadAttributes {
        /// The lease.
        lease: String,
        /// How the PIN is collected; left out, the bridge asks the person.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pin: Option<PinEntry>,
    },
    /// Give the lease back; the card is left clean. Answered by [`Answer::Released`].
    Release {
        /// The lease.
        lease: String,
    },
}

/// How a PIN is collected.
#[derive(Debug, Default, Serialize, Deserialize)]
#[expect(clippy::exhaustive_structs, reason = "the protocol is fixed by its version")]
pub struct PinEntry {
    /// The PIN, where the page may supply it; otherwise the bridge asks the person.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<PinText>,
}

/// What the bridge answers.
#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "kebab-case", rename_all_fields = "camelCase")]
#[expect(clippy::exhaustive_enums, reason = "the protocol is fixed by its version")]
pub enum Answer {
    /// To [`Request::Hello`].
    Hello {
        /// The bridge's name and version.
        version: String,
        /// What this origin may do.
        scopes: Scopes,
        /// Whether the bridge can ask for PINs itself.
        native_pin_entry: bool,
    },
    /// To [`Request::ListReaders`] and [`Request::Watch`].
    Readers {
        /// Every reader there is.
        readers: Vec<Reader>,
    },
    /// To [`Request::Acquire`].
    Acquired {
        /// The lease, to be named in every request about the card.
        lease: String,
    },
    /// To [`Request::Transmit`].
    Response {
        /// Data and status word.
        response: Hex,
    },
    /// To [`Request::VerifyPin`], [`Request::VerifyBirthDate`] and [`Request::VerifyNumberB`]: the
    /// card accepted it.
    Verified,
    /// To [`Request::TerminalRequest`].
    TerminalRequest {
        /// For the institution's server.
        request: TerminalRequest,
    },
    /// To [`Request::SignChallenge`] and [`Request::TerminalSign`].
    Signed {
        /// The signature, big-endian.
        signature: Hex,
    },
    /// To [`Request::Sign`].
    DocumentSigned {
        /// The signature, big-endian.
        signature: Hex,
        /// The digital signature certificate, DER.
        certificate: Hex,
    },
    /// To [`Request::ReadAttributes`].
    Attributes {
        /// Family name and given name, with an ideographic space (U+3000) between them.
        name: PinText,
        /// Address.
        address: PinText,
        /// As `YYYY-MM-DD`.
        birth_date: PinText,
        /// Sex.
        sex: Sex,
        /// Whether all this is as the municipality wrote it.
        integrity: Integrity,
    },
    /// To [`Request::Release`].
    Released,
    /// To any request.
    Error(Failure),
}

/// Whether a record is genuine and unaltered, as far as whoever guards the card can tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[expect(clippy::exhaustive_enums, reason = "the protocol is fixed by its version")]
pub enum Integrity {
    /// It is.
    Genuine,
    /// It is not, or cannot be told: why.
    #[serde(untagged)]
    Doubtful(ErrorCode),
}

/// Why a request failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Failure {
    /// Which way.
    pub code: ErrorCode,
    /// The tries that the PIN has left, where a PIN was the matter.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retries_left: Option<u8>,
    /// The card's status word, where it refused a command.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status_word: Option<u16>,
}

/// What the bridge tells unasked, after [`Request::Watch`] or to the holder of a lease.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "kebab-case", rename_all_fields = "camelCase")]
#[expect(clippy::exhaustive_enums, reason = "the protocol is fixed by its version")]
pub enum Notification {
    /// A reader was connected.
    ReaderAdded {
        /// The reader.
        reader: Reader,
    },
    /// A reader was disconnected.
    ReaderRemoved {
        /// Its identifier.
        reader: String,
    },
    /// A card was put on a reader.
    CardInserted {
        /// The reader.
        reader: Reader,
    },
    /// The card was taken off a reader.
    CardRemoved {
        /// The reader's identifier.
        reader: String,
    },
    /// A lease ended without being released.
    LeaseLost {
        /// The lease.
        lease: String,
        /// Why.
        code: ErrorCode,
    },
}

/// A reader, as far as the origin may know it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(clippy::exhaustive_structs, reason = "the protocol is fixed by its version")]
pub struct Reader {
    /// Opaque; the same for as long as the bridge runs and the reader stays connected.
    pub id: String,
    /// Whether a card is on it; only with scope `events`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub card_present: Option<bool>,
    /// What PC/SC calls it; only with scope `reader`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The card's answer to reset; only with scope `reader`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub atr: Option<Hex>,
}

/// Bytes, written in hexadecimal. Erased on drop; `Debug` shows their number.
#[derive(Clone, PartialEq, Eq)]
pub struct Hex(Zeroizing<Vec<u8>>);

/// A PIN, a birth date or a part of a verification number as the page supplies it, not parsed yet; or
/// what a card says of its holder. Erased on drop; never shown.
#[derive(Serialize, Deserialize)]
#[serde(transparent)]
pub struct PinText(#[serde(with = "zeroizing_string")] Zeroizing<String>);

impl Failure {
    /// A failure of which the code says everything.
    #[must_use]
    pub fn new(code: ErrorCode) -> Self {
        Self { code, retries_left: None, status_word: None }
    }

    /// The same failure, with the tries that the PIN has left.
    #[must_use]
    pub fn with_retries_left(self, retries_left: u8) -> Self {
        Self { retries_left: Some(retries_left), ..self }
    }
}

impl From<ErrorCode> for Failure {
    fn from(code: ErrorCode) -> Self {
        Self::new(code)
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        match error {
            Error::PinBlocked => Self::new(ErrorCode::PinBlocked).with_retries_left(0),
            Error::PinIncorrect { retries_left } => {
                Self::new(ErrorCode::PinIncorrect).with_retries_left(retries_left)
            }
            Error::TooFewRetries { retries_left } => {
                Self::new(ErrorCode::TooFewRetries).with_retries_left(retries_left)
            }
            Error::BirthDateBlocked => Self::new(ErrorCode::BirthDateBlocked).with_retries_left(0),
            Error::BirthDateIncorrect { retries_left } => {
                Self::new(ErrorCode::BirthDateIncorrect).with_retries_left(retries_left)
            }
            Error::VerificationNumberBlocked => {
                Self::new(ErrorCode::VerificationNumberBlocked).with_retries_left(0)
            }
            Error::VerificationNumberIncorrect { retries_left } => {
                Self::new(ErrorCode::VerificationNumberIncorrect).with_retries_left(retries_left)
            }
            Error::BirthDateMalformed => Self::new(ErrorCode::BirthDateMalformed),
            Error::NoExtendedLength => Self::new(ErrorCode::ReaderNoExtendedLength),
            Error::TerminalUnsupported => Self::new(ErrorCode::TerminalUnsupported),
            Error::TerminalRefused { status } => {
                Self { status_word: Some(status.0), ..Self::new(ErrorCode::TerminalRefused) }
            }
            Error::ApplicationAbsent => Self::new(ErrorCode::ApplicationAbsent),
            Error::ApplicationNotFound => Self::new(ErrorCode::UnsupportedCard),
            Error::CertificateAbsent => Self::new(ErrorCode::CertificateAbsent),
            Error::Malformed { .. } => Self::new(ErrorCode::CardMalformed),
            Error::Refused { status, .. } => {
                Self { status_word: Some(status.0), ..Self::new(ErrorCode::CardRefused) }
            }
            Error::Unguarded => Self::new(ErrorCode::InvalidRequest),
        }
    }
}

impl Hex {
    /// The bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl<B: AsRef<[u8]>> From<B> for Hex {
    fn from(bytes: B) -> Self {
        Self(Zeroizing::new(bytes.as_ref().to_vec()))
    }
}

impl Serialize for Hex {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut text = Zeroizing::new(String::with_capacity(2 * self.0.len()));
        for byte in self.0.iter() {
            for digit in [byte >> 4, byte & 0x0F] {
                text.extend(char::from_digit(digit.into(), 16).map(|c| c.to_ascii_uppercase()));
            }
        }
        serializer.serialize_str(&text)
    }
}

impl<'de> Deserialize<'de> for Hex {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Zeroizing::new(String::deserialize(deserializer)?);
        let malformed = || D::Error::custom("bytes are written as pairs of hexadecimal digits");
        let mut bytes = Zeroizing::new(Vec::with_capacity(text.len() / 2));
        for pair in text.as_bytes().chunks(2) {
            let digit = |index: usize| {
                pair.get(index).and_then(|&c| char::from(c).to_digit(16)).ok_or_else(malformed)
            };
            let byte = digit(0)? << 4 | digit(1)?;
            bytes.push(u8::try_from(byte).map_err(|_| malformed())?);
        }
        Ok(Self(bytes))
    }
}

impl PinText {
    /// What the page read from its input.
    #[must_use]
    pub fn new(text: impl Into<String>) -> Self {
        Self(Zeroizing::new(text.into()))
    }

    /// A birth date as `YYYY-MM-DD`.
    #[must_use]
    pub fn of_birth_date(birth_date: &BirthDate) -> Self {
        let mut text = String::with_capacity(10);
        for (index, digit) in birth_date.digits().iter().enumerate() {
            if matches!(index, 4 | 6) {
                text.push('-');
            }
            text.push(char::from(*digit));
        }
        Self::new(text)
    }

    /// The text, to be parsed for a key by [`PinValue::parse`](crate::secret::PinValue::parse).
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

mod zeroizing_string {
    use serde::{Deserialize, Deserializer, Serializer};
    use zeroize::Zeroizing;

    pub(super) fn serialize<S: Serializer>(
        text: &Zeroizing<String>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(text)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Zeroizing<String>, D::Error> {
        String::deserialize(deserializer).map(Zeroizing::new)
    }
}

impl fmt::Debug for Hex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Hex({} bytes)", self.0.len())
    }
}

impl fmt::Debug for PinText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PinText")
    }
}
