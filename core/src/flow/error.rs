use thiserror::Error;

use crate::codec::apdu::StatusWord;
use crate::error_code::ErrorCode;
use crate::wire::Failure;

/// Why a flow did not reach its end, grouped by who must act.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum Error {
    // The holder
    /// The PIN has no tries left; the municipal office resets it.
    #[error("the PIN is blocked")]
    PinBlocked,
    /// The PIN was wrong.
    #[error("the PIN is wrong, {retries_left} tries left")]
    PinIncorrect {
        /// How many tries the card still gives.
        retries_left: u8,
    },
    /// The card gives fewer tries than whoever asked for the PIN counted on. Nothing was presented.
    #[error("only {retries_left} tries are left, too few to present this PIN")]
    TooFewRetries {
        /// How many tries the card still gives.
        retries_left: u8,
    },

    /// The card has another birth date.
    #[error("the birth date is wrong, {retries_left} tries left")]
    BirthDateIncorrect {
        /// How many tries the card still gives.
        retries_left: u8,
    },
    /// The birth date has no tries left.
    #[error("the birth date is blocked")]
    BirthDateBlocked,
    /// The card has another verification number.
    #[error("the verification number is wrong, {retries_left} tries left")]
    VerificationNumberIncorrect {
        /// How many tries the card still gives.
        retries_left: u8,
    },
    /// The verification number has no tries left.
    #[error("the verification number is blocked")]
    VerificationNumberBlocked,

    // The card
    /// The card has no application of this name: it is no My Number Card.
    #[error("the card has no application of this name")]
    ApplicationNotFound,
    /// The card is a My Number Card without the card surface application.
    #[error("the card does not have this application")]
    ApplicationAbsent,
    /// The card knows no terminal authentication.
    #[error("the card knows no terminal authentication")]
    TerminalUnsupported,
    /// The card did not accept the institution's certificate or signature.
    #[error("the card refused the terminal with {status}")]
    TerminalRefused {
        /// The card's status word.
        status: StatusWord,
    },
    /// The card does not hold this certificate.
    #[error("the card does not hold this certificate")]
    CertificateAbsent,
    /// The card answered something that its specification does not know.
    #[error("the card answered {what}")]
    Malformed {
        /// What it answered instead.
        what: &'static str,
    },
    /// The card refused a command.
    #[error("the card refused the command {ins:02X} with {status}")]
    Refused {
        /// The instruction byte of the command.
        ins: u8,
        /// The card's status word.
        status: StatusWord,
    },

    // The reader
    /// Reader or card takes no command of more than 255 bytes.
    #[error("reader and card take no commands of extended length")]
    NoExtendedLength,

    // The relying party
    /// Its server answered with something that is no birth date.
    #[error("the server answered with no birth date")]
    BirthDateMalformed,

    // The caller
    /// Whoever guards the card answered to another request than was made.
    #[error("this is no answer to what was asked")]
    Unanswered,
    /// The flow has a step that only somebody who guards the card can take.
    #[error("this flow needs somebody who guards the card")]
    Unguarded,
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
            Error::Unanswered | Error::Unguarded => Self::new(ErrorCode::InvalidRequest),
        }
    }
}
