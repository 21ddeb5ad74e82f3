//! What comes late: hours after the card signed, and from another session of the same account.

use jiff::{Timestamp, ToSpan};
use serde_json::{Value, json};

use crate::backend::{Backend, on_every_backend};
use crate::card::Card;
use crate::client::Client;
use crate::desk::{
    CHECKS, HANAKO, HANAKO_FACE, VISITS, arrival, by_eye, check, enrolling, present, with_pin,
};
use crate::id;
use crate::server::{Server, add_account};

on_every_backend! {
    a_visit_that_was_kept_for_ninety_minutes_is_recorded_late_and_once,
    a_visit_by_eye_that_was_kept_is_recorded_late,
    nobody_else_redeems_what_was_kept_and_nobody_for_longer_than_so_many_hours,
    what_was_deleted_does_not_come_back_with_a_visit_from_before,
    a_visit_that_comes_late_is_not_the_visitors_last_word,
    a_deletion_that_was_kept_is_done,
}

const DELETIONS: &str = "/api/desk/deletions";

/// Has so much time pass, as the server sees it: what it keeps is older then.
pub(crate) fn pass(backend: &Backend, minutes: i64) {
    backend.connected(async |mut database| {
        for update in [
            "UPDATE kazashi_nonce SET issued_at = issued_at - $1, expires_at = expires_at - $1, \
             late_until = late_until - $1, signed_at = signed_at - $1",
            "UPDATE kazashi_session SET expires_at = expires_at - $1",
            "UPDATE portal_session SET seen_at = seen_at - $1",
            "UPDATE portal_account SET created_at = created_at - $1",
            "UPDATE portal_check SET at = at - $1",
        ] {
            let update = sqlx::query(update).bind(minutes * 60_000);
            update.execute(&mut database).await.unwrap();
        }
    });
}

/// The staff, in a session that has just begun.
fn signed_in_again(server: &Server) -> Client {
    let mut desk = server.guest();
    desk.sign_in("staff", "correct horse").expect(200);
    desk
}

/// What a page kept, of which the card signed so many seconds after the nonces came.
pub(crate) fn kept(mut request: Value, seconds: u64) -> Value {
    request["signedAfter"] = json!(seconds * 1000);
    request
}

fn a_visit_that_was_kept_for_ninety_minutes_is_recorded_late_and_once(backend: &Backend) {
    let server = Server::start(backend);
    let mut desk = server.staff(backend);
    let card = Card::hanako();
    let begun = Timestamp::now();
    let visit = kept(enrolling(&mut desk, &card, HANAKO), 30);
    drop(server);
    pass(backend, 90);
    let server = Server::start(backend);
    desk.at(server.socket()).post(VISITS, &visit).refused(401, "signed-out");

    let mut desk = signed_in_again(&server);
    let answer = desk.post(VISITS, &visit).expect(201);
    let time = |name: &str| answer["visit"][name].as_str().unwrap().parse::<Timestamp>().unwrap();
    // When the card signed, and when the server heard of it.
    let made = time("at") - (begun - 90.minutes() + 30.seconds());
    assert!(made.total(jiff::Unit::Second).unwrap().abs() < 20.0, "{made}");
    assert!(time("recordedAt") >= begun - 1.second());
    assert_eq!(desk.post(VISITS, &visit).expect(200), answer);
    let mut again = visit;
    again["id"] = json!(id());
    desk.post(VISITS, &again).refused(400, "nonce-expired");

    let day = answer["visit"]["day"].as_str().unwrap();
    let board = desk.get(&format!("/api/board/visits?day={day}")).expect(200);
    assert_eq!(board["visits"][0]["recordedAt"], answer["visit"]["recordedAt"]);
    let export = desk.get(&format!("/api/board/export?day={day}")).body;
    let recorded = time("recordedAt").in_tz("Asia/Tokyo").unwrap();
    assert!(export.contains(&recorded.strftime("%Y-%m-%d %H:%M:%S").to_string()), "{export}");
    let mut boss = server.administrator(backend);
    let audit = boss.get("/api/board/audit").expect(200);
    let late = audit["entries"].as_array().unwrap().iter().find(|it| it["action"] == "visit-late");
    assert_eq!(late.unwrap()["subject"], answer["visit"]["id"]);

    // What comes in time is not late, whatever the page says of when it was signed.
    let visit = kept(present(&mut desk, &card, HANAKO), 1_000_000);
    let answer = desk.post(VISITS, &visit).expect(201);
    assert!(answer["visit"]["recordedAt"].is_null());
}

fn a_visit_by_eye_that_was_kept_is_recorded_late(backend: &Backend) {
    let server = Server::start(backend);
    let mut desk = server.staff(backend);
    let card = Card::hanako();
    let compared = check(&mut desk, &card, HANAKO_FACE, "match");
    desk.post(CHECKS, &compared).expect(201);
    let visit = kept(by_eye(&mut desk, &card, &compared), 20);
    drop(server);
    pass(backend, 90);
    // What is over is deleted at start.
    let server = Server::start(backend);
    let mut desk = signed_in_again(&server);
    let answer = desk.post(VISITS, &visit).expect(201);
    assert_eq!(answer["visit"]["road"], "visual");
    assert!(answer["visit"]["recordedAt"].is_string());
    // What the check knew of the card is gone.
    let mut again = visit;
    again["id"] = json!(id());
    desk.post(VISITS, &again).refused(403, "forbidden");
}

