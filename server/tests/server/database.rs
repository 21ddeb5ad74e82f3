//! What only a database has: a file, a version, a server that stops.

use std::fs;

use kazashi_server::{
    Database, EnrolmentStore, Method, NonceError, NonceStore, SessionStore, StoreError,
};
use serde_json::json;
use sqlx::{AnyPool, Executor};

use crate::backend::Backend;
use crate::noon;
use crate::postgres::Cluster;

#[tokio::test]
async fn a_stolen_file_holds_no_session_and_no_nonce() {
    let backend = Backend::sqlite();
    let store = backend.open().await;
    let session = store.create_session(noon()).await.unwrap();
    let nonce = store.issue_nonce(&session, Method::Pin, noon()).await.unwrap();
    let Backend::Sqlite(folder) = &backend else { unreachable!("it is a file") };
    let files: Vec<_> = fs::read_dir(folder.path()).unwrap().map(Result::unwrap).collect();
    let bytes: Vec<u8> = files.iter().flat_map(|file| fs::read(file.path()).unwrap()).collect();
    let holds = |text: &str| bytes.windows(text.len()).any(|window| window == text.as_bytes());
    assert!(holds(&session.digest()));
    assert!(!holds(session.as_str()));
    assert!(!holds(nonce.as_str()));
}

#[tokio::test]
async fn what_was_issued_outlives_the_process() {
    for backend in [Backend::sqlite(), Backend::postgres()] {
        let store = backend.open().await;
        let session = store.create_session(noon()).await.unwrap();
        let nonce = store.issue_nonce(&session, Method::Pin, noon()).await.unwrap();
        drop(store);
        let store = backend.open().await;
        store.take_nonce(&session, Method::Pin, nonce.as_str(), noon()).await.unwrap();
    }
}

#[tokio::test]
async fn a_database_of_a_newer_version_is_left_alone() {
    for backend in [Backend::sqlite(), Backend::postgres()] {
        drop(backend.open().await);
        let pool = AnyPool::connect(&backend.url()).await.unwrap();
        pool.execute("INSERT INTO kazashi_schema (version) VALUES (99)").await.unwrap();
        let refused = Database::connect(&backend.url()).await;
        assert!(matches!(refused, Err(StoreError::SchemaUnknown { found: 99, known: 1 })));
    }
}

#[tokio::test]
async fn a_nonce_and_an_enrolment_change_with_the_applications_own_tables_or_not_at_all() {
    const TABLES: [&str; 2] =
        ["CREATE TABLE visit (id TEXT PRIMARY KEY NOT NULL)", "ALTER TABLE visit ADD day TEXT"];
    for backend in [Backend::sqlite(), Backend::postgres()] {
        let database = Database::connect(&backend.url()).await.unwrap();
        database.migrate("visit_schema", &TABLES[..1]).await.unwrap();
        for _ in 0..2 {
            database.migrate("visit_schema", &TABLES).await.unwrap();
        }
        let older = database.migrate("visit_schema", &TABLES[..1]).await;
        assert!(matches!(older, Err(StoreError::SchemaUnknown { found: 2, known: 1 })));

        let session = database.create_session(noon()).await.unwrap();
        let nonce = database.issue_nonce(&session, Method::Pin, noon()).await.unwrap();
        let take_and_insert = async || {
            let mut changes = database.begin().await.unwrap();
            let nonce = nonce.as_str();
            Database::take_nonce_in(&mut changes, &session, Method::Pin, nonce, noon()).await?;
            Database::put_enrolment_in(&mut changes, "hanako", None, &json!(1)).await?;
            changes.execute("INSERT INTO visit (id, day) VALUES ('1', 'today')").await.unwrap();
            Ok::<_, NonceError>(changes)
        };
        let visits =
            async || database.pool().fetch_all("SELECT id FROM visit").await.unwrap().len();
        take_and_insert().await.unwrap().rollback().await.unwrap();
        assert_eq!(visits().await, 0);
        assert_eq!(database.enrolment_of("hanako").await.unwrap(), None);
        take_and_insert().await.unwrap().commit().await.unwrap();
        assert_eq!(visits().await, 1);
        assert_eq!(database.enrolment_of("hanako").await.unwrap(), Some(json!(1)));
        assert!(matches!(take_and_insert().await, Err(NonceError::NotGood)));

        let mut changes = database.begin().await.unwrap();
        assert!(Database::delete_enrolment_in(&mut changes, "hanako").await.unwrap());
        assert!(!Database::delete_enrolment_in(&mut changes, "hanako").await.unwrap());
        changes.commit().await.unwrap();
        assert_eq!(database.enrolment_of("hanako").await.unwrap(), None);
    }
}

#[tokio::test]
async fn a_wrong_address_says_so() {
    for url in ["mysql://localhost/kazashi", "kazashi.db", ""] {
        let refused = Database::connect(url).await;
        assert!(matches!(refused, Err(StoreError::Failed { .. })), "{url}: {refused:?}");
    }
    let nowhere = Database::connect("postgres://localhost/kazashi?host=/nowhere").await;
    assert!(matches!(nowhere, Err(StoreError::Unavailable { .. })), "{nowhere:?}");
}

#[tokio::test]
async fn a_restarted_server_is_found_again_and_has_forgotten_nothing() {
    let cluster = Cluster::start();
    let store = Database::connect(&cluster.url(&cluster.new_database())).await.unwrap();
    for mode in ["fast", "immediate"] {
        let session = store.create_session(noon()).await.unwrap();
        let one = store.issue_nonce(&session, Method::Pin, noon()).await.unwrap();
        let other = store.issue_nonce(&session, Method::Pin, noon()).await.unwrap();
        store.take_nonce(&session, Method::Pin, one.as_str(), noon()).await.unwrap();

        cluster.stop(mode);
        let taken = store.take_nonce(&session, Method::Pin, other.as_str(), noon()).await;
        let unavailable = matches!(taken, Err(NonceError::Store(StoreError::Unavailable { .. })));
        assert!(unavailable, "{taken:?}");

        cluster.start_again();
        let again = store.take_nonce(&session, Method::Pin, one.as_str(), noon()).await;
        assert!(matches!(again, Err(NonceError::NotGood)), "{again:?}");
        store.take_nonce(&session, Method::Pin, other.as_str(), noon()).await.unwrap();
    }
}

#[tokio::test]
async fn postgresql_is_reached_by_tls_and_only_with_the_right_authority() {
    let cluster = Cluster::start();
    let database = cluster.new_database();
    let certificate = cluster.demand_tls();
    let url = format!("{}?sslmode=verify-full", cluster.tcp_url(&database));
    let trusted = format!("{url}&sslrootcert={}", certificate.display());
    let store = Database::connect(&trusted).await.unwrap();
    store.create_session(noon()).await.unwrap();
    // The system's authorities do not know it.
    let refused = Database::connect(&url).await;
    assert!(matches!(refused, Err(StoreError::Unavailable { .. })), "{refused:?}");
    // And the server takes nothing else.
    let plain = Database::connect(&format!("{}?sslmode=disable", cluster.tcp_url(&database))).await;
    assert!(plain.is_err());
}
