//! Enrolments: kept for the next visit.

use serde_json::json;

use kazashi_server::StoreError;

use crate::backend::{Backend, on_every_backend};

on_every_backend! {
    an_enrolment_is_found_by_subject_and_by_recognition,
    an_enrolment_replaces_the_one_before,
    a_recognition_is_of_one_subject,
    a_forgotten_subject_is_not_found,
}

async fn an_enrolment_is_found_by_subject_and_by_recognition(backend: Backend) {
    let (store, another_process) = (backend.open().await, backend.open().await);
    let (hanako, taro) = (json!({ "name": "花子" }), json!({ "name": "太郎" }));
    store.put_enrolment("hanako", Some("head"), &hanako).await.unwrap();
    store.put_enrolment("taro", None, &taro).await.unwrap();
    assert_eq!(another_process.enrolment_of("hanako").await.unwrap(), Some(hanako.clone()));
    assert_eq!(another_process.enrolment_of("taro").await.unwrap(), Some(taro));
    assert_eq!(another_process.enrolment_of("jiro").await.unwrap(), None);
    assert_eq!(another_process.recognised("head").await.unwrap(), Some(hanako));
    assert_eq!(another_process.recognised("other").await.unwrap(), None);
}

async fn an_enrolment_replaces_the_one_before(backend: Backend) {
    let store = backend.open().await;
    store.put_enrolment("hanako", Some("first card"), &json!(1)).await.unwrap();
    store.put_enrolment("hanako", Some("second card"), &json!(2)).await.unwrap();
    assert_eq!(store.enrolment_of("hanako").await.unwrap(), Some(json!(2)));
    assert_eq!(store.recognised("first card").await.unwrap(), None);
    assert_eq!(store.recognised("second card").await.unwrap(), Some(json!(2)));
}

async fn a_recognition_is_of_one_subject(backend: Backend) {
    let store = backend.open().await;
    store.put_enrolment("hanako", Some("head"), &json!(1)).await.unwrap();
    let taken = store.put_enrolment("taro", Some("head"), &json!(2)).await;
    assert!(matches!(taken, Err(StoreError::Failed { .. })));
    assert_eq!(store.recognised("head").await.unwrap(), Some(json!(1)));
    assert_eq!(store.enrolment_of("taro").await.unwrap(), None);
}

async fn a_forgotten_subject_is_not_found(backend: Backend) {
    let store = backend.open().await;
    store.put_enrolment("hanako", Some("head"), &json!(1)).await.unwrap();
    store.delete_enrolment("hanako").await.unwrap();
    assert_eq!(store.enrolment_of("hanako").await.unwrap(), None);
    assert_eq!(store.recognised("head").await.unwrap(), None);
}
