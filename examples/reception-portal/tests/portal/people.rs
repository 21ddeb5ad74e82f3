//! The day a card is lost, or a workstation: people who are found, suspended and erased.

use serde_json::{Value, json};

use crate::backend::{Backend, on_every_backend};
use crate::card::Card;
use crate::client::Client;
use crate::desk::{
    CHECKS, DELETIONS, HANAKO, HANAKO_FACE, VISITS, arrival, by_eye, check, enrolling, forgetting,
    present, with_pin,
};
use crate::gate::{enrolled, entry, event, import};
use crate::id;
use crate::server::{Server, command};

on_every_backend! {
    a_lost_card_is_received_nowhere_until_that_is_lifted,
    somebody_is_found_by_a_visit_and_erased_by_the_staff,
    an_administrator_does_the_same_at_the_command_line,
    a_workstation_that_is_withdrawn_vouches_for_nothing,
}

const SEARCH: &str = "/api/people/search";

fn found_by_visit(staff: &mut Client, day: &Value, number: i64) -> Value {
    let found = staff.post(SEARCH, &json!({ "day": day, "number": number })).expect(200);
    found["people"].clone()
}

fn audited(boss: &mut Client, action: &str) -> usize {
    let audit = boss.get("/api/board/audit").expect(200);
    audit["entries"].as_array().unwrap().iter().filter(|it| it["action"] == action).count()
}

fn a_lost_card_is_received_nowhere_until_that_is_lifted(backend: &Backend) {
    let (server, other) = (Server::start(backend), Server::start(backend));
    let mut boss = server.administrator(backend);
    let mut desk = server.staff(backend);
    let card = Card::hanako();
    let subject = enrolled(&mut desk, &card);
    let event = event(&mut boss);
    import(&mut boss, &event, format!("ticket,subject\nA-1,{subject}\n").as_bytes()).expect(200);
    let list = format!("/api/gate/events/{event}/list");
    assert_eq!(desk.get(&list).expect(200)["tickets"].as_array().unwrap().len(), 1);
    // A visit that was on its way when the card was reported.
    let late = present(&mut desk, &card, HANAKO);
    let compared = check(&mut desk, &card, HANAKO_FACE, "match");
    desk.post(CHECKS, &compared).expect(201);
    let seen = by_eye(&mut desk, &card, &compared);

    let about = json!({ "subject": subject });
    for _ in 0..2 {
        desk.post("/api/people/suspend", &about).expect(204);
    }
    // At each server, at once.
    let mut desk = desk.at(other.socket());
    let certificate = json!({ "certificate": card.certificate() });
    desk.post("/api/desk/arrivals", &certificate).refused(403, "suspended");
    desk.post(VISITS, &late).refused(403, "suspended");
    desk.post(VISITS, &seen).refused(403, "suspended");
    for visit in [
        with_pin(&mut desk, &card, &[], &Value::Null),
        enrolling(&mut desk, &card, HANAKO),
        present(&mut desk, &card, HANAKO),
    ] {
        desk.post(VISITS, &visit).refused(403, "suspended");
    }
    let deletion = forgetting(&mut desk, &card);
    desk.post(DELETIONS, &deletion).refused(403, "suspended");
    let at_gate = entry(&mut desk, &card);
    desk.post(&format!("/api/gate/events/{event}/entries"), &at_gate).refused(403, "suspended");
    assert_eq!(desk.get(&list).expect(200)["tickets"], json!([]));
    // The holder's new card, and anybody else's, are received.
    let taros = with_pin(&mut desk, &Card::taro(), &[], &Value::Null);
    desk.post(VISITS, &taros).expect(201);

    let suspended = desk.get("/api/people/suspended").expect(200);
    assert_eq!(suspended["people"][0]["subject"], json!(subject));
    assert_eq!(suspended["people"][0]["suspended"]["account"], "staff");
    assert_eq!(suspended["people"].as_array().unwrap().len(), 1);
    desk.post("/api/people/lift", &about).expect(204);
    desk.post("/api/people/lift", &about).refused(404, "not-found");
    assert_eq!(arrival(&mut desk, &card)["enrolled"], true);
    let visit = present(&mut desk, &card, HANAKO);
    desk.post(VISITS, &visit).expect(201);
    assert_eq!(desk.get(&list).expect(200)["tickets"].as_array().unwrap().len(), 1);

    assert_eq!(audited(&mut boss, "person-suspended"), 1);
    assert_eq!(audited(&mut boss, "suspension-lifted"), 1);
    let stranger = json!({ "subject": "nobody" });
    desk.post("/api/people/suspend", &stranger).refused(404, "not-found");
    let mut guest = server.guest();
    for path in ["suspend", "lift", "erase", "search"] {
        guest.post(&format!("/api/people/{path}"), &about).refused(401, "signed-out");
    }
    guest.get("/api/people/suspended").refused(401, "signed-out");
}

