//! What an older version left behind is taken over, and what a newer one did is left alone.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};
use sqlx::{AssertSqlSafe, Connection, Executor};
use tempfile::TempDir;

use crate::backend::Backend;
use crate::card::Card;
use crate::desk::{HANAKO, VISITS, arrival, present, with_pin};
use crate::gate::entry;
use crate::server::{Server, add_account_with, keys, program, record};

/// Each released layout is a folder here, the oldest first: see the README there.
const LAYOUTS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/layouts");

const PASSWORD: &str = "correct horse";

#[test]
fn a_file_of_an_older_version_is_taken_over() {
    for layout in layouts() {
        is_taken_over(&layout, &in_sqlite(&layout), "sqlite.head");
    }
}

#[test]
fn a_postgresql_of_an_older_version_is_taken_over() {
    for layout in layouts() {
        is_taken_over(&layout, &in_postgres(&layout), "postgresql.head");
    }
}

fn is_taken_over(layout: &Path, backend: &Backend, head: &str) {
    let head = fs::read_to_string(layout.join("noted").join(head)).unwrap();
    let verify = ["verify", "--head", head.trim()];
    assert_eq!(record(backend, &verify).as_deref(), Ok(head.trim()));

    let folder = TempDir::new().unwrap();
    let mut serve = program();
    serve.args(["serve", "--config"]).arg(configuration(layout, "portal.toml", &folder));
    serve.args(["--port", "0", "--metrics", "127.0.0.1:0", "--database", &backend.url()]);
    let server = Server::from_command(&mut serve);
    let (mut boss, mut desk) = (server.guest(), server.guest());
    boss.sign_in("boss", PASSWORD).expect(200);
    let session = desk.sign_in("staff", PASSWORD).expect(200);
    assert_eq!(
        (&session["account"]["role"], &session["institution"]["ja"]),
        (&json!("staff"), &json!("番号町役場"))
    );

    let board = desk.get("/api/board/visits?day=2026-12-01").expect(200);
    let visits = board["visits"].as_array().unwrap().iter();
    let roads: Vec<_> = visits.map(|visit| visit["road"].as_str().unwrap()).collect();
    assert_eq!(roads, ["pin", "visual", "pin", "pin"]);
    assert_eq!(board["visits"][2]["attributes"]["name"], "番号　花子");
    let search = json!({ "day": "2026-12-01", "name": "花" });
    assert_eq!(desk.post("/api/board/search", &search).expect(200)["total"], 2);

    // A card that was remembered is known by itself, one that was reported as lost is not received.
    let (hanako, taro) = (Card::hanako(), Card::taro());
    let known = arrival(&mut desk, &hanako);
    assert_eq!((&known["enrolled"], &known["visits"]), (&json!(true), &json!(2)));
    let visit = present(&mut desk, &hanako, HANAKO);
    let visit = desk.post(VISITS, &visit).expect(201);
    assert_eq!(visit["visit"]["returning"], true);
    let suspended = with_pin(&mut desk, &taro, &[], &Value::Null);
    desk.post(VISITS, &suspended).refused(403, "suspended");

    let events = desk.get("/api/gate/events").expect(200)["events"].clone();
    let [event] = events.as_array().unwrap().as_slice() else { panic!("{events}") };
    assert_eq!((&event["tickets"], &event["admitted"]), (&json!(1), &json!(1)));
    let entries = format!("/api/gate/events/{}/entries", event["id"].as_str().unwrap());
    let again = entry(&mut desk, &hanako.again());
    assert_eq!(desk.post(&entries, &again).expect(201)["entry"]["outcome"], "already-admitted");

    let workstations = boss.get("/api/workstations").expect(200);
    assert_eq!(workstations["workstations"][0]["name"], "desk-1");
    assert_ne!(record(backend, &verify).unwrap(), head.trim());
}

