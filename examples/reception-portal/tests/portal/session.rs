//! Signing in and out, and what a page of somebody else cannot do.

use serde_json::json;

use crate::backend::{Backend, on_every_backend};
use crate::client::Client;
use crate::record::lines;
use crate::server::{Server, add_account};

on_every_backend! {
    staff_signs_in_and_out,
    a_session_is_the_same_at_another_server,
    signing_in_gives_the_session_another_name,
    a_wrong_password_and_an_unknown_name_are_refused_alike,
    an_account_is_tried_a_few_times_and_then_later_at_whichever_server,
    an_address_is_counted_whatever_the_account,
    an_address_is_counted_as_proxies_write_it,
    a_network_of_ipv6_is_counted_as_one,
    what_a_page_asks_by_itself_keeps_no_session,
}

fn staff_signs_in_and_out(backend: &Backend) {
    let server = Server::start(backend);
    let mut staff = server.staff(backend);
    let session = staff.get("/api/session").expect(200);
    assert_eq!(
        session["account"],
        json!({ "name": "staff", "role": "staff", "hasPassword": true })
    );
    assert_eq!(session["institution"], json!({ "ja": "受付", "en": "Reception" }));
    assert_eq!(session["timeZone"], "Asia/Tokyo");
    assert!(session["now"].as_str().unwrap().ends_with('Z'));
    assert_eq!(session["terminalCertificates"].as_array().unwrap().len(), 2);
    assert_eq!(session["acceptTestHierarchy"], json!(true));
    assert_eq!(session["cardAuthorities"][0]["identifier"], "39303030303233080530303100000000");
    assert_eq!(staff.delete("/api/session").status, 204);
    staff.get("/api/board/visits").refused(401, "signed-out");
}

fn a_session_is_the_same_at_another_server(backend: &Backend) {
    let (server, other) = (Server::start(backend), Server::start(backend));
    let staff = server.staff(backend);
    let mut staff = staff.at(other.socket());
    assert_eq!(staff.get("/api/session").expect(200)["account"]["name"], "staff");
    assert_eq!(staff.delete("/api/session").status, 204);
    staff.at(server.socket()).get("/api/board/visits").refused(401, "signed-out");
}

fn signing_in_gives_the_session_another_name(backend: &Backend) {
    let server = Server::start(backend);
    add_account(backend, "staff", "staff", "correct horse");
    let mut planted = server.guest();
    let mut staff = planted.clone();
    staff.sign_in("staff", "correct horse").expect(200);
    assert_ne!(planted.cookie, staff.cookie);
    assert_ne!(planted.csrf, staff.csrf);
    planted.get("/api/board/visits").refused(401, "signed-out");
    staff.get("/api/board/visits").expect(200);
}

fn a_wrong_password_and_an_unknown_name_are_refused_alike(backend: &Backend) {
    let server = Server::start(backend);
    add_account(backend, "staff", "staff", "correct horse");
    for (name, password) in [
        ("staff", "wrong horse"),
        ("staff", ""),
        ("nobody", "correct horse"),
        ("' OR ''='", "x"),
        ("", ""),
    ] {
        server.guest().sign_in(name, password).refused(403, "wrong-password");
    }
    let mut guest = server.guest();
    guest.post("/api/session", &json!({ "name": "staff" })).refused(422, "invalid");
    let not_json = guest.send("POST", "/api/session", Some(("application/json", b"{")));
    not_json.refused(400, "invalid");
}

fn an_account_is_tried_a_few_times_and_then_later_at_whichever_server(backend: &Backend) {
    let (server, other) = (Server::start(backend), Server::start(backend));
    add_account(backend, "staff", "staff", "correct horse");
    let mut guest = server.guest();
    for _ in 0..3 {
        guest.sign_in("staff", "wrong horse").refused(403, "wrong-password");
        guest.at(other.socket()).sign_in("staff", "wrong horse");
    }
    for mut guest in [guest.at(other.socket()), guest] {
        let late = guest.sign_in("staff", "correct horse");
        late.refused(429, "too-many-requests");
        assert!(late.headers.contains("retry-after: "), "{}", late.headers);
    }
    // However often they go on, that is one line of the record.
    let mut boss = server.administrator(backend);
    let tried = lines(&mut boss).iter().filter(|line| *line == "staff too-many-tries -").count();
    assert_eq!(tried, 1);
    // Nobody else has to wait; and who signs in has all their tries again.
    add_account(backend, "other", "staff", "correct horse");
    for _ in 0..7 {
        server.guest().sign_in("other", "correct horse").expect(200);
    }
}

fn an_address_is_counted_whatever_the_account(backend: &Backend) {
    let server = Server::start_with(backend, &["--trusted-proxy", "127.0.0.1"]);
    let mut guest = server.guest();
    guest.headers.push(("x-forwarded-for", "203.0.113.9, 198.51.100.7".to_owned()));
    let mut late = (0..60).map(|number| guest.sign_in(&format!("nobody {number}"), "x").status);
    assert_eq!(late.next(), Some(403));
    assert!(late.any(|status| status == 429));
    drop(late);
    // What the browser wrote itself into the header changes nothing.
    *guest.headers.last_mut().unwrap() =
        ("x-forwarded-for", "203.0.113.10, 198.51.100.7".to_owned());
    guest.sign_in("one more", "x").refused(429, "too-many-requests");
    *guest.headers.last_mut().unwrap() = ("x-forwarded-for", "198.51.100.8".to_owned());
    guest.sign_in("one more", "x").refused(403, "wrong-password");
}

