//! Who is before the screen: visitors, or staff who show that it is they.

use serde_json::{Value, json};

use crate::backend::{Backend, on_every_backend};
use crate::card::Card;
use crate::client::Client;
use crate::desk::{
    CHECKS, DELETIONS, HANAKO, HANAKO_FACE, VISITS, arrival, by_eye, check, enrolling, forgetting,
    present, with_pin,
};
use crate::record::lines;
use crate::server::Server;

on_every_backend! {
    whoever_is_before_a_visitors_screen_is_received_and_sees_nothing_of_others,
    a_screen_is_turned_back_by_the_staff_alone,
    a_match_takes_what_a_visitor_has_not,
    a_code_takes_the_place_of_the_password_until_that_is_changed,
    a_workstation_faces_visitors_from_the_beginning,
}

const FACING: &str = "/api/session/facing";
const CODE: &str = "/api/session/code";

fn turn_to_visitors(desk: &mut Client) {
    let answer = desk.put(FACING, &json!({ "facing": "visitors" })).expect(200);
    assert_eq!(answer["facing"], "visitors");
}

fn turn_to_staff(desk: &mut Client, code: &str) -> crate::client::Answer {
    desk.put(FACING, &json!({ "facing": "staff", "code": code }))
}

fn whoever_is_before_a_visitors_screen_is_received_and_sees_nothing_of_others(backend: &Backend) {
    let server = Server::start(backend);
    let mut desk = server.administrator(backend);
    let card = Card::hanako();
    let compared = check(&mut desk, &card, HANAKO_FACE, "match");
    let (terminal, none) = (json!({ "methods": ["pin", "terminal"] }), json!({}));
    turn_to_visitors(&mut desk);

    for (method, path, body) in [
        ("GET", "/api/board/visits", &Value::Null),
        ("POST", "/api/board/search", &json!({ "name": "x" })),
        ("GET", "/api/board/stream", &Value::Null),
        ("GET", "/api/board/export", &Value::Null),
        ("GET", "/api/board/audit", &Value::Null),
        ("GET", "/api/gate/events", &Value::Null),
        ("GET", "/api/gate/events/x/list", &Value::Null),
        ("POST", "/api/gate/events/x/entries", &none),
        ("POST", "/api/gate/events/x/provisional", &none),
        ("POST", "/api/gate/events", &none),
        ("GET", "/api/accounts", &Value::Null),
        ("POST", "/api/accounts", &none),
        ("DELETE", "/api/accounts/boss", &Value::Null),
        ("PUT", "/api/accounts/boss/password", &none),
        ("PUT", CODE, &none),
        ("POST", "/api/nonces", &terminal),
        ("POST", CHECKS, &compared),
        ("POST", "/api/desk/terminal-signature", &none),
    ] {
        let body = body.to_string();
        let body = (method != "GET").then_some(("application/json", body.as_bytes()));
        desk.send(method, path, body).refused(403, "facing-visitors");
    }

    let visit = enrolling(&mut desk, &card, HANAKO);
    desk.post(VISITS, &visit).expect(201);
    let visit = present(&mut desk, &card, HANAKO);
    desk.post(VISITS, &visit).expect(201);
    let visit = with_pin(&mut desk, &card, &[], &Value::Null);
    desk.post(VISITS, &visit).expect(201);
    let told = arrival(&mut desk, &card);
    assert_eq!(told, json!({ "known": true, "enrolled": true, "birthDate": HANAKO }));
    let deletion = forgetting(&mut desk, &card);
    desk.post(DELETIONS, &deletion).expect(201);
    // The whole of the session, in whichever tab, and at another server.
    let other = Server::start(backend);
    let mut desk = desk.at(other.socket());
    assert_eq!(desk.get("/api/session").expect(200)["facing"], "visitors");
    desk.get("/api/board/visits").refused(403, "facing-visitors");
}

