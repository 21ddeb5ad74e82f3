//! Visits that are kept for so many days.

use std::thread;
use std::time::{Duration, Instant};

use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use serde_json::json;
use sqlx::Row;

use crate::backend::{Backend, on_every_backend};
use crate::card::Card;
use crate::desk::{
    CHECKS, HANAKO, HANAKO_FACE, VISITS, arrival, by_eye, check, enrolling, present, with_pin,
};
use crate::gate::{enrolled, entry, event, import};
use crate::server::Server;

on_every_backend! {
    what_is_older_than_visits_are_kept_is_deleted,
    tickets_entries_and_cards_that_nothing_finds_any_more_are_deleted,
}

/// Makes everything that was recorded of visits older by so many days.
fn age(backend: &Backend, days: i64) {
    backend.connected(async |mut database| {
        let visits = "SELECT id, at FROM portal_visit ORDER BY at";
        for visit in sqlx::query(visits).fetch_all(&mut database).await.unwrap() {
            let at = Timestamp::from_millisecond(visit.get("at")).unwrap();
            let day = day_before(at, days);
            let update = "UPDATE portal_visit SET day = $1 WHERE id = $2";
            let update = sqlx::query(update).bind(day).bind(visit.get::<String, _>("id"));
            update.execute(&mut database).await.unwrap();
        }
        for update in [
            "UPDATE portal_visit SET at = at - $1",
            "UPDATE portal_check SET at = at - $1",
            "UPDATE portal_attributes SET agreed_at = agreed_at - $1",
            "UPDATE portal_event SET at = at - $1",
        ] {
            let update = sqlx::query(update).bind(days * 24 * 60 * 60 * 1000);
            update.execute(&mut database).await.unwrap();
        }
    });
}

/// The day so many days before, where the institution is.
fn day_before(at: Timestamp, days: i64) -> String {
    let zone = TimeZone::get("Asia/Tokyo").unwrap();
    at.to_zoned(zone).date().checked_sub(days.days()).unwrap().to_string()
}

fn what_is_older_than_visits_are_kept_is_deleted(backend: &Backend) {
    let mut server = Server::start(backend);
    let mut desk = server.staff(backend);
    let (hanako, taro) = (Card::hanako(), Card::taro());
    let taro_agrees = json!({ "name": "番号　太郎", "integrity": "genuine" });
    let visit = with_pin(&mut desk, &taro, &["name"], &taro_agrees);
    desk.post(VISITS, &visit).expect(201);
    let old_check = check(&mut desk, &hanako, HANAKO_FACE, "match");
    desk.post(CHECKS, &old_check).expect(201);
    let visit = by_eye(&mut desk, &hanako, &old_check);
    desk.post(VISITS, &visit).expect(201);
    age(backend, 1);
    let mut visit = enrolling(&mut desk, &hanako, HANAKO);
    visit["consent"]["items"] = json!(["name"]);
    visit["attributes"] = json!({ "name": "番号　花子", "integrity": "genuine" });
    desk.post(VISITS, &visit).expect(201);
    age(backend, 30);
    let visit = present(&mut desk, &hanako, HANAKO);
    desk.post(VISITS, &visit).expect(201);
    assert_eq!(arrival(&mut desk, &hanako)["visits"], 3);
    server.stop("-TERM");

    let server = Server::start_with(backend, &["--keep-visits", "30"]);
    let begun = Instant::now();
    while backend.dump().contains("番号　太郎") {
        assert!(begun.elapsed() < Duration::from_secs(20), "{}", server.log());
        thread::sleep(Duration::from_millis(20));
    }
    let mut desk = server.staff(backend);
    assert_eq!(arrival(&mut desk, &taro)["known"], false);
    let hanako = arrival(&mut desk, &hanako);
    assert_eq!((&hanako["visits"], &hanako["enrolled"]), (&json!(2), &json!(true)));
    let days = [31, 30, 0].map(|days| day_before(Timestamp::now(), days));
    let mut board = |day: &str| desk.get(&format!("/api/board/visits?day={day}")).expect(200);
    let [old, kept, today] = days.each_ref().map(|day| board(day));
    assert_eq!((&old["total"], &kept["total"], &today["total"]), (&json!(0), &json!(1), &json!(1)));
    assert_eq!(today["visits"][0]["attributes"]["name"], "番号　花子");
    if let Backend::Postgres { .. } = backend {
        // That somebody decided stays in the trail, and nowhere else.
        assert_eq!(backend.dump().matches(old_check["id"].as_str().unwrap()).count(), 1);
    }

    let mut boss = server.administrator(backend);
    let audit = boss.get("/api/board/audit").expect(200);
    let entries = audit["entries"].as_array().unwrap();
    let expired: Vec<_> = entries.iter().filter(|it| it["action"] == "visits-expired").collect();
    assert_eq!(expired.len(), 1);
    assert_eq!(expired[0]["account"], "(command line)");
    assert_eq!(expired[0]["subject"], days[1]);
}

