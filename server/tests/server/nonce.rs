//! Nonces: each for one session and method, and for one use.

use std::sync::Arc;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use kazashi_server::{Lifetimes, Method, NonceError, Role, SessionId, Store};

use crate::backend::{Backend, on_every_backend};
use crate::noon;

on_every_backend! {
    a_nonce_is_the_base64_text_of_32_bytes_and_never_the_same,
    a_nonce_is_taken_once,
    a_nonce_is_of_no_other_session,
    a_nonce_is_for_no_other_method,
    a_nonce_is_over_after_five_minutes,
    a_terminal_nonce_is_not_taken_before_a_challenge_was_signed_for_it,
    a_nonce_of_nobody_is_not_taken,
    a_nonce_of_a_desk_is_redeemed_late_by_its_account_and_once,
    a_nonce_is_late_when_its_time_is_over_and_for_so_many_hours,
    what_is_over_is_deleted_and_nothing_else,
}

const METHODS: [Method; 3] = [Method::Pin, Method::Terminal, Method::Presence];

async fn is_taken(store: &dyn Store, session: &SessionId, method: Method, nonce: &str) -> bool {
    match store.take_nonce(session, method, nonce, noon()).await {
        Ok(()) => true,
        Err(NonceError::NotGood) => false,
        Err(error) => panic!("{error}"),
    }
}

async fn a_nonce_is_the_base64_text_of_32_bytes_and_never_the_same(backend: Backend) {
    let store = backend.open().await;
    let session = store.create_session(noon()).await.unwrap();
    let one = store.issue_nonce(&session, Method::Pin, noon()).await.unwrap();
    let other = store.issue_nonce(&session, Method::Pin, noon()).await.unwrap();
    assert_eq!(STANDARD.decode(one.as_str()).unwrap().len(), 32);
    assert_ne!(one, other);
}

async fn a_nonce_is_taken_once(backend: Backend) {
    let (store, another_process) = (backend.open().await, backend.open().await);
    let session = store.create_session(noon()).await.unwrap();
    for method in [Method::Pin, Method::Presence] {
        let nonce = store.issue_nonce(&session, method, noon()).await.unwrap();
        assert!(is_taken(&*another_process, &session, method, nonce.as_str()).await);
        assert!(!is_taken(&*another_process, &session, method, nonce.as_str()).await);
        assert!(!is_taken(&*store, &session, method, nonce.as_str()).await);
    }
}

async fn a_nonce_is_of_no_other_session(backend: Backend) {
    let store = backend.open().await;
    let session = store.create_session(noon()).await.unwrap();
    let other = store.create_session(noon()).await.unwrap();
    let nonce = store.issue_nonce(&session, Method::Pin, noon()).await.unwrap();
    assert!(!is_taken(&*store, &other, Method::Pin, nonce.as_str()).await);
    // Nor could the other spoil it.
    assert!(is_taken(&*store, &session, Method::Pin, nonce.as_str()).await);
}

async fn a_nonce_is_for_no_other_method(backend: Backend) {
    let store = backend.open().await;
    let session = store.create_session(noon()).await.unwrap();
    for issued in METHODS {
        let nonce = store.issue_nonce(&session, issued, noon()).await.unwrap();
        for method in METHODS.into_iter().filter(|method| *method != issued) {
            assert!(!is_taken(&*store, &session, method, nonce.as_str()).await);
        }
    }
}

async fn a_nonce_is_over_after_five_minutes(backend: Backend) {
    let store = backend.open().await;
    let session = store.create_session(noon()).await.unwrap();
    let one = store.issue_nonce(&session, Method::Pin, noon()).await.unwrap();
    let other = store.issue_nonce(&session, Method::Pin, noon()).await.unwrap();
    let end = noon() + Duration::from_mins(5);
    let before_the_end = end - Duration::from_millis(1);
    store.take_nonce(&session, Method::Pin, one.as_str(), before_the_end).await.unwrap();
    let late = store.take_nonce(&session, Method::Pin, other.as_str(), end).await;
    assert!(matches!(late, Err(NonceError::NotGood)));
}

async fn a_terminal_nonce_is_not_taken_before_a_challenge_was_signed_for_it(backend: Backend) {
    let store = backend.open().await;
    let session = store.create_session(noon()).await.unwrap();
    let nonce = store.issue_nonce(&session, Method::Terminal, noon()).await.unwrap();
    assert!(!is_taken(&*store, &session, Method::Terminal, nonce.as_str()).await);
}

