//! Effects that each scope may have on the card. Written by hand from card.md 3 and 4, and from the
//! promises of the scopes; nothing here knows the bridge's policy.

use std::collections::BTreeSet;

use kazashi_core::value::Scope;
use kazashi_emulator::{Application, Deed, Ef};

use Application::{CardInformation, CardSurface, Jpki};

/// Work that a page had the bridge do.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Doing {
    /// Carry a command that the page built.
    Command,
    /// Present a PIN, or ask for its counter before a dialog: for that of the user authentication key
    /// there is none without its certificate.
    Pin(Ef),
    /// Sign the statement of this DigestInfo, perhaps presenting the PIN first, and read the certificate
    /// of a key that has a PIN.
    Statement {
        /// The key.
        key: Ef,
        /// The DigestInfo.
        data: Vec<u8>,
    },
    /// Ask for a challenge for an institution.
    Challenge,
    /// Bring the institution's answer, and sign the statement of this digest.
    Terminal {
        /// The digest.
        statement: [u8; 32],
    },
    /// Sign the document of this DigestInfo.
    Document {
        /// The DigestInfo.
        data: Vec<u8>,
    },
    /// Present the PIN of the card information input support application, and read the attributes.
    Attributes,
}

/// The PIN of the user authentication key.
pub const PIN: Ef = Ef { application: Jpki, id: 0x0018 };
/// The password of the digital signature key.
pub const PASSWORD: Ef = Ef { application: Jpki, id: 0x001B };
/// The birth date that the card surface application compares.
pub const BIRTH_DATE: Ef = Ef { application: CardSurface, id: 0x0011 };
/// The verification number B that the card surface application compares.
pub const VERIFICATION_NUMBER_B: Ef = Ef { application: CardSurface, id: 0x0012 };
/// The PIN of the card information input support application.
pub const CARD_INFORMATION_PIN: Ef = Ef { application: CardInformation, id: 0x0011 };
/// The user authentication key.
pub const USER_AUTHENTICATION_KEY: Ef = Ef { application: Jpki, id: 0x0017 };
/// The digital signature key.
pub const DIGITAL_SIGNATURE_KEY: Ef = Ef { application: Jpki, id: 0x001A };
/// The key of the card surface application.
pub const CARD_SURFACE_KEY: Ef = Ef { application: CardSurface, id: 0x001A };
const USER_AUTHENTICATION_CERTIFICATE: Ef = Ef { application: Jpki, id: 0x000A };
/// What kind of card it is, for one whose certificate cannot be read.
const TOKEN_INFORMATION: Ef = Ef { application: Jpki, id: 0x0006 };
const DIGITAL_SIGNATURE_CERTIFICATE: Ef = Ef { application: Jpki, id: 0x0001 };

/// A DigestInfo of SHA-256, up to the digest (RFC 8017, 9.2, note 1).
pub const SHA_256: [u8; 19] =
    *b"\x30\x31\x30\x0D\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x01\x05\x00\x04\x20";

/// The scopes that include the user authentication certificate.
const CERTIFICATE: &[Scope] = &[
    Scope::UserCertificate,
    Scope::Authenticate,
    Scope::AuthenticatePinless,
    Scope::CardPresence,
    Scope::CardFace,
];
/// Those that let the card show that it is there.
const PRESENCE: &[Scope] = &[Scope::CardPresence, Scope::CardFace];

/// Which scopes let a page read a file. What is not here, none does.
const FILES: &[(Application, u16, &[Scope])] = &[
    (Jpki, 0x0001, &[Scope::Sign]),
    (Jpki, 0x0002, CERTIFICATE),
    (Jpki, 0x0006, CERTIFICATE),
    (Jpki, 0x000A, CERTIFICATE),
    (Jpki, 0x000B, CERTIFICATE),
    (CardSurface, 0x0001, PRESENCE),
    (CardSurface, 0x0002, &[Scope::CardFace]),
    (CardSurface, 0x0004, PRESENCE),
];
/// Which certificates there are: every page that holds a lease may know.
const AVAILABILITY: Ef = Ef { application: Jpki, id: 0x0008 };

/// Which scopes let a page ask how many tries are left.
const COUNTERS: &[(Application, u16, &[Scope])] = &[
    (Jpki, 0x0018, CERTIFICATE),
    (Jpki, 0x001B, CERTIFICATE),
    (CardSurface, 0x0011, PRESENCE),
    (CardSurface, 0x0012, &[Scope::CardFace]),
];

