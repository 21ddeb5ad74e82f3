//! Names as people search for them.

use serde_json::json;

use crate::backend::{Backend, on_every_backend};
use crate::card::Card;
use crate::client::Client;
use crate::desk::{VISITS, with_pin};
use crate::gate::{event, find_tickets, import};
use crate::server::{Server, command};

on_every_backend! {
    a_name_is_found_however_it_is_typed,
    a_ticket_is_found_by_its_holders_name_however_that_is_typed,
    names_from_before_are_found_too,
}

/// Names as cards have them.
const NAMES: [&str; 8] = [
    "山田　花子",
    "SMITH　JOHN",
    "葛\u{E0100}城　太郎",
    "髙橋　一郎",
    "ﾊﾅｺ",
    "齋藤　次郎",
    "ŌTA　KEN",
    "渡邉　﨑",
];

/// What is typed, and whose name it is.
const SEARCHES: [(&str, &str); 17] = [
    ("山田", "山田　花子"),
    ("山田　花子", "山田　花子"),
    ("山田 花子", "山田　花子"),
    ("山田花子", "山田　花子"),
    ("SMITH", "SMITH　JOHN"),
    ("smith", "SMITH　JOHN"),
    ("john smith", "SMITH　JOHN"),
    ("ｓｍｉｔｈ　ｊｏｈｎ", "SMITH　JOHN"),
    ("葛\u{E0100}城", "葛\u{E0100}城　太郎"),
    ("葛城", "葛\u{E0100}城　太郎"),
    ("髙橋", "髙橋　一郎"),
    ("高橋", "髙橋　一郎"),
    ("ハナコ", "ﾊﾅｺ"),
    ("斎藤", "齋藤　次郎"),
    ("斉藤", "齋藤　次郎"),
    ("ota", "ŌTA　KEN"),
    ("渡辺崎", "渡邉　﨑"),
];

fn named(desk: &mut Client, name: &str) {
    let attributes = json!({ "name": name, "integrity": "genuine" });
    let visit = with_pin(desk, &Card::taro(), &["name"], &attributes);
    desk.post(VISITS, &visit).expect(201);
}

fn at_board(desk: &mut Client, name: &str) -> serde_json::Value {
    desk.post("/api/board/search", &json!({ "name": name })).expect(200)
}

fn finds(desk: &mut Client, search: &str, name: &str) {
    let found = at_board(desk, search);
    let visits = found["visits"].as_array().unwrap();
    let all_have_it = visits.iter().all(|visit| visit["attributes"]["name"] == name);
    assert!(found["total"] == visits.len() && !visits.is_empty() && all_have_it, "{search}");
    let people = desk.post("/api/people/search", &json!({ "name": search })).expect(200);
    assert_eq!(people["people"][0]["name"], name, "{search}");
    assert_eq!(people["isAll"], true);
}

fn a_name_is_found_however_it_is_typed(backend: &Backend) {
    let server = Server::start(backend);
    let mut desk = server.staff(backend);
    // One person, whose name is another each time.
    for name in NAMES {
        named(&mut desk, name);
        for (search, whose) in SEARCHES {
            match whose == name {
                true => finds(&mut desk, search, name),
                false => assert_eq!(at_board(&mut desk, search)["total"], 0, "{search}: {name}"),
            }
        }
    }
    for nobody in ["%", "_", "!", "\\", "鈴木"] {
        assert_eq!(at_board(&mut desk, nobody)["total"], 0, "{nobody}");
    }
    let nobody = desk.post("/api/people/search", &json!({ "name": " \u{FE0F}" })).expect(200);
    assert_eq!(nobody["people"], json!([]));
}

fn a_ticket_is_found_by_its_holders_name_however_that_is_typed(backend: &Backend) {
    let server = Server::start(backend);
    let mut desk = server.staff(backend);
    let mut boss = server.administrator(backend);
    named(&mut desk, NAMES[0]);
    let people = desk.post("/api/people/search", &json!({ "name": NAMES[0] })).expect(200);
    let subject = people["people"][0]["subject"].as_str().unwrap();
    let event = event(&mut boss);
    import(&mut boss, &event, format!("ticket,subject\nA-1,{subject}\n").as_bytes()).expect(200);
    for name in NAMES {
        named(&mut desk, name);
        for (search, whose) in SEARCHES {
            let found = find_tickets(&mut boss, &event, search);
            match whose == name {
                true => assert_eq!(found["tickets"][0]["name"], name, "{search}"),
                false => assert_eq!(found["tickets"], json!([]), "{search}: {name}"),
            }
        }
    }
    for nobody in ["%", "\u{FE0F}", "鈴木"] {
        assert_eq!(find_tickets(&mut boss, &event, nobody)["tickets"], json!([]), "{nobody}");
    }
}

fn names_from_before_are_found_too(backend: &Backend) {
    let mut server = Server::start(backend);
    let mut desk = server.staff(backend);
    named(&mut desk, "髙橋　一郎");
    server.stop("-TERM");
    backend.execute("UPDATE portal_attributes SET search_name = NULL");
    let server = Server::start(backend);
    finds(&mut desk.at(server.socket()), "高橋 一郎", "髙橋　一郎");
    let (found, people) = command(backend, &["person", "find"], "高橋\n");
    assert!(found && people.contains("髙橋　一郎"), "{people}");
}
