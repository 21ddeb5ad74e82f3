//! What watches over a server: whether it lives and is ready, its numbers, the names of requests.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::Command;
use std::sync::Arc;
use std::thread::{self, sleep};
use std::time::{Duration, Instant};

use kazashi_server::test_support::Cluster;
use serde_json::{Value, json};

use crate::backend::Backend;
use crate::card::Card;
use crate::client::Client;
use crate::desk::{HANAKO, VISITS, enrolling, present};
use crate::gate::event;
use crate::server::{Server, add_account, vector};

/// Asks until the answer has this status, and gives its body. Nobody waits for it.
fn ready_when(guest: &mut Client, status: u16) -> Value {
    let begin = Instant::now();
    loop {
        let asked = Instant::now();
        let answer = guest.get("/ready");
        // Whoever finds out when they are asked waits two seconds at least.
        assert!(asked.elapsed() < Duration::from_millis(1500), "{:?}", asked.elapsed());
        if answer.status == status {
            return answer.expect(status);
        }
        assert!(begin.elapsed() < Duration::from_secs(20), "{}", answer.body);
        sleep(Duration::from_millis(100));
    }
}

#[test]
fn a_server_is_ready_while_its_database_can_be_written_and_alive_in_any_case() {
    let cluster = Arc::new(Cluster::start());
    let database = cluster.new_database();
    let backend = Backend::Postgres { cluster: cluster.clone(), database };
    let server = Server::start(&backend);
    let mut guest = server.guest();
    let version = env!("CARGO_PKG_VERSION");
    let ready = json!({ "status": "ready", "reasons": [], "version": version });
    assert_eq!(ready_when(&mut guest, 200), ready);
    cluster.stop("immediate");
    assert_eq!(ready_when(&mut guest, 503)["reasons"], json!(["database"]));
    assert_eq!(guest.get("/live").expect(200)["status"], "live");
    cluster.start_again();
    assert_eq!(ready_when(&mut guest, 200), ready);
    let log = server.log();
    for line in ["not ready reason=\"database\"", "ready again reason=\"database\""] {
        assert_eq!(log.matches(line).count(), 1, "{log}");
    }
}

#[test]
fn a_server_whose_authorities_are_over_is_not_ready_and_lives() {
    let said = |program: &str, arguments: &[&str]| {
        let output = Command::new(program).args(arguments).output().unwrap();
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    };
    let authority = vector("certificates/user-authentication-ca.der");
    let end = said("openssl", &["x509", "-inform", "DER", "-in", &authority, "-noout", "-enddate"]);
    let before = format!("{} - 10 seconds", end.strip_prefix("notAfter=").unwrap());
    let clock = said("date", &["--utc", "--date", &before, "+@%Y-%m-%d %H:%M:%S"]);
    let server = Server::start_with_clock(&Backend::sqlite(), &clock);
    let mut guest = server.guest();
    ready_when(&mut guest, 200);
    assert_eq!(ready_when(&mut guest, 503)["reasons"], json!(["authority-expired"]));
    assert_eq!(guest.get("/live").status, 200);
    assert_eq!(guest.get("/health").status, 200);
}

#[test]
fn a_server_that_is_told_to_stop_says_so_before_it_takes_nobody_more() {
    let backend = Backend::sqlite();
    let mut server = Server::start_with(&backend, &["--drain", "2"]);
    let mut desk = server.staff(&backend);
    let mut board = desk.watch(None);
    server.signal("-TERM");
    assert_eq!(ready_when(&mut desk, 503)["reasons"], json!(["draining"]));
    // Whoever comes all the same is served.
    let visit = enrolling(&mut desk, &Card::hanako(), HANAKO);
    desk.post(VISITS, &visit).expect(201);
    assert_eq!(board.next().unwrap().kind, "visit");
    assert!(board.next().is_none());
    assert_eq!(server.wait(), Some(0));
}