/// Waits until this says so.
fn wait_until(server: &Server, is_done: impl Fn() -> bool) -> Duration {
    let begun = Instant::now();
    while !is_done() {
        assert!(begun.elapsed() < Duration::from_secs(30), "{}", server.log());
        thread::sleep(Duration::from_millis(10));
    }
    begun.elapsed()
}

fn tickets_entries_and_cards_that_nothing_finds_any_more_are_deleted(backend: &Backend) {
    let mut server = Server::start(backend);
    let mut boss = server.administrator(backend);
    let (hanako, taro) = (Card::hanako(), Card::taro());
    let subject = enrolled(&mut boss, &hanako);
    let [old, used, recent] = [(); 3].map(|()| event(&mut boss));
    for event in [&old, &used, &recent] {
        let list = format!("ticket,subject\nA-1,{subject}\n");
        import(&mut boss, event, list.as_bytes()).expect(200);
        let entry = entry(&mut boss, &hanako);
        boss.post(&format!("/api/gate/events/{event}/entries"), &entry).expect(201);
    }
    let visit = with_pin(&mut boss, &taro, &[], &serde_json::Value::Null);
    boss.post(VISITS, &visit).expect(201);
    server.stop("-TERM");
    let ago = |days: i64| {
        (Timestamp::now() - Duration::from_secs(days.unsigned_abs() * 86_400)).as_millisecond()
    };
    let day = |days| day_before(Timestamp::now(), days);
    for (event, days) in [(&old, 91), (&used, 91), (&recent, 90)] {
        let created = ago(120);
        backend.execute(&format!(
            "UPDATE portal_gate_event SET day = '{}', created_at = {created} WHERE id = '{event}'",
            day(days)
        ));
    }
    for event in [&old, &recent] {
        let at = ago(91);
        backend.execute(&format!("UPDATE portal_entry SET at = {at} WHERE event = '{event}'"));
    }
    backend.execute(&format!("UPDATE portal_gate_tag SET expires_at = {}", ago(32)));
    backend.execute(&format!(
        "INSERT INTO portal_deletion (id, request, at, visits, had_enrolment, erasure) \
         VALUES ('old', '', {0}, 0, 0, 'gone'), ('unfinished', '', {0}, 0, 0, 'pending')",
        ago(32)
    ));

    let server = Server::start(backend);
    wait_until(&server, || backend.count("portal_gate_event") == 2);
    wait_until(&server, || backend.count("portal_gate_tag") == 0);
    wait_until(&server, || backend.count("portal_deletion WHERE id = 'old'") == 0);
    let events = boss.at(server.socket()).get("/api/gate/events").expect(200);
    let left: Vec<_> = events["events"].as_array().unwrap().iter().map(|it| &it["id"]).collect();
    assert!(left.contains(&&json!(used)) && left.contains(&&json!(recent)));
    assert_eq!(backend.count("portal_ticket"), 2);
    assert_eq!(backend.count("portal_entry"), 2);
    let hanako = arrival(&mut boss.at(server.socket()), &hanako);
    assert_eq!((&hanako["enrolled"], &hanako["visits"]), (&json!(false), &json!(1)));
    assert_eq!(backend.count("kazashi_enrolment"), 0);
    let audit = boss.at(server.socket()).get("/api/board/audit").expect(200);
    let actions = audit["entries"].as_array().unwrap().iter().map(|it| it["action"].as_str());
    let expired = actions.filter(|it| matches!(it, Some("event-expired" | "enrolments-expired")));
    assert_eq!(expired.count(), 2);

    let kept = boss.at(server.socket()).get("/api/kept").expect(200);
    let limit = |what: &str| {
        let kept = kept["kept"].as_array().unwrap().iter().find(|it| it["what"] == what);
        kept.unwrap()["limit"].clone()
    };
    assert_eq!(limit("visits"), json!("until-ended"));
    assert_eq!(limit("entries"), json!({ "days": 90 }));
    assert_eq!(limit("enrolments"), json!({ "days": 30 }));
    assert_eq!(limit("compared-cards"), json!({ "seconds": 12 * 60 * 60 }));
}

