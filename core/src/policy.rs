//! Which scope a command APDU needs, given the state of the card.
//!
//! The bridge asks before each command that a page sends, whoever built it. What this module does
//! not know is refused; so is every command that presents a PIN or makes a signature, since those
//! are messages of their own (design 5).

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::{
    apdu::{CommandApdu, StatusWord},
    card_information, card_surface,
    error_code::ErrorCode,
    jpki::{self, ef},
    key::{Key, PinReference},
    terminal::{self, TerminalCertificate},
};

/// What an origin may be allowed to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Scope {
    /// Be told that a card was inserted or removed.
    Events,
    /// See the names of readers and the ATRs of cards.
    Reader,
    /// Read what the public key application shows without a PIN: the user authentication
    /// certificate (which tells cards apart), CA certificates, retry counters.
    UserCertificate,
    /// Sign in with the PIN. Includes [`UserCertificate`](Self::UserCertificate).
    Authenticate,
    /// Sign in without a PIN, as an institution that proves itself to the card (特定機関認証).
    /// Includes [`UserCertificate`](Self::UserCertificate).
    AuthenticatePinless,
    /// Show that the card is there (かざし利用): present the birth date, read the age record, have
    /// the card surface key sign. Includes [`UserCertificate`](Self::UserCertificate).
    CardPresence,
    /// Read the card face (券面: birth date, sex, and name, address and photo as pictures) of a card
    /// whose verification number B is presented. Includes [`CardPresence`](Self::CardPresence):
    /// whoever sees the face may also have the card show that it is there.
    CardFace,
    /// Read the four basic attributes (name, address, birth date, sex) with the PIN of the card
    /// information input support application (券面事項入力補助用暗証番号).
    Attributes,
    /// Use the password of the digital signature key; read its certificate, which holds name and
    /// address.
    Sign,
    /// Supply PINs from the page instead of having the bridge ask for them.
    PagePin,
    /// Send commands that are not in the table, for developers: see [`is_raw`]. To be granted in
    /// developer mode only.
    RawApdu,
}

impl Scope {
    /// What having this PIN presented needs.
    #[must_use]
    pub fn of_pin(reference: PinReference) -> Self {
        match reference {
            PinReference::UserAuthentication => Self::Authenticate,
            PinReference::DigitalSignature => Self::Sign,
            PinReference::CardInformation => Self::Attributes,
        }
    }

    /// What having this key sign a challenge needs.
    #[must_use]
    pub fn of_key(key: Key) -> Self {
        match key {
            Key::UserAuthentication => Self::Authenticate,
            Key::CardSurface => Self::CardPresence,
        }
    }

    /// The scopes that include this one.
    fn included_in(self) -> &'static [Self] {
        match self {
            Self::UserCertificate => {
                &[Self::Authenticate, Self::AuthenticatePinless, Self::CardPresence, Self::CardFace]
            }
            Self::CardPresence => &[Self::CardFace],
            _ => &[],
        }
    }
}

/// The scopes that one origin was granted.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Scopes(BTreeSet<Scope>);

impl Scopes {
    /// Whether these scopes, or what they include, allow this one.
    #[must_use]
    pub fn allow(&self, scope: Scope) -> bool {
        self.0.contains(&scope) || scope.included_in().iter().any(|scope| self.0.contains(scope))
    }

    /// Refuses what these scopes do not allow.
    pub fn require(&self, scope: Scope) -> Result<(), ErrorCode> {
        if self.allow(scope) { Ok(()) } else { Err(ErrorCode::NotPermitted) }
    }

    /// Whether nothing is allowed.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl FromIterator<Scope> for Scopes {
    fn from_iter<I: IntoIterator<Item = Scope>>(scopes: I) -> Self {
        Self(scopes.into_iter().collect())
    }
}

