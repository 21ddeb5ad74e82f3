//! Things that only a database has: a file, a version, a server that stops.

use std::fs;
use std::task::{Context, Waker};
use std::time::{Duration, Instant};

use kazashi_server::test_support::Cluster;
use kazashi_server::{
    Database, EnrolmentStore, Method, NonceError, NonceStore, Purged, SessionStore, StoreError,
};
use serde_json::json;
use sqlx::{AnyConnection, AnyPool, Connection, Executor, Row};
use tokio::time::sleep;
use zeroize::Zeroizing;

use crate::backend::Backend;
use crate::noon;

#[tokio::test]
async fn a_stolen_file_holds_no_session_and_no_nonce() {
    let backend = Backend::sqlite();
    let store = backend.open().await;
    let session = store.create_session(noon()).await.unwrap();
    let nonce = store.issue_nonce(&session, Method::Pin, noon()).await.unwrap();
    let bytes = files(&backend);
    let holds = |text: &str| bytes.windows(text.len()).any(|window| window == text.as_bytes());
    assert!(holds(&session.digest()));
    assert!(!holds(session.as_str()));
    assert!(!holds(nonce.as_str()));
}

/// A page that is closed takes its request with it, wherever that is. In a transaction that stayed open,
/// what others change with the same connection would be lost.
#[tokio::test]
async fn whoever_gives_up_while_a_transaction_begins_leaves_none_open() {
    let backend = Backend::postgres();
    let database = Database::connect(&backend.url()).await.unwrap();
    let mut observer = AnyConnection::connect(&backend.url()).await.unwrap();
    for polls in 1..10 {
        let mut begin = Box::pin(database.begin());
        for _ in 0..polls {
            if begin.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_ready() {
                break;
            }
            sleep(Duration::from_millis(2)).await;
        }
        drop(begin);
        let deadline = Instant::now() + Duration::from_secs(5);
        while open_transactions(&mut observer).await > 0 {
            assert!(Instant::now() < deadline, "after {polls} polls");
            sleep(Duration::from_millis(2)).await;
        }
    }
}

async fn open_transactions(observer: &mut AnyConnection) -> i64 {
    let count = "SELECT COUNT(*) AS open FROM pg_stat_activity \
                 WHERE datname = current_database() AND state LIKE 'idle in transaction%'";
    observer.fetch_one(count).await.unwrap().try_get("open").unwrap()
}

fn files(backend: &Backend) -> Vec<u8> {
    let Backend::Sqlite(folder) = backend else { unreachable!("it is a file") };
    let files = fs::read_dir(folder.path()).unwrap().map(Result::unwrap);
    files.flat_map(|file| fs::read(file.path()).unwrap()).collect()
}

#[tokio::test]
async fn what_was_deleted_is_gone_once_nobody_reads_it_any_more_and_nobody_waits_for_that() {
    let backend = Backend::sqlite();
    let database = Database::connect(&backend.url()).await.unwrap();
    let holds = |name: &str| files(&backend).windows(name.len()).any(|it| it == name.as_bytes());
    database.put_enrolment("subject", None, &json!("hanako")).await.unwrap();
    let mut reader = AnyConnection::connect(&backend.url()).await.unwrap();
    reader.execute("BEGIN").await.unwrap();
    reader.fetch_one("SELECT COUNT(*) FROM kazashi_enrolment").await.unwrap();
    database.delete_enrolment("subject").await.unwrap();
    let begun = Instant::now();
    for _ in 0..3 {
        assert_eq!(database.purge_deleted().await.unwrap(), Purged::InUse);
        assert_eq!(database.write_anew().await.unwrap(), Purged::InUse);
        // Whoever has something to do does it meanwhile.
        database.put_enrolment("other", None, &json!("taro")).await.unwrap();
    }
    // Whoever waits for the reader waits ten seconds, each time.
    assert!(begun.elapsed() < Duration::from_secs(10), "{:?}", begun.elapsed());
    assert!(holds("hanako"));
    reader.execute("COMMIT").await.unwrap();
    assert_eq!(database.purge_deleted().await.unwrap(), Purged::Done);
    assert!(!holds("hanako"));
    assert!(holds("taro"));
    let word = |word: &str| vec![Zeroizing::new(word.to_owned())];
    assert!(database.file_holds(word("taro")).await.unwrap());
    assert!(!database.file_holds(word("hanako")).await.unwrap());
    // A program that writes is in the way, too.
    reader.execute("BEGIN IMMEDIATE").await.unwrap();
    assert_eq!(database.purge_deleted().await.unwrap(), Purged::InUse);
    drop(reader);

    let postgres = Backend::postgres();
    let database = Database::connect(&postgres.url()).await.unwrap();
    assert_eq!(database.purge_deleted().await.unwrap(), Purged::LeftToServer);
}

/// SQLite leaves copies of cells in pages from which it has moved them.
#[tokio::test]
async fn a_file_that_is_written_anew_holds_only_what_is_in_its_rows() {
    let backend = Backend::sqlite();
    let database = Database::connect(&backend.url()).await.unwrap();
    let mut changes = database.begin().await.unwrap();
    let name = |number: u32| format!("N{:08x}", number.wrapping_mul(2_654_435_761));
    changes.execute("CREATE TABLE visitor (id TEXT PRIMARY KEY NOT NULL)").await.unwrap();
    for number in 0..4000 {
        let insert = sqlx::query("INSERT INTO visitor (id) VALUES ($1)").bind(name(number));
        insert.execute(&mut *changes).await.unwrap();
    }
    for number in (0..4000).filter(|number| number % 3 > 0) {
        let delete = sqlx::query("DELETE FROM visitor WHERE id = $1").bind(name(number));
        delete.execute(&mut *changes).await.unwrap();
    }
    changes.commit().await.unwrap();
    let deleted = || (0..4000).filter(|number| number % 3 > 0).map(name).map(Zeroizing::new);
    assert_eq!(database.purge_deleted().await.unwrap(), Purged::Done);
    assert!(database.file_holds(deleted().collect()).await.unwrap());
    assert_eq!(database.write_anew().await.unwrap(), Purged::Done);
    assert!(!database.file_holds(deleted().collect()).await.unwrap());
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
async fn a_database_of_the_version_before_keeps_its_nonces() {
    for backend in [Backend::sqlite(), Backend::postgres()] {
        let (session, nonce) = {
            let store = backend.open().await;
            let session = store.create_session(noon()).await.unwrap();
            let nonce = store.issue_nonce(&session, Method::Pin, noon()).await.unwrap();
            (session, nonce)
        };
        let pool = AnyPool::connect(&backend.url()).await.unwrap();
        for before in [
            "ALTER TABLE kazashi_nonce DROP COLUMN account",
            "ALTER TABLE kazashi_nonce DROP COLUMN issued_at",
            "ALTER TABLE kazashi_nonce DROP COLUMN late_until",
            "DELETE FROM kazashi_schema WHERE version = 2",
        ] {
            pool.execute(before).await.unwrap();
        }
        pool.close().await;
        let store = backend.open().await;
        let late = store.late_nonce(&session, "", Method::Pin, nonce.as_str(), noon()).await;
        assert!(matches!(late, Err(NonceError::NotGood)));
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
        assert!(matches!(refused, Err(StoreError::SchemaUnknown { found: 99, known: 2 })));
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
