//! The desk: for whom the institution's key signs, and for whom it does not.

use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use ed25519_dalek::{Signer, SigningKey};
use futures_util::future::join_all;
use kazashi_core::value::{Challenge, Statement, Testimony};
use kazashi_server::{
    BridgeError, BridgeKey, Method, NonceError, Outcome, PemSigner, RateLimit, ReceivedSignature,
    Refusal, Role, SessionId, SignerError, StayError, StayName, StayWord, Store, TerminalDesk,
    TerminalError, TerminalSigner,
};
use rsa::RsaPrivateKey;
use rsa::pkcs1v15::{Signature, VerifyingKey};
use rsa::pkcs8::DecodePrivateKey;
use rsa::sha2::Sha256;
use rsa::signature::Verifier;

use crate::backend::{Backend, on_every_backend};
use crate::noon;

on_every_backend! {
    a_desk_has_the_challenge_signed_for_its_origin_and_nonce,
    a_nonce_is_taken_once_after_its_challenge_was_signed,
    a_nonce_for_which_a_challenge_was_signed_is_no_good_for_a_pin,
    nobody_but_a_desk_has_anything_signed,
    a_bridge_that_is_not_enrolled_is_refused,
    a_revoked_bridge_is_refused_for_good,
    a_request_over_another_origin_nonce_or_challenge_is_refused,
    a_nonce_of_another_method_or_session_or_one_that_is_over_is_refused,
    a_nonce_is_signed_for_once_however_many_ask_at_once,
    a_session_that_asks_too_often_waits,
    a_bridge_that_asks_too_often_waits_whatever_the_session,
    a_limit_holds_for_all_processes_at_once,
    a_clock_that_was_ahead_has_nobody_wait_longer_than_the_limit_itself,
    a_key_that_fails_is_recorded_and_the_nonce_is_spent,
    a_malformed_request_is_refused,
    a_challenge_of_another_length_is_refused,
    a_card_that_did_not_make_the_signatures_is_not_unlocked,
    bridges_are_listed_by_name,
}

const ORIGIN: &str = "https://reception.example";
const NOT_ENROLLED: Refusal = Refusal::Stay(StayError::BridgeNotEnrolled);
const REVOKED: Refusal = Refusal::Stay(StayError::BridgeRevoked);
const CHALLENGE: [u8; 32] = [0xC5; 32];
pub(crate) const KEY: &str = include_str!("../../../vectors/keys/terminal.pem");

/// A bridge on a workstation: what `kazashi-bridge` does with its key.
struct Workstation(SigningKey);

impl Workstation {
    fn new(seed: u8) -> Self {
        Self(SigningKey::from_bytes(&[seed; 32]))
    }

    fn key(&self) -> BridgeKey {
        BridgeKey::from_bytes(self.0.verifying_key().as_bytes()).unwrap()
    }

    fn request(&self, origin: &str, nonce: &str, challenge: [u8; 32]) -> StayWord {
        self.vouch(origin, Some(Challenge::new(nonce, challenge.into())))
    }

    fn vouch(&self, origin: &str, challenge: Option<Challenge>) -> StayWord {
        let stay = StayName::from_bytes([7; 16]);
        let testimony = Testimony { stay, statements: Vec::new(), challenge };
        let sign = |bytes: &[u8]| self.0.sign(bytes).to_bytes();
        StayWord::give(testimony, origin, self.0.verifying_key().to_bytes(), sign)
    }
}

/// A desk with an enrolled bridge, over one store.
struct Reception {
    store: Arc<dyn Store>,
    desk: TerminalDesk,
    session: SessionId,
    bridge: Workstation,
}

impl Reception {
    async fn open(backend: &Backend) -> Self {
        let store = backend.open().await;
        let desk = TerminalDesk::new(store.clone(), PemSigner::from_pem(KEY).unwrap(), ORIGIN);
        let session = desk_session(&*store).await;
        let bridge = Workstation::new(1);
        store.enrol_bridge("counter 1", &bridge.key(), noon()).await.unwrap();
        Self { store, desk, session, bridge }
    }