/// Signs in wrongly until there is to be waited.
fn try_until_late(guest: &mut Client, forwarded: impl Fn(usize) -> String) {
    guest.headers.push(("x-forwarded-for", String::new()));
    let is_late = (0..60).any(|number| {
        guest.headers.last_mut().unwrap().1 = forwarded(number);
        guest.sign_in(&format!("nobody {number}"), "x").status == 429
    });
    assert!(is_late);
}

fn an_address_is_counted_as_proxies_write_it(backend: &Backend) {
    let server = Server::start_with(backend, &["--trusted-proxy", "127.0.0.0/8"]);
    let mut guest = server.guest();
    try_until_late(&mut guest, |number| format!("198.51.100.7:{}", 50_000 + number));
    guest.sign_in("one more", "x").refused(429, "too-many-requests");
    for other in ["203.0.113.9:51234", "[2001:db8::7]:51234", "[2001:db8:0:1::7]", "203.0.113.10"] {
        guest.headers.last_mut().unwrap().1 = other.to_owned();
        guest
            .sign_in(&format!("{other} has a limit of its own"), "x")
            .refused(403, "wrong-password");
    }
    // What is no address is said once, and not what it was.
    for unknown in ["unknown", "_hidden"] {
        guest.headers.last_mut().unwrap().1 = unknown.to_owned();
        guest.sign_in("another", "x");
    }
    let log = server.log();
    assert_eq!(log.matches("holds what is no address").count(), 1, "{log}");
    assert!(!log.contains("_hidden"), "{log}");
}

fn a_network_of_ipv6_is_counted_as_one(backend: &Backend) {
    let server = Server::start_with(backend, &["--trusted-proxy", "127.0.0.1"]);
    let mut guest = server.guest();
    try_until_late(&mut guest, |number| format!("2001:db8:1:2:3:4:5:{number:x}"));
    guest.headers.last_mut().unwrap().1 = "2001:db8:1:3::1".to_owned();
    guest.sign_in("a neighbour", "x").refused(403, "wrong-password");
}

#[test]
fn a_cookie_is_for_this_server_and_no_script() {
    let backend = Backend::sqlite();
    let server = Server::start(&backend);
    let answer = server.guest().get("/api/session");
    assert!(answer.headers.contains("set-cookie: __host-session="), "{}", answer.headers);
    assert!(answer.headers.contains("; httponly; samesite=strict; path=/; secure"));
    assert!(answer.headers.contains("strict-transport-security: max-age="));
    let plain = Server::start_with(&backend, &["--origin", "http://localhost:8080"]);
    let mut guest = Client::new(plain.socket());
    guest.headers.clear();
    let answer = guest.get("/api/session");
    assert!(answer.headers.contains("set-cookie: session="), "{}", answer.headers);
    assert!(!answer.headers.contains("; secure"), "{}", answer.headers);
}

#[test]
fn a_page_of_somebody_else_changes_and_reads_nothing() {
    let backend = Backend::sqlite();
    let server = Server::start(&backend);
    let administrator = server.administrator(&backend);
    let changes = [
        ("POST", "/api/nonces"),
        ("POST", "/api/session"),
        ("DELETE", "/api/session"),
        ("PUT", "/api/session/password"),
        ("POST", "/api/session/provider"),
        ("PUT", "/api/session/provider"),
        ("POST", "/api/desk/visits"),
        ("POST", "/api/accounts"),
        ("DELETE", "/api/accounts/boss"),
        ("PUT", "/api/accounts/boss/password"),
        ("POST", "/api/gate/events"),
        ("POST", "/api/gate/events/x/tickets"),
    ];
    let body = Some(("application/json", b"{}".as_slice()));
    for (method, path) in changes {
        let mut foreign = administrator.clone();
        foreign.headers = vec![("origin", "https://elsewhere.example".to_owned())];
        foreign.send(method, path, body).refused(403, "forbidden");
        let mut without_token = administrator.clone();
        without_token.csrf.clear();
        without_token.send(method, path, body).refused(403, "forbidden");
        let mut with_anothers_token = administrator.clone();
        with_anothers_token.csrf = server.guest().csrf;
        with_anothers_token.send(method, path, body).refused(403, "forbidden");
    }
    let mut foreign = administrator.clone();
    foreign.headers = vec![("origin", "null".to_owned())];
    foreign.get("/api/accounts").refused(403, "forbidden");
    // Nothing happened.
    let mut administrator = administrator;
    administrator.get("/api/accounts").expect(200);
}

fn what_a_page_asks_by_itself_keeps_no_session(backend: &Backend) {
    let server = Server::start(backend);
    let mut staff = server.staff(backend);
    let wait = |minutes: u64| {
        let millis = minutes * 60_000;
        backend.execute(&format!("UPDATE portal_session SET seen_at = seen_at - {millis}"));
    };
    let mut board = staff.clone();
    board.headers.push(("x-unattended", "1".to_owned()));
    // Somebody does something now and then.
    for _ in 0..3 {
        wait(50);
        staff.get("/api/board/visits").expect(200);
    }
    // Nobody does.
    for minutes in [20, 20, 15] {
        wait(minutes);
        board.get("/api/board/visits").expect(200);
        drop(board.watch(None));
        board.get("/api/session").expect(200);
    }
    wait(5);
    board.get("/api/board/visits").refused(401, "signed-out");
    board.get("/api/board/stream").refused(401, "signed-out");
    staff.get("/api/board/visits").refused(401, "signed-out");
}
