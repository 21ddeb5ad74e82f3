//! Which scope a command APDU needs, given the state of the card.
//!
//! The bridge asks before each command that a page sends, whoever built it. What this module does
//! not know is refused; so is every command that presents a PIN or makes a signature, since those
//! are messages of their own (ARCHITECTURE, Flows).

use thiserror::Error;

use crate::card::terminal::{self, TerminalCertificate};
use crate::codec::apdu::{CommandApdu, StatusWord};
use crate::value::Scope;
use crate::value::layout::{self, Application};

/// Need of an accepted command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "a new kind of need must be a decision everywhere")]
pub enum Needs {
    /// A lease on the reader, which every command needs, and nothing more.
    Lease,
    /// This scope.
    Scope(Scope),
}

/// Reading of a file by an accepted command, for which a scope is needed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Reading {
    /// The scope.
    pub scope: Scope,
    /// The file.
    pub file: File,
    /// Where in the file it begins; behind the command before, if it only goes on (GET RESPONSE).
    pub offset: Option<u16>,
}

/// File of an application, as far as both are known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct File {
    application: Option<Application>,
    ef: Option<u8>,
}

impl File {
    /// The file of this short identifier.
    #[must_use]
    pub fn new(application: Application, ef: u8) -> Self {
        Self { application: Some(application), ef: Some(ef) }
    }

    /// Name in records: application and EF identifier.
    #[must_use]
    pub fn name(self) -> String {
        let application = self.application.map_or("unknown", Application::name);
        self.ef.map_or_else(|| application.to_owned(), |ef| format!("{application}/{ef:04X}"))
    }
}

impl Reading {
    /// Reading by a command beyond the table, as far as it can be told.
    pub(crate) fn raw(application: Option<Application>) -> Self {
        Self { scope: Scope::RawApdu, file: File { application, ef: None }, offset: None }
    }
}

/// The command is not in the table for this state of the card.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("no scope allows this command")]
#[non_exhaustive]
pub struct Refusal;

/// Rows of the table for the files of one application: what reading each needs, and asking for its
/// retry counter. Card.md 3.1.
const JPKI: &[(Access, u8, Needs)] = &[
    // Which certificates there are says nothing of the holder.
    (Access::Read, layout::jpki::CERTIFICATE_AVAILABILITY, Needs::Lease),
    (Access::Read, layout::jpki::TOKEN_INFORMATION, USER_CERTIFICATE),
    (Access::Read, layout::jpki::USER_AUTHENTICATION_CERTIFICATE, USER_CERTIFICATE),
    (Access::Read, layout::jpki::USER_AUTHENTICATION_CA_CERTIFICATE, USER_CERTIFICATE),
    (Access::Read, layout::jpki::DIGITAL_SIGNATURE_CA_CERTIFICATE, USER_CERTIFICATE),
    (Access::Read, layout::jpki::DIGITAL_SIGNATURE_CERTIFICATE, Needs::Scope(Scope::Sign)),
    (Access::RetryCounter, layout::jpki::USER_AUTHENTICATION_PIN, USER_CERTIFICATE),
    (Access::RetryCounter, layout::jpki::DIGITAL_SIGNATURE_PASSWORD, USER_CERTIFICATE),
    // What it certifies unlocks nothing without the institution's signature.
    (
        Access::LoadCertificate,
        layout::jpki::TERMINAL_AUTHORITY,
        Needs::Scope(Scope::AuthenticatePinless),
    ),
];

/// The same of the card surface application. Card.md 3.3.
const CARD_SURFACE: &[(Access, u8, Needs)] = &[
    (Access::Read, layout::card_surface::AGE_RECORD, CARD_PRESENCE),
    (Access::Read, layout::card_surface::CV_CERTIFICATE, CARD_PRESENCE),
    (Access::RetryCounter, layout::card_surface::BIRTH_DATE, CARD_PRESENCE),
    (Access::Read, layout::card_surface::CARD_FACE, CARD_FACE),
    (Access::RetryCounter, layout::card_surface::VERIFICATION_NUMBER_B, CARD_FACE),
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

/// Knowledge of the card within one transaction.
///
/// The state of a card that was just reset, or that answered a fault, is unknown: then nothing but
/// a SELECT by complete name passes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CardState {
    application: Option<Application>,
    current_ef: Option<u8>,
    /// The need of the command whose response goes on with GET RESPONSE.
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

    /// The current file, if it is known.
    #[must_use]
    pub(crate) fn current_ef(&self) -> Option<u8> {
        self.current_ef
    }

    /// Whether the card owes the rest of a response.
    pub(crate) fn response_goes_on(&self) -> bool {
        self.response_goes_on.is_some()
    }

    /// Need of this command, if anything allows it.
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

    /// Reading by this command of the table, if a scope allows it.
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
        Some(Reading { scope, file: File { application: self.application, ef }, offset })
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

/// Whether a command means the current file, and has another meaning or none without it.
pub(crate) fn means_current_ef(command: &CommandApdu) -> bool {
    Action::of(command, None).is_none() && Action::of(command, Some(0x00)).is_some()
}

/// Whether a command goes on with the response to the one before.
pub(crate) fn is_get_response(command: &CommandApdu) -> bool {
    matches!(Action::of(command, None), Some(Action::GetResponse))
}

/// Whether a command brings a terminal's certificate to the card.
pub(crate) fn loads_certificate(command: &CommandApdu) -> bool {
    matches!(Action::of(command, Some(0x00)), Some(Action::Access(Access::LoadCertificate, _)))
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
