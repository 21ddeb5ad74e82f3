//! Running it: health, the end, logs, TLS, files, and a database that goes away.

use std::fs;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use kazashi_server::test_support::Cluster;
use rsa::pkcs8::EncodePublicKey;
use serde_json::json;
use tempfile::TempDir;

use crate::backend::Backend;
use crate::card::Card;
use crate::desk::{HANAKO, VISITS, enrolling, present};
use crate::server::{ROOT, Server, add_account, program, root_key};

#[test]
fn health_is_that_of_the_database_and_what_was_recorded_outlives_its_crash() {
    let cluster = std::sync::Arc::new(Cluster::start());
    let database = cluster.new_database();
    let backend = Backend::Postgres { cluster: cluster.clone(), database };
    let server = Server::start(&backend);
    let mut desk = server.staff(&backend);
    let health = desk.get("/health").expect(200);
    assert_eq!(health, json!({ "status": "ok", "version": env!("CARGO_PKG_VERSION") }));
    let card = Card::hanako();
    let recorded = enrolling(&mut desk, &card, HANAKO);
    let answer = desk.post(VISITS, &recorded).expect(201);
    let waiting = present(&mut desk, &card, HANAKO);
    cluster.stop("immediate");
    assert_eq!(desk.get("/health").expect(503)["status"], "unavailable");
    desk.post(VISITS, &waiting).refused(503, "unavailable");
    cluster.start_again();
    assert_eq!(desk.get("/health").status, 200);
    // The page sends it again, and nothing is lost.
    assert_eq!(desk.post(VISITS, &waiting).expect(201)["visit"]["number"], 2);
    assert_eq!(desk.post(VISITS, &recorded).expect(200), answer);
}

#[test]
fn a_server_that_is_told_to_stop_ends_streams_and_then_itself() {
    let backend = Backend::sqlite();
    let mut server = Server::start(&backend);
    let mut board = server.staff(&backend);
    let mut events = board.watch(None);
    let begin = Instant::now();
    assert_eq!(server.stop("-TERM"), Some(0));
    assert!(events.next().is_none());
    assert!(begin.elapsed() < Duration::from_secs(5), "{:?}", begin.elapsed());
}

#[test]
fn a_log_is_json_if_asked_and_holds_nothing_of_visitors_and_no_password() {
    let backend = Backend::sqlite();
    let server = Server::start_with(&backend, &["--log", "json"]);
    let mut desk = server.staff(&backend);
    let card = Card::hanako();
    let mut visit = enrolling(&mut desk, &card, HANAKO);
    visit["consent"]["items"] = json!(["name"]);
    visit["attributes"] = json!({ "name": "番号　花子", "integrity": "genuine" });
    desk.post(VISITS, &visit).expect(201);
    let subject = desk.get("/api/board/export").body;
    let subject = subject.trim_end().rsplit(',').next().unwrap();
    let elsewhere = present(&mut desk, &card.elsewhere(), HANAKO);
    desk.post(VISITS, &elsewhere).refused(400, "signature-mismatch");
    server.guest().sign_in("hunter2 hunter2", "hunter3 hunter3").refused(403, "wrong-password");
    let log = server.log();
    assert!(log.lines().count() >= 4, "{log}");
    for line in log.lines() {
        serde_json::from_str::<serde_json::Value>(line).unwrap();
    }
    let certificate = card.certificate();
    let cookie = desk.cookie.clone().unwrap();
    let cookie = cookie.split_once('=').unwrap().1;
    let nonce = visit["nonces"]["pin"].as_str().unwrap();
    for secret in [
        "花子",
        HANAKO,
        "19800217",
        subject,
        &certificate[100..140],
        "hunter",
        "correct horse",
        cookie,
        &desk.csrf,
        nonce,
        "127.0.0.1:2",
    ] {
        let lines = log.lines().filter(|line| !line.contains("\"serving\""));
        assert!(lines.clone().all(|line| !line.contains(secret)), "{secret} in {log}");
    }
}

