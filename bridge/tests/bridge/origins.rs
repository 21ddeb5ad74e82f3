//! What the administrator's file and the user's approvals say, while the bridge runs.

use std::env;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::Output;
use std::thread;
use std::time::Duration;

use jiff::{ToSpan, Zoned};
use serde_json::json;
use tokio_tungstenite::tungstenite::http::StatusCode;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::{Error, Message};

use crate::harness::{Bridge, ORIGIN, Page, grant, stdout, wait_until};

const SHOP: &str = "https://shop.example";
const EVENTS: &str = r#""events""#;

#[test]
fn a_person_allows_what_asked_before_and_takes_it_back() {
    let bridge = Bridge::with("");
    assert!(!is_admitted(&bridge, SHOP));
    assert!(!is_admitted(&bridge, SHOP));
    wait_until("both questions among those that wait", || {
        stdout(&bridge.origins(&["pending"])).contains("asked 2 times")
    });
    let allowed = bridge.origins(&[
        "allow",
        "HTTPS://Shop.Example:443/",
        "--scopes",
        "events,authenticate",
        "--reason",
        "the till",
    ]);
    assert!(allowed.status.success());
    assert_eq!(
        stdout(&allowed),
        "https://shop.example\n    events, authenticate\n    allowed by you: the till\n"
    );
    assert_eq!(stdout(&bridge.origins(&["list"])), stdout(&allowed));
    assert_eq!(stdout(&bridge.origins(&["pending"])), "");
    wait_until("a grant", || is_admitted(&bridge, SHOP));
    let mut page = bridge.page(SHOP);
    let hello = page.ask(json!({ "type": "hello" }));
    assert_eq!(hello["scopes"], json!(["events", "authenticate"]));
    assert!(bridge.origins(&["revoke", SHOP]).status.success());
    assert!(page.is_closed());
    assert!(!is_admitted(&bridge, SHOP));
}

#[test]
fn a_person_goes_through_what_asked_and_allows_it_or_not_or_later() {
    let bridge = Bridge::with("");
    let [first, second, third] = ["first", "second", "third"].map(|name| asked(&bridge, name, ""));
    let newest = asked(&bridge, "newest", ", kazashi.scope.sign, kazashi.scope.raw-apdu");
    wait_until("all of them among those that wait", || {
        stdout(&bridge.origins(&["pending"])).matches("asked").count() == 4
    });
    fs::write(bridge.path("decisions"), "allow\nrefuse\nlater\nallow\n").unwrap();
    assert!(review(&bridge, "C").status.success());

    let said = bridge.dialog();
    let asked_about: Vec<_> = said.lines().filter_map(|line| line.split_once("SETDESC ")).collect();
    for (of, (_, description)) in [&newest, &third, &second, &first].into_iter().zip(&asked_about) {
        assert!(description.starts_with(&format!("{of}%0Aasked")), "{said}");
    }
    assert_eq!(asked_about.len(), 4);
    assert!(asked_about[0].1.contains("It says that it wants to:%0A- have documents signed"));
    assert!(asked_about[1].1.contains("It did not say what for."));
    assert!(said.contains("SETNOTOK Do not allow\nSETCANCEL Later\n"), "{said}");
    let in_a_year = Zoned::now().date().checked_add(1.year()).unwrap();
    assert!(asked_about.iter().all(|(_, it)| it.contains(&format!("until {in_a_year}."))));

    let by_you = format!("allowed by you until {in_a_year}");
    assert_eq!(
        stdout(&bridge.origins(&["list"])),
        format!(
            "{first}\n    events, authenticate\n    {by_you}\n\
             {newest}\n    sign\n    {by_you}\n\
             {third}\n    nothing\n    refused by you\n"
        )
    );
    assert!(stdout(&bridge.origins(&["pending"])).starts_with(&second));
    wait_until("a grant", || is_admitted(&bridge, &first));
    assert!(!is_admitted(&bridge, &third) && !is_admitted(&bridge, &second));

    // Whoever was refused is not asked about again, until the person takes that back.
    let waits = |origin: &str| stdout(&bridge.origins(&["pending"])).contains(origin);
    assert!(!waits(&third));
    assert!(bridge.origins(&["revoke", &third]).status.success());
    wait_until("the question that may be asked again", || {
        !is_admitted(&bridge, &third) && waits(&third)
    });
}

#[test]
fn with_nothing_to_decide_that_is_said_and_nothing_asked() {
    let bridge = Bridge::with("");
    assert!(review(&bridge, "ja_JP.UTF-8").status.success());
    let said = bridge.dialog();
    assert!(said.starts_with("SETDESC 決めるサイトはありません。"), "{said}");
    assert!(said.contains("\nMESSAGE\n") && !said.contains("CONFIRM"), "{said}");
}

