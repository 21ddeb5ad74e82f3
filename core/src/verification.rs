//! What the card is given to compare (ISO/IEC 7816-4:2020, VERIFY): a PIN, a password, a birth date,
//! a verification number. It counts what is wrong. The flows are run by whoever guards the card; the application is
//! selected.

use zeroize::Zeroizing;

use crate::{
    BirthDate, Error, VerificationNumberB,
    apdu::{CommandApdu, StatusWord},
    card_surface, command,
    error_code::ErrorCode,
    file,
    flow::{Card, Flow},
    key::PinReference,
    policy::{Application, Scope, Scopes},
    secret::PinValue,
    wire::PinText,
};

/// What is given to the card.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum VerificationData {
    /// A PIN or password.
    Pin(PinValue),
    /// The holder's birth date.
    BirthDate(BirthDate),
    /// Verification number B.
    VerificationNumberB(VerificationNumberB),
}

/// What the card compares it with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ReferenceData {
    /// A PIN or password.
    Pin(PinReference),
    /// The holder's birth date.
    BirthDate,
    /// Verification number B.
    VerificationNumberB,
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
            Self::VerificationNumberB(_) => ReferenceData::VerificationNumberB,
        }
    }

    /// The bytes that the card compares: to be presented or hashed, never kept or shown.
    #[must_use]
    pub fn to_bytes(&self) -> Zeroizing<Box<[u8]>> {
        match self {
            Self::Pin(value) => Zeroizing::new(value.as_bytes().into()),
            Self::BirthDate(birth_date) => birth_date.era_digits(),
            Self::VerificationNumberB(number) => number.digits(),
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
            Self::Pin(PinReference::CardInformation) => "card-information-pin",
            Self::BirthDate => "birth-date",
            Self::VerificationNumberB => "verification-number-b",
        }
    }

    /// What presenting it needs.
    #[must_use]
    pub fn scope(self) -> Scope {
        match self {
            Self::Pin(reference) => Scope::of_pin(reference),
            Self::BirthDate => Scope::CardPresence,
            Self::VerificationNumberB => Scope::CardFace,
        }
    }

    /// The EF that holds it, and its application.
    #[must_use]
    pub fn file(self) -> (Application, u8) {
        match self {
            Self::Pin(reference) => (reference.application(), reference.ef()),
            Self::BirthDate => (Application::CardSurface, card_surface::ef::BIRTH_DATE),
            Self::VerificationNumberB => {
                (Application::CardSurface, card_surface::ef::VERIFICATION_NUMBER_B)
            }
        }
    }

    /// What the card says to wrong data.
    pub(crate) fn incorrect(self, retries_left: u8) -> Error {
        match (self, retries_left) {
            (Self::Pin(_), 0) => Error::PinBlocked,
            (Self::Pin(_), _) => Error::PinIncorrect { retries_left },
            (Self::BirthDate, 0) => Error::BirthDateBlocked,
            (Self::BirthDate, _) => Error::BirthDateIncorrect { retries_left },
            (Self::VerificationNumberB, 0) => Error::VerificationNumberBlocked,
            (Self::VerificationNumberB, _) => Error::VerificationNumberIncorrect { retries_left },
        }
    }
}

impl Presentation {
    /// A page may supply something only if a wrong one would still leave two tries.
    const PAGE_RETRIES: u8 = 3;

    /// A PIN that a page supplies, if it may.
    pub fn of_page(
        reference: PinReference,
        text: &PinText,
        scopes: &Scopes,
    ) -> Result<Self, ErrorCode> {
        scopes.require(Scope::PagePin)?;
        let value =
            PinValue::parse(reference, text.as_str()).map_err(|_| ErrorCode::PinMalformed)?;
        Ok(Self { data: VerificationData::Pin(value), at_least: Self::PAGE_RETRIES })
    }

    /// A PIN of a person who was told that so many tries are left.
    #[must_use]
    pub fn of_person(value: PinValue, retries_left: u8) -> Self {
        Self { data: VerificationData::Pin(value), at_least: retries_left }
    }

    /// A birth date, which always comes from a page.
    #[must_use]
    pub fn of_birth_date(birth_date: BirthDate) -> Self {
        let data = VerificationData::BirthDate(birth_date);
        Self { data, at_least: Self::PAGE_RETRIES }
    }

    /// A verification number B, which always comes from a page.
    #[must_use]
    pub fn of_number_b(number: VerificationNumberB) -> Self {
        let data = VerificationData::VerificationNumberB(number);
        Self { data, at_least: Self::PAGE_RETRIES }
    }
}

/// Reads one retry counter. Spends no try.
pub fn retries_left(reference: ReferenceData) -> Flow<u8> {
    let (_, ef) = reference.file();
    Flow::new(async move |card| file::retries_left(&card, ef).await)
}

/// Presents something.
///
/// The counter is read first: with fewer tries left than it is worth nothing is presented.
pub fn present(Presentation { data, at_least }: Presentation) -> Flow<()> {
    Flow::new(async move |card| {
        let reference = data.reference();
        let p2 = prepare(&card, reference, at_least).await?;
        let verify = command::verify(p2, &data.to_bytes());
        outcome(reference, card.exchange(verify).await.status())
    })
}

/// The VERIFY into which a reader puts the PIN of so many digits that a person types on its keys:
/// its data field holds their places.
///
/// The counter is read first: with fewer tries left than that person knows of there is no command.
pub(crate) fn verify_on_reader(
    reference: ReferenceData,
    digits: u8,
    at_least: u8,
) -> Flow<CommandApdu> {
    Flow::new(async move |card| {
        let p2 = prepare(&card, reference, at_least).await?;
        Ok(command::verify(p2, &vec![0xFF; digits.into()]))
    })
}

/// Sees that so many tries are left, and names the reference data for VERIFY.
async fn prepare(card: &Card, reference: ReferenceData, at_least: u8) -> Result<u8, Error> {
    let (_, ef) = reference.file();
    match file::retries_left(card, ef).await? {
        0 => return Err(reference.incorrect(0)),
        retries_left if retries_left < at_least => {
            return Err(Error::TooFewRetries { retries_left });
        }
        _ => {}
    }
    Ok(file::name(card, ef).await?.unwrap_or(0x80))
}

/// What the card's answer to VERIFY with data means.
pub(crate) fn outcome(reference: ReferenceData, status: StatusWord) -> Result<(), Error> {
    match status {
        StatusWord::OK => Ok(()),
        status if status.is_blocked() => Err(reference.incorrect(0)),
        status => Err(match status.retries_left() {
            Some(retries_left) => reference.incorrect(retries_left),
            None => Error::Refused { ins: command::INS_VERIFY, status },
        }),
    }
}