#[test]
fn settings_of_an_older_version_are_known() {
    for layout in layouts() {
        let (backend, folder) = (Backend::sqlite(), TempDir::new().unwrap());
        let mut check = program();
        check.args(["serve", "--check", "--database", &backend.url()]);
        check.arg("--config").arg(configuration(&layout, "provider.toml", &folder));
        let said = String::from_utf8(check.output().unwrap().stderr).unwrap();
        // The module of the HSM is not there.
        assert!(said.contains("hsm.so") && said.matches("\n- ").count() == 1, "{said}");
    }
}

#[test]
fn a_database_of_a_newer_version_is_left_alone() {
    let layout = layouts().pop().unwrap();
    let folder = TempDir::new().unwrap();
    for backend in [in_sqlite(&layout), in_postgres(&layout)] {
        for table in ["kazashi_schema", "portal_schema"] {
            change(&backend, &format!("INSERT INTO {table} (version) VALUES (99)"));
            let before = stored(&backend);
            let mut check = program();
            check.args(["serve", "--check", "--database", &backend.url()]);
            check.args(keys(folder.path()));
            for refusal in [
                String::from_utf8(check.output().unwrap().stderr).unwrap(),
                record(&backend, &["verify"]).unwrap_err(),
                add_account_with(&backend, "new", "staff", PASSWORD.as_bytes()).unwrap_err(),
            ] {
                let why = "the database has schema 99, and this program knows none above 2";
                assert!(refusal.contains(why), "{refusal}");
            }
            assert!(stored(&backend) == before, "something was changed");
            change(&backend, &format!("DELETE FROM {table} WHERE version = 99"));
        }
    }
}

fn layouts() -> Vec<PathBuf> {
    let entries = fs::read_dir(LAYOUTS).unwrap().map(|entry| entry.unwrap().path());
    let mut layouts: Vec<_> = entries.filter(|path| path.is_dir()).collect();
    layouts.sort();
    layouts
}

/// A copy of the layout's file.
fn in_sqlite(layout: &Path) -> Backend {
    let folder = TempDir::new().unwrap();
    fs::copy(layout.join("kazashi-portal.db"), folder.path().join("portal.db")).unwrap();
    Backend::Sqlite(folder)
}

/// A database of its own, with what was dumped.
fn in_postgres(layout: &Path) -> Backend {
    let backend = Backend::postgres();
    let mut load = Command::new("psql");
    load.args(["--quiet", "--set", "ON_ERROR_STOP=1", "--file"]);
    load.arg(layout.join("kazashi-portal.sql")).arg(backend.url());
    assert!(load.output().unwrap().status.success());
    backend
}

/// Changes what is stored, and leaves SQLite's file as it is between two programs.
fn change(backend: &Backend, sql: &str) {
    backend.connected(async |mut database| {
        database.execute(sqlx::raw_sql(AssertSqlSafe(sql))).await.unwrap();
        database.close().await.unwrap();
    });
}

/// All that is stored: the files, or what can be dumped.
fn stored(backend: &Backend) -> BTreeMap<PathBuf, Vec<u8>> {
    match backend {
        Backend::Sqlite(folder) => {
            let files = fs::read_dir(folder.path()).unwrap().map(|file| file.unwrap().path());
            files.map(|file| (file.clone(), fs::read(file).unwrap())).collect()
        }
        Backend::Postgres { .. } => {
            // Newer ones write a word of chance into each dump.
            let dump = backend.dump();
            let lines = dump.lines().filter(|line| !line.starts_with('\\'));
            BTreeMap::from([(PathBuf::new(), lines.collect::<String>().into_bytes())])
        }
    }
}

/// A file of settings of the layout, put where its keys are found.
fn configuration(layout: &Path, file: &str, folder: &TempDir) -> PathBuf {
    let text = fs::read_to_string(layout.join(file)).unwrap();
    let path = folder.path().join(file);
    fs::write(&path, text.replace("/etc/kazashi-portal", layout.to_str().unwrap())).unwrap();
    path
}