fn nobody_else_redeems_what_was_kept_and_nobody_for_longer_than_so_many_hours(backend: &Backend) {
    let server = Server::start(backend);
    let mut desk = server.staff(backend);
    let card = Card::hanako();
    let mut visit = |seconds| kept(with_pin(&mut desk, &card, &[], &Value::Null), seconds);
    let (good, too_late) = (visit(30), visit(30));
    let (signed_too_late, never_signed) = (visit(301), visit(u64::MAX / 1000));
    let mut unsaid = visit(30);
    unsaid.as_object_mut().unwrap().remove("signedAfter");
    pass(backend, 6);

    add_account(backend, "other", "staff", "correct horse");
    let mut other = server.guest();
    other.sign_in("other", "correct horse").expect(200);
    other.post(VISITS, &good).refused(400, "nonce-expired");
    let mut desk = signed_in_again(&server);
    for visit in [&signed_too_late, &never_signed, &unsaid] {
        desk.post(VISITS, visit).refused(400, "nonce-expired");
    }
    desk.post(VISITS, &good).expect(201);
    pass(backend, 12 * 60);
    signed_in_again(&server).post(VISITS, &too_late).refused(400, "nonce-expired");
    drop(server);

    // An institution that wants none of it.
    let server = Server::start_with(backend, &["--late-hours", "0"]);
    let mut desk = signed_in_again(&server);
    let visit = kept(with_pin(&mut desk, &card, &[], &Value::Null), 30);
    pass(backend, 6);
    signed_in_again(&server).post(VISITS, &visit).refused(400, "nonce-expired");
}

fn what_was_deleted_does_not_come_back_with_a_visit_from_before(backend: &Backend) {
    let server = Server::start(backend);
    let mut desk = server.staff(backend);
    let card = Card::hanako();
    let mut visit = kept(enrolling(&mut desk, &card, HANAKO), 1);
    visit["consent"]["items"] = json!(["name"]);
    visit["attributes"] = json!({ "name": "番号　花子", "integrity": "genuine" });
    pass(backend, 10);
    let mut desk = signed_in_again(&server);
    let nonce = desk.nonce("pin");
    let deletion =
        json!({ "id": id(), "road": "pin", "token": card.token(&nonce), "nonce": nonce });
    desk.post(DELETIONS, &deletion).expect(201);

    let answer = desk.post(VISITS, &visit).expect(201);
    assert_eq!(answer["receipt"]["kept"], json!(["visit"]));
    let stranger = json!({ "known": false, "enrolled": false, "visits": 0 });
    assert_eq!(arrival(&mut desk, &card), stranger);
    let board = desk.get("/api/board/visits").expect(200);
    assert!(!board.to_string().contains("花子"));
    // Whoever comes afterwards is known again.
    let visit = with_pin(&mut desk, &card, &[], &Value::Null);
    desk.post(VISITS, &visit).expect(201);
    assert_eq!(arrival(&mut desk, &card)["visits"], 1);
}

fn a_visit_that_comes_late_is_not_the_visitors_last_word(backend: &Backend) {
    let server = Server::start(backend);
    let mut desk = server.staff(backend);
    let card = Card::hanako();
    let name = json!({ "name": "番号　花子", "integrity": "genuine" });
    let before = kept(with_pin(&mut desk, &card, &["name"], &name), 1);
    pass(backend, 10);
    let mut desk = signed_in_again(&server);
    let visit = with_pin(&mut desk, &card, &[], &Value::Null);
    desk.post(VISITS, &visit).expect(201);
    let answer = desk.post(VISITS, &before).expect(201);
    assert_eq!(answer["receipt"]["kept"], json!(["visit", "pairwise-identifier"]));
    assert!(!desk.get("/api/board/visits").expect(200).to_string().contains("花子"));
}

fn a_deletion_that_was_kept_is_done(backend: &Backend) {
    let server = Server::start(backend);
    let mut desk = server.staff(backend);
    let card = Card::hanako();
    let visit = enrolling(&mut desk, &card, HANAKO);
    desk.post(VISITS, &visit).expect(201);
    let nonce = desk.nonce("pin");
    let deletion =
        json!({ "id": id(), "road": "pin", "token": card.token(&nonce), "nonce": nonce });
    let deletion = kept(deletion, 2);
    pass(backend, 90);
    let mut desk = signed_in_again(&server);
    let answer = desk.post(DELETIONS, &deletion).expect(201);
    assert_eq!(answer["deleted"]["visits"], 1);
    assert_eq!(answer["deleted"]["enrolment"], true);
    let again = desk.post(DELETIONS, &deletion).expect(200);
    assert_eq!(again["deleted"]["visits"], 1);
}