#[test]
fn tls_is_spoken_with_the_files_that_are_given() {
    let backend = Backend::sqlite();
    let folder = TempDir::new().unwrap();
    let file = |name: &str| folder.path().join(name).display().to_string();
    let (certificate, key) = (file("tls.crt"), file("tls.key"));
    let openssl = "req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost \
                   -addext subjectAltName=DNS:localhost -addext basicConstraints=CA:FALSE";
    let made = Command::new("openssl")
        .args(openssl.split(' ').filter(|word| !word.is_empty()))
        .args(["-keyout", &key, "-out", &certificate])
        .stderr(Stdio::null())
        .status();
    assert!(made.unwrap().success());
    let tls = ["--tls-certificate", &certificate, "--tls-key", &key];
    let server = Server::start_with(&backend, &tls);
    assert!(server.address().starts_with("https://"));
    let request = file("request");
    fs::write(&request, "GET /health HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n")
        .unwrap();
    let ask = |protocols: &str| {
        let answer = Command::new("openssl")
            .args(["s_client", "-verify_return_error", "-verify_hostname", "localhost"])
            .args(["-alpn", protocols])
            .args(["-CAfile", &certificate, "-connect", &server.socket().to_string(), "-ign_eof"])
            .stdin(fs::File::open(&request).unwrap())
            .stderr(Stdio::null())
            .output()
            .unwrap();
        String::from_utf8_lossy(&answer.stdout).into_owned()
    };
    let answer = ask("http/1.1");
    assert!(answer.contains("ALPN protocol: http/1.1"), "{answer}");
    assert!(answer.contains("\nHTTP/1.1 200 OK"), "{answer}");
    // As browsers do: then one connection carries all tabs.
    assert!(ask("h2,http/1.1").contains("ALPN protocol: h2"));
    let address = format!("https://localhost:{}", server.socket().port());
    let curl = |path: &str, options: &[&str]| {
        let mut curl = Command::new("curl");
        curl.args(["--silent", "--http2", "--cacert", &certificate]).args(options);
        let answer = curl.arg(format!("{address}{path}")).output().unwrap();
        String::from_utf8(answer.stdout).unwrap()
    };
    let answer = curl("/api/session", &["--include"]);
    assert!(answer.starts_with("HTTP/2 200"), "{answer}");
    assert!(answer.contains("\"account\":null"), "{answer}");
    let paths: Vec<_> = (0..20).map(|_| format!("{address}/live")).collect();
    let paths: Vec<_> = paths.iter().map(String::as_str).collect();
    let lives = curl("/live", &[&["--parallel"], paths.as_slice()].concat());
    assert_eq!(lives.matches("\"live\"").count(), 21, "{lives}");
}

#[test]
fn every_answer_tells_browsers_what_the_page_is_made_of() {
    let backend = Backend::sqlite();
    let server = Server::start(&backend);
    let mut guest = server.guest();
    for path in ["/", "/desk", "/nothing.js", "/health", "/api/session", "/api/nothing"] {
        let answer = guest.get(path);
        for header in [
            "content-security-policy: default-src 'none'; script-src 'self' 'wasm-unsafe-eval';",
            "require-trusted-types-for 'script'",
            "frame-ancestors 'none'",
            "x-content-type-options: nosniff",
            "referrer-policy: no-referrer",
        ] {
            assert!(answer.headers.contains(header), "{path}: {}", answer.headers);
        }
        assert!(!answer.headers.contains("unsafe-inline"));
        let is_api = path.starts_with("/api");
        assert_eq!(answer.headers.contains("cache-control: no-store"), is_api, "{path}");
    }
    assert_eq!(guest.get("/nothing.js").status, 404);
    assert_eq!(guest.get("/../Cargo.toml").status, 404);
    guest.get("/api/nothing").refused(404, "not-found");
}

#[test]
fn a_database_belongs_to_one_pairwise_key() {
    let backend = Backend::sqlite();
    drop(Server::start(&backend));
    let folder = TempDir::new().unwrap();
    let other = folder.path().join("other.key");
    fs::write(&other, [8; 32]).unwrap();
    let serve = |key: &str| {
        let mut command = program();
        command.args(["serve", "--port", "0", "--database", &backend.url(), "--pairwise-key", key]);
        command.output().unwrap()
    };
    let refused = serve(other.to_str().unwrap());
    assert!(!refused.status.success());
    assert!(String::from_utf8_lossy(&refused.stderr).contains("another pairwise key"));
    fs::write(&other, [8; 31]).unwrap();
    assert!(!serve(other.to_str().unwrap()).status.success());
}

#[test]
fn many_servers_make_the_tables_of_a_new_database_at_once() {
    for backend in [Backend::sqlite(), Backend::postgres()] {
        let added = std::thread::scope(|scope| {
            let names = (0..6).map(|number| format!("account {number}"));
            let threads: Vec<_> = names
                .map(|name| {
                    scope.spawn(|| {
                        let name = name;
                        add_account(&backend, &name, "staff", "correct horse")
                    })
                })
                .collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).collect::<Vec<_>>()
        });
        assert_eq!(added, [true; 6]);
    }
}

#[test]
fn pages_are_told_a_root_in_der_whether_its_file_is_pem_or_der() {
    let (backend, folder) = (Backend::sqlite(), TempDir::new().unwrap());
    let der = root_key().to_public_key_der().unwrap();
    let file = folder.path().join("root.der");
    fs::write(&file, der.as_bytes()).unwrap();
    let root = format!("{ROOT}={}", file.display());
    let server = Server::start_with(&backend, &["--card-surface-root", &root]);
    let session = server.staff(&backend).get("/api/session").expect(200);
    let authority = json!({ "identifier": ROOT, "publicKey": STANDARD.encode(der.as_bytes()) });
    assert_eq!(session["cardAuthorities"], json!([authority, authority]));
}
