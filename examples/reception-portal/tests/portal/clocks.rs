//! Two servers of one PostgreSQL, one with its clock an hour ahead, one with its clock an hour behind.

use jiff::Timestamp;
use serde_json::json;

use crate::backend::Backend;
use crate::card::Card;
use crate::desk::{HANAKO, VISITS, arrival, enrolling, present, with_pin};
use crate::server::Server;

/// Two servers, an hour ahead and an hour behind.
fn servers(backend: &Backend) -> [Server; 2] {
    ["+3600", "-3600"].map(|seconds| Server::start_with_clock(backend, seconds))
}

#[test]
fn a_session_is_one_at_both_and_a_visit_begun_at_one_ends_at_the_other() {
    let backend = Backend::postgres();
    let [ahead, behind] = servers(&backend);
    for (one, other) in [(&ahead, &behind), (&behind, &ahead)] {
        let mut here = one.staff(&backend);
        let mut there = here.at(other.socket());
        // The nonces are of one server, the visits of the other.
        let visit = enrolling(&mut here, &Card::hanako(), HANAKO);
        there.post(VISITS, &visit).expect(201);
        let visit = present(&mut there, &Card::hanako(), HANAKO);
        here.post(VISITS, &visit).expect(201);
        here.get("/api/session").expect(200)["account"]["name"].as_str().unwrap();
    }
}

#[test]
fn visits_are_numbered_and_timed_as_if_there_were_one_clock() {
    let backend = Backend::postgres();
    let [ahead, behind] = servers(&backend);
    let begun = Timestamp::now();
    let mut desk = ahead.staff(&backend);
    let mut last = begun;
    for turn in 0..6 {
        let server = [&ahead, &behind][turn % 2];
        let mut desk = desk.at(server.socket());
        let visit = with_pin(&mut desk, &Card::taro(), &[], &json!({ "integrity": "genuine" }));
        let visit = desk.post(VISITS, &visit).expect(201)["visit"].clone();
        assert_eq!(visit["number"], turn + 1);
        let at: Timestamp = visit["at"].as_str().unwrap().parse().unwrap();
        assert!((at - last).get_seconds() >= -1, "{at} after {last}");
        last = at;
    }
    assert!((last - Timestamp::now()).get_seconds().abs() < 60, "{last}");
    assert_eq!(arrival(&mut desk, &Card::taro())["visits"], 6);
    let days = [&ahead, &behind].map(|server| {
        let mut desk = desk.at(server.socket());
        let today = desk.get("/api/gate/events").expect(200)["today"].clone();
        (today, desk.get("/api/board/visits").expect(200)["total"].clone())
    });
    assert!(days[0].0.is_string());
    assert_eq!(days[0], days[1]);
}

#[test]
fn what_is_on_record_is_timed_as_if_there_were_one_clock() {
    let backend = Backend::postgres();
    let [ahead, behind] = servers(&backend);
    let mut boss = ahead.administrator(&backend);
    for server in [&ahead, &behind] {
        let no_certificate = json!({ "certificate": "MAA=" });
        let answer = boss.at(server.socket()).post("/api/desk/arrivals", &no_certificate);
        answer.refused(400, "certificate-malformed");
    }
    let record = boss.get("/api/board/audit").expect(200);
    let lines = record["entries"].as_array().unwrap();
    assert_eq!(lines.iter().filter(|line| line["action"] == "card-refused").count(), 2);
    for line in lines {
        let at: Timestamp = line["at"].as_str().unwrap().parse().unwrap();
        assert!((at - Timestamp::now()).get_seconds().abs() < 60, "{line}");
    }
}

#[test]
fn whoever_has_to_wait_waits_no_longer_at_either() {
    let backend = Backend::postgres();
    let [ahead, behind] = servers(&backend);
    drop(ahead.staff(&backend));
    for _ in 0..5 {
        ahead.guest().sign_in("staff", "wrong horse").refused(403, "wrong-password");
    }
    for server in [&ahead, &behind] {
        let refused = server.guest().sign_in("staff", "wrong horse");
        refused.refused(429, "too-many-requests");
        let (_, wait) = refused.headers.split_once("retry-after: ").unwrap();
        let wait: u64 = wait.lines().next().unwrap().parse().unwrap();
        assert!(wait <= 20, "{wait}");
    }
}

#[test]
fn an_hour_without_use_ends_a_session_at_both() {
    let backend = Backend::postgres();
    let [ahead, behind] = servers(&backend);
    let desk = ahead.staff(&backend);
    let nearly = "UPDATE portal_session SET seen_at = seen_at - 3500000";
    backend.execute(nearly);
    for server in [&ahead, &behind] {
        let visits = desk.at(server.socket()).get("/api/board/visits");
        visits.expect(200);
        backend.execute(nearly);
    }
    backend.execute("UPDATE portal_session SET seen_at = seen_at - 3700000");
    for server in [&ahead, &behind] {
        desk.at(server.socket()).get("/api/board/visits").refused(401, "signed-out");
    }
}
