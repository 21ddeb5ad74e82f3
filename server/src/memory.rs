use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use async_trait::async_trait;
use kazashi_core::value::{Method, Nonce};
use serde_json::Value;

use crate::store::{duration_millis, millis, time};
use crate::{
    Admission, Bridge, BridgeError, BridgeKey, EnrolmentStore, LateNonce, Lifetimes, NonceError,
    NonceStore, Outcome, RateLimit, Refusal, Role, Session, SessionError, SessionId, SessionStore,
    Store, StoreError, TerminalRecord, TerminalStore, nonce, secret,
};

/// Keeps everything in memory: for one process, until it ends. Clones share what they keep.
#[derive(Clone, Debug, Default)]
pub struct Memory {
    lifetimes: Lifetimes,
    kept: Arc<Mutex<Kept>>,
}

impl Memory {
    /// Nothing yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// With other lifetimes.
    #[must_use]
    pub fn with_lifetimes(self, lifetimes: Lifetimes) -> Self {
        Self { lifetimes, ..self }
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        // No change below can be left half done: a panic elsewhere has broken nothing.
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// By digest, as in a database.
#[derive(Default)]
struct Kept {
    nonces: HashMap<String, KeptNonce>,
    sessions: HashMap<String, KeptSession>,
    bridges: BTreeMap<String, Bridge>,
    rates: HashMap<String, i64>,
    records: Vec<TerminalRecord>,
    enrolments: HashMap<String, (Option<String>, Value)>,
}

struct KeptNonce {
    session: String,
    /// Of a desk's session.
    account: Option<String>,
    method: Method,
    signed: bool,
    issued_at: i64,
    expires_at: i64,
    late_until: i64,
}

impl KeptNonce {
    /// Whether a token may have been made for it.
    fn is_signed_for(&self) -> bool {
        self.signed || self.method != Method::Terminal
    }

    fn is_late(&self, session: &SessionId, account: &str, method: Method, now: i64) -> bool {
        (self.session != session.digest() || self.expires_at <= now)
            && self.account.as_deref() == Some(account)
            && self.method == method
            && self.late_until > now
            && self.is_signed_for()
    }
}

struct KeptSession {
    role: Role,
    expires_at: i64,
}

impl std::fmt::Debug for Kept {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Kept")
    }
}

impl Kept {
    /// As [`RateLimit::at`] says.
    fn count(&mut self, subject: &str, limit: RateLimit, now: i64) {
        let (_, every) = limit.at(now);
        let full_at = self.rates.entry(subject.to_owned()).or_insert(now);
        *full_at = (*full_at).max(now).saturating_add(every);
    }

    fn allows(&mut self, subject: &str, limit: RateLimit, now: i64) -> bool {
        let (latest, _) = limit.at(now);
        self.rates.get_mut(subject).is_none_or(|full_at| {
            let is_allowed = *full_at <= latest;
            *full_at = (*full_at).min(limit.fullest(now));
            is_allowed
        })
    }
}

#[async_trait]
impl NonceStore for Memory {
    async fn issue_nonce(
        &self,
        session: &SessionId,
        method: Method,
        now: SystemTime,
    ) -> Result<Nonce, StoreError> {
        let nonce = nonce::random();
        let (session, issued_at) = (session.digest(), millis(now));
        let mut kept = self.kept();
        let account = kept.sessions.get(&session).and_then(|session| match &session.role {
            Role::Desk { account } => Some(account.clone()),
            Role::Guest | Role::Holder { .. } => None,
        });
        let new = KeptNonce {
            session,
            account,
            method,
            signed: false,
            issued_at,
            expires_at: issued_at.saturating_add(duration_millis(self.lifetimes.nonce)),
            late_until: issued_at.saturating_add(duration_millis(self.lifetimes.late)),
        };
        kept.nonces.insert(secret::digest(nonce.as_str()), new);
        Ok(nonce)
    }

