use crate::Ef;

/// Something that the card disclosed or did.
///
/// It is noted where the card does it, so that whoever guards the card can be judged by what
/// happened, and not by what was asked for. Holds neither PINs nor what was read.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "who judges must know every kind of deed")]
pub enum Deed {
    /// Gave bytes of a file, or of a record in it.
    FileRead(Ef),
    /// Gave the data object of this tag.
    DataObjectRead(u16),
    /// Told how many tries a PIN has left.
    RetryCounterTold(Ef),
    /// Compared a value with a PIN.
    PinTried {
        /// Which PIN.
        ef: Ef,
        /// Whether it was the right one.
        correct: bool,
    },
    /// Took a new value for a PIN.
    PinChanged(Ef),
    /// Gave a challenge.
    ChallengeGiven,
    /// Took a part of a certificate, to be verified with the key in this EF.
    CertificatePartTaken(Ef),
    /// Took a terminal's word that this statement may be signed without a PIN.
    TerminalAccepted {
        /// The statement's digest.
        statement: [u8; 32],
    },
    /// Signed.
    Signed {
        /// With this key.
        key: Ef,
        /// This data field, of which P1 said what it is.
        data: Vec<u8>,
    },
}