fn somebody_is_found_by_a_visit_and_erased_by_the_staff(backend: &Backend) {
    let server = Server::start(backend);
    let mut boss = server.administrator(backend);
    let mut desk = server.staff(backend);
    let (hanako, taro) = (Card::hanako(), Card::taro());
    let visit = enrolling(&mut desk, &hanako, HANAKO);
    let day = desk.post(VISITS, &visit).expect(201)["visit"]["day"].clone();
    let attributes =
        json!({ "name": "番号　太郎", "birthDate": "1995-02-17", "integrity": "genuine" });
    let visit = with_pin(&mut desk, &taro, &["name", "birthDate"], &attributes);
    desk.post(VISITS, &visit).expect(201);

    let people = found_by_visit(&mut desk, &day, 1);
    let subject = people[0]["subject"].clone();
    assert_eq!(people[0]["remembered"], true);
    assert_eq!(people[0]["lastVisit"], json!({ "day": day, "number": 1 }));
    assert!(people[0]["name"].is_null());
    let people = found_by_visit(&mut desk, &day, 2);
    assert_eq!((&people[0]["name"], &people[0]["visits"]), (&json!("番号　太郎"), &json!(1)));
    assert_eq!(people[0]["birthDate"], "1995-02-17");
    assert_eq!(found_by_visit(&mut desk, &day, 3), json!([]));
    for no_search in [json!({}), json!({ "day": "x", "number": 1 }), json!({ "day": day })] {
        desk.post(SEARCH, &no_search)
            .refused(if no_search["day"] == "x" { 400 } else { 422 }, "invalid");
    }

    // Whoever is erased is not suspended any more: nothing is kept by which they could be.
    desk.post("/api/people/suspend", &json!({ "subject": subject })).expect(204);
    let erasure = json!({ "id": id(), "subject": subject });
    let answer = desk.post("/api/people/erase", &erasure).expect(201);
    assert_eq!(
        (&answer["deleted"]["visits"], &answer["deleted"]["enrolment"]),
        (&json!(1), &json!(true))
    );
    assert_eq!(desk.post("/api/people/erase", &erasure).expect(200)["deleted"]["visits"], 1);
    let again = json!({ "id": id(), "subject": subject });
    desk.post("/api/people/erase", &again).refused(404, "not-found");
    let other = json!({ "id": erasure["id"], "subject": "other" });
    desk.post("/api/people/erase", &other).refused(409, "conflict");
    assert_eq!(arrival(&mut desk, &hanako)["known"], false);
    assert_eq!(found_by_visit(&mut desk, &day, 1), json!([]));
    assert_eq!(desk.get("/api/board/visits").expect(200)["total"], 2);
    assert_eq!(audited(&mut boss, "person-erased"), 1);
    // Every search is on record, and of none what it was for.
    assert_eq!(audited(&mut boss, "people-searched"), 5);
    assert!(!boss.get("/api/board/audit").body.contains(subject.as_str().unwrap()));
}

