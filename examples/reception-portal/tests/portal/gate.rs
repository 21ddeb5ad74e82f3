//! The gate of an event.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use hmac::{Hmac, Mac};
use serde_json::{Value, json};
use sha2::Sha256;

use crate::backend::{Backend, on_every_backend};
use crate::card::Card;
use crate::client::{Answer, Client};
use crate::desk::{HANAKO, VISITS, enrolling, present};
use crate::id;
use crate::server::Server;

on_every_backend! {
    a_ticket_lets_its_holder_in_once,
    an_export_of_visits_is_a_list_of_tickets,
    a_list_of_tickets_is_taken_line_by_line_and_again_without_change,
    a_gate_without_a_network_knows_certificates_by_the_list,
    those_let_in_without_a_network_are_recorded_once,
    an_entry_whose_answer_was_lost_is_told_again_by_the_list,
    what_is_no_event_is_refused,
}

/// An event, by a new id.
pub(crate) fn event(administrator: &mut Client) -> String {
    let event = json!({ "name": "夏まつり", "day": "2026-08-15" });
    let event = administrator.post("/api/gate/events", &event).expect(201);
    event["event"]["id"].as_str().unwrap().to_owned()
}

pub(crate) fn import(administrator: &mut Client, event: &str, list: &[u8]) -> Answer {
    let path = format!("/api/gate/events/{event}/tickets");
    administrator.send("POST", &path, Some(("text/csv", list)))
}

/// Enrols a visitor at the desk, and gives their subject as the export has it.
pub(crate) fn enrolled(desk: &mut Client, card: &Card) -> String {
    let visit = enrolling(desk, card, HANAKO);
    let number = desk.post(VISITS, &visit).expect(201)["visit"]["number"].clone();
    let export = desk.get("/api/board/export").body;
    let line = export.lines().find(|line| line.starts_with(&format!("{number},"))).unwrap();
    line.rsplit(',').next().unwrap().to_owned()
}

/// An entry with the card that is there.
pub(crate) fn entry(gate: &mut Client, card: &Card) -> Value {
    let mut entry = present(gate, card, HANAKO);
    entry.as_object_mut().unwrap().remove("road");
    entry
}

fn a_ticket_lets_its_holder_in_once(backend: &Backend) {
    let server = Server::start(backend);
    let mut boss = server.administrator(backend);
    let mut gate = server.staff(backend);
    let card = Card::hanako();
    let subject = enrolled(&mut gate, &card);
    let event = event(&mut boss);
    let entries = format!("/api/gate/events/{event}/entries");

    let without = entry(&mut gate, &card);
    let answer = gate.post(&entries, &without).expect(201);
    assert_eq!(answer["entry"]["outcome"], "no-ticket");
    assert!(answer["entry"]["ticket"].is_null());

    let list = format!("ticket,subject\nA-1,{subject}\n");
    import(&mut boss, &event, list.as_bytes()).expect(200);
    let first = entry(&mut gate, &card);
    let answer = gate.post(&entries, &first).expect(201);
    assert_eq!(answer["entry"]["outcome"], "admitted");
    assert_eq!(answer["entry"]["ticket"], "A-1");
    assert_eq!(gate.post(&entries, &first).expect(200), answer);
    let second = entry(&mut gate, &card);
    let answer = gate.post(&entries, &second).expect(201);
    assert_eq!(answer["entry"]["outcome"], "already-admitted");
    let mut other = second;
    other["nonce"] = first["nonce"].clone();
    gate.post(&entries, &other).refused(409, "conflict");

    let events = gate.get("/api/gate/events").expect(200);
    assert_eq!(events["events"][0]["tickets"], 1);
    assert_eq!(events["events"][0]["admitted"], 1);

    let stranger = json!({
        "id": id(), "nonce": gate.nonce("presence"), "proof": { "format": "kazashi-presence:1" },
    });
    gate.post(&entries, &stranger).refused(400, "presence-proof-malformed");
    let elsewhere = entry(&mut gate, &card.elsewhere());
    gate.post(&entries, &elsewhere).refused(400, "signature-mismatch");
}

