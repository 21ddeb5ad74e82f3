use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use kazashi_core::Nonce;
use kazashi_core::statement::{Method, Statement};
use kazashi_core::terminal::{PROFILE, TerminalRequest};
use thiserror::Error;

use crate::{
    Admission, BridgeKey, Outcome, RateLimit, Refusal, Role, SessionId, SignerError, StoreError,
    TerminalRecord, TerminalSigner, TerminalStore,
};

/// Decides who may have the institution's key sign, and has it sign.
///
/// This is the most valuable thing a relying party has: whoever may use the key unlocks every card
/// that trusts the institution, stolen ones too. So it signs only
///
/// 1. for a session that is a [desk's](Role::Desk);
/// 2. at the request of a bridge that is enrolled and not revoked,
/// 3. whose signature is over this server's own origin, the nonce, and the card's challenge;
/// 4. once for each nonce, which must be one of this session for [`Method::Terminal`];
/// 5. within a limit for the session and another for the bridge;
/// 6. after that was recorded.
///
/// 4 to 6 are decided [together](TerminalStore::admit), in the store. Whoever is no desk is not
/// recorded: strangers must not be able to fill the disk. Where a person is to be checked by eye,
/// call [`sign`](Self::sign) after the staff's match.
///
/// ```
/// # use std::{error::Error, sync::Arc, time::SystemTime};
/// # use kazashi_server::{
/// #     BridgeKey, PemSigner, SessionId, Store, TerminalDesk, TerminalError, TerminalRequest,
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
///     request: &TerminalRequest,
///     nonce: &str,
/// ) -> Result<Vec<u8>, TerminalError> {
///     desk.sign(session, request, nonce, SystemTime::now()).await
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

    /// Signs a card's challenge: the institution's part of terminal authentication.
    ///
    /// The nonce stays in the store until the token comes back, and is then
    /// [taken](crate::NonceStore::take_nonce) for [`Method::Terminal`].
    pub async fn sign(
        &self,
        session: &SessionId,
        request: &TerminalRequest,
        nonce: &str,
        now: SystemTime,
    ) -> Result<Vec<u8>, TerminalError> {
        match self.store.find_session(session, now).await? {
            Some(found) if matches!(found.role, Role::Desk { .. }) => {}
            _ => return Err(TerminalError::NotADesk),
        }
        let malformed = || TerminalError::RequestMalformed;
        let nonce = Nonce::parse(nonce).map_err(|_| malformed())?;
        let bridge = BridgeKey::from_bytes(request.bridge.as_bytes()).map_err(|_| malformed())?;
        let challenge = request.challenge.as_bytes();
        if challenge.len() != usize::from(PROFILE.challenge_length) {
            return Err(malformed());
        }

        let record =
            |outcome| TerminalRecord { at: now, session: session.digest(), bridge, outcome };
        if let Err(refusal) = self.admit(session, &bridge, request, &nonce, now).await? {
            self.store.record(&record(Outcome::Refused(refusal))).await?;
            return Err(TerminalError::Refused(refusal));
        }
        let statement = Statement::new(Method::Terminal, &self.origin, nonce.as_str());
        let signed = self.use_key((PROFILE.to_be_signed)(challenge, &statement)).await;
        if signed.is_err() {
            self.store.record(&record(Outcome::SignerFailed)).await?;
        }
        Ok(signed?)
    }

    async fn admit(
        &self,
        session: &SessionId,
        bridge: &BridgeKey,
        request: &TerminalRequest,
        nonce: &Nonce,
        now: SystemTime,
    ) -> Result<Result<(), Refusal>, StoreError> {
        match self.store.find_bridge(bridge).await? {
            None => return Ok(Err(Refusal::BridgeNotEnrolled)),
            Some(found) if found.revoked_at.is_some() => return Ok(Err(Refusal::BridgeRevoked)),
            Some(_) => {}
        }
        let challenge = request.challenge.as_bytes();
        let signed = TerminalRequest::signed_bytes(&self.origin, nonce.as_str(), challenge);
        if !bridge.verifies(&signed, request.signature.as_bytes()) {
            return Ok(Err(Refusal::BridgeSignatureMismatch));
        }
        let (session_limit, bridge_limit) = (self.session_limit, self.bridge_limit);
        self.store
            .admit(&Admission { session, bridge, nonce, now, session_limit, bridge_limit })
            .await
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

/// Why nothing was signed.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum TerminalError {
    /// There is no such session, it is over, or it is not a desk's.
    #[error("this is not the session of a desk")]
    NotADesk,
    /// The request holds no nonce, no public key of Ed25519, or no challenge of the profile's
    /// length. Not recorded: there may be no bridge to name.
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