/// Whether an origin with these scopes may cause this, doing that.
#[must_use]
pub fn allows(scopes: &[Scope], doing: &Doing, deed: &Deed) -> bool {
    let has = |scope| scopes.contains(&scope);
    let has_any = |table: &[(Application, u16, &[Scope])], ef: Ef| {
        table.iter().any(|&(application, id, any_of)| {
            (application, id) == (ef.application, ef.id) && any_of.iter().any(|&scope| has(scope))
        })
    };
    match doing {
        Doing::Command if has(Scope::RawApdu) && is_reading(deed) => true,
        Doing::Command => match *deed {
            Deed::FileRead(AVAILABILITY) => true,
            Deed::FileRead(ef) => has_any(FILES, ef),
            Deed::RetryCounterTold(ef) => has_any(COUNTERS, ef),
            Deed::CertificatePartTaken(ef) => {
                (ef.application, ef.id) == (Jpki, 0x0016) && has(Scope::AuthenticatePinless)
            }
            Deed::DataObjectRead(_)
            | Deed::ChallengeGiven
            | Deed::PinTried { .. }
            | Deed::PinChanged(_)
            | Deed::TerminalAccepted { .. }
            | Deed::Signed { .. } => false,
        },
        Doing::Pin(pin) => {
            presenting(*pin).iter().any(|&scope| has(scope))
                && (is_of_pin(deed, *pin) || *pin == PIN && is_of_certificate(deed))
        }
        Doing::Statement { key: CARD_SURFACE_KEY, data } => {
            PRESENCE.iter().any(|&scope| has(scope)) && *deed == signed(CARD_SURFACE_KEY, data)
        }
        Doing::Statement { key, data } => {
            has(Scope::Authenticate)
                && *key == USER_AUTHENTICATION_KEY
                && (*deed == signed(*key, data) || is_of_certificate(deed) || is_of_pin(deed, PIN))
        }
        Doing::Challenge => has(Scope::AuthenticatePinless) && *deed == Deed::ChallengeGiven,
        Doing::Terminal { statement } => {
            let data = [&SHA_256[..], statement].concat();
            has(Scope::AuthenticatePinless)
                && (*deed == Deed::TerminalAccepted { statement: *statement }
                    || *deed == signed(USER_AUTHENTICATION_KEY, &data))
        }
        Doing::Document { data } => {
            has(Scope::Sign)
                && (*deed == signed(DIGITAL_SIGNATURE_KEY, data)
                    || *deed == Deed::FileRead(DIGITAL_SIGNATURE_CERTIFICATE)
                    || is_of_pin(deed, PASSWORD))
        }
        Doing::Attributes => {
            let is_read = matches!(
                deed,
                Deed::FileRead(Ef { application: CardInformation, id: 0x0002..=0x0004 })
            );
            has(Scope::Attributes) && (is_read || is_of_pin(deed, CARD_INFORMATION_PIN))
        }
    }
}

/// The PINs that were presented in a transaction: what they open is for that transaction only.
#[derive(Clone, Debug)]
pub struct Presented {
    /// Whether what a PIN opens can be read anyway, for whatever reason. A signature cannot be had.
    opens: bool,
    pins: BTreeSet<Ef>,
}

impl Presented {
    /// None yet.
    #[must_use]
    pub fn none(opens: bool) -> Self {
        Self { opens, pins: BTreeSet::new() }
    }

    /// Whether the card may do this now, after what was presented.
    pub fn allows(&mut self, doing: &Doing, deed: &Deed) -> bool {
        let needed = match *deed {
            Deed::PinTried { ef, correct: true } => {
                self.pins.insert(ef);
                return true;
            }
            Deed::FileRead(_) if self.opens => return true,
            Deed::FileRead(Ef { application: CardSurface, id: 0x0001 }) => BIRTH_DATE,
            Deed::FileRead(Ef { application: CardSurface, id: 0x0002 }) => VERIFICATION_NUMBER_B,
            // Developers may read it on a card that gives it out, but not after what the bridge did.
            Deed::FileRead(Ef { application: CardInformation, id })
                if id != 0x0004 && id != 0x0005 =>
            {
                if !matches!(doing, Doing::Attributes) {
                    return false;
                }
                CARD_INFORMATION_PIN
            }
            Deed::FileRead(DIGITAL_SIGNATURE_CERTIFICATE) => PASSWORD,
            Deed::Signed { key: DIGITAL_SIGNATURE_KEY, .. } => PASSWORD,
            Deed::Signed { key: USER_AUTHENTICATION_KEY, .. }
                if !matches!(doing, Doing::Terminal { .. }) =>
            {
                PIN
            }
            _ => return true,
        };
        self.pins.contains(&needed)
    }
}

/// What raw commands may do, of any file that the card itself gives out.
fn is_reading(deed: &Deed) -> bool {
    matches!(
        deed,
        Deed::FileRead(_)
            | Deed::DataObjectRead(_)
            | Deed::RetryCounterTold(_)
            | Deed::ChallengeGiven
    )
}

/// The scopes that let a page have a PIN presented.
fn presenting(pin: Ef) -> &'static [Scope] {
    match pin {
        PIN => &[Scope::Authenticate],
        PASSWORD => &[Scope::Sign],
        BIRTH_DATE => PRESENCE,
        VERIFICATION_NUMBER_B => &[Scope::CardFace],
        // Its counter, before the dialog.
        CARD_INFORMATION_PIN => &[Scope::Attributes],
        _ => panic!("no scope presents {pin:?}"),
    }
}

/// Reading the user authentication certificate, or what tells why there is none.
fn is_of_certificate(deed: &Deed) -> bool {
    [USER_AUTHENTICATION_CERTIFICATE, TOKEN_INFORMATION]
        .iter()
        .any(|&file| *deed == Deed::FileRead(file))
}

fn is_of_pin(deed: &Deed, pin: Ef) -> bool {
    match *deed {
        Deed::RetryCounterTold(ef) | Deed::PinTried { ef, .. } => ef == pin,
        _ => false,
    }
}

fn signed(key: Ef, data: &[u8]) -> Deed {
    Deed::Signed { key, data: data.to_vec() }
}
