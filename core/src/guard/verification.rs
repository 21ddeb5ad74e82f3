//! Verification (ISO/IEC 7816-4:2020, VERIFY) of what the card is given to compare: a PIN, a password, a birth date,
//! a verification number. It counts what is wrong. The flows are run by whoever guards the card; the application is
//! selected.

use zeroize::Zeroizing;

use crate::codec::apdu::{CommandApdu, StatusWord};
use crate::error_code::ErrorCode;
use crate::flow::{Card, Error, Flow, command, file};
use crate::value::layout::{self, Application, PinReference};
use crate::value::{PinValue, PrintedBirthDate, PrivateText, Scope, Scopes, VerificationNumberB};
use crate::wire::Failure;

/// Value that is given to the card.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum VerificationData {
    /// A PIN or password.
    Pin(PinValue),
    /// The holder's birth date.
    BirthDate(PrintedBirthDate),
    /// Verification number B.
    VerificationNumberB(VerificationNumberB),
}

/// Reference that the card compares it with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "a dialog and a record have a name for each")]
pub enum ReferenceData {
    /// A PIN or password.
    Pin(PinReference),
    /// The holder's birth date.
    BirthDate,
    /// Verification number B.
    VerificationNumberB,
}

/// Value to be presented, and how many tries must be left then: no try is spent that nobody knew
/// of.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Presentation {
    /// The value.
    pub data: VerificationData,
    /// With fewer tries left it is not.
    pub at_least: u8,
}

/// Few tries, of which a page may not spend one by itself: the person is asked whether it may be
/// spent on what the page supplied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "a dialog shows all of it")]
pub struct FewTries {
    /// What the page wants compared.
    pub reference: ReferenceData,
    /// How many tries are left.
    pub retries_left: u8,
}

/// How something comes before the card.
#[derive(Debug)]
#[expect(clippy::exhaustive_enums, reason = "whoever guards the card must know each way")]
pub enum Presenting {
    /// Whoever guards the card presents it.
    Known(Presentation),
    /// A person who knows how many tries are left types it on the reader, which presents it.
    OnReader {
        /// Which PIN.
        reference: PinReference,
        /// How many tries.
        retries_left: u8,
    },
}

/// Knowledge of a person who is about to be asked for a PIN.
#[derive(Clone, Copy, Debug)]
#[expect(clippy::exhaustive_structs, reason = "a dialog shows all of it")]
pub struct BeforeDialog {
    /// How many tries are left.
    pub retries_left: u8,
    /// Whether it is typed on the reader.
    pub on_reader: bool,
}

impl VerificationData {
    /// Reference that the card compares it with.
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
            Self::BirthDate(birth_date) => Zeroizing::new(birth_date.digits().into()),
            Self::VerificationNumberB(number) => number.digits(),
        }
    }
}

impl ReferenceData {
    /// Name in records.
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

    /// Scope that presenting it needs.
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
            Self::BirthDate => (Application::CardSurface, layout::card_surface::BIRTH_DATE),
            Self::VerificationNumberB => {
                (Application::CardSurface, layout::card_surface::VERIFICATION_NUMBER_B)
            }
        }
    }

    /// Error by which the card refuses wrong data.
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
        text: &PrivateText,
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

    /// The few tries for which this was not presented, if a person can be asked about them: who is
    /// not asked for a PIN cannot know of its last tries, but what is printed on the card is no secret
    /// that somebody might guess.
    #[must_use]
    pub fn few_tries(&self, failure: Failure) -> Option<FewTries> {
        let reference = self.data.reference();
        match failure {
            Failure {
                code: ErrorCode::TooFewRetries, retries_left: Some(retries_left), ..
            } if !matches!(reference, ReferenceData::Pin(_)) => {
                Some(FewTries { reference, retries_left })
            }
            _ => None,
        }
    }

    /// The same, after the person agreed to spend one of these tries.
    #[must_use]
    pub fn agreed(self, few_tries: FewTries) -> Self {
        Self { at_least: few_tries.retries_left, ..self }
    }

    /// A birth date, which always comes from a page.
    #[must_use]
    pub fn of_birth_date(birth_date: PrintedBirthDate) -> Self {
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

impl FewTries {
    /// What the page is told if the person does not agree.
    #[must_use]
    pub fn declined(self) -> Failure {
        Failure::new(ErrorCode::TooFewRetries).with_retries_left(self.retries_left)
    }
}

impl Presenting {
    /// Reference that the card compares it with.
    pub(crate) fn reference(&self) -> ReferenceData {
        match self {
            Self::Known(presentation) => presentation.data.reference(),
            Self::OnReader { reference, .. } => ReferenceData::Pin(*reference),
        }
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

/// Meaning of the card's answer to VERIFY with data.
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