/// The applications that the policy knows, by their complete names.
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
    /// Every application of the table.
    const ALL: [Self; 4] =
        [Self::CardManager, Self::Jpki, Self::CardSurface, Self::CardInformation];

    /// The application's complete name.
    #[must_use]
    pub fn aid(self) -> &'static [u8] {
        match self {
            Self::CardManager => &[0xA0, 0x00, 0x00, 0x01, 0x51, 0x00, 0x00],
            Self::Jpki => &jpki::AID,
            Self::CardSurface => &card_surface::AID,
            Self::CardInformation => &card_information::AID,
        }
    }

    /// What it is called in records.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::CardManager => "card-manager",
            Self::Jpki => "jpki",
            Self::CardSurface => "card-surface",
            Self::CardInformation => "card-information",
        }
    }

    /// The SELECT that makes it current.
    #[must_use]
    pub fn select(self) -> CommandApdu {
        crate::command::select_application(self.aid())
    }

    fn named(aid: &[u8]) -> Option<Self> {
        Self::ALL.into_iter().find(|application| application.aid() == aid)
    }
}

/// What an accepted command needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "a new kind of need must be a decision everywhere")]
pub enum Needs {
    /// A lease on the reader, which every command needs, and nothing more.
    Lease,
    /// This scope.
    Scope(Scope),
}

/// What an accepted command reads of the card, for which a scope is needed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Reading {
    /// The scope.
    pub scope: Scope,
    /// The application, if it is known.
    pub application: Option<Application>,
    /// The file, by its short identifier, if the command is one of the table.
    pub ef: Option<u8>,
    /// Where in the file it begins; behind the command before, if it only goes on (GET RESPONSE).
    pub offset: Option<u16>,
}

impl Reading {
    /// What a command beyond the table may have read.
    pub(crate) fn raw(application: Option<Application>) -> Self {
        Self { scope: Scope::RawApdu, application, ef: None, offset: None }
    }
}

/// The command is not in the table for this state of the card.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("no scope allows this command")]
#[non_exhaustive]
pub struct Refusal;

/// What the table says of the files of one application: what reading each needs, and asking for its
/// retry counter. Card.md 3.1.
const JPKI: &[(Access, u8, Needs)] = &[
    // Which certificates there are says nothing of the holder.
    (Access::Read, ef::CERTIFICATE_AVAILABILITY, Needs::Lease),
    (Access::Read, ef::TOKEN_INFORMATION, USER_CERTIFICATE),
    (Access::Read, ef::USER_AUTHENTICATION_CERTIFICATE, USER_CERTIFICATE),
    (Access::Read, ef::USER_AUTHENTICATION_CA_CERTIFICATE, USER_CERTIFICATE),
    (Access::Read, ef::DIGITAL_SIGNATURE_CA_CERTIFICATE, USER_CERTIFICATE),
    (Access::Read, ef::DIGITAL_SIGNATURE_CERTIFICATE, Needs::Scope(Scope::Sign)),
    (Access::RetryCounter, ef::USER_AUTHENTICATION_PIN, USER_CERTIFICATE),
    (Access::RetryCounter, ef::DIGITAL_SIGNATURE_PASSWORD, USER_CERTIFICATE),
    // What it certifies unlocks nothing without the institution's signature.
    (Access::LoadCertificate, ef::TERMINAL_AUTHORITY, Needs::Scope(Scope::AuthenticatePinless)),
];

/// The same of the card surface application. Card.md 3.3.
const CARD_SURFACE: &[(Access, u8, Needs)] = &[
    (Access::Read, card_surface::ef::AGE_RECORD, CARD_PRESENCE),
    (Access::Read, card_surface::ef::CV_CERTIFICATE, CARD_PRESENCE),
    (Access::RetryCounter, card_surface::ef::BIRTH_DATE, CARD_PRESENCE),
    (Access::Read, card_surface::ef::CARD_FACE, CARD_FACE),
    (Access::RetryCounter, card_surface::ef::VERIFICATION_NUMBER_B, CARD_FACE),
];

const USER_CERTIFICATE: Needs = Needs::Scope(Scope::UserCertificate);
const CARD_PRESENCE: Needs = Needs::Scope(Scope::CardPresence);
const CARD_FACE: Needs = Needs::Scope(Scope::CardFace);