#[test]
fn whoever_went_away_from_the_dialog_decided_nothing() {
    let bridge = Bridge::with("");
    for name in ["first", "second"] {
        asked(&bridge, name, "");
    }
    wait_until("both among those that wait", || {
        stdout(&bridge.origins(&["pending"])).matches("asked").count() == 2
    });
    fs::write(bridge.path("decisions"), "late\nallow\n").unwrap();
    assert!(review(&bridge, "C").status.success());
    assert_eq!(bridge.dialog().matches("CONFIRM").count(), 1);
    assert!(!bridge.path("state/approvals.toml").exists());
}

#[test]
fn what_is_decided_in_the_dialog_does_not_hold_against_the_administrator() {
    let bridge = Bridge::with("");
    let origin = asked(&bridge, "shop", "");
    wait_until("the question", || stdout(&bridge.origins(&["pending"])).contains(&origin));
    bridge.person("ponders");
    thread::scope(|scope| {
        let reviewed = scope.spawn(|| review(&bridge, "C"));
        bridge.wait_until_dialog_has("CONFIRM");
        bridge.configure(&grant(&origin, ""));
        bridge.person_no_longer("ponders");
        assert!(!reviewed.join().unwrap().status.success());
    });
    let said = bridge.dialog();
    assert!(said.contains("could not be taken.%0Athe administrator decides about"), "{said}");
    assert!(!bridge.path("state/approvals.toml").exists());
    bridge.configure("[[origin");
    assert!(!review(&bridge, "C").status.success());
    assert!(
        bridge.dialog().contains("could not be taken.%0Athe administrator's file has a mistake")
    );
}

#[test]
fn without_a_dialog_program_the_command_line_is_named() {
    let bridge = Bridge::with("");
    fs::remove_file(bridge.path("pinentry")).unwrap();
    let refused = review(&bridge, "C");
    assert!(!refused.status.success());
    let said = stderr(&refused);
    assert!(said.contains("there is no such program; kazashi-bridge origins allow"), "{said}");
}

/// A page of this name that asked in vain, and said that it wants something.
fn asked(bridge: &Bridge, name: &str, wants: &str) -> String {
    let origin = format!("https://{name}.example");
    let request = format!(
        "GET / HTTP/1.1\r\nHost: 127.0.0.1:{}\r\nOrigin: {origin}\r\nUpgrade: websocket\r\n\
         Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\n\
         Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
         Sec-WebSocket-Protocol: kazashi.v1{wants}\r\n\r\n",
        bridge.port
    );
    let response = bridge.exchange(request.as_bytes());
    assert!(response.starts_with(b"HTTP/1.1 403 "), "{}", String::from_utf8_lossy(&response));
    origin
}

/// Runs `kazashi-bridge origins review` in the language of this locale, where the scripted pinentry is
/// that of the machine, too.
fn review(bridge: &Bridge, locale: &str) -> Output {
    let path = format!("{}:{}", bridge.path("").display(), env::var("PATH").unwrap());
    let mut review = bridge.origins_command(&["review"]);
    review.env("LC_ALL", locale).env("PATH", path);
    review.output().unwrap()
}