fn an_export_of_visits_is_a_list_of_tickets(backend: &Backend) {
    let server = Server::start(backend);
    let mut boss = server.administrator(backend);
    let card = Card::hanako();
    enrolled(&mut boss, &card);
    let event = event(&mut boss);
    let export = boss.get("/api/board/export").body;
    let answer = import(&mut boss, &event, export.as_bytes()).expect(200);
    assert_eq!(answer, json!({ "imported": 1, "unchanged": 0, "refused": [] }));
    let first = entry(&mut boss, &card);
    let answer = boss.post(&format!("/api/gate/events/{event}/entries"), &first).expect(201);
    assert_eq!(answer["entry"]["outcome"], "admitted");
    assert_eq!(answer["entry"]["ticket"], "1");
}

fn a_list_of_tickets_is_taken_line_by_line_and_again_without_change(backend: &Backend) {
    let server = Server::start(backend);
    let mut boss = server.administrator(backend);
    let event = event(&mut boss);
    let mut list = b"\xEF\xBB\xBFname, ticket ,subject\r\n".to_vec();
    list.extend("花子,A-1,abc\r\n".as_bytes());
    list.extend(b"nobody,,abc\r\n\r\n");
    list.extend(b"\"two\nlines\",A-2,'-def\r\n");
    list.extend(b"\xFF\xFE,A-3,ghi\r\n");
    list.extend(b"short\r\n");
    list.extend(b"again,A-1,xyz\r\n");
    list.extend(b"again,A-4,abc\r\n");
    list.extend(b"same,A-1,abc");
    let answer = import(&mut boss, &event, &list).expect(200);
    assert_eq!((&answer["imported"], &answer["unchanged"]), (&json!(2), &json!(1)));
    let refused = [
        (3, "no-ticket"),
        (7, "not-utf-8"),
        (8, "no-ticket"),
        (9, "ticket-of-another"),
        (10, "subject-has-a-ticket"),
    ];
    let refused = refused.map(|(line, why)| json!({ "line": line, "why": why }));
    assert_eq!(answer["refused"], json!(refused));
    let again = import(&mut boss, &event, &list).expect(200);
    assert_eq!((&again["imported"], &again["unchanged"]), (&json!(0), &json!(3)));
    assert_eq!(again["refused"], answer["refused"]);

    for list in ["", "a,b\n1,2\n", "ticket\nA-1\n"] {
        import(&mut boss, &event, list.as_bytes()).refused(400, "invalid");
    }
    let many: String = (0..10_000).map(|number| format!("B-{number},b{number}\n")).collect();
    let answer = import(&mut boss, &event, format!("ticket,subject\n{many}").as_bytes());
    assert_eq!(answer.expect(200)["imported"], 10_000);
}

fn a_gate_without_a_network_knows_certificates_by_the_list(backend: &Backend) {
    let server = Server::start(backend);
    let mut boss = server.administrator(backend);
    let mut gate = server.staff(backend);
    let card = Card::hanako();
    let subject = enrolled(&mut gate, &card);
    let event = event(&mut boss);
    let list = format!("ticket,subject\nA-1,{subject}\nA-2,unknown\n");
    import(&mut boss, &event, list.as_bytes()).expect(200);
    let list = gate.get(&format!("/api/gate/events/{event}/list")).expect(200);
    let key = STANDARD.decode(list["key"].as_str().unwrap()).unwrap();
    assert_eq!(key.len(), 32);
    let certificate = STANDARD.decode(card.certificate()).unwrap();
    let tag = Hmac::<Sha256>::new_from_slice(&key).unwrap().chain_update(certificate).finalize();
    let tag = URL_SAFE_NO_PAD.encode(tag.into_bytes());
    let tickets = list["tickets"].as_array().unwrap();
    assert_eq!(tickets.len(), 1);
    assert_eq!((&tickets[0]["tag"], &tickets[0]["ticket"]), (&json!(tag), &json!("A-1")));
    assert_eq!(tickets[0]["admitted"], false);
    assert!(tickets[0]["expires"].as_str().unwrap().ends_with('Z'));

    // Whoever is forgotten is on no list, and their ticket lets nobody in.
    let deletion = present(&mut gate, &card, HANAKO);
    gate.post("/api/desk/deletions", &deletion).expect(201);
    let list = gate.get(&format!("/api/gate/events/{event}/list")).expect(200);
    assert_eq!(list["tickets"], json!([]));
    let again = format!("ticket,subject\nA-1,{subject}\n");
    let again = import(&mut boss, &event, again.as_bytes()).expect(200);
    assert_eq!(again["refused"], json!([{ "line": 2, "why": "holder-was-forgotten" }]));
}

