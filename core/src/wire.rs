//! The messages between page and bridge: JSON text frames of the WebSocket subprotocol
//! `kazashi.v1`.
//!
//! A request has an `id`; its one answer has the same. Notifications have none. APDUs, signatures
//! and ATRs are written in hexadecimal.

use serde::{Deserialize, Serialize};

use crate::codec::{Base64, Hex};
use crate::error_code::ErrorCode;
use crate::value::layout::{Key, PinReference};
use crate::value::{
    Calendar, Certificate, Document, Hash, PrintedBirthDate, PrivateText, Scopes, Sex, Signature,
    StayWord, VerificationNumberB,
};

/// The WebSocket subprotocol (RFC 6455, 1.9): name and version of what is spoken here.
pub const SUBPROTOCOL: &str = "kazashi.v1";
/// The beginning of further subprotocols, which are never spoken: by them a page says, with its opening
/// handshake, for which scopes it connects (`kazashi.scope.events`). Who may not connect yet is asked
/// about in these words.
pub const SCOPE_PREFIX: &str = "kazashi.scope.";
/// The ports of bridges, in the order in which they take one and pages try them: as many users of one
/// machine can have a bridge at a time.
pub const PORTS: [u16; 4] = [27390, 27391, 27392, 27393];
/// The longest message, in bytes.
pub const MAX_MESSAGE: usize = 64 * 1024;

/// Request of a page, with the number under which it is answered.
#[derive(Debug, Serialize, Deserialize)]
#[expect(clippy::exhaustive_structs, reason = "the protocol is fixed by its version")]
pub struct Envelope {
    /// Chosen by the page; returned with the answer.
    pub id: u32,
    /// The request.
    #[serde(flatten)]
    pub request: Request,
}

/// Answer of the bridge to the request of this number.
#[derive(Debug, Serialize, Deserialize)]
#[expect(clippy::exhaustive_structs, reason = "the protocol is fixed by its version")]
pub struct Reply {
    /// The number of the request.
    pub id: u32,
    /// The answer.
    #[serde(flatten)]
    pub answer: Answer,
}

/// Request of a page.
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
    /// Give the lease back; the card is left clean. Answered by [`Answer::Released`].
    Release {
        /// The lease.
        lease: String,
    },
    /// Have something done with the card. Answered by [`Answer::Card`].
    #[serde(untagged)]
    Card {
        /// The lease.
        lease: String,
        /// The guarded request.
        #[serde(flatten)]
        request: CardRequest,
    },
}

