//! Sessions: who somebody is, until it is over.

use std::time::Duration;

use kazashi_server::{Method, NonceError, Role, SessionError, SessionId};

use crate::backend::{Backend, on_every_backend};
use crate::noon;

on_every_backend! {
    a_session_begins_as_a_guest_and_lasts_eight_hours,
    a_session_of_nobody_is_not_found,
    signing_in_gives_another_id_and_a_new_lifetime,
    signing_in_voids_the_nonces_of_the_old_id,
    nobody_signs_in_to_a_session_that_is_over,
    a_session_of_a_clock_that_was_ahead_is_over_now,
    a_deleted_session_is_not_found,
}

fn staff() -> Role {
    Role::Desk { account: "counter 3".to_owned() }
}

async fn a_session_begins_as_a_guest_and_lasts_eight_hours(backend: Backend) {
    let (store, another_process) = (backend.open().await, backend.open().await);
    let id = store.create_session(noon()).await.unwrap();
    let cookie = id.as_str().to_owned();
    let id = SessionId::parse(&cookie).unwrap();
    let end = noon() + Duration::from_hours(8);
    let found = another_process.find_session(&id, end - Duration::from_millis(1)).await.unwrap();
    assert_eq!(found.unwrap().role, Role::Guest);
    assert_eq!(another_process.find_session(&id, end).await.unwrap(), None);
}

async fn a_session_of_a_clock_that_was_ahead_is_over_now(backend: Backend) {
    let store = backend.open().await;
    let ahead = noon() + Duration::from_hours(9);
    let guest = store.create_session(ahead).await.unwrap();
    assert_eq!(store.find_session(&guest, noon()).await.unwrap(), None);
    let signed_in = store.authenticate(&guest, &staff(), noon()).await;
    assert!(matches!(signed_in, Err(SessionError::NotFound)));
    // Clocks of two servers may differ a little.
    let guest = store.create_session(noon() + Duration::from_secs(30)).await.unwrap();
    store.authenticate(&guest, &staff(), noon()).await.unwrap();
}

async fn a_session_of_nobody_is_not_found(backend: Backend) {
    let store = backend.open().await;
    let id = SessionId::parse(&"A".repeat(43)).unwrap();
    assert_eq!(store.find_session(&id, noon()).await.unwrap(), None);
}

async fn signing_in_gives_another_id_and_a_new_lifetime(backend: Backend) {
    let store = backend.open().await;
    let guest = store.create_session(noon()).await.unwrap();
    let later = noon() + Duration::from_hours(7);
    let desk = store.authenticate(&guest, &staff(), later).await.unwrap();
    assert_eq!(store.find_session(&guest, later).await.unwrap(), None);
    let almost_over = later + Duration::from_hours(8) - Duration::from_millis(1);
    let found = store.find_session(&desk, almost_over).await.unwrap().unwrap();
    assert_eq!(found.role, staff());
    let holder = Role::Holder { subject: "a pairwise identifier".to_owned() };
    let visitor = store.authenticate(&desk, &holder, later).await.unwrap();
    assert_eq!(store.find_session(&visitor, later).await.unwrap().unwrap().role, holder);
}

async fn signing_in_voids_the_nonces_of_the_old_id(backend: Backend) {
    let store = backend.open().await;
    let guest = store.create_session(noon()).await.unwrap();
    let nonce = store.issue_nonce(&guest, Method::Terminal, noon()).await.unwrap();
    let desk = store.authenticate(&guest, &staff(), noon()).await.unwrap();
    let taken = store.take_nonce(&desk, Method::Terminal, nonce.as_str(), noon()).await;
    assert!(matches!(taken, Err(NonceError::NotGood)));
}

async fn nobody_signs_in_to_a_session_that_is_over(backend: Backend) {
    let store = backend.open().await;
    let id = store.create_session(noon()).await.unwrap();
    let end = noon() + Duration::from_hours(8);
    let late = store.authenticate(&id, &staff(), end).await;
    assert!(matches!(late, Err(SessionError::NotFound)));
}

async fn a_deleted_session_is_not_found(backend: Backend) {
    let store = backend.open().await;
    let id = store.create_session(noon()).await.unwrap();
    store.delete_session(&id).await.unwrap();
    assert_eq!(store.find_session(&id, noon()).await.unwrap(), None);
    store.delete_session(&id).await.unwrap();
}

#[test]
fn only_43_characters_of_base64url_are_an_id() {
    let long = "A".repeat(44);
    for text in ["", "A", &long, &"+".repeat(43), &"あ".repeat(43)] {
        assert!(SessionId::parse(text).is_none(), "{text}");
    }
}

#[test]
fn a_session_shows_neither_its_id_nor_whose_it_is() {
    let id = SessionId::parse(&"A".repeat(43)).unwrap();
    assert_eq!(format!("{id:?} {:?}", staff()), "SessionId Desk");
}