#[derive(Clone, Copy, PartialEq, Eq)]
enum Access {
    Read,
    RetryCounter,
    LoadCertificate,
}

/// Whether [`Scope::RawApdu`] lets a command through that the table does not: what reads, of any
/// application, in plain commands on the basic channel.
///
/// Not among them, whatever the mode: what tries or changes a PIN, which the try guard must see;
/// what signs, since a signature over bytes that a page chose is what the bridge never makes; what
/// authenticates, writes, opens a channel, or carries another command within it.
#[must_use]
pub fn is_raw(command: &CommandApdu) -> bool {
    match (command.header(), command.data()) {
        // SELECT, READ BINARY, READ RECORD, GET DATA, GET CHALLENGE.
        ([0x00, 0xA4 | 0xB0 | 0xB2 | 0xCA | 0x84, _, _], _) => true,
        // VERIFY without data: the retry counter.
        ([0x00, 0x20, 0x00, _], []) => command.ne() == 0,
        _ => false,
    }
}

/// What is known of the card within one transaction.
///
/// The state of a card that was just reset, or that answered a fault, is unknown: then nothing but
/// a SELECT by complete name passes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CardState {
    application: Option<Application>,
    current_ef: Option<u8>,
    /// What the command needed whose response goes on with GET RESPONSE.
    response_goes_on: Option<Needs>,
}

impl CardState {
    /// The state of a card of which nothing is known.
    #[must_use]
    pub fn unknown() -> Self {
        Self::default()
    }

    /// The state after a raw command: it is not followed, but the rest of its response may be
    /// fetched. The rest of any other is not for the page.
    #[must_use]
    pub fn after_raw(status: StatusWord) -> Self {
        let goes_on = status.bytes_left().map(|_| Needs::Scope(Scope::RawApdu));
        Self { response_goes_on: goes_on, ..Self::unknown() }
    }

    /// The current application, if it is known.
    #[must_use]
    pub fn application(&self) -> Option<Application> {
        self.application
    }

    /// What this command needs, if anything allows it.
    pub fn judge(&self, command: &CommandApdu) -> Result<Needs, Refusal> {
        match Action::of(command, self.current_ef).ok_or(Refusal)? {
            Action::GetResponse => self.response_goes_on.ok_or(Refusal),
            Action::SelectApplication(Application::CardInformation) => Err(Refusal),
            Action::SelectApplication(_) => Ok(Needs::Lease),
            Action::SelectFile(file) => {
                self.rows().any(|&(_, ef, _)| ef == file).then_some(Needs::Lease).ok_or(Refusal)
            }
            Action::Access(access, file) => self
                .rows()
                .find(|&&(kind, ef, _)| kind == access && ef == file)
                .map(|&(_, _, needs)| needs)
                .ok_or(Refusal),
        }
    }

    /// What this command of the table reads, if a scope allows it.
    #[must_use]
    pub fn reading(&self, command: &CommandApdu) -> Option<Reading> {
        let Ok(Needs::Scope(scope)) = self.judge(command) else { return None };
        let [_, _, p1, p2] = command.header();
        let (ef, offset) = match Action::of(command, self.current_ef)? {
            Action::Access(Access::Read, ef) if p1 >= 0x80 => (Some(ef), Some(p2.into())),
            Action::Access(Access::Read, ef) => (Some(ef), Some(u16::from_be_bytes([p1, p2]))),
            Action::GetResponse => (self.current_ef, None),
            _ => return None,
        };
        Some(Reading { scope, application: self.application, ef, offset })
    }