fn those_let_in_without_a_network_are_recorded_once(backend: &Backend) {
    let server = Server::start(backend);
    let mut boss = server.administrator(backend);
    let mut gate = server.staff(backend);
    let event = event(&mut boss);
    import(&mut boss, &event, b"ticket,subject\nA-1,a\nA-2,b\n").expect(200);
    let path = format!("/api/gate/events/{event}/provisional");
    let at = "2026-08-15T10:00:00Z";
    let entries: Vec<_> = ["A-1", "A-2", "A-1", "A-9"]
        .map(|ticket| json!({ "id": id(), "ticket": ticket, "at": at }))
        .to_vec();
    let answer = gate.post(&path, &json!({ "entries": entries })).expect(200);
    let outcomes: Vec<_> =
        answer["entries"].as_array().unwrap().iter().map(|entry| &entry["outcome"]).collect();
    assert_eq!(outcomes, ["admitted", "admitted", "already-admitted", "no-ticket"]);
    assert_eq!(gate.post(&path, &json!({ "entries": entries })).expect(200), answer);
    let mut other = entries[0].clone();
    other["ticket"] = json!("A-2");
    gate.post(&path, &json!({ "entries": [other] })).refused(409, "conflict");
    let mut bad = entries[0].clone();
    bad["at"] = json!("yesterday");
    bad["id"] = json!(id());
    gate.post(&path, &json!({ "entries": [bad] })).refused(400, "invalid");
    gate.post(&path, &json!({ "entries": [{}] })).refused(400, "invalid");
    assert_eq!(gate.get("/api/gate/events").expect(200)["events"][0]["admitted"], 2);
}

/// A gate that hears no answer to a proof lets the visitor in by its list, under the same id.
fn an_entry_whose_answer_was_lost_is_told_again_by_the_list(backend: &Backend) {
    let server = Server::start(backend);
    let mut boss = server.administrator(backend);
    let mut gate = server.staff(backend);
    let card = Card::hanako();
    let subject = enrolled(&mut gate, &card);
    let (event, other) = (event(&mut boss), event(&mut boss));
    import(&mut boss, &event, format!("ticket,subject\nA-1,{subject}\n").as_bytes()).expect(200);
    let mut provisional = |event: &str, id: &Value| {
        let entry = json!({ "id": id, "ticket": "A-1", "at": "2026-08-15T10:00:00Z" });
        let path = format!("/api/gate/events/{event}/provisional");
        gate.post(&path, &json!({ "entries": [entry] }))
    };
    let mut client = server.staff(backend);
    let entries = format!("/api/gate/events/{event}/entries");
    for outcome in ["admitted", "already-admitted"] {
        let entry = entry(&mut client, &card);
        client.post(&entries, &entry).expect(201);
        let answer = provisional(&event, &entry["id"]).expect(200);
        assert_eq!(answer["entries"], json!([{ "id": entry["id"], "outcome": outcome }]));
        provisional(&other, &entry["id"]).refused(409, "conflict");
    }
    let events = boss.get("/api/gate/events").expect(200);
    let admitted = events["events"].as_array().unwrap().iter().map(|event| &event["admitted"]);
    assert_eq!(admitted.filter_map(Value::as_i64).sum::<i64>(), 1);
}

fn what_is_no_event_is_refused(backend: &Backend) {
    let server = Server::start(backend);
    let mut boss = server.administrator(backend);
    for (name, day) in
        [("", "2026-08-15"), (" ", "2026-08-15"), ("x", "2026-02-30"), ("x", "today"), ("x", "")]
    {
        let event = json!({ "name": name, "day": day });
        boss.post("/api/gate/events", &event).refused(400, "invalid");
    }
    import(&mut boss, "nothing", b"ticket,subject\n").refused(404, "not-found");
    boss.get("/api/gate/events/nothing/list").refused(404, "not-found");
    let entries = json!({ "entries": [] });
    boss.post("/api/gate/events/nothing/provisional", &entries).refused(404, "not-found");
    boss.post("/api/gate/events/nothing/entries", &json!({})).refused(404, "not-found");
    server.guest().get("/api/gate/events").refused(401, "signed-out");
}
