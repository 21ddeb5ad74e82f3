//! That what was deleted is gone, and when whoever wanted that is told so.

use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use sqlx::{AnyConnection, Connection, Executor};
use tokio::runtime::{Builder, Runtime};

use crate::backend::{Backend, on_every_backend};
use crate::card::Card;
use crate::client::Client;
use crate::desk::{DELETIONS, VISITS, forgetting, with_pin};
use crate::server::Server;

on_every_backend!(whoever_was_forgotten_is_told_what_becomes_of_the_files);

const NAME: &str = "番号　太郎左衛門";

/// Somebody who had their name kept, and wants it deleted: the answer to that, and its address.
fn forgotten(desk: &mut Client) -> (Value, String) {
    let card = Card::taro();
    let attributes = json!({ "name": NAME, "address": "番号町一番地", "integrity": "genuine" });
    let visit = with_pin(desk, &card, &["name", "address"], &attributes);
    desk.post(VISITS, &visit).expect(201);
    let deletion = forgetting(desk, &card);
    let answer = desk.post(DELETIONS, &deletion).expect(201);
    (answer["deleted"].clone(), format!("{DELETIONS}/{}", deletion["id"].as_str().unwrap()))
}

fn state(desk: &mut Client, deletion: &str) -> String {
    desk.get(deletion).expect(200)["deleted"]["erasure"]["state"].as_str().unwrap().to_owned()
}

fn wait_until(what: impl Fn() -> String, wanted: &str) {
    let begun = Instant::now();
    while what() != wanted {
        assert!(begun.elapsed() < Duration::from_secs(20), "{}", what());
        thread::sleep(Duration::from_millis(20));
    }
}

fn whoever_was_forgotten_is_told_what_becomes_of_the_files(backend: &Backend) {
    let server = Server::start(backend);
    let mut desk = server.staff(backend);
    let (deleted, deletion) = forgotten(&mut desk);
    assert_eq!((&deleted["visits"], &deleted["enrolment"]), (&json!(1), &json!(false)));
    assert_eq!(deleted["erasure"]["state"], "pending");
    assert!(deleted["erasure"]["by"].as_str().unwrap().ends_with('Z'));
    let end = match backend {
        Backend::Sqlite(_) => "gone",
        // It has no file that a portal could look into.
        Backend::Postgres { .. } => "left-to-server",
    };
    wait_until(|| state(&mut desk.clone(), &deletion), end);
    if let Backend::Sqlite(_) = backend {
        assert!(!backend.dump().contains("太郎左衛門"));
    }
    let kept = desk.get("/api/kept").expect(200);
    assert_eq!(kept["erasures"], json!({ "pending": 0, "overdue": 0 }));
    desk.get(&format!("{DELETIONS}/{}", crate::id())).refused(404, "not-found");
    server.guest().get(&deletion).refused(401, "signed-out");
}

/// Somebody who reads the file, as a backup does.
struct Reader {
    runtime: Runtime,
    connection: AnyConnection,
}

impl Reader {
    fn of(backend: &Backend) -> Self {
        let runtime = Builder::new_current_thread().enable_all().build().unwrap();
        let connection = runtime.block_on(async {
            sqlx::any::install_default_drivers();
            let mut connection = AnyConnection::connect(&backend.url()).await.unwrap();
            connection.execute("BEGIN").await.unwrap();
            connection.fetch_one("SELECT COUNT(*) FROM portal_visit").await.unwrap();
            connection
        });
        Self { runtime, connection }
    }

    fn finish(self) {
        self.runtime.block_on(self.connection.close()).unwrap();
    }
}

/// For how long the file is held open: `KAZASHI_HELD_FOR` seconds, or a few.
fn held_for() -> Duration {
    let seconds = std::env::var("KAZASHI_HELD_FOR").ok().and_then(|text| text.parse().ok());
    Duration::from_secs(seconds.unwrap_or(4))
}

#[test]
fn nothing_is_said_to_be_gone_while_somebody_reads_the_file_and_nobody_waits_for_that() {
    let backend = Backend::sqlite();
    let mut server = Server::start(&backend);
    let mut desk = server.staff(&backend);
    let reader = Reader::of(&backend);
    let (_, deletion) = forgotten(&mut desk);
    let (begun, mut slowest) = (Instant::now(), Duration::ZERO);
    let mut restarts = 0;
    while begun.elapsed() < held_for() {
        for path in ["/health", "/api/kept", deletion.as_str()] {
            let asked = Instant::now();
            desk.get(path).expect(200);
            slowest = slowest.max(asked.elapsed());
        }
        assert_eq!(state(&mut desk, &deletion), "pending");
        // The next server knows of it, though not what there was to delete.
        if restarts == 0 && begun.elapsed() > held_for() / 2 {
            server.stop("-KILL");
            server = Server::start(&backend);
            desk = desk.at(server.socket());
            restarts = 1;
        }
        thread::sleep(Duration::from_millis(10));
    }
    // Whoever waits for the file waits ten seconds.
    assert!(slowest < Duration::from_secs(2), "{slowest:?}");
    assert_eq!(restarts, 1);
    assert!(backend.dump().contains("太郎左衛門"));
    reader.finish();
    wait_until(|| state(&mut desk.clone(), &deletion), "gone");
    assert!(!backend.dump().contains("太郎左衛門"));
    assert!(!backend.dump().contains("番号町一番地"));
}

/// SQLite leaves copies of rows in pages from which it has moved them: with many, some are left.
#[test]
fn of_hundreds_who_are_forgotten_nothing_is_left_in_the_file() {
    let backend = Backend::sqlite();
    let server = Server::start(&backend);
    let mut boss = server.administrator(&backend);
    let subject = |number: u32| format!("{:08x}", number.wrapping_mul(2_654_435_761));
    backend.connected(async |mut database| {
        let mut changes = database.begin().await.unwrap();
        for number in 0..900 {
            for insert in [
                "INSERT INTO portal_attributes (subject, name, integrity, agreed_at) \
                 VALUES ($1, 'name of ' || $1 || $1 || $1, 'genuine', 0)",
                "INSERT INTO portal_visit (id, request, day, number, at, road, is_returning, \
                 subject, account, revocation, receipt) VALUES ($1, '', $1, 1, 0, 'pin', 0, $1, \
                 '', '', '{}')",
            ] {
                sqlx::query(insert).bind(subject(number)).execute(&mut *changes).await.unwrap();
            }
        }
        changes.commit().await.unwrap();
    });
    let forgotten = || (0..900).filter(|number| number % 3 > 0).map(subject);
    let mut deletions = Vec::new();
    for subject in forgotten() {
        let id = crate::id();
        boss.post("/api/people/erase", &json!({ "id": id, "subject": subject })).expect(201);
        deletions.push(format!("{DELETIONS}/{id}"));
    }
    for deletion in &deletions {
        wait_until(|| state(&mut boss.clone(), deletion), "gone");
    }
    let dump = backend.dump();
    let left: Vec<_> = forgotten().filter(|it| dump.contains(&format!("name of {it}"))).collect();
    assert_eq!(left, [""; 0]);
}