    async fn take_nonce(
        &self,
        session: &SessionId,
        method: Method,
        nonce: &str,
        now: SystemTime,
    ) -> Result<(), NonceError> {
        let (nonce, session) = (secret::digest(nonce), session.digest());
        let good = |kept: &KeptNonce| {
            kept.session == session
                && kept.method == method
                && kept.expires_at > millis(now)
                && kept.is_signed_for()
        };
        let mut kept = self.kept();
        if !kept.nonces.get(&nonce).is_some_and(good) {
            return Err(NonceError::NotGood);
        }
        kept.nonces.remove(&nonce);
        Ok(())
    }

    async fn late_nonce(
        &self,
        session: &SessionId,
        account: &str,
        method: Method,
        nonce: &str,
        now: SystemTime,
    ) -> Result<LateNonce, NonceError> {
        let kept = self.kept();
        let found = kept.nonces.get(&secret::digest(nonce));
        let late = found.filter(|nonce| nonce.is_late(session, account, method, millis(now)));
        let late = late.ok_or(NonceError::NotGood)?;
        Ok(LateNonce { issued_at: time(late.issued_at), expires_at: time(late.expires_at) })
    }

    async fn take_late_nonce(
        &self,
        session: &SessionId,
        account: &str,
        method: Method,
        nonce: &str,
        now: SystemTime,
    ) -> Result<(), NonceError> {
        let nonce = secret::digest(nonce);
        let mut kept = self.kept();
        let found = kept.nonces.get(&nonce);
        if !found.is_some_and(|nonce| nonce.is_late(session, account, method, millis(now))) {
            return Err(NonceError::NotGood);
        }
        kept.nonces.remove(&nonce);
        Ok(())
    }
}

#[async_trait]
impl SessionStore for Memory {
    async fn create_session(&self, now: SystemTime) -> Result<SessionId, StoreError> {
        let id = SessionId::random();
        let expires_at = millis(now).saturating_add(duration_millis(self.lifetimes.session));
        let session = KeptSession { role: Role::Guest, expires_at };
        self.kept().sessions.insert(id.digest(), session);
        Ok(id)
    }

    async fn find_session(
        &self,
        id: &SessionId,
        now: SystemTime,
    ) -> Result<Option<Session>, StoreError> {
        let kept = self.kept();
        let latest = self.lifetimes.latest_session_end(now);
        let is_good = |end| end > millis(now) && end <= latest;
        let found = kept.sessions.get(&id.digest()).filter(|kept| is_good(kept.expires_at));
        Ok(found.map(|kept| Session { role: kept.role.clone() }))
    }

    async fn authenticate(
        &self,
        id: &SessionId,
        role: &Role,
        now: SystemTime,
    ) -> Result<SessionId, SessionError> {
        let mut kept = self.kept();
        match kept.sessions.remove(&id.digest()) {
            Some(session)
                if session.expires_at > millis(now)
                    && session.expires_at <= self.lifetimes.latest_session_end(now) => {}
            _ => return Err(SessionError::NotFound),
        }
        let renewed = SessionId::random();
        let expires_at = millis(now).saturating_add(duration_millis(self.lifetimes.session));
        kept.sessions.insert(renewed.digest(), KeptSession { role: role.clone(), expires_at });
        Ok(renewed)
    }

    async fn delete_session(&self, id: &SessionId) -> Result<(), StoreError> {
        self.kept().sessions.remove(&id.digest());
        Ok(())
    }
}

#[async_trait]
impl TerminalStore for Memory {
    async fn enrol_bridge(
        &self,
        name: &str,
        key: &BridgeKey,
        now: SystemTime,
    ) -> Result<(), BridgeError> {
        let mut kept = self.kept();
        if kept.bridges.contains_key(&key.to_string()) {
            return Err(BridgeError::KnownAlready);
        }
        let bridge =
            Bridge { key: *key, name: name.to_owned(), enrolled_at: now, revoked_at: None };
        kept.bridges.insert(key.to_string(), bridge);
        Ok(())
    }

    async fn revoke_bridge(&self, key: &BridgeKey, now: SystemTime) -> Result<(), BridgeError> {
        match self.kept().bridges.get_mut(&key.to_string()) {
            None => Err(BridgeError::NotEnrolled),
            Some(bridge) => {
                bridge.revoked_at.get_or_insert(now);
                Ok(())
            }
        }
    }