    async fn nonce(&self) -> String {
        let issued = self.store.issue_nonce(&self.session, Method::Terminal, noon()).await;
        issued.unwrap().as_str().to_owned()
    }

    async fn sign_at(&self, nonce: &str, now: SystemTime) -> Result<Vec<u8>, TerminalError> {
        let request = self.bridge.request(ORIGIN, nonce, CHALLENGE);
        self.desk.sign(&self.session, &request, nonce, &[], now).await
    }

    async fn sign(&self, nonce: &str) -> Result<Vec<u8>, TerminalError> {
        self.sign_at(nonce, noon()).await
    }

    async fn outcomes(&self) -> Vec<Outcome> {
        let records = self.store.records(noon()).await.unwrap();
        assert!(records.iter().all(|record| record.session == self.session.digest()));
        records.into_iter().map(|record| record.outcome).collect()
    }
}

async fn desk_session(store: &dyn Store) -> SessionId {
    let guest = store.create_session(noon()).await.unwrap();
    let staff = Role::Desk { account: "staff".to_owned() };
    store.authenticate(&guest, &staff, noon()).await.unwrap()
}

fn refusal(result: Result<Vec<u8>, TerminalError>) -> Refusal {
    match result {
        Err(TerminalError::Refused(refusal)) => refusal,
        other => panic!("{other:?}"),
    }
}

pub(crate) fn assert_signed_by_the_terminal(message: &[u8], signature: &[u8]) {
    let key = RsaPrivateKey::from_pkcs8_pem(KEY).unwrap().to_public_key();
    let signature = Signature::try_from(signature).unwrap();
    VerifyingKey::<Sha256>::new(key).verify(message, &signature).unwrap();
}

async fn a_desk_has_the_challenge_signed_for_its_origin_and_nonce(backend: Backend) {
    let reception = Reception::open(&backend).await;
    let nonce = reception.nonce().await;
    let signature = reception.sign(&nonce).await.unwrap();
    let statement = Statement::new(Method::Terminal, ORIGIN, &nonce).digest();
    assert_signed_by_the_terminal(&[CHALLENGE, statement].concat(), &signature);

    let records = reception.store.records(noon()).await.unwrap();
    assert_eq!(records.len(), 1);
    assert_eq!(records[0].at, noon());
    assert_eq!(records[0].session, reception.session.digest());
    assert_eq!(records[0].bridge, reception.bridge.key());
    assert_eq!(records[0].outcome, Outcome::Granted);
    assert_eq!(reception.store.records(noon() + Duration::from_millis(1)).await.unwrap(), []);
}

async fn a_nonce_is_taken_once_after_its_challenge_was_signed(backend: Backend) {
    let reception = Reception::open(&backend).await;
    let nonce = reception.nonce().await;
    reception.sign(&nonce).await.unwrap();
    let Reception { store, session, .. } = &reception;
    store.take_nonce(session, Method::Terminal, &nonce, noon()).await.unwrap();
    let again = store.take_nonce(session, Method::Terminal, &nonce, noon()).await;
    assert!(matches!(again, Err(NonceError::NotGood)));
}

async fn a_nonce_for_which_a_challenge_was_signed_is_no_good_for_a_pin(backend: Backend) {
    let reception = Reception::open(&backend).await;
    let nonce = reception.nonce().await;
    reception.sign(&nonce).await.unwrap();
    for method in [Method::Pin, Method::Presence] {
        let taken = reception.store.take_nonce(&reception.session, method, &nonce, noon()).await;
        assert!(matches!(taken, Err(NonceError::NotGood)));
    }
}