/// Guarded request: what a page may have done with the card that it has leased.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "kebab-case", rename_all_fields = "camelCase")]
#[expect(clippy::exhaustive_enums, reason = "the protocol is fixed by its version")]
pub enum CardRequest {
    /// Carry one command APDU to the card. Answered by [`CardAnswer::Response`].
    Transmit {
        /// The command.
        command: Hex,
    },
    /// Collect a PIN and present it. Answered by [`CardAnswer::Verified`].
    VerifyPin {
        /// Which PIN.
        reference: PinReference,
        /// The PIN, where the page may supply it; otherwise the bridge asks the person.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        value: Option<PrivateText>,
    },
    /// Present the holder's birth date. Answered by [`CardAnswer::Verified`].
    VerifyBirthDate {
        /// As `YYYY-MM-DD`, with zeros for what is not known.
        birth_date: PrivateText,
        /// By which the card has its year; left out, that of the era.
        #[serde(default, skip_serializing_if = "Calendar::is_default")]
        calendar: Calendar,
    },
    /// Present verification number B. Answered by [`CardAnswer::Verified`].
    VerifyNumberB {
        /// The holder's birth date, as [`Self::VerifyBirthDate`] has it.
        birth_date: PrivateText,
        /// By which the card has its year; left out, that of the era.
        #[serde(default, skip_serializing_if = "Calendar::is_default")]
        calendar: Calendar,
        /// The year in which the card expires, as `2035`.
        expiry_year: PrivateText,
        /// The security code on the card, as `2285`.
        security_code: PrivateText,
    },
    /// Have the card sign the statement over this connection's origin and a nonce. Answered by
    /// [`CardAnswer::Signed`].
    SignChallenge {
        /// Which key.
        key: Key,
        /// The server's nonce.
        nonce: String,
        /// Collects the key's PIN and presents it for this one signature. Without it, the PIN must
        /// have been presented in the same transaction.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pin: Option<PinEntry>,
    },
    /// Have the card give a challenge for an institution to sign, and vouch for it as for all that
    /// [`Self::Vouch`] names: the terminal's certificates were accepted in the same transaction.
    /// Answered by [`CardAnswer::Vouched`].
    TerminalRequest {
        /// The server's nonce.
        nonce: String,
    },
    /// Carry the institution's signature to the card, and have the user authentication key sign
    /// the statement over this connection's origin and the nonce of the request before. Answered by
    /// [`CardAnswer::Signed`].
    TerminalSign {
        /// The nonce of [`Self::TerminalRequest`].
        nonce: String,
        /// The institution's signature.
        signature: Base64,
    },
    /// Sign a document with the digital signature key. The bridge always asks the person, showing
    /// origin, title and digest. Answered by [`CardAnswer::DocumentSigned`].
    Sign {
        /// Its title.
        title: String,
        /// How it was digested.
        hash: Hash,
        /// Its digest.
        digest: Hex,
    },
    /// Collect the PIN of the card information input support application, present it for this one
    /// thing, and read the four basic attributes. Answered by [`CardAnswer::Attributes`].
    ReadAttributes {
        /// How the PIN is collected; left out, the bridge asks the person.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        pin: Option<PinEntry>,
    },
    /// Vouch for the statements that this card signed in this stay under this lease. Of more than
    /// [`StayWord::MAX_STATEMENTS`] no word is given. Answered by [`CardAnswer::Vouched`].
    Vouch,
}

/// How a PIN is collected.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[expect(clippy::exhaustive_structs, reason = "the protocol is fixed by its version")]
pub struct PinEntry {
    /// The PIN, where the page may supply it; otherwise the bridge asks the person.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<PrivateText>,
}

/// Answer of the bridge.
#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "kebab-case", rename_all_fields = "camelCase")]
#[expect(clippy::exhaustive_enums, reason = "the protocol is fixed by its version")]
pub enum Answer {
    /// To [`Request::Hello`].
    Hello {
        /// The bridge's name and version.
        version: String,
        /// The scopes that this origin has.
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
        /// Whether the card there is no My Number Card, so that another reader may have one.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        unsupported: bool,
    },
    /// To [`Request::Release`].
    Released,
    /// To any request.
    Error(Failure),
    /// To [`Request::Card`].
    #[serde(untagged)]
    Card(CardAnswer),
}

