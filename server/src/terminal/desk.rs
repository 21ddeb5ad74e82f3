use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use kazashi_core::card::terminal::PROFILE;
use kazashi_core::error_code::ErrorCode;
use kazashi_core::value::{Method, Nonce, Statement, StayWord};
use thiserror::Error;

use crate::stay::{self, trusted_bridge};
use crate::{
    Admission, BridgeKey, ExpectedStay, Outcome, RateLimit, ReceivedSignature, Refusal, Role,
    SessionId, SignerError, StayError, StoreError, TerminalRecord, TerminalSigner, TerminalStore,
    TieError,
};

/// Decides who may have the institution's key sign, and has it sign.
///
/// This is the most valuable thing a relying party has: whoever may use the key unlocks every card
/// that trusts the institution, stolen ones too. So it signs only
///
/// 1. for a session that is a [desk's](Role::Desk);
/// 2. at the request of a bridge that is enrolled and not revoked,
/// 3. which vouches, to this server's own origin, that the card which gave the challenge for the nonce
///    made certain other signatures in the same stay: of the card face that staff compared, say;
/// 4. once for each nonce, which must be one of this session for [`Method::Terminal`];
/// 5. within a limit for the session and another for the bridge;
/// 6. after that was recorded.
///
/// 4 to 6 are decided [together](TerminalStore::admit), in the store. Whoever is no desk is not
/// recorded: strangers must not be able to fill the disk. Where a person is to be checked by eye,
/// call [`sign`](Self::sign) after the staff's match, with the signature of the card face.
///
/// ```
/// # use std::{error::Error, sync::Arc, time::SystemTime};
/// # use kazashi_server::{
/// #     BridgeKey, PemSigner, ReceivedSignature, SessionId, StayWord, Store, TerminalDesk,
/// #     TerminalError,
/// # };
/// # async fn start(store: Arc<dyn Store>, text: &str) -> Result<TerminalDesk, Box<dyn Error>> {
/// // Once for each workstation, by an administrator: the key that `kazashi-bridge` prints.
/// store.enrol_bridge("counter 1", &BridgeKey::parse(text)?, SystemTime::now()).await?;
///
/// let signer = PemSigner::from_file("terminal.pem")?; // Pkcs11Signer::open(…) in production
/// let desk = TerminalDesk::new(store, signer, "https://reception.example");
/// # Ok(desk)
/// # }
///
/// // Whenever a page of the desk sends what its bridge made of the card's challenge:
/// async fn sign(
///     desk: &TerminalDesk,
///     session: &SessionId,
///     word: &StayWord,
///     nonce: &str,
///     face: ReceivedSignature<'_>,
/// ) -> Result<Vec<u8>, TerminalError> {
///     desk.sign(session, word, nonce, &[face], SystemTime::now()).await
/// }
/// ```
#[derive(Clone)]
pub struct TerminalDesk {
    store: Arc<dyn TerminalStore>,
    signer: Arc<dyn TerminalSigner>,
    origin: Arc<str>,
    session_limit: RateLimit,
    bridge_limit: RateLimit,
}

impl TerminalDesk {
    /// A desk of the relying party at `origin`, written as browsers write it:
    /// `https://portal.example`. A session, and a bridge, may have ten challenges signed at once
    /// and one more every six seconds.
    pub fn new(
        store: Arc<dyn TerminalStore>,
        signer: impl TerminalSigner,
        origin: impl Into<Arc<str>>,
    ) -> Self {
        let ten = NonZeroU32::MIN.saturating_add(9);
        let limit = RateLimit { burst: ten, every: Duration::from_secs(6) };
        Self {
            store,
            signer: Arc::new(signer),
            origin: origin.into(),
            session_limit: limit,
            bridge_limit: limit,
        }
    }

    /// With other limits.
    #[must_use]
    pub fn with_limits(self, session_limit: RateLimit, bridge_limit: RateLimit) -> Self {
        Self { session_limit, bridge_limit, ..self }
    }