async fn nobody_but_a_desk_has_anything_signed(backend: Backend) {
    let reception = Reception::open(&backend).await;
    let guest = reception.store.create_session(noon()).await.unwrap();
    let holder = Role::Holder { subject: "hanako".to_owned() };
    let visitor = reception.store.create_session(noon()).await.unwrap();
    let visitor = reception.store.authenticate(&visitor, &holder, noon()).await.unwrap();
    let nobody = SessionId::parse(&"A".repeat(43)).unwrap();
    for session in [&guest, &visitor, &nobody] {
        let nonce = reception.store.issue_nonce(session, Method::Terminal, noon()).await.unwrap();
        let request = reception.bridge.request(ORIGIN, nonce.as_str(), CHALLENGE);
        let signed = reception.desk.sign(session, &request, nonce.as_str(), &[], noon()).await;
        assert!(matches!(signed, Err(TerminalError::NotADesk)));
    }
    let nonce = reception.nonce().await;
    let closing_time = noon() + Duration::from_hours(8);
    let signed = reception.sign_at(&nonce, closing_time).await;
    assert!(matches!(signed, Err(TerminalError::NotADesk)));
    // Strangers leave no trace: they could fill the disk.
    assert_eq!(reception.outcomes().await, []);
}

async fn a_bridge_that_is_not_enrolled_is_refused(backend: Backend) {
    let mut reception = Reception::open(&backend).await;
    let nonce = reception.nonce().await;
    reception.bridge = Workstation::new(2);
    assert_eq!(refusal(reception.sign(&nonce).await), NOT_ENROLLED);
    assert_eq!(reception.outcomes().await, [Outcome::Refused(NOT_ENROLLED)]);
    let records = reception.store.records(noon()).await.unwrap();
    assert_eq!(records[0].bridge, reception.bridge.key());
}

async fn a_revoked_bridge_is_refused_for_good(backend: Backend) {
    let reception = Reception::open(&backend).await;
    let (store, key) = (&reception.store, reception.bridge.key());
    store.revoke_bridge(&key, noon()).await.unwrap();
    let nonce = reception.nonce().await;
    assert_eq!(refusal(reception.sign(&nonce).await), REVOKED);
    let again = store.enrol_bridge("counter 1", &key, noon()).await;
    assert!(matches!(again, Err(BridgeError::KnownAlready)));
    assert_eq!(refusal(reception.sign(&nonce).await), REVOKED);
    assert_eq!(reception.outcomes().await, [Outcome::Refused(REVOKED); 2]);
}

async fn a_request_over_another_origin_nonce_or_challenge_is_refused(backend: Backend) {
    let reception = Reception::open(&backend).await;
    let (nonce, other) = (reception.nonce().await, reception.nonce().await);
    let right = reception.bridge.request(ORIGIN, &nonce, CHALLENGE);
    let altered = |position: usize| {
        let mut bytes = right.to_bytes().to_vec();
        let position = bytes.len() - position;
        bytes[position] ^= 1;
        StayWord::from_bytes(&bytes).unwrap()
    };
    let wrong = [
        (
            reception.bridge.request("https://thief.example", &nonce, CHALLENGE),
            StayError::OriginMismatch,
        ),
        (reception.bridge.request(ORIGIN, &other, CHALLENGE), StayError::ChallengeMismatch),
        (reception.bridge.vouch(ORIGIN, None), StayError::ChallengeMismatch),
        // In the challenge, before the 64 bytes of the signature, and in the signature.
        (altered(64 + 1), StayError::SignatureMismatch),
        (altered(1), StayError::SignatureMismatch),
    ];
    let mut outcomes = Vec::new();
    for (request, error) in wrong {
        let (desk, session) = (&reception.desk, &reception.session);
        let signed = desk.sign(session, &request, &nonce, &[], noon()).await;
        assert_eq!(refusal(signed), Refusal::Stay(error));
        outcomes.push(Outcome::Refused(Refusal::Stay(error)));
    }
    assert_eq!(reception.outcomes().await, outcomes);
    // None of them spent the nonce.
    reception.desk.sign(&reception.session, &right, &nonce, &[], noon()).await.unwrap();
}