fn an_administrator_does_the_same_at_the_command_line(backend: &Backend) {
    let server = Server::start(backend);
    let mut desk = server.staff(backend);
    let card = Card::hanako();
    let visit = enrolling(&mut desk, &card, HANAKO);
    let day = desk.post(VISITS, &visit).expect(201)["visit"]["day"].clone();
    let subject = found_by_visit(&mut desk, &day, 1)[0]["subject"].as_str().unwrap().to_owned();
    let day = day.as_str().unwrap();
    let find = ["person", "find", "--day", day, "--number", "1"];
    let (found, line) = command(backend, &find, "");
    assert!(
        found && line.starts_with(&format!("{subject}\t-\t1\t{day} no. 1\tremembered")),
        "{line}"
    );
    assert!(command(backend, &["person", "suspend", &subject], "").0);
    let (listed, line) = command(backend, &["person", "suspended"], "");
    assert!(listed && line.contains(&subject) && line.contains("suspended 20"), "{line}");
    let visit = present(&mut desk, &card, HANAKO);
    desk.post(VISITS, &visit).refused(403, "suspended");
    assert!(command(backend, &["person", "lift", &subject], "").0);
    assert!(!command(backend, &["person", "lift", &subject], "").0);
    desk.post(VISITS, &visit).expect(201);
    assert!(command(backend, &["person", "erase", &subject], "").0);
    assert_eq!(arrival(&mut desk, &card)["known"], false);
    for refused in ["suspend", "erase"] {
        assert!(!command(backend, &["person", refused, &subject], "").0);
    }
    assert!(!command(backend, &["person", "find"], "nobody at all").0);
}

fn a_workstation_that_is_withdrawn_vouches_for_nothing(backend: &Backend) {
    let mut server = Server::start(backend);
    let mut boss = server.administrator(backend);
    let mut desk = server.staff(backend);
    let card = Card::hanako();
    let list = boss.get("/api/workstations").expect(200);
    let workstation = &list["workstations"][0];
    assert_eq!(workstation["name"], "desk-1");
    assert!(workstation["withdrawnAt"].is_null());
    let key = json!({ "key": workstation["key"] });
    desk.get("/api/workstations").refused(403, "forbidden");
    desk.post("/api/workstations/withdraw", &key).refused(403, "forbidden");
    for (other, status, code) in [("x", 400, "invalid"), (&"A".repeat(43), 400, "invalid")] {
        let other = json!({ "key": other });
        boss.post("/api/workstations/withdraw", &other).refused(status, code);
    }
    for _ in 0..2 {
        boss.post("/api/workstations/withdraw", &key).expect(204);
    }
    assert_eq!(audited(&mut boss, "workstation-withdrawn"), 1);
    // Nor after a restart, though it is still on the server's command line.
    server.stop("-TERM");
    let server = Server::start(backend);
    let (mut boss, mut desk) = (boss.at(server.socket()), desk.at(server.socket()));
    let list = boss.get("/api/workstations").expect(200);
    assert!(list["workstations"][0]["withdrawnAt"].is_string());
    let visit = enrolling(&mut desk, &card, HANAKO);
    assert_eq!(desk.post(VISITS, &visit).status, 400);
    assert_eq!(arrival(&mut desk, &card)["enrolled"], false);
    let visit = with_pin(&mut desk, &card, &[], &Value::Null);
    desk.post(VISITS, &visit).expect(201);

    let (listed, line) = command(backend, &["workstation", "list"], "");
    let key = key["key"].as_str().unwrap();
    assert!(listed && line == format!("{key}\tdesk-1\twithdrawn\n"), "{line}");
    assert!(command(backend, &["workstation", "withdraw", key], "").0);
    assert!(!command(backend, &["workstation", "withdraw", "nothing"], "").0);
}