    /// Signs a card's challenge: the institution's part of terminal authentication. `signatures` are
    /// those that this very card must have made in this stay.
    ///
    /// The nonce stays in the store until the token comes back, and is then
    /// [taken](crate::NonceStore::take_nonce) for [`Method::Terminal`].
    pub async fn sign(
        &self,
        session: &SessionId,
        word: &StayWord,
        nonce: &str,
        signatures: &[ReceivedSignature<'_>],
        now: SystemTime,
    ) -> Result<Vec<u8>, TerminalError> {
        match self.store.find_session(session, now).await? {
            Some(found) if matches!(found.role, Role::Desk { .. }) => {}
            _ => return Err(TerminalError::NotADesk),
        }
        let malformed = || TerminalError::RequestMalformed;
        let nonce = Nonce::parse(nonce).map_err(|_| malformed())?;
        let bridge = BridgeKey::from_bytes(word.bridge()).map_err(|_| malformed())?;

        let record =
            |outcome| TerminalRecord { at: now, session: session.digest(), bridge, outcome };
        let challenge = match self.admit(session, &bridge, word, &nonce, signatures, now).await? {
            Ok(challenge) => challenge,
            Err(refusal) => {
                self.store.record(&record(Outcome::Refused(refusal))).await?;
                return Err(TerminalError::Refused(refusal));
            }
        };
        let statement = Statement::new(Method::Terminal, &self.origin, nonce.as_str());
        let signed = self.use_key((PROFILE.to_be_signed)(challenge, &statement)).await;
        if signed.is_err() {
            self.store.record(&record(Outcome::SignerFailed)).await?;
        }
        Ok(signed?)
    }

    /// The challenge that may be signed.
    async fn admit<'w>(
        &self,
        session: &SessionId,
        bridge: &BridgeKey,
        word: &'w StayWord,
        nonce: &Nonce,
        signatures: &[ReceivedSignature<'_>],
        now: SystemTime,
    ) -> Result<Result<&'w [u8], Refusal>, StoreError> {
        let challenge = match self.vouched(word, nonce, signatures).await {
            Ok(challenge) => challenge,
            Err(TieError::Refused(error)) => return Ok(Err(error.into())),
            Err(TieError::Store(error)) => return Err(error),
        };
        let (session_limit, bridge_limit) = (self.session_limit, self.bridge_limit);
        let admission = Admission { session, bridge, nonce, now, session_limit, bridge_limit };
        Ok(self.store.admit(&admission).await?.map(|()| challenge))
    }

    /// The challenge of the card that made these signatures, if a trusted bridge vouches for it.
    async fn vouched<'w>(
        &self,
        word: &'w StayWord,
        nonce: &Nonce,
        signatures: &[ReceivedSignature<'_>],
    ) -> Result<&'w [u8], TieError> {
        let bridge = trusted_bridge(&*self.store, word).await?;
        stay::verify(word, &bridge, &ExpectedStay { origin: &self.origin, signatures })?;
        let challenge = word.testimony().challenge.as_ref();
        let challenge = challenge.and_then(|challenge| challenge.for_nonce(nonce.as_str()));
        let length = usize::from(PROFILE.challenge_length);
        let challenge = challenge.filter(|challenge| challenge.len() == length);
        Ok(challenge.ok_or(StayError::ChallengeMismatch)?)
    }

    async fn use_key(&self, message: Vec<u8>) -> Result<Vec<u8>, SignerError> {
        let signer = Arc::clone(&self.signer);
        let signing = tokio::task::spawn_blocking(move || signer.sign(&message));
        signing
            .await
            .unwrap_or_else(|ended| Err(SignerError::Failed { because: ended.to_string() }))
    }
}

impl std::fmt::Debug for TerminalDesk {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TerminalDesk")
            .field("origin", &self.origin)
            .field("signer", &self.signer)
            .finish_non_exhaustive()
    }
}

/// The reason for which nothing was signed.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum TerminalError {
    /// There is no such session, it is over, or it is not a desk's.
    #[error("this is not the session of a desk")]
    NotADesk,
    /// What should be a nonce or the public key of a bridge is none. Not recorded: there may be no
    /// bridge to name.
    #[error("the request for a signature is malformed")]
    RequestMalformed,
    /// A desk asked, and was refused.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The key could not be used.
    #[error(transparent)]
    Signer(#[from] SignerError),
    /// The store gave no answer, so nothing was signed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl TerminalError {
    /// The row of the table of errors that speaks of this one. Who may have the key sign, and why
    /// not, is for the institution's records, not for the page.
    #[must_use]
    pub fn code(&self) -> ErrorCode {
        match self {
            Self::Store(error) => error.code(),
            _ => ErrorCode::TerminalNotSigned,
        }
    }
}