async fn a_nonce_of_another_method_or_session_or_one_that_is_over_is_refused(backend: Backend) {
    let reception = Reception::open(&backend).await;
    let (store, session) = (&reception.store, &reception.session);
    let of_a_pin = store.issue_nonce(session, Method::Pin, noon()).await.unwrap();
    let other_desk = desk_session(&**store).await;
    let of_another = store.issue_nonce(&other_desk, Method::Terminal, noon()).await.unwrap();
    let of_nobody = "A".repeat(44);
    for nonce in [of_a_pin.as_str(), of_another.as_str(), &of_nobody] {
        assert_eq!(refusal(reception.sign(nonce).await), Refusal::NonceNotGood);
    }
    // The attempt has not made it one of the terminal's, and has not spent it.
    store.take_nonce(session, Method::Pin, of_a_pin.as_str(), noon()).await.unwrap();

    let nonce = reception.nonce().await;
    let late = reception.sign_at(&nonce, noon() + Duration::from_mins(5)).await;
    assert_eq!(refusal(late), Refusal::NonceNotGood);
    let not_good = Outcome::Refused(Refusal::NonceNotGood);
    assert_eq!(reception.outcomes().await, [not_good; 4]);
}

async fn a_nonce_is_signed_for_once_however_many_ask_at_once(backend: Backend) {
    let reception = Reception::open(&backend).await;
    let nonce = reception.nonce().await;
    let mut desks = Vec::new();
    for _ in 0..4 {
        let signer = PemSigner::from_pem(KEY).unwrap();
        desks.push(TerminalDesk::new(backend.open().await, signer, ORIGIN));
    }
    let asked = (0..16).map(|number| {
        let request = reception.bridge.request(ORIGIN, &nonce, [number; 32]);
        let (desk, session, nonce) = (&desks[usize::from(number) % 4], &reception.session, &nonce);
        async move { desk.sign(session, &request, nonce, &[], noon()).await }
    });
    let (granted, refused): (Vec<_>, Vec<_>) =
        join_all(asked).await.into_iter().partition(Result::is_ok);
    assert_eq!(granted.len(), 1);
    for result in refused {
        assert_eq!(refusal(result), Refusal::NonceSignedBefore);
    }
    let mut outcomes = reception.outcomes().await;
    outcomes.retain(|outcome| *outcome == Outcome::Granted);
    assert_eq!(outcomes.len(), 1);
    // Once taken, it is not even known.
    let Reception { store, session, .. } = &reception;
    store.take_nonce(session, Method::Terminal, &nonce, noon()).await.unwrap();
    assert_eq!(refusal(reception.sign(&nonce).await), Refusal::NonceNotGood);
}

async fn a_session_that_asks_too_often_waits(backend: Backend) {
    let reception = Reception::open(&backend).await;
    for _ in 0..10 {
        let nonce = reception.nonce().await;
        reception.sign(&nonce).await.unwrap();
    }
    let nonce = reception.nonce().await;
    assert_eq!(refusal(reception.sign(&nonce).await), Refusal::SessionRateLimited);
    // Six seconds later there is room for one, and the nonce is still good; not for two.
    let next = noon() + Duration::from_secs(6);
    let early = reception.sign_at(&nonce, next - Duration::from_millis(1)).await;
    assert_eq!(refusal(early), Refusal::SessionRateLimited);
    reception.sign_at(&nonce, next).await.unwrap();
    let nonce = reception.nonce().await;
    assert_eq!(refusal(reception.sign_at(&nonce, next).await), Refusal::SessionRateLimited);
    // Having deleted what is over has changed nothing.
    reception.store.delete_expired(next).await.unwrap();
    assert_eq!(refusal(reception.sign_at(&nonce, next).await), Refusal::SessionRateLimited);
}

