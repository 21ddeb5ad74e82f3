use crate::{
    BirthDate, CollectedPin, Error, card_surface,
    key::PinReference,
    policy::{Application, Scope},
    secret::PinValue,
};

/// What the card is given to compare (ISO/IEC 7816-4:2020, VERIFY). It counts what is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum VerificationData {
    /// A PIN or password.
    Pin(PinValue),
    /// The holder's birth date.
    BirthDate(BirthDate),
}

/// What the card compares it with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ReferenceData {
    /// A PIN or password.
    Pin(PinReference),
    /// The holder's birth date.
    BirthDate,
}

/// What is to be presented, and how many tries must be left then: no try is spent that nobody knew
/// of.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Presentation {
    /// What is presented.
    pub data: VerificationData,
    /// With fewer tries left it is not.
    pub at_least: u8,
}

impl VerificationData {
    /// What the card compares it with.
    #[must_use]
    pub fn reference(&self) -> ReferenceData {
        match self {
            Self::Pin(value) => ReferenceData::Pin(value.reference()),
            Self::BirthDate(_) => ReferenceData::BirthDate,
        }
    }

    /// The bytes that tell it from any other: to be compared or hashed, never kept or shown.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        match self {
            Self::Pin(value) => value.as_bytes(),
            Self::BirthDate(birth_date) => birth_date.digits(),
        }
    }
}

impl ReferenceData {
    /// What it is called in records.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Pin(PinReference::UserAuthentication) => "user-authentication-pin",
            Self::Pin(PinReference::DigitalSignature) => "digital-signature-password",
            Self::BirthDate => "birth-date",
        }
    }

    /// What presenting it needs.
    #[must_use]
    pub fn scope(self) -> Scope {
        match self {
            Self::Pin(reference) => Scope::of_pin(reference),
            Self::BirthDate => Scope::CardPresence,
        }
    }

    /// The EF that holds it, and its application.
    #[must_use]
    pub fn file(self) -> (Application, u8) {
        match self {
            Self::Pin(reference) => (Application::Jpki, reference.ef()),
            Self::BirthDate => (Application::CardSurface, card_surface::ef::BIRTH_DATE),
        }
    }

    /// What the card says to wrong data.
    pub(crate) fn incorrect(self, retries_left: u8) -> Error {
        match (self, retries_left) {
            (Self::Pin(_), 0) => Error::PinBlocked,
            (Self::Pin(_), _) => Error::PinIncorrect { retries_left },
            (Self::BirthDate, 0) => Error::BirthDateBlocked,
            (Self::BirthDate, _) => Error::BirthDateIncorrect { retries_left },
        }
    }
}

impl From<CollectedPin> for Presentation {
    fn from(pin: CollectedPin) -> Self {
        Self { data: VerificationData::Pin(pin.value), at_least: pin.at_least }
    }
}

impl Presentation {
    /// A birth date, which a page supplies: a wrong one must leave two tries.
    #[must_use]
    pub fn of_birth_date(birth_date: BirthDate) -> Self {
        let data = VerificationData::BirthDate(birth_date);
        Self { data, at_least: CollectedPin::PAGE_RETRIES }
    }
}
