//! The gate of an event.

use std::time::{Duration, SystemTime};

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use hmac::{Hmac, Mac};
use jiff::Timestamp;
use kazashi_emulator::Variant;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::backend::{Backend, on_every_backend};
use crate::card::Card;
use crate::client::{Answer, Client};
use crate::desk::{DELETIONS, HANAKO, VISITS, enrolling, forgetting, present};
use crate::id;
use crate::server::{Server, program};

on_every_backend! {
    a_ticket_lets_its_holder_in_once,
    an_export_of_visits_is_a_list_of_tickets,
    a_list_of_tickets_is_taken_line_by_line_and_again_without_change,
    a_gate_without_a_network_knows_certificates_by_the_list,
    the_list_has_the_servers_time,
    those_let_in_without_a_network_are_recorded_once,
    those_let_in_without_a_network_are_judged_by_their_certificate_afterwards,
    where_no_word_about_revocation_is_not_accepted_nobody_is_let_in,
    an_entry_by_mistake_is_given_back_and_its_ticket_admits_again,
    whoever_left_comes_in_again_where_the_event_allows_it,
    a_closed_event_lets_nobody_in_until_it_is_opened_again,
    tickets_are_found_moved_and_deleted,
    what_is_no_list_or_too_large_is_named,
    an_administrator_does_the_same_at_the_command_line,
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

pub(crate) fn find_tickets(client: &mut Client, event: &str, search: &str) -> Value {
    let path = format!("/api/gate/events/{event}/ticket-search");
    client.post(&path, &json!({ "search": search })).expect(200)
}

/// How a gate knows a certificate.
fn tag(key: &[u8], certificate: &[u8]) -> String {
    let tag = Hmac::<Sha256>::new_from_slice(key).unwrap();
    let tag = tag.chain_update(Sha256::digest(certificate)).finalize();
    URL_SAFE_NO_PAD.encode(tag.into_bytes())
}

/// An identifier such as visitors have.
fn subject(number: usize) -> String {
    format!("{number:042}0")
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
    let [abc, ghi, xyz] = [1, 2, 3].map(subject);
    let dashed = format!("'-{}", "A".repeat(42));
    list.extend(format!("花子,A-1,{abc}\r\n").as_bytes());
    list.extend(format!("nobody,,{abc}\r\n\r\n").as_bytes());
    list.extend(format!("\"two\nlines\",A-2,{dashed}\r\n").as_bytes());
    list.extend([b"\xFF\xFE,A-3,", ghi.as_bytes(), b"\r\n"].concat());
    list.extend(b"short\r\n");
    list.extend(format!("again,A-1,{xyz}\r\n").as_bytes());
    list.extend(format!("again,A-4,{abc}\r\n").as_bytes());
    list.extend(format!("same,A-1,{abc}").as_bytes());
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
    let many: String =
        (10..10_010).map(|number| format!("B-{number},{}\n", subject(number))).collect();
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
    let list = format!("ticket,subject\nA-1,{subject}\nA-2,{}\n", self::subject(2));
    import(&mut boss, &event, list.as_bytes()).expect(200);
    let list = gate.get(&format!("/api/gate/events/{event}/list")).expect(200);
    let key = STANDARD.decode(list["key"].as_str().unwrap()).unwrap();
    assert_eq!(key.len(), 32);
    let certificate = STANDARD.decode(card.certificate()).unwrap();
    let tag = tag(&key, &certificate);
    let tickets = list["tickets"].as_array().unwrap();
    assert_eq!(tickets.len(), 1);
    assert_eq!((&tickets[0]["tag"], &tickets[0]["ticket"]), (&json!(tag), &json!("A-1")));
    assert_eq!(tickets[0]["admitted"], false);
    assert!(tickets[0]["expires"].as_str().unwrap().ends_with('Z'));

    // Each event has a key of its own, and another one when an administrator wants so.
    let other = self::event(&mut boss);
    let list_of = |gate: &mut Client, event: &str| {
        gate.get(&format!("/api/gate/events/{event}/list")).expect(200)
    };
    assert_ne!(list_of(&mut gate, &other)["key"], list["key"]);
    let rotation = format!("/api/gate/events/{event}/key");
    gate.post(&rotation, &json!({})).refused(403, "forbidden");
    boss.post("/api/gate/events/nothing/key", &json!({})).refused(404, "not-found");
    assert_eq!(boss.post(&rotation, &json!({})).status, 204);
    let rotated = list_of(&mut gate, &event);
    assert_ne!(rotated["key"], list["key"]);
    let key = STANDARD.decode(rotated["key"].as_str().unwrap()).unwrap();
    assert_eq!(rotated["tickets"][0]["tag"], self::tag(&key, &certificate));
    assert!(!backend.dump().contains(&URL_SAFE_NO_PAD.encode(Sha256::digest(&certificate))));

    // Whoever is forgotten is on no list, and their ticket lets nobody in.
    let deletion = forgetting(&mut gate, &card);
    gate.post(DELETIONS, &deletion).expect(201);
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
    let list = format!("ticket,subject\nA-1,{}\nA-2,{}\n", subject(1), subject(2));
    import(&mut boss, &event, list.as_bytes()).expect(200);
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

fn the_list_has_the_servers_time(backend: &Backend) {
    let server = Server::start(backend);
    let mut boss = server.administrator(backend);
    let event = event(&mut boss);
    let list = boss.get(&format!("/api/gate/events/{event}/list")).expect(200);
    let at: SystemTime = list["at"].as_str().unwrap().parse::<Timestamp>().unwrap().into();
    let off = SystemTime::now().duration_since(at).unwrap_or_else(|error| error.duration());
    assert!(off < Duration::from_secs(10));
}

fn those_let_in_without_a_network_are_judged_by_their_certificate_afterwards(backend: &Backend) {
    let server = Server::start(backend);
    let mut boss = server.administrator(backend);
    let mut gate = server.staff(backend);
    let card = Card::hanako();
    let subject = enrolled(&mut gate, &card);
    let event = event(&mut boss);
    import(&mut boss, &event, format!("ticket,subject\nA-1,{subject}\n").as_bytes()).expect(200);
    let list = gate.get(&format!("/api/gate/events/{event}/list")).expect(200);
    let path = format!("/api/gate/events/{event}/provisional");
    let mut outcome = |id: &str, certificate: Option<String>| {
        let mut entry = json!({ "id": id, "ticket": "A-1", "at": list["at"] });
        if let Some(certificate) = certificate {
            entry["certificate"] = json!(certificate);
        }
        gate.post(&path, &json!({ "entries": [entry] })).expect(200)["entries"][0]["outcome"]
            .clone()
    };
    let foreign = Card::of(Variant::ForeignRoot).certificate();
    assert_eq!(outcome(&id(), Some(foreign)), "certificate-untrusted");
    assert_eq!(outcome(&id(), Some(Card::taro().certificate())), "no-ticket");
    assert_eq!(outcome(&id(), Some("MAA=".to_owned())), "certificate-malformed");
    let good = id();
    assert_eq!(outcome(&good, Some(card.certificate())), "admitted");
    // A page that was loaded anew has the certificate no more.
    assert_eq!(outcome(&good, None), "admitted");
    let audit = boss.get("/api/board/audit").expect(200);
    let refused = audit["entries"].as_array().unwrap().iter();
    assert_eq!(refused.filter(|line| line["action"] == "provisional-refused").count(), 3);
    assert_eq!(boss.get("/api/gate/events").expect(200)["events"][0]["admitted"], 1);
    assert!(!backend.dump().contains(&card.certificate()));
}

fn where_no_word_about_revocation_is_not_accepted_nobody_is_let_in(backend: &Backend) {
    let before = Server::start(backend);
    let mut desk = before.staff(backend);
    let card = Card::hanako();
    let subject = enrolled(&mut desk, &card);
    drop(before);

    let server = Server::start_with(backend, &["--accept-unchecked", "no-answer"]);
    let mut boss = server.administrator(backend);
    let mut gate = server.staff(backend);
    let event = event(&mut boss);
    let list = format!("ticket,subject\nA-1,{subject}\nA-2,{}\n", self::subject(2));
    import(&mut boss, &event, list.as_bytes()).expect(200);
    let entry = entry(&mut gate, &card);
    let code = "revocation-not-checked";
    gate.post(&format!("/api/gate/events/{event}/entries"), &entry).refused(403, code);
    let visit = present(&mut gate, &card, HANAKO);
    gate.post(VISITS, &visit).refused(403, code);
    let enrolling = enrolling(&mut gate, &card, HANAKO);
    gate.post(VISITS, &enrolling).refused(403, code);
    // Whoever the list let in is inside, and so their ticket is used until the staff give it back.
    let mut provisional = |ticket: &str, certificate: Option<String>| {
        let mut entry = json!({ "id": id(), "ticket": ticket, "at": "2026-11-15T10:00:00Z" });
        if let Some(certificate) = certificate {
            entry["certificate"] = json!(certificate);
        }
        let path = format!("/api/gate/events/{event}/provisional");
        let answer = gate.post(&path, &json!({ "entries": [entry] })).expect(200);
        answer["entries"][0]["outcome"].clone()
    };
    assert_eq!(provisional("A-1", None), code);
    assert_eq!(provisional("A-2", Some(card.certificate())), code);
    assert_eq!(provisional("A-1", None), "already-admitted");
    let list = boss.get(&format!("/api/gate/events/{event}/list")).expect(200);
    assert_eq!(list["tickets"][0]["admitted"], true);
    assert_eq!(boss.get("/api/gate/events").expect(200)["events"][0]["admitted"], 2);
    let found = find_tickets(&mut boss, &event, "A-1");
    let entry = found["tickets"][0]["entry"].as_str().unwrap().to_owned();
    assert_eq!(boss.delete(&format!("/api/gate/events/{event}/entries/{entry}")).status, 204);
    assert_eq!(boss.get("/api/gate/events").expect(200)["events"][0]["admitted"], 1);
    assert_eq!(provisional("A-1", None), code);
    assert_eq!(boss.get("/api/gate/events").expect(200)["events"][0]["admitted"], 2);
}

fn an_entry_by_mistake_is_given_back_and_its_ticket_admits_again(backend: &Backend) {
    let server = Server::start(backend);
    let mut boss = server.administrator(backend);
    let mut gate = server.staff(backend);
    let card = Card::hanako();
    let subject = enrolled(&mut gate, &card);
    let event = event(&mut boss);
    import(&mut boss, &event, format!("ticket,subject\nA-1,{subject}\n").as_bytes()).expect(200);
    let entries = format!("/api/gate/events/{event}/entries");
    for _ in 0..2 {
        let entry = entry(&mut gate, &card);
        let answer = gate.post(&entries, &entry).expect(201);
        assert_eq!(answer["entry"]["outcome"], "admitted");
        let path = format!("{entries}/{}", entry["id"].as_str().unwrap());
        // Also when the answer was lost, and it is sent again.
        for _ in 0..2 {
            assert_eq!(gate.delete(&path).status, 204);
        }
        assert_eq!(boss.get("/api/gate/events").expect(200)["events"][0]["admitted"], 0);
        assert_eq!(gate.post(&entries, &entry).expect(200)["entry"]["outcome"], "given-back");
        server.guest().delete(&path).refused(401, "signed-out");
    }
    let refused = entry(&mut gate, &card);
    gate.post(&entries, &refused).expect(201);
    let refused = entry(&mut gate, &card);
    assert_eq!(gate.post(&entries, &refused).expect(201)["entry"]["outcome"], "already-admitted");
    for id in [refused["id"].as_str().unwrap(), "nothing"] {
        gate.delete(&format!("{entries}/{id}")).refused(404, "not-found");
    }
    let audit = boss.get("/api/board/audit").expect(200);
    let lines = audit["entries"].as_array().unwrap().iter();
    assert_eq!(lines.filter(|line| line["action"] == "entry-given-back").count(), 2);
}

fn whoever_left_comes_in_again_where_the_event_allows_it(backend: &Backend) {
    let server = Server::start(backend);
    let mut boss = server.administrator(backend);
    let card = Card::hanako();
    let subject = enrolled(&mut boss, &card);
    let event = json!({ "name": "夏まつり", "day": "2026-08-15", "reEntry": true });
    let event = boss.post("/api/gate/events", &event).expect(201);
    assert_eq!(event["event"]["reEntry"], true);
    let event = event["event"]["id"].as_str().unwrap().to_owned();
    import(&mut boss, &event, format!("ticket,subject\nA-1,{subject}\n").as_bytes()).expect(200);
    let list = boss.get(&format!("/api/gate/events/{event}/list")).expect(200);
    assert_eq!(list["reEntry"], true);
    for outcome in ["admitted", "re-admitted", "re-admitted"] {
        let entry = entry(&mut boss, &card);
        let answer = boss.post(&format!("/api/gate/events/{event}/entries"), &entry).expect(201);
        assert_eq!(answer["entry"]["outcome"], outcome);
    }
    let entry = json!({ "id": id(), "ticket": "A-1", "at": "2026-08-15T10:00:00Z" });
    let path = format!("/api/gate/events/{event}/provisional");
    let answer = boss.post(&path, &json!({ "entries": [entry] })).expect(200);
    assert_eq!(answer["entries"][0]["outcome"], "re-admitted");
    assert_eq!(boss.get("/api/gate/events").expect(200)["events"][0]["admitted"], 1);
}

fn a_closed_event_lets_nobody_in_until_it_is_opened_again(backend: &Backend) {
    let server = Server::start(backend);
    let mut boss = server.administrator(backend);
    let mut gate = server.staff(backend);
    let card = Card::hanako();
    let subject = enrolled(&mut gate, &card);
    let event = event(&mut boss);
    let list = format!("ticket,subject\nA-1,{subject}\n");
    import(&mut boss, &event, list.as_bytes()).expect(200);
    let path = format!("/api/gate/events/{event}");
    let closed = json!({ "closed": true });
    gate.put(&format!("{path}/closed"), &closed).refused(403, "forbidden");
    boss.put("/api/gate/events/nothing/closed", &closed).refused(404, "not-found");
    assert_eq!(boss.put(&format!("{path}/closed"), &closed).status, 204);
    let events = boss.get("/api/gate/events").expect(200);
    assert_eq!(events["events"][0]["closed"], true);
    let entry = entry(&mut gate, &card);
    gate.post(&format!("{path}/entries"), &entry).refused(409, "event-closed");
    gate.get(&format!("{path}/list")).refused(409, "event-closed");
    import(&mut boss, &event, list.as_bytes()).refused(409, "event-closed");
    // Those who were let in before, of whom a gate tells late.
    let late = json!({ "id": id(), "ticket": "A-1", "at": "2026-08-15T10:00:00Z" });
    let answer = gate.post(&format!("{path}/provisional"), &json!({ "entries": [late] }));
    assert_eq!(answer.expect(200)["entries"][0]["outcome"], "admitted");
    assert_eq!(boss.put(&format!("{path}/closed"), &json!({ "closed": false })).status, 204);
    let answer = gate.post(&format!("{path}/entries"), &entry).expect(201);
    assert_eq!(answer["entry"]["outcome"], "already-admitted");
}

fn tickets_are_found_moved_and_deleted(backend: &Backend) {
    let server = Server::start(backend);
    let mut boss = server.administrator(backend);
    let mut gate = server.staff(backend);
    let card = Card::hanako();
    let hanako = enrolled(&mut gate, &card);
    let (event, other) = (event(&mut boss), event(&mut boss));
    let list =
        format!("ticket,subject\nA-1,{}\nA-2,{}\nB%_,{}\n", subject(1), subject(2), subject(3));
    import(&mut boss, &event, list.as_bytes()).expect(200);
    import(&mut boss, &other, format!("ticket,subject\nA-2,{}\n", subject(9)).as_bytes())
        .expect(200);
    let tickets = |client: &mut Client, event: &str, search: &str| {
        let found = find_tickets(client, event, search)["tickets"].as_array().unwrap().clone();
        found.iter().map(|it| it["ticket"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(tickets(&mut gate, &event, ""), ["A-1", "A-2", "B%_"]);
    assert_eq!(tickets(&mut gate, &event, "a-"), ["A-1", "A-2"]);
    assert_eq!(tickets(&mut gate, &event, "A-2"), ["A-2"]);
    assert_eq!(tickets(&mut gate, &event, "B%_"), ["B%_"]);
    assert_eq!(tickets(&mut gate, &event, "%"), [""; 0]);
    assert_eq!(tickets(&mut gate, &event, &subject(2)), ["A-2"]);

    let ticket = |name: &str| format!("/api/gate/events/{event}/tickets/{name}");
    let to_hanako = json!({ "holder": { "number": 1 } });
    gate.put(&ticket("A-1"), &to_hanako).refused(403, "forbidden");
    gate.delete(&ticket("A-1")).refused(403, "forbidden");
    boss.put(&ticket("A-9"), &to_hanako).refused(404, "not-found");
    boss.put(&ticket("A-1"), &json!({ "holder": { "number": 99 } })).refused(404, "not-found");
    boss.put(&ticket("A-1"), &json!({ "holder": { "subject": "p1" } })).refused(400, "invalid");
    boss.put(&ticket("A-1"), &json!({})).refused(400, "invalid");
    let taken = json!({ "holder": { "subject": subject(2) } });
    boss.put(&ticket("A-1"), &taken).refused(409, "conflict");
    boss.put(&ticket("A-2"), &json!({ "event": other })).refused(409, "conflict");
    assert_eq!(boss.put(&ticket("A-1"), &to_hanako).status, 204);
    assert_eq!(tickets(&mut gate, &event, &hanako), ["A-1"]);

    let used = entry(&mut gate, &card);
    gate.post(&format!("/api/gate/events/{event}/entries"), &used).expect(201);
    boss.put(&ticket("A-1"), &json!({ "event": other })).refused(409, "ticket-used");
    boss.delete(&ticket("A-1")).refused(409, "ticket-used");
    let entry = used["id"].as_str().unwrap();
    assert_eq!(gate.delete(&format!("/api/gate/events/{event}/entries/{entry}")).status, 204);
    assert_eq!(boss.put(&ticket("A-1"), &json!({ "event": other })).status, 204);
    assert_eq!(tickets(&mut gate, &other, ""), ["A-1", "A-2"]);
    assert_eq!(boss.delete(&ticket("A-2")).status, 204);
    boss.delete(&ticket("A-2")).refused(404, "not-found");
    assert_eq!(tickets(&mut gate, &event, ""), ["B%_"]);
    let audit = boss.get("/api/board/audit").expect(200);
    let of = |action| {
        audit["entries"].as_array().unwrap().iter().filter(|line| line["action"] == action).count()
    };
    assert_eq!((of("ticket-moved"), of("ticket-deleted")), (2, 1));
    assert_eq!(of("tickets-searched"), 9);
}

fn an_administrator_does_the_same_at_the_command_line(backend: &Backend) {
    let server = Server::start(backend);
    let mut boss = server.administrator(backend);
    let card = Card::hanako();
    let hanako = enrolled(&mut boss, &card);
    let (event, other) = (event(&mut boss), event(&mut boss));
    let list = format!("ticket,subject\nA-1,{}\nA-2,{}\n", subject(1), subject(2));
    import(&mut boss, &event, list.as_bytes()).expect(200);
    let run = |arguments: &[&str]| {
        let output = program().args(arguments).args(["--database", &backend.url()]).output();
        let output = output.unwrap();
        output.status.success().then(|| String::from_utf8(output.stdout).unwrap())
    };
    assert!(
        run(&["event", "list"]).unwrap().contains(&format!("{event}\t2026-08-15\t0/2\t夏まつり"))
    );
    let found = run(&["ticket", "find", &event, "A-1"]).unwrap();
    assert_eq!(found, format!("A-1\t{}\t\n", subject(1)));
    assert!(run(&["ticket", "move", &event, "A-1", "--to-holder", "p1"]).is_none());
    assert!(run(&["ticket", "move", &event, "A-1", "--to-event", "nothing"]).is_none());
    assert!(run(&["ticket", "move", &event, "A-9", "--to-event", &other]).is_none());
    assert!(run(&["ticket", "move", &event, "A-1"]).is_none());
    run(&["ticket", "move", &event, "A-1", "--to-holder", &hanako]).unwrap();
    let used = entry(&mut boss, &card);
    boss.post(&format!("/api/gate/events/{event}/entries"), &used).expect(201);
    assert!(run(&["ticket", "delete", &event, "A-1"]).is_none());
    run(&["ticket", "give-back", &event, "A-1"]).unwrap();
    assert!(run(&["ticket", "give-back", &event, "A-1"]).is_none());
    run(&["ticket", "delete", &event, "A-1"]).unwrap();
    assert_eq!(run(&["ticket", "find", &event]).unwrap().lines().count(), 1);
    run(&["event", "close", &event]).unwrap();
    boss.get(&format!("/api/gate/events/{event}/list")).refused(409, "event-closed");
    run(&["event", "open", &event]).unwrap();
    run(&["event", "rotate-key", &event]).unwrap();
    boss.get(&format!("/api/gate/events/{event}/list")).expect(200);
    let audit = boss.get("/api/board/audit").expect(200);
    let lines = audit["entries"].as_array().unwrap().iter();
    let lines = lines.filter(|line| line["account"] == "(command line)");
    let actions: Vec<_> = lines.map(|line| line["action"].as_str().unwrap()).collect();
    for action in [
        "ticket-moved",
        "entry-given-back",
        "ticket-deleted",
        "event-closed",
        "event-reopened",
        "gate-key-rotated",
    ] {
        assert_eq!(actions.iter().filter(|done| **done == action).count(), 1, "{action}");
    }
}

fn what_is_no_list_or_too_large_is_named(backend: &Backend) {
    let server = Server::start(backend);
    let mut boss = server.administrator(backend);
    let event = event(&mut boss);
    import(&mut boss, &event, b"PK\x03\x04").refused(400, "list-is-a-workbook");
    // What the event has already shows that a zero is gone.
    let list = format!("ticket,subject\n007,{}\n", subject(1));
    import(&mut boss, &event, list.as_bytes()).expect(200);
    let list = format!("番号;識別子\r\n8;{}\r\n", subject(2));
    let answer = import(&mut boss, &event, list.as_bytes()).expect(200);
    assert_eq!(answer["refused"], json!([{ "line": 2, "why": "leading-zero-lost" }]));
    let large = vec![b'x'; 4 * 1024 * 1024 + 1];
    import(&mut boss, &event, &large).refused(413, "too-large");
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
    boss.post("/api/gate/events/nothing/ticket-search", &json!({ "search": "" }))
        .refused(404, "not-found");
    boss.get("/api/gate/events/nothing/list").refused(404, "not-found");
    let entries = json!({ "entries": [] });
    boss.post("/api/gate/events/nothing/provisional", &entries).refused(404, "not-found");
    boss.post("/api/gate/events/nothing/entries", &json!({})).refused(404, "not-found");
    server.guest().get("/api/gate/events").refused(401, "signed-out");
}
