//! Visits that are kept for so many days.

use std::thread;
use std::time::{Duration, Instant};

use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use serde_json::json;
use sqlx::{AnyConnection, Connection, Row};

use crate::backend::{Backend, on_every_backend};
use crate::card::Card;
use crate::desk::{
    CHECKS, HANAKO, HANAKO_FACE, VISITS, arrival, by_eye, check, enrolling, present, with_pin,
};
use crate::server::Server;

on_every_backend!(what_is_older_than_visits_are_kept_is_deleted);

/// Makes everything that was recorded of visits older by so many days.
fn age(backend: &Backend, days: i64) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        sqlx::any::install_default_drivers();
        let mut database = AnyConnection::connect(&backend.url()).await.unwrap();
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
