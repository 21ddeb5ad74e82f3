//! One card in one stay: the bridge's word for it, compared with the signatures that came.

use std::fmt;

use kazashi_core::error_code::ErrorCode;
use kazashi_core::value::{Method, SignedStatement, StayName, StayWord};
use thiserror::Error;

use crate::{BridgeKey, StoreError, TerminalStore};

/// The relying party's expectations of what ties several signatures to one card.
#[derive(Clone, Copy, Debug)]
#[expect(clippy::exhaustive_structs, reason = "the caller must have decided on each of them")]
pub struct ExpectedStay<'a> {
    /// Its own origin, as browsers write it: `https://portal.example`.
    pub origin: &'a str,
    /// Everything that is said to come from the one card: of an enrolment both halves, of a check by
    /// eye the card face, of a renewal the tokens with the old certificate and with the new one.
    pub signatures: &'a [ReceivedSignature<'a>],
}

/// A signature of a card that a page sent, and that was or will be verified.
#[derive(Clone, Copy)]
#[expect(clippy::exhaustive_structs, reason = "a statement has these parts, and no others")]
pub struct ReceivedSignature<'a> {
    /// The way in which the holder let the card sign.
    pub method: Method,
    /// The nonce that was given out for it.
    pub nonce: &'a str,
    /// The signature in the token or proof.
    pub signature: &'a [u8],
}

/// What ties several signatures to one card: whose word that is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use = "whose word it is that one card gave all is for the caller to weigh"]
#[expect(clippy::exhaustive_enums, reason = "there is no third whose word it could be")]
pub enum Tie {
    /// An enrolled bridge vouches that one card made all of them in this stay on its reader.
    Bridge {
        /// The stay, as pages know it by `Reader.insertion`.
        stay: StayName,
    },
    /// No bridge was ever enrolled: only the page says so, and one that was taken over can bring
    /// together what two cards signed.
    PageOnly,
}

/// The reason for which a word of a stay ties nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum StayError {
    /// Bridges are enrolled, and the page brought no word of one.
    #[error("no bridge's word was brought that these are of one card")]
    WordMissing,
    /// The bridge's key was never enrolled, or is none.
    #[error("the bridge is not enrolled")]
    BridgeNotEnrolled,
    /// The bridge's key was withdrawn.
    #[error("the bridge was revoked")]
    BridgeRevoked,
    /// The bridge did not sign this word.
    #[error("the word is not signed by the bridge that it names")]
    SignatureMismatch,
    /// The word was given to a page of another origin.
    #[error("the word is for another origin")]
    OriginMismatch,
    /// In this stay, under this lease, the card signed nothing of this method for this nonce: the
    /// signature is of another stay, or was sent once more.
    #[error("the card signed nothing for this nonce and method in this stay")]
    NonceMismatch,
    /// In this stay the card signed for this nonce, but not this signature: it is another card's.
    #[error("the signature is not the one that the card made in this stay")]
    CardMismatch,
    /// The word holds no challenge, or one that was asked for with another nonce.
    #[error("the word holds no challenge for this nonce")]
    ChallengeMismatch,
}

impl StayError {
    /// The row of the table of errors that speaks of this one.
    #[must_use]
    pub fn code(self) -> ErrorCode {
        match self {
            Self::WordMissing => ErrorCode::StayMalformed,
            Self::BridgeNotEnrolled | Self::BridgeRevoked => ErrorCode::BridgeNotEnrolled,
            Self::SignatureMismatch => ErrorCode::StaySignatureMismatch,
            Self::OriginMismatch => ErrorCode::StayOriginMismatch,
            Self::NonceMismatch | Self::ChallengeMismatch => ErrorCode::StayNonceMismatch,
            Self::CardMismatch => ErrorCode::StayCardMismatch,
        }
    }
}

/// The reason for which nothing is said of a tie.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum TieError {
    /// The bridge's word does not tie these signatures.
    #[error(transparent)]
    Refused(#[from] StayError),
    /// The store gave no answer.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl TieError {
    /// The row of the table of errors that speaks of this one.
    #[must_use]
    pub fn code(&self) -> ErrorCode {
        match self {
            Self::Refused(error) => error.code(),
            Self::Store(error) => error.code(),
        }
    }
}

/// Tells whose word it is that one card made these signatures: to be asked before anything is stored
/// or signed because of it. Once a bridge was enrolled, be it revoked since, nothing passes that no
/// bridge vouches for.
///
/// ```
/// # use kazashi_server::{
/// #     ExpectedStay, Memory, Method, ReceivedSignature, StayWord, Tie, tie,
/// # };
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let (store, word) = (Memory::new(), None::<StayWord>);
/// # let (pin_nonce, presence_nonce, token, proof) = ("", "", [0; 256], [0; 256]);
/// // Both were verified: `kazashi_verify::verify_enrolment`.
/// let signatures = [
///     ReceivedSignature { method: Method::Pin, nonce: pin_nonce, signature: &token },
///     ReceivedSignature { method: Method::Presence, nonce: presence_nonce, signature: &proof },
/// ];
/// let expected = ExpectedStay { origin: "https://portal.example", signatures: &signatures };
/// match tie(&store, word.as_ref(), &expected).await? {
///     Tie::Bridge { .. } => {}
///     Tie::PageOnly => {} // whoever must know better enrols the bridges of its workstations
/// }
/// # Ok(())
/// # }
/// ```
pub async fn tie<S: TerminalStore + ?Sized>(
    store: &S,
    word: Option<&StayWord>,
    expected: &ExpectedStay<'_>,
) -> Result<Tie, TieError> {
    if store.bridges().await?.is_empty() {
        return Ok(Tie::PageOnly);
    }
    let word = word.ok_or(StayError::WordMissing)?;
    verify(word, &trusted_bridge(store, word).await?, expected)?;
    Ok(Tie::Bridge { stay: word.testimony().stay })
}

/// The bridge that a word is said to be of, if it is enrolled.
pub(crate) async fn trusted_bridge<S: TerminalStore + ?Sized>(
    store: &S,
    word: &StayWord,
) -> Result<BridgeKey, TieError> {
    let key = BridgeKey::from_bytes(word.bridge()).map_err(|_| StayError::BridgeNotEnrolled)?;
    match store.find_bridge(&key).await? {
        None => Err(StayError::BridgeNotEnrolled.into()),
        Some(found) if found.revoked_at.is_some() => Err(StayError::BridgeRevoked.into()),
        Some(_) => Ok(key),
    }
}

/// Verifies that this bridge vouches for these signatures.
pub(crate) fn verify(
    word: &StayWord,
    bridge: &BridgeKey,
    expected: &ExpectedStay<'_>,
) -> Result<(), StayError> {
    let (signed, signature) = word.signed();
    if !bridge.verifies(signed, signature) {
        return Err(StayError::SignatureMismatch);
    }
    if !word.is_for_origin(expected.origin) {
        return Err(StayError::OriginMismatch);
    }
    let vouched_for = &word.testimony().statements;
    for ReceivedSignature { method, nonce, signature } in expected.signatures {
        let received = SignedStatement::new(*method, nonce, signature);
        if vouched_for.contains(&received) {
            continue;
        }
        return Err(match vouched_for.iter().any(|other| other.states_the_same(&received)) {
            true => StayError::CardMismatch,
            false => StayError::NonceMismatch,
        });
    }
    Ok(())
}

/// Shows the method only.
impl fmt::Debug for ReceivedSignature<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ReceivedSignature({})", self.method.name())
    }
}