    async fn bridges(&self) -> Result<Vec<Bridge>, StoreError> {
        let mut bridges: Vec<_> = self.kept().bridges.values().cloned().collect();
        bridges.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(bridges)
    }

    async fn find_bridge(&self, key: &BridgeKey) -> Result<Option<Bridge>, StoreError> {
        Ok(self.kept().bridges.get(&key.to_string()).cloned())
    }

    async fn admit(&self, admission: &Admission<'_>) -> Result<Result<(), Refusal>, StoreError> {
        let Admission { bridge, now: at, session_limit, bridge_limit, .. } = *admission;
        let (session, now) = (admission.session.digest(), millis(at));
        let bridge_name = bridge.to_string();
        let mut kept = self.kept();
        let session_allowed = kept.allows(&session, session_limit, now);
        let bridge_allowed = kept.allows(&bridge_name, bridge_limit, now);
        let nonce = kept.nonces.get_mut(&secret::digest(admission.nonce.as_str()));
        let nonce = match nonce {
            Some(nonce)
                if nonce.session == session
                    && nonce.method == Method::Terminal
                    && nonce.expires_at > now =>
            {
                nonce
            }
            _ => return Ok(Err(Refusal::NonceNotGood)),
        };
        if nonce.signed {
            return Ok(Err(Refusal::NonceSignedBefore));
        }
        if !session_allowed {
            return Ok(Err(Refusal::SessionRateLimited));
        }
        if !bridge_allowed {
            return Ok(Err(Refusal::BridgeRateLimited));
        }
        nonce.signed = true;
        kept.count(&session, session_limit, now);
        kept.count(&bridge_name, bridge_limit, now);
        kept.records.push(TerminalRecord {
            at,
            session,
            bridge: *bridge,
            outcome: Outcome::Granted,
        });
        Ok(Ok(()))
    }

    async fn record(&self, record: &TerminalRecord) -> Result<(), StoreError> {
        self.kept().records.push(record.clone());
        Ok(())
    }

    async fn records(&self, since: SystemTime) -> Result<Vec<TerminalRecord>, StoreError> {
        let mut records: Vec<_> =
            self.kept().records.iter().filter(|record| record.at >= since).cloned().collect();
        records.sort_by_key(|record| record.at);
        Ok(records)
    }
}

#[async_trait]
impl EnrolmentStore for Memory {
    async fn put_enrolment(
        &self,
        subject: &str,
        recognition: Option<&str>,
        enrolment: &Value,
    ) -> Result<(), StoreError> {
        let mut kept = self.kept();
        let taken = kept.enrolments.iter().any(|(other, (known, _))| {
            recognition.is_some() && known.as_deref() == recognition && other != subject
        });
        if taken {
            let because = "the recognition is another subject's".to_owned();
            return Err(StoreError::Failed { because });
        }
        let entry = (recognition.map(str::to_owned), enrolment.clone());
        kept.enrolments.insert(subject.to_owned(), entry);
        Ok(())
    }

    async fn enrolment_of(&self, subject: &str) -> Result<Option<Value>, StoreError> {
        Ok(self.kept().enrolments.get(subject).map(|(_, enrolment)| enrolment.clone()))
    }

    async fn recognised(&self, recognition: &str) -> Result<Option<Value>, StoreError> {
        let kept = self.kept();
        let mut entries = kept.enrolments.values();
        let found = entries.find(|(known, _)| known.as_deref() == Some(recognition));
        Ok(found.map(|(_, enrolment)| enrolment.clone()))
    }

    async fn delete_enrolment(&self, subject: &str) -> Result<(), StoreError> {
        self.kept().enrolments.remove(subject);
        Ok(())
    }
}

#[async_trait]
impl Store for Memory {
    async fn delete_expired(&self, now: SystemTime) -> Result<(), StoreError> {
        let now = millis(now);
        let mut kept = self.kept();
        kept.nonces.retain(|_, nonce| {
            nonce.expires_at > now || (nonce.account.is_some() && nonce.late_until > now)
        });
        kept.sessions.retain(|_, session| session.expires_at > now);
        kept.rates.retain(|_, full_at| *full_at > now);
        Ok(())
    }
}