async fn a_nonce_of_nobody_is_not_taken(backend: Backend) {
    let store = backend.open().await;
    let session = store.create_session(noon()).await.unwrap();
    for text in ["", "' OR ''='", &"A".repeat(44), "\0"] {
        assert!(!is_taken(&*store, &session, Method::Pin, text).await);
    }
}

async fn what_is_over_is_deleted_and_nothing_else(backend: Backend) {
    let store = backend.open().await;
    let session = store.create_session(noon()).await.unwrap();
    let early = store.issue_nonce(&session, Method::Pin, noon()).await.unwrap();
    let later = noon() + Duration::from_mins(1);
    let late = store.issue_nonce(&session, Method::Pin, later).await.unwrap();
    store.delete_expired(noon() + Duration::from_mins(5)).await.unwrap();
    assert!(!is_taken(&*store, &session, Method::Pin, early.as_str()).await);
    assert!(is_taken(&*store, &session, Method::Pin, late.as_str()).await);
    assert!(store.find_session(&session, noon()).await.unwrap().is_some());
    store.delete_expired(noon() + Duration::from_hours(8)).await.unwrap();
    assert!(store.find_session(&session, noon()).await.unwrap().is_none());
}

/// A desk's session, of an account; and its store, in which nonces may be redeemed late for twelve hours.
async fn desk(backend: &Backend, account: &str) -> (Arc<dyn Store>, SessionId) {
    let lifetimes = Lifetimes { late: Duration::from_hours(12), ..Lifetimes::default() };
    let store = backend.open_with(lifetimes).await;
    let guest = store.create_session(noon()).await.unwrap();
    let role = Role::Desk { account: account.to_owned() };
    let session = store.authenticate(&guest, &role, noon()).await.unwrap();
    (store, session)
}

async fn a_nonce_of_a_desk_is_redeemed_late_by_its_account_and_once(backend: Backend) {
    let (store, session) = desk(&backend, "hana").await;
    let nonce = store.issue_nonce(&session, Method::Pin, noon()).await.unwrap();
    let nonce = nonce.as_str();
    // Another process, another session, ninety minutes later.
    let (store, again) = desk(&backend, "hana").await;
    let later = noon() + Duration::from_mins(90);
    store.delete_expired(later).await.unwrap();
    let late = store.late_nonce(&again, "hana", Method::Pin, nonce, later).await.unwrap();
    assert_eq!((late.issued_at, late.expires_at), (noon(), noon() + Duration::from_mins(5)));
    for (account, method) in [("taro", Method::Pin), ("hana", Method::Presence)] {
        let refused = store.take_late_nonce(&again, account, method, nonce, later).await;
        assert!(matches!(refused, Err(NonceError::NotGood)));
        let refused = store.late_nonce(&again, account, method, nonce, later).await;
        assert!(matches!(refused, Err(NonceError::NotGood)));
    }
    // It is no fresh one for that.
    let fresh = store.take_nonce(&session, Method::Pin, nonce, later).await;
    assert!(matches!(fresh, Err(NonceError::NotGood)));
    store.take_late_nonce(&again, "hana", Method::Pin, nonce, later).await.unwrap();
    let twice = store.take_late_nonce(&again, "hana", Method::Pin, nonce, later).await;
    assert!(matches!(twice, Err(NonceError::NotGood)));
}

async fn a_nonce_is_late_when_its_time_is_over_and_for_so_many_hours(backend: Backend) {
    let (store, session) = desk(&backend, "hana").await;
    let nonce = store.issue_nonce(&session, Method::Presence, noon()).await.unwrap();
    for (minutes, is_late) in [(0, false), (4, false), (5, true), (719, true), (720, false)] {
        let now = noon() + Duration::from_mins(minutes);
        let nonce = nonce.as_str();
        let found = store.late_nonce(&session, "hana", Method::Presence, nonce, now).await;
        assert_eq!(found.is_ok(), is_late, "{minutes}");
    }
    // For terminal authentication, only if this server signed.
    let nonce = store.issue_nonce(&session, Method::Terminal, noon()).await.unwrap();
    let now = noon() + Duration::from_mins(6);
    let found = store.late_nonce(&session, "hana", Method::Terminal, nonce.as_str(), now).await;
    assert!(matches!(found, Err(NonceError::NotGood)));
    // Nobody but a desk redeems late.
    let guest = store.create_session(noon()).await.unwrap();
    let nonce = store.issue_nonce(&guest, Method::Pin, noon()).await.unwrap();
    let found = store.late_nonce(&guest, "", Method::Pin, nonce.as_str(), now).await;
    assert!(matches!(found, Err(NonceError::NotGood)));
}