/// How many visits there are: `KAZASHI_VISITS`, or enough to tell.
fn many() -> i64 {
    std::env::var("KAZASHI_VISITS").ok().and_then(|text| text.parse().ok()).unwrap_or(200_000)
}

/// A thousand visits each day, by one person in two.
fn fill(backend: &Backend, visits: i64) {
    let series = match backend {
        Backend::Sqlite(_) => format!(
            "(WITH RECURSIVE s(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s WHERE n < {visits}) \
             SELECT n FROM s)"
        ),
        Backend::Postgres { .. } => format!("(SELECT generate_series(1, {visits}) AS n)"),
    };
    for insert in [
        format!(
            "INSERT INTO portal_visit (id, request, day, number, at, road, is_returning, subject, \
             account, checked, revocation, receipt) SELECT 'visit ' || n, 'digest', \
             CASE WHEN n % 10 = 0 THEN '2090-01-01' ELSE '2020-01-' || (10 + n % 20) END, n, 0, \
             'visual', 0, 'subject ' || (n / 2), 'staff', 'check ' || n, 'good', \
             '{{\"read\":[],\"kept\":[]}}' FROM {series} AS s"
        ),
        format!(
            "INSERT INTO portal_check (id, request, at, session, account, decision) \
             SELECT 'check ' || n, '', 0, '', '', 'match' FROM {series} AS s"
        ),
        format!(
            "INSERT INTO portal_attributes (subject, name, integrity, agreed_at) \
             SELECT 'subject ' || n, 'name', 'genuine', 0 FROM {series} AS s WHERE n <= {visits} / 2"
        ),
    ] {
        backend.execute(&insert);
    }
}

#[test]
fn retention_over_many_visits_takes_postgresql_seconds_at_most() {
    let backend = Backend::postgres();
    drop(Server::start(&backend));
    fill(&backend, many());
    backend.execute("ANALYZE");
    let server = Server::start_with(&backend, &["--keep-visits", "30"]);
    let old = "portal_visit WHERE day < '2090'";
    let took = wait_until(&server, || backend.count(old) == 0);
    // Looking through all visits for each of them takes half a minute.
    assert!(took < Duration::from_secs(10), "{took:?}");
    assert_eq!(backend.count("portal_visit"), many() / 10);
    println!("{} visits: {took:?}", many());
}

#[test]
fn nobody_waits_while_sqlite_deletes_many_visits() {
    let backend = Backend::sqlite();
    let mut server = Server::start(&backend);
    let desk = server.staff(&backend);
    server.stop("-TERM");
    fill(&backend, many() / 2);
    let server = Server::start_with(&backend, &["--keep-visits", "30"]);
    let mut desk = desk.at(server.socket());
    let mut slowest = Duration::ZERO;
    let is_done = || backend.count("portal_visit WHERE day < '2090'") == 0;
    while !is_done() {
        let asked = Instant::now();
        desk.get("/health").expect(200);
        slowest = slowest.max(asked.elapsed());
    }
    assert!(slowest < Duration::from_secs(2), "{slowest:?}");
    assert_eq!(backend.count("portal_visit"), many() / 2 / 10);
}