fn a_screen_is_turned_back_by_the_staff_alone(backend: &Backend) {
    let server = Server::start(backend);
    let mut desk = server.staff(backend);
    turn_to_visitors(&mut desk);
    for code in ["", "wrong horse", "000000"] {
        turn_to_staff(&mut desk, code).refused(403, "wrong-code");
    }
    desk.put(FACING, &json!({ "facing": "staff" })).refused(422, "invalid");
    desk.put(FACING, &json!({ "facing": "visitors", "more": 1 })).refused(422, "invalid");
    desk.get("/api/board/visits").refused(403, "facing-visitors");
    assert_eq!(turn_to_staff(&mut desk, "correct horse").expect(200)["facing"], "staff");
    desk.get("/api/board/visits").expect(200);
    // Whoever tries many waits, and has the staff wait at no other desk.
    turn_to_visitors(&mut desk);
    let mut tried = (0..8).map(|_| turn_to_staff(&mut desk, "123456").status);
    assert!(tried.any(|status| status == 429));
    turn_to_staff(&mut desk, "correct horse").refused(429, "too-many-requests");
    let mut other = server.guest();
    other.sign_in("staff", "correct horse").expect(200);
    turn_to_visitors(&mut other);
    turn_to_staff(&mut other, "correct horse").expect(200);
    let mut boss = server.administrator(backend);
    let record = lines(&mut boss);
    let times = |line: &str| record.iter().filter(|it| *it == line).count();
    assert_eq!(times("staff turned-to-visitors -"), 3);
    assert_eq!(times("staff turned-to-staff -"), 2);
    assert!(times("staff code-refused -") > 3);
    assert_eq!(times("staff too-many-tries -"), 1);
}

fn a_match_takes_what_a_visitor_has_not(backend: &Backend) {
    let server = Server::start(backend);
    let mut desk = server.staff(backend);
    let card = Card::hanako();
    let mut compared = check(&mut desk, &card, HANAKO_FACE, "match");
    for code in [Value::Null, json!("wrong horse"), json!(["correct horse"])] {
        compared["code"] = code;
        desk.post(CHECKS, &compared).refused(403, "wrong-code");
    }
    // Nothing was decided or spent by that.
    compared["code"] = json!("correct horse");
    desk.post(CHECKS, &compared).expect(201);
    let visit = by_eye(&mut desk, &card, &compared);
    desk.post(VISITS, &visit).expect(201);
    // That it is somebody else, anybody may say.
    let mut different = check(&mut desk, &card, HANAKO_FACE, "no-match");
    different.as_object_mut().unwrap().remove("code");
    desk.post(CHECKS, &different).expect(201);
    assert!(!backend.dump().contains("correct horse"));
}

fn a_code_takes_the_place_of_the_password_until_that_is_changed(backend: &Backend) {
    let server = Server::start(backend);
    let mut desk = server.staff(backend);
    let code = |password: &str, code: &str| json!({ "password": password, "code": code });
    desk.put(CODE, &code("wrong horse", "271828")).refused(403, "wrong-password");
    for unsuitable in ["27182", "271828182", "27182x", "２７１８２８", "777777"] {
        let mut desk = server.guest();
        desk.sign_in("staff", "correct horse").expect(200);
        desk.put(CODE, &code("correct horse", unsuitable)).refused(400, "invalid");
    }
    assert_eq!(desk.put(CODE, &code("correct horse", "271828")).status, 204);
    turn_to_visitors(&mut desk);
    turn_to_staff(&mut desk, "correct horse").refused(403, "wrong-code");
    turn_to_staff(&mut desk, "271828").expect(200);
    assert!(!backend.dump().contains("271828"));
    // It opens no session.
    server.guest().sign_in("staff", "271828").refused(403, "wrong-password");

    let mut boss = server.administrator(backend);
    let password = json!({ "password": "another horse" });
    assert_eq!(boss.put("/api/accounts/staff/password", &password).status, 204);
    let mut desk = server.guest();
    desk.sign_in("staff", "another horse").expect(200);
    turn_to_visitors(&mut desk);
    turn_to_staff(&mut desk, "271828").refused(403, "wrong-code");
    turn_to_staff(&mut desk, "another horse").expect(200);
}

fn a_workstation_faces_visitors_from_the_beginning(backend: &Backend) {
    let server = Server::start(backend);
    drop(server.staff(backend));
    let mut desk = server.guest();
    let sign_in = json!({ "name": "staff", "password": "correct horse", "facing": "visitors" });
    assert_eq!(desk.post("/api/session", &sign_in).expect(200)["facing"], "visitors");
    desk.get("/api/board/visits").refused(403, "facing-visitors");
    // Only who knows the password begins one that faces the staff.
    let sign_in = json!({ "name": "staff", "password": "x", "facing": "staff" });
    desk.post("/api/session", &sign_in).refused(403, "wrong-password");
    desk.get("/api/board/visits").refused(403, "facing-visitors");
}