#[test]
fn approvals_are_readable_for_their_user_alone() {
    let bridge = Bridge::with("");
    bridge.origins(&["allow", SHOP, "--scopes", "events"]);
    let mode = fs::metadata(bridge.path("state/approvals.toml")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}

#[test]
fn a_person_cannot_allow_what_the_administrator_decided() {
    let bridge = Bridge::with(&(grant(ORIGIN, EVENTS) + &grant(SHOP, "")));
    for origin in [ORIGIN, SHOP] {
        let refused = bridge.origins(&["allow", origin, "--scopes", "authenticate"]);
        assert!(!refused.status.success());
        assert!(stderr(&refused).contains("the administrator decides about"), "{refused:?}");
    }
    assert!(!bridge.path("state/approvals.toml").exists());
    assert!(!is_admitted(&bridge, SHOP));
    assert_eq!(stdout(&bridge.origins(&["pending"])), "");
}

#[test]
fn what_cannot_be_allowed_changes_nothing() {
    let bridge = Bridge::with("");
    for arguments in [
        ["allow", "http://shop.example", "--scopes", "events"],
        ["allow", "https://*.example", "--scopes", "events"],
        ["allow", "http://localhost:8080", "--scopes", "events"],
        ["allow", SHOP, "--scopes", "everything"],
        ["allow", SHOP, "--scopes", ""],
        ["allow", SHOP, "--scopes", "raw-apdu"],
        ["allow", SHOP, "--until", "2030-01-01"],
    ] {
        assert!(!bridge.origins(&arguments).status.success(), "{arguments:?}");
    }
    assert!(!bridge.origins(&["revoke", SHOP]).status.success());
    assert!(!bridge.path("state/approvals.toml").exists());
}

#[test]
fn a_damaged_file_of_approvals_is_not_written_over() {
    let bridge = Bridge::with("");
    fs::write(bridge.path("state/approvals.toml"), "[[origin").unwrap();
    assert!(!bridge.origins(&["allow", SHOP, "--scopes", "events"]).status.success());
    assert_eq!(fs::read_to_string(bridge.path("state/approvals.toml")).unwrap(), "[[origin");
}

#[test]
fn the_administrator_s_file_is_read_again_while_the_bridge_runs() {
    let bridge = Bridge::with("");
    assert!(!is_admitted(&bridge, ORIGIN));
    bridge.configure(&grant(ORIGIN, EVENTS));
    wait_until("a grant", || is_admitted(&bridge, ORIGIN));
    let mut page = bridge.page(ORIGIN);
    bridge.configure("[[origin");
    assert!(page.is_closed());
    assert!(!is_admitted(&bridge, ORIGIN));
    wait_until("the mistake in the log", || {
        bridge.logged().contains("nothing is granted by this file")
    });
}

#[test]
fn a_page_whose_grant_is_as_it_was_notices_nothing() {
    let bridge = Bridge::with(&grant(ORIGIN, EVENTS));
    let mut page = bridge.page(ORIGIN);
    bridge.configure(&(grant(ORIGIN, EVENTS) + &grant(SHOP, EVENTS)));
    wait_until("a grant", || is_admitted(&bridge, SHOP));
    assert_eq!(page.ask(json!({ "type": "hello" }))["type"], "hello");
}

#[test]
fn a_grant_that_ends_ends_its_connections() {
    let soon = jiff::Timestamp::now() + Duration::from_secs(2);
    let bridge = Bridge::with(&format!("{}until = {soon}", grant(ORIGIN, EVENTS)));
    let mut page = bridge.page(ORIGIN);
    assert!(page.is_closed());
    assert!(!is_admitted(&bridge, ORIGIN));
}

#[test]
fn a_refusal_is_told_only_where_the_administrator_wants_it() {
    let bridge = Bridge::with("disclose = true");
    let mut page = bridge.page(SHOP);
    assert_eq!(page.read(), json!({ "type": "error", "code": "origin-refused" }));
    let close = CloseFrame { code: CloseCode::from(4403), reason: "".into() };
    assert_eq!(page.0.read().unwrap(), Message::Close(Some(close)));
    wait_until("the question among those that wait", || {
        stdout(&bridge.origins(&["pending"])).contains(SHOP)
    });
    // What could be granted nothing learns nothing.
    assert!(!is_admitted(&bridge, "http://shop.example"));
}

#[test]
fn programs_use_the_unix_socket_with_a_grant_of_their_own() {
    let bridge = Bridge::with("");
    assert_eq!(status(bridge.connect_program(None)), Some(StatusCode::FORBIDDEN));
    bridge.configure("[native]\nscopes = [\"events\", \"reader\"]");
    wait_until("a grant", || bridge.connect_program(None).is_ok());
    let mut program = Page::new(bridge.connect_program(None).unwrap());
    assert_eq!(program.ask(json!({ "type": "hello" }))["scopes"], json!(["events", "reader"]));
    // A page behind a forwarded port is no program.
    assert_eq!(status(bridge.connect_program(Some(SHOP))), Some(StatusCode::FORBIDDEN));
    let mode = |name| fs::metadata(bridge.path(name)).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode("run"), mode("run/bridge.sock")), (0o700, 0o600));
}

fn is_admitted(bridge: &Bridge, origin: &str) -> bool {
    let host = format!("127.0.0.1:{}", bridge.port);
    match status(bridge.connect(origin, &host)) {
        None => true,
        Some(StatusCode::FORBIDDEN) => false,
        Some(status) => panic!("{status}"),
    }
}

fn status<S>(connected: Result<S, Error>) -> Option<StatusCode> {
    match connected {
        Ok(_) => None,
        Err(Error::Http(response)) => Some(response.status()),
        Err(error) => panic!("{error}"),
    }
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn an_app_is_told_what_can_be_allowed() {
    let bridge = Bridge::with("");
    for origin in ["tauri://localhost", "app://obsidian.md", "file://", "null"] {
        let refused = bridge.origins(&["allow", origin, "--scopes", "events"]);
        let said = String::from_utf8_lossy(&refused.stderr);
        let words = format!("{origin:?} cannot be allowed anything: only https:// can be allowed");
        assert!(!refused.status.success() && said.contains(&words), "{said}");
    }
}
