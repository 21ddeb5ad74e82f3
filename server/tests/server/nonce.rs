//! Nonces: each for one session and method, and for one use.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use kazashi_server::{Method, NonceError, SessionId, Store};

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
