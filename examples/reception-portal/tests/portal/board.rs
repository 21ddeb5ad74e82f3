//! The board.

use std::thread::sleep;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::backend::{Backend, on_every_backend};
use crate::card::Card;
use crate::desk::{DELETIONS, HANAKO, VISITS, enrolling, forgetting, present};
use crate::server::Server;

on_every_backend! {
    what_happens_at_one_server_is_told_at_another_and_resumed,
    visits_come_in_pages_the_newest_first,
    an_export_is_safe_to_open_and_on_record,
}

fn what_happens_at_one_server_is_told_at_another_and_resumed(backend: &Backend) {
    let (server, other) = (Server::start(backend), Server::start(backend));
    let mut desk = server.staff(backend);
    let card = Card::hanako();
    let mut board = desk.at(other.socket());
    let mut events = board.watch(None);
    let mut visit = enrolling(&mut desk, &card, HANAKO);
    visit["consent"]["items"] = json!(["name"]);
    visit["attributes"] = json!({ "name": "番号　花子", "integrity": "genuine" });
    desk.post(VISITS, &visit).expect(201);
    let first = events.next().unwrap();
    assert_eq!(first.kind, "visit");
    assert_eq!(first.data["id"], visit["id"]);
    assert_eq!(first.data["account"], "staff");
    assert_eq!(first.data["attributes"]["name"], "番号　花子");
    assert_eq!(first.data["revocation"], "not-checked");
    drop(events);

    // Meanwhile, more: whoever comes again is told all of it, and once.
    for _ in 0..2 {
        let visit = present(&mut desk, &card, HANAKO);
        desk.post(VISITS, &visit).expect(201);
    }
    let deletion = forgetting(&mut desk, &card);
    desk.post(DELETIONS, &deletion).expect(201);
    let mut events = board.watch(Some(&first.id));
    let next: Vec<_> = (0..3).map(|_| events.next().unwrap()).collect();
    let kinds: Vec<_> = next.iter().map(|event| event.kind.as_str()).collect();
    assert_eq!(kinds, ["visit", "visit", "deleted"]);
    let ids: Vec<u64> = next.iter().map(|event| event.id.parse().unwrap()).collect();
    assert_eq!(ids, [2, 3, 4]);
    // As things are now: nothing of whoever was forgotten.
    assert!(next.iter().all(|event| !event.data.to_string().contains("花子")));

    board.watch(Some("99999")).next_is_none_when(|| drop(other));
    server.guest().get("/api/board/stream").refused(401, "signed-out");
}

/// More than would each ask the database in time.
const BOARDS: usize = 300;

#[test]
fn hundreds_of_boards_hear_of_a_visit_at_once_and_take_little_memory() {
    let backend = Backend::sqlite();
    let server = Server::start(&backend);
    let mut desk = server.staff(&backend);
    let before = server.memory("VmRSS:");
    let mut boards: Vec<_> = (0..BOARDS).map(|_| desk.watch(None)).collect();
    // All of them have looked for what was before they came.
    sleep(Duration::from_secs(1));
    let visit = enrolling(&mut desk, &Card::hanako(), HANAKO);
    let begin = Instant::now();
    desk.post(VISITS, &visit).expect(201);
    let (recorded, mut told) = (begin.elapsed(), Duration::ZERO);
    for board in &mut boards {
        assert_eq!(board.next().unwrap().data["id"], visit["id"]);
        told = begin.elapsed();
    }
    let each = (server.memory("VmRSS:") - before) / BOARDS;
    println!("a visit was recorded in {recorded:?}, and told in {told:?}; a board takes {each} kB");
    assert!(told < Duration::from_secs(3), "{told:?}");
    assert!(each < 100, "{each} kB");
}

fn visits_come_in_pages_the_newest_first(backend: &Backend) {
    let server = Server::start(backend);
    let mut desk = server.staff(backend);
    let card = Card::hanako();
    let visit = enrolling(&mut desk, &card, HANAKO);
    desk.post(VISITS, &visit).expect(201);
    for _ in 0..2 {
        let visit = present(&mut desk, &card, HANAKO);
        desk.post(VISITS, &visit).expect(201);
    }
    let numbers = |board: &Value| -> Vec<i64> {
        let visits = board["visits"].as_array().unwrap().iter();
        visits.map(|visit| visit["number"].as_i64().unwrap()).collect()
    };
    let board = desk.get("/api/board/visits").expect(200);
    assert_eq!(numbers(&board), [3, 2, 1]);
    let last = board["visits"][0]["id"].as_str().unwrap();
    let rest = desk.get(&format!("/api/board/visits?after={last}")).expect(200);
    assert_eq!((numbers(&rest), &rest["total"]), (vec![2, 1], &json!(3)));
    let other_day = desk.get("/api/board/visits?day=2020-01-01").expect(200);
    assert_eq!(other_day, json!({ "visits": [], "total": 0 }));
    for day in ["2026-02-30", "20260101", "x"] {
        desk.get(&format!("/api/board/visits?day={day}")).refused(400, "invalid");
    }
    server.guest().get("/api/board/visits").refused(401, "signed-out");
}

fn an_export_is_safe_to_open_and_on_record(backend: &Backend) {
    let server = Server::start(backend);
    let mut desk = server.staff(backend);
    let mut visit = enrolling(&mut desk, &Card::hanako(), HANAKO);
    visit["consent"]["items"] = json!(["name", "address"]);
    let formula = "=HYPERLINK(\"https://elsewhere.example\",\"x\")";
    visit["attributes"] =
        json!({ "name": formula, "address": "東京都, \"千代田区\"", "integrity": "genuine" });
    let day = desk.post(VISITS, &visit).expect(201)["visit"]["day"].clone();
    let export = desk.get("/api/board/export");
    assert_eq!(export.status, 200);
    assert!(export.headers.contains("content-type: text/csv; charset=utf-8"));
    assert!(export.headers.contains("content-disposition: attachment;"));
    let mut reader =
        csv::Reader::from_reader(export.body.trim_start_matches('\u{FEFF}').as_bytes());
    let header = reader.headers().unwrap().clone();
    let row = reader.records().next().unwrap().unwrap();
    let cell = |name| &row[header.iter().position(|column| column == name).unwrap()];
    assert_eq!(cell("name"), format!("'{formula}"));
    assert_eq!(cell("address"), "東京都, \"千代田区\"");
    assert_eq!((cell("number"), cell("road"), cell("returning")), ("1", "pin", "no"));
    assert_eq!(cell("revocation"), "not-checked");
    // Where the institution is, as its spreadsheet takes it.
    assert!(cell("at").starts_with(day.as_str().unwrap()) && cell("at").len() == 19);

    let mut boss = server.administrator(backend);
    let audit = boss.get("/api/board/audit").expect(200);
    let audit = audit["entries"].as_array().unwrap();
    let export = audit.iter().find(|entry| entry["action"] == "visits-exported").unwrap();
    assert_eq!((&export["account"], &export["subject"]), (&json!("staff"), &day));
    let actions: Vec<_> = audit.iter().map(|entry| entry["action"].as_str().unwrap()).collect();
    assert_eq!(
        actions,
        ["account-added", "sign-in", "visits-exported", "account-added", "sign-in"]
    );
    let audit = boss.get("/api/board/audit").expect(200);
    assert_eq!(audit["entries"][5]["action"], "audit-read");
    assert_eq!(boss.get("/api/board/audit?day=2020-01-01").expect(200)["entries"], json!([]));
}
