//! Input that is strange: it is refused, finds nothing, or is nobody's business; it is no outage.

use serde_json::json;

use crate::backend::{Backend, on_every_backend};
use crate::card::Card;
use crate::desk::{HANAKO, VISITS, enrolling};
use crate::gate::{enrolled, event, import};
use crate::id;
use crate::server::{Server, add_account};

on_every_backend! {
    a_null_is_refused_or_finds_nothing,
    an_entry_with_a_null_takes_no_other_with_it,
    cookies_of_other_applications_are_nobodys_business,
}

fn a_null_is_refused_or_finds_nothing(backend: &Backend) {
    let server = Server::start(backend);
    let mut boss = server.administrator(backend);
    let visit = enrolling(&mut boss, &Card::hanako(), HANAKO);
    boss.post(VISITS, &visit).expect(201);
    for path in [
        "/api/board/visits?after=%00",
        "/api/board/visits?after=a%00b",
        "/api/board/export?day=%00",
        "/api/gate/events/%00/list",
    ] {
        boss.get(path).refused(400, "invalid");
    }
    boss.delete("/api/accounts/%00").refused(400, "invalid");
    let mut named = visit.clone();
    named["id"] = json!(id());
    named["attributes"] = json!({ "name": "a\0b", "integrity": "genuine" });
    boss.post(VISITS, &named).refused(400, "invalid");
    let name = "na\0me";
    let account = json!({ "name": name, "password": "correct horse", "role": "staff" });
    boss.post("/api/accounts", &account).refused(400, "invalid");
    boss.post("/api/gate/events", &json!({ "name": name, "day": "2026-08-15" }))
        .refused(400, "invalid");
    server.guest().sign_in(name, "x").refused(400, "invalid");
    server.guest().sign_in("name", "x\0").refused(400, "invalid");
    // Half of a character beyond U+FFFF, and bytes that are no UTF-8.
    for body in [
        br#"{"name":"\ud83d","password":"x"}"#.as_slice(),
        b"{\"name\":\"\xFF\",\"password\":\"x\"}",
    ] {
        let answer = server.guest().send("POST", "/api/session", Some(("application/json", body)));
        answer.refused(400, "invalid");
    }
    boss.get("/api/gate/events/%FF/list").refused(400, "invalid");
    assert_eq!(boss.get("/api/board/visits?after=%FF").expect(200)["visits"], json!([]));
    boss.post("/api/board/search", &json!({ "name": "a\0b" })).refused(400, "invalid");
    let log = server.log();
    assert!(!log.contains("ERROR"), "{log}");
}

fn an_entry_with_a_null_takes_no_other_with_it(backend: &Backend) {
    let server = Server::start(backend);
    let (mut boss, mut gate) = (server.administrator(backend), server.staff(backend));
    let subject = enrolled(&mut gate, &Card::hanako());
    let event = event(&mut boss);
    import(&mut boss, &event, format!("ticket,subject\nA-1,{subject}\n").as_bytes()).expect(200);
    let entry =
        |ticket: &str| json!({ "id": id(), "ticket": ticket, "at": "2026-08-15T10:00:00Z" });
    let entries = json!({ "entries": [entry("A\0"), entry("A-1"), entry("\0")] });
    let answer = gate.post(&format!("/api/gate/events/{event}/provisional"), &entries).expect(200);
    let outcomes: Vec<_> = (0..3).map(|number| &answer["entries"][number]["outcome"]).collect();
    assert_eq!(outcomes, ["no-ticket", "admitted", "no-ticket"]);
}

fn cookies_of_other_applications_are_nobodys_business(backend: &Backend) {
    let server = Server::start(backend);
    add_account(backend, "staff", "staff", "correct horse");
    let mut guest = server.guest();
    let with_others = |own: &str| format!("dept=受付; x; =; theme=\"a;b\";{own} ;後=1");
    guest.cookie = guest.cookie.map(|own| with_others(&own));
    guest.sign_in("staff", "correct horse").expect(200);
    let own = guest.cookie.clone().unwrap();
    for cookie in [with_others(&own), format!("a=1;{own}"), format!("{own};dept=受付")] {
        guest.cookie = Some(cookie);
        assert_eq!(guest.get("/api/session").expect(200)["account"]["name"], "staff");
    }
    for cookie in [format!("other{own}"), "dept=受付".to_owned(), own.replace('=', "")] {
        guest.cookie = Some(cookie);
        assert_eq!(guest.get("/api/session").expect(200)["account"], json!(null));
    }
}