async fn a_clock_that_was_ahead_has_nobody_wait_longer_than_the_limit_itself(backend: Backend) {
    let mut reception = Reception::open(&backend).await;
    let ahead = noon() + Duration::from_hours(7);
    let sign = async |reception: &Reception, now| {
        let Reception { store, session, .. } = reception;
        let nonce = store.issue_nonce(session, Method::Terminal, now).await.unwrap();
        reception.sign_at(nonce.as_str(), now).await
    };
    for _ in 0..10 {
        sign(&reception, ahead).await.unwrap();
    }
    // First by session and bridge, then by the bridge alone.
    assert_eq!(refusal(sign(&reception, noon()).await), Refusal::SessionRateLimited);
    reception.session = desk_session(&*reception.store).await;
    assert_eq!(refusal(sign(&reception, noon()).await), Refusal::BridgeRateLimited);
    let next = noon() + Duration::from_secs(6);
    sign(&reception, next).await.unwrap();
    let all = noon() + Duration::from_secs(66);
    for _ in 0..10 {
        sign(&reception, all).await.unwrap();
    }
}

async fn a_bridge_that_asks_too_often_waits_whatever_the_session(backend: Backend) {
    let mut reception = Reception::open(&backend).await;
    for _ in 0..10 {
        let nonce = reception.nonce().await;
        reception.sign(&nonce).await.unwrap();
    }
    let other_desk = desk_session(&*reception.store).await;
    reception.session = other_desk;
    let nonce = reception.nonce().await;
    assert_eq!(refusal(reception.sign(&nonce).await), Refusal::BridgeRateLimited);
    // Refused, it was not counted against the session either: another bridge has its whole burst.
    reception.bridge = Workstation::new(2);
    let key = reception.bridge.key();
    reception.store.enrol_bridge("counter 2", &key, noon()).await.unwrap();
    reception.sign(&nonce).await.unwrap();
    for _ in 0..9 {
        let nonce = reception.nonce().await;
        reception.sign(&nonce).await.unwrap();
    }
    let nonce = reception.nonce().await;
    assert_eq!(refusal(reception.sign(&nonce).await), Refusal::SessionRateLimited);
}

async fn a_limit_holds_for_all_processes_at_once(backend: Backend) {
    let reception = Reception::open(&backend).await;
    let three = RateLimit { burst: NonZeroU32::new(3).unwrap(), every: Duration::from_mins(1) };
    let mut asked = Vec::new();
    for _ in 0..4 {
        let signer = PemSigner::from_pem(KEY).unwrap();
        let desk =
            TerminalDesk::new(backend.open().await, signer, ORIGIN).with_limits(three, three);
        for _ in 0..4 {
            let (desk, session, nonce) =
                (desk.clone(), &reception.session, reception.nonce().await);
            let request = reception.bridge.request(ORIGIN, &nonce, CHALLENGE);
            asked.push(async move { desk.sign(session, &request, &nonce, &[], noon()).await });
        }
    }
    let granted = join_all(asked).await.into_iter().filter(Result::is_ok).count();
    assert_eq!(granted, 3);
}

async fn a_key_that_fails_is_recorded_and_the_nonce_is_spent(backend: Backend) {
    #[derive(Debug)]
    struct Broken;
    impl TerminalSigner for Broken {
        fn sign(&self, _message: &[u8]) -> Result<Vec<u8>, SignerError> {
            Err(SignerError::NotFound { what: "token" })
        }

        fn modulus(&self) -> Result<Vec<u8>, SignerError> {
            Err(SignerError::NotFound { what: "token" })
        }
    }
    let mut reception = Reception::open(&backend).await;
    reception.desk = TerminalDesk::new(reception.store.clone(), Broken, ORIGIN);
    let nonce = reception.nonce().await;
    let signed = reception.sign(&nonce).await;
    assert!(matches!(signed, Err(TerminalError::Signer(SignerError::NotFound { .. }))));
    assert_eq!(reception.outcomes().await, [Outcome::Granted, Outcome::SignerFailed]);
    assert_eq!(refusal(reception.sign(&nonce).await), Refusal::NonceSignedBefore);
}