#[test]
fn a_request_has_a_name_in_its_answer_and_in_the_log() {
    let backend = Backend::sqlite();
    let server = Server::start_with(&backend, &["--log", "json"]);
    let mut guest = server.guest();
    let named = |guest: &mut Client, name: &str| {
        let mut guest = guest.clone();
        guest.headers.push(("x-request-id", name.to_owned()));
        guest.sign_in(&format!("nobody {}", name.len()), "x")
    };
    let given = "b1946ac9-2492.d234_7c6235b4d2611184";
    let answer = named(&mut guest, given);
    assert_eq!(answer.expect(403), json!({ "code": "wrong-password", "requestId": given }));
    assert!(answer.headers.contains(&format!("x-request-id: {given}")), "{}", answer.headers);
    assert!(server.log().lines().any(|line| line.contains(given) && line.contains("a wrong name")));
    let long = "a".repeat(65);
    for strange in
        ["short", "with space in it", "番号花子番号花子", "<script>alert</script>", &long]
    {
        let answer = named(&mut guest, strange).expect(403);
        assert_eq!(answer["requestId"].as_str().unwrap().len(), 16, "{strange}");
    }
    // So has whatever the framework refuses.
    for (method, path, status, code) in [
        ("PATCH", "/api/session", 405, "method-not-allowed"),
        ("GET", "/api/nothing", 404, "not-found"),
        ("GET", "/api/board/visits?day=1&day=2", 401, "signed-out"),
    ] {
        let answer = guest.send(method, path, None);
        answer.refused(status, code);
        assert!(answer.expect(status)["requestId"].is_string(), "{}", answer.body);
    }
    let mut boss = server.administrator(&backend);
    let large = vec![b' '; 70 * 1024];
    boss.send("POST", "/api/accounts", Some(("application/json", &large)))
        .refused(413, "too-large");
    let list = vec![b'a'; 5 * 1024 * 1024];
    let path = format!("/api/gate/events/{}/tickets", event(&mut boss));
    boss.send("POST", &path, Some(("text/csv", &list))).refused(413, "too-large");
    boss.get("/api/board/visits?day=1&day=2").refused(400, "invalid");
    boss.send("POST", "/api/accounts", Some(("text/plain", b"{}"))).refused(415, "invalid");
}

#[test]
fn numbers_for_prometheus_are_of_requests_and_not_of_people() {
    let backend = Backend::sqlite();
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let server = Server::start_with(&backend, &["--metrics", &free.to_string()]);
    let mut desk = server.staff(&backend);
    let card = Card::hanako();
    let visit = enrolling(&mut desk, &card, HANAKO);
    desk.post(VISITS, &visit).expect(201);
    desk.post(VISITS, &visit).expect(200);
    let visit = present(&mut desk, &card, HANAKO);
    desk.post(VISITS, &visit).expect(201);
    desk.post("/api/board/search", &json!({ "name": "Hanako" })).expect(200);
    desk.get("/api/gate/events/secret-event/list").refused(404, "not-found");
    desk.send("BREW", "/secret-path", None);
    server.guest().sign_in("secret-name", "x").refused(403, "wrong-password");
    let _board = desk.watch(None);
    // The database is looked at beside all that.
    let mut numbers = scrape(free);
    while !numbers.contains("kazashi_portal_well{part=\"database\"}") {
        sleep(Duration::from_millis(20));
        numbers = scrape(free);
    }
    for line in [
        "kazashi_portal_visits_total{road=\"pin\"} 1",
        "kazashi_portal_visits_total{road=\"presence\"} 1",
        "kazashi_portal_refusals_total{code=\"wrong-password\"} 1",
        "kazashi_portal_requests_total{method=\"POST\",route=\"/api/desk/visits\",status=\"201\"} 2",
        "kazashi_portal_requests_total{method=\"GET\",route=\"/api/gate/events/{id}/list\",status=\"404\"} 1",
        "kazashi_portal_request_seconds_count{method=\"POST\",route=\"/api/desk/visits\"} 3",
        "kazashi_portal_boards 1",
        "kazashi_portal_well{part=\"database\"} 1",
    ] {
        assert!(numbers.lines().any(|it| it == line), "{line} in {numbers}");
    }
    for secret in ["secret", "Hanako", "staff\"", "BREW", "127.0.0.1"] {
        assert!(!numbers.contains(secret), "{secret} in {numbers}");
    }
    // Where the portal itself listens, there are none.
    assert_ne!(server.guest().get("/metrics").body, numbers);
}

fn scrape(address: SocketAddr) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    stream
        .write_all(b"GET /metrics HTTP/1.1\r\nhost: portal\r\nconnection: close\r\n\r\n")
        .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

#[test]
fn wrong_passwords_take_no_memory_that_stays() {
    const EACH: usize = 12;
    let backend = Backend::sqlite();
    let server = Server::start_with(&backend, &["--trusted-proxy", "127.0.0.0/8"]);
    add_account(&backend, "staff", "staff", "correct horse");
    let threads = (0..8).map(|number| {
        let mut guest = server.guest();
        guest.headers.push(("x-forwarded-for", format!("198.51.100.{number}:4711")));
        thread::spawn(move || {
            for attempt in 0..EACH {
                let name = format!("nobody {number} {attempt}");
                guest.sign_in(&name, "wrong horse").refused(403, "wrong-password");
            }
        })
    });
    threads.collect::<Vec<_>>().into_iter().for_each(|thread| thread.join().unwrap());
    let peak = server.memory("VmHWM:");
    assert!(peak < 150 * 1024, "{peak} kB");
}