/// Answer to a guarded request.
#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "kebab-case", rename_all_fields = "camelCase")]
#[expect(clippy::exhaustive_enums, reason = "the protocol is fixed by its version")]
pub enum CardAnswer {
    /// To [`CardRequest::Transmit`].
    Response {
        /// Data and status word.
        response: Hex,
    },
    /// To [`CardRequest::VerifyPin`], [`CardRequest::VerifyBirthDate`] and [`CardRequest::VerifyNumberB`]: the
    /// card accepted it.
    Verified,
    /// To [`CardRequest::Vouch`] and [`CardRequest::TerminalRequest`].
    Vouched {
        /// The bridge's word, a [`StayWord`], for the relying party's server.
        word: Base64,
    },
    /// To [`CardRequest::SignChallenge`] and [`CardRequest::TerminalSign`].
    Signed {
        /// The signature, big-endian.
        signature: Hex,
        /// The user authentication certificate, DER, where its key signed after its PIN.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        certificate: Option<Hex>,
    },
    /// To [`CardRequest::Sign`].
    DocumentSigned {
        /// The signature, big-endian.
        signature: Hex,
        /// The digital signature certificate, DER.
        certificate: Hex,
    },
    /// To [`CardRequest::ReadAttributes`].
    Attributes {
        /// Family name and given name, with an ideographic space (U+3000) between them.
        name: PrivateText,
        /// Address.
        address: PrivateText,
        /// As `YYYY-MM-DD`, with zeros for what the register does not know.
        birth_date: PrivateText,
        /// Sex.
        sex: Sex,
        /// Whether all this is as the municipality wrote it.
        integrity: Integrity,
    },
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

/// Message of the bridge that was not asked for, after [`Request::Watch`] or to the holder of a lease.
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
    /// A reader that the page asked for in vain can be had now: its lease was given back or, for a page
    /// that is not told of cards, a card was put on it.
    ReaderFree {
        /// Its identifier.
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
    /// Opaque; the same whenever this bridge serves this origin and the reader is connected. Another
    /// origin has another.
    pub id: String,
    /// Whether a card is on it; only with scope `events`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub card_present: Option<bool>,
    /// Name of the stay of the card that is on it: random, the same for all pages while the card
    /// stays, and never used again; only with scope `events`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub insertion: Option<String>,
    /// Its name in PC/SC; only with scope `reader`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The card's answer to reset; only with scope `reader`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub atr: Option<Hex>,
}

impl CardAnswer {
    /// The answer that this was signed.
    pub(crate) fn signed(signature: &Signature, certificate: Option<&Certificate>) -> Self {
        Self::Signed {
            signature: signature.as_bytes().into(),
            certificate: certificate.map(|certificate| certificate.as_der().into()),
        }
    }

    /// The answer that this is vouched for.
    pub(crate) fn vouched(word: &StayWord) -> Self {
        Self::Vouched { word: word.to_bytes().into() }
    }
}

impl CardRequest {
    /// Type of the answer to a request of this type.
    #[must_use]
    pub fn answered_by(request: &str) -> Option<&'static str> {
        Some(match request {
            "transmit" => "response",
            "verify-pin" | "verify-birth-date" | "verify-number-b" => "verified",
            "sign-challenge" | "terminal-sign" => "signed",
            "terminal-request" | "vouch" => "vouched",
            "sign" => "document-signed",
            "read-attributes" => "attributes",
            _ => return None,
        })
    }

    /// The same request, where a PIN is collected with this one: a person is asked if there is none.
    #[must_use]
    pub fn with_pin(self, value: Option<PrivateText>) -> Self {
        match self {
            Self::VerifyPin { reference, .. } => Self::VerifyPin { reference, value },
            Self::SignChallenge { key, nonce, pin: Some(_) } => {
                Self::SignChallenge { key, nonce, pin: Some(PinEntry { value }) }
            }
            Self::ReadAttributes { .. } => Self::ReadAttributes { pin: Some(PinEntry { value }) },
            other => other,
        }
    }
}

impl From<Document> for CardRequest {
    fn from(document: Document) -> Self {
        let digest = document.digest().into();
        Self::Sign { title: document.title().to_owned(), hash: document.hash(), digest }
    }
}

impl From<&PrintedBirthDate> for CardRequest {
    fn from(birth_date: &PrintedBirthDate) -> Self {
        Self::VerifyBirthDate {
            birth_date: PrivateText::of_birth_date(birth_date.date()),
            calendar: birth_date.calendar(),
        }
    }
}

impl From<VerificationNumberB> for CardRequest {
    fn from(number: VerificationNumberB) -> Self {
        Self::VerifyNumberB {
            birth_date: PrivateText::of_birth_date(number.birth_date().date()),
            calendar: number.birth_date().calendar(),
            expiry_year: PrivateText::of_digits(number.expiry_year()),
            security_code: PrivateText::of_digits(number.security_code()),
        }
    }
}

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