async fn a_malformed_request_is_refused(backend: Backend) {
    let reception = Reception::open(&backend).await;
    let nonce = reception.nonce().await;
    let right = reception.bridge.request(ORIGIN, &nonce, CHALLENGE);
    let mut no_key = right.to_bytes().to_vec();
    // Under a key of zeros, which follows the tag, anybody can sign.
    no_key[15..47].fill(0);
    let no_key = StayWord::from_bytes(&no_key).unwrap();
    for (request, nonce) in [(&no_key, nonce.as_str()), (&right, "short")] {
        let signed = reception.desk.sign(&reception.session, request, nonce, &[], noon()).await;
        assert!(matches!(signed, Err(TerminalError::RequestMalformed)));
    }
}

async fn a_challenge_of_another_length_is_refused(backend: Backend) {
    let reception = Reception::open(&backend).await;
    let nonce = reception.nonce().await;
    let short = Some(Challenge::new(&nonce, CHALLENGE[..31].into()));
    let short = reception.bridge.vouch(ORIGIN, short);
    let signed = reception.desk.sign(&reception.session, &short, &nonce, &[], noon()).await;
    assert_eq!(refusal(signed), Refusal::Stay(StayError::ChallengeMismatch));
}

/// The face that was compared is another card's: nothing is signed, and the nonce not spent.
async fn a_card_that_did_not_make_the_signatures_is_not_unlocked(backend: Backend) {
    let reception = Reception::open(&backend).await;
    let nonce = reception.nonce().await;
    let request = reception.bridge.request(ORIGIN, &nonce, CHALLENGE);
    let face =
        ReceivedSignature { method: Method::Presence, nonce: "of the face", signature: &[1; 256] };
    let signed = reception.desk.sign(&reception.session, &request, &nonce, &[face], noon()).await;
    assert_eq!(refusal(signed), Refusal::Stay(StayError::NonceMismatch));
    reception.sign(&nonce).await.unwrap();
}

async fn bridges_are_listed_by_name(backend: Backend) {
    let (store, another_process) = (backend.open().await, backend.open().await);
    let (one, two, never) = (Workstation::new(1), Workstation::new(2), Workstation::new(3));
    let later = noon() + Duration::from_secs(1);
    store.enrol_bridge("counter 2", &two.key(), noon()).await.unwrap();
    store.enrol_bridge("counter 1", &one.key(), noon()).await.unwrap();
    store.revoke_bridge(&two.key(), later).await.unwrap();
    store.revoke_bridge(&two.key(), later + Duration::from_secs(1)).await.unwrap();
    let unknown = store.revoke_bridge(&never.key(), noon()).await;
    assert!(matches!(unknown, Err(BridgeError::NotEnrolled)));
    let bridges = another_process.bridges().await.unwrap();
    assert_eq!(bridges.len(), 2);
    assert_eq!((bridges[0].name.as_str(), bridges[0].revoked_at), ("counter 1", None));
    assert_eq!((bridges[1].name.as_str(), bridges[1].revoked_at), ("counter 2", Some(later)));
    assert_eq!((bridges[1].key, bridges[1].enrolled_at), (two.key(), noon()));
    assert_eq!(another_process.find_bridge(&two.key()).await.unwrap(), Some(bridges[1].clone()));
    assert_eq!(another_process.find_bridge(&never.key()).await.unwrap(), None);
}

#[test]
fn a_key_under_which_anybody_can_sign_is_none() {
    let mut neutral = [0; 32];
    neutral[0] = 1;
    assert!(BridgeKey::from_bytes(&neutral).is_err());
    assert!(BridgeKey::parse("no base64").is_err());
    let key = Workstation::new(1).key();
    assert_eq!(BridgeKey::parse(&key.to_string()), Ok(key));
}

#[test]
fn only_a_key_of_2048_bits_in_pkcs8_is_taken_from_a_file() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../vectors/keys/");
    PemSigner::from_file(format!("{folder}terminal.pem")).unwrap();
    let absent = PemSigner::from_file(format!("{folder}absent.pem"));
    assert!(matches!(absent, Err(SignerError::FileUnreadable { .. })));
    let other = PemSigner::from_pem(&KEY.replace("PRIVATE", "PUBLIC"));
    assert!(matches!(other, Err(SignerError::KeyUnsuitable)));
}
