//! The door: who is let in, to say what.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::{Command, Output};

use serde_json::json;
use tokio_tungstenite::tungstenite::http::StatusCode;
use tokio_tungstenite::tungstenite::{Error, Message};

use crate::harness::{Bridge, ORIGIN, PROGRAM};

#[test]
fn unlisted_origins_and_rebinding_names_are_refused_before_the_upgrade() {
    let bridge = Bridge::start();
    let host = format!("127.0.0.1:{}", bridge.port);
    for (origin, host, status) in [
        ("https://evil.example", &*host, StatusCode::FORBIDDEN),
        ("null", &host, StatusCode::FORBIDDEN),
        ("http://portal.example", &host, StatusCode::FORBIDDEN),
        ("http://localhost:8080", &host, StatusCode::FORBIDDEN),
        (ORIGIN, "portal.example", StatusCode::MISDIRECTED_REQUEST),
    ] {
        let Err(Error::Http(response)) = bridge.connect(origin, host) else { panic!("{origin}") };
        assert_eq!(response.status(), status, "{origin} {host}");
        assert_eq!(response.body().as_deref().unwrap_or_default(), b"", "{origin}");
    }
}

#[test]
fn what_is_no_message_closes_the_connection() {
    let bridge = Bridge::start();
    for message in [
        Message::text("hello"),
        Message::text("{}"),
        Message::text(r#"{"id":1,"type":"shutdown"}"#),
        Message::text("[".repeat(10_000)),
        Message::text(" ".repeat(65 * 1024)),
        Message::binary(vec![0; 10]),
    ] {
        let mut page = bridge.page(ORIGIN);
        let _ = page.0.send(message);
        let answer = page.0.read();
        assert!(!matches!(answer, Ok(Message::Text(_))), "{answer:?}");
    }
    assert_eq!(bridge.page(ORIGIN).ask(json!({ "type": "hello" }))["type"], "hello");
}

#[test]
fn health_says_that_it_runs_and_nothing_else() {
    let bridge = Bridge::start();
    let request = format!("GET /health HTTP/1.1\r\nHost: 127.0.0.1:{}\r\n\r\n", bridge.port);
    let response = String::from_utf8(bridge.exchange(request.as_bytes())).unwrap();
    assert!(response.starts_with("HTTP/1.1 200 OK\r\n") && response.ends_with("\r\n\r\nok"));
}

#[test]
fn who_finds_the_port_taken_is_told_by_whom() {
    let bridge = Bridge::start();
    let port = bridge.port.to_string();
    let state = tempfile::tempdir().unwrap();
    let said = |command: &mut Command, folder: &str| {
        let folder = state.path().join(folder);
        let output = command.args(["--port", &port, "--state"]).arg(folder).output().unwrap();
        let Output { stdout, stderr, .. } = output;
        String::from_utf8([stdout, stderr].concat()).unwrap()
    };
    let own = said(Command::new(PROGRAM).args(["serve", "--allow-root"]), "own");
    assert!(own.contains("is held by another program of yours: does a bridge run?"), "{own}");

    // Only root can become somebody else.
    if !rustix::process::geteuid().is_root() {
        return;
    }
    fs::set_permissions(state.path(), fs::Permissions::from_mode(0o777)).unwrap();
    let program = state.path().join("kazashi-bridge");
    fs::copy(PROGRAM, &program).unwrap();
    let as_nobody = |command: &[&str]| {
        let mut nobody = Command::new("setpriv");
        nobody.args(["--reuid=65534", "--regid=65534", "--clear-groups"]);
        said(nobody.arg(&program).args(command), "theirs")
    };
    let second = as_nobody(&["serve"]);
    let held = format!("port {port} of this machine is held by a program of the user root");
    assert!(second.contains(&held), "{second}");
    let second = as_nobody(&["doctor", "--language", "en"]);
    let held = format!("    127.0.0.1:{port} is held by a program of the user root");
    assert!(second.contains("bridge-unreachable: ") && second.contains(&held), "{second}");
}

#[test]
fn a_configuration_with_a_mistake_starts_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("bridge.toml");
    fs::write(&config, "[[origin]]\norigin = \"https://*.example\"\nscopes = []").unwrap();
    let output = Command::new(PROGRAM)
        .args(["serve", "--allow-root", "--port", "0", "--config"])
        .arg(&config)
        .output()
        .unwrap();
    assert!(!output.status.success() && output.stdout.is_empty());
    assert!(String::from_utf8_lossy(&output.stderr).contains("bridge.toml"));
}
