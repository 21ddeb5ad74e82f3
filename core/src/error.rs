use thiserror::Error;

use crate::apdu::StatusWord;

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

    // The card
    /// The card has no application of this name: it is no My Number Card.
    #[error("the card has no application of this name")]
    ApplicationNotFound,
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

    // The caller
    /// The flow has a step that only somebody who guards the card can take.
    #[error("this flow needs somebody who guards the card")]
    Unguarded,
}