    /// The state after the card answered a command, whoever sent it.
    pub fn observe(&mut self, command: &CommandApdu, status: StatusWord) {
        let goes_on = status.bytes_left().is_some();
        let succeeded = status == StatusWord::OK || goes_on;
        let response_goes_on = self.judge(command).ok().filter(|_| goes_on);
        match Action::of(command, self.current_ef) {
            _ if status.is_fault() => *self = Self::unknown(),
            // Nothing but 9000: what follows, a cleaned card above all, relies on it.
            Some(Action::SelectApplication(application)) if status == StatusWord::OK => {
                *self = Self { application: Some(application), ..Self::unknown() };
            }
            Some(Action::SelectFile(file)) if succeeded => self.current_ef = Some(file),
            Some(Action::SelectApplication(_) | Action::SelectFile(_)) => *self = Self::unknown(),
            // What was current stays so, and the command is sent again with the right Le.
            Some(Action::Access(_, file))
                if self.current_ef == Some(file) && status.corrected_ne().is_some() => {}
            // A short EF identifier makes the file current. A refused command may have done so or
            // not; a guarded command names a file too, and flows name theirs anew afterwards.
            Some(Action::Access(_, file)) => self.current_ef = succeeded.then_some(file),
            Some(Action::GetResponse) => {}
            None => self.current_ef = None,
        }
        self.response_goes_on = response_goes_on;
    }

    fn rows(&self) -> impl Iterator<Item = &'static (Access, u8, Needs)> {
        match self.application {
            Some(Application::Jpki) => JPKI,
            Some(Application::CardSurface) => CARD_SURFACE,
            Some(Application::CardManager | Application::CardInformation) | None => &[],
        }
        .iter()
    }
}

/// The commands that a page may send, in the exact forms that are let through.
enum Action {
    GetResponse,
    SelectApplication(Application),
    SelectFile(u8),
    Access(Access, u8),
}

impl Action {
    fn of(command: &CommandApdu, current_ef: Option<u8>) -> Option<Self> {
        let ne = command.ne();
        match (command.header(), command.data()) {
            // SELECT by complete name, without FCI or with it.
            ([0x00, 0xA4, 0x04, 0x0C], aid) if ne == 0 => {
                Application::named(aid).map(Self::SelectApplication)
            }
            ([0x00, 0xA4, 0x04, 0x00], aid) if ne > 0 => {
                Application::named(aid).map(Self::SelectApplication)
            }
            // SELECT EF under the current application.
            ([0x00, 0xA4, 0x02, 0x0C], &[0x00, file @ 0x01..=0x1E]) if ne == 0 => {
                Some(Self::SelectFile(file))
            }
            // READ BINARY by short EF identifier, or of the current EF.
            ([0x00, 0xB0, p1 @ 0x81..=0x9E, _], []) if ne > 0 => {
                Some(Self::Access(Access::Read, p1 & 0x1F))
            }
            ([0x00, 0xB0, 0x00..=0x7F, _], []) if ne > 0 => {
                current_ef.map(|file| Self::Access(Access::Read, file))
            }
            // VERIFY without data: the retry counter.
            ([0x00, 0x20, 0x00, p2 @ 0x81..=0x9E], []) if ne == 0 => {
                Some(Self::Access(Access::RetryCounter, p2 & 0x1F))
            }
            ([0x00, 0x20, 0x00, 0x80], []) if ne == 0 => {
                current_ef.map(|file| Self::Access(Access::RetryCounter, file))
            }
            // A terminal's certificate for the key in the current EF, body or signature, in the
            // exact form that is published, and in the one of the profile.
            (header, data) if ne == 0 && is_certificate_part(header, data.len()) => {
                current_ef.map(|file| Self::Access(Access::LoadCertificate, file))
            }
            // GET RESPONSE: more of what was asked for before.
            ([0x00, 0xC0, 0x00, 0x00], []) if ne > 0 => Some(Self::GetResponse),
            _ => None,
        }
    }
}

fn is_certificate_part(header: [u8; 4], nc: usize) -> bool {
    let profile = terminal::PROFILE;
    let bodies = [terminal::CERTIFICATE_BODY, profile.certificate_body];
    let signatures = [terminal::CERTIFICATE_SIGNATURE, profile.certificate_signature];
    bodies.contains(&header) && nc == TerminalCertificate::BODY_LENGTH
        || signatures.contains(&header) && nc == TerminalCertificate::SIGNATURE_LENGTH
}

#[cfg(test)]
mod tests;
