//! What `kazashi-bridge doctor` finds where there is no smart card service. With one, see
//! `e2e/errors/doctor.test.ts`.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::process::{Command, Output};
use std::{fs, thread};

use kazashi_core::error_code::ErrorCode;

use crate::harness::{Bridge, ORIGIN, PROGRAM, grant, stdout, wait_until};

#[test]
fn a_bridge_that_answers_its_page_leaves_the_readers_in_the_way() {
    let bridge = Bridge::start();
    let found = examine(&bridge, bridge.port, &["--origin", ORIGIN]);
    assert_eq!(stdout(&found), told(&[(ErrorCode::NoService, "")]));
    assert_eq!(found.status.code(), Some(1));
    assert_eq!(String::from_utf8_lossy(&found.stderr), "");
}

#[test]
fn a_bridge_that_does_not_run_is_unreachable() {
    let bridge = Bridge::start();
    // A port on which nothing listens, nor will while this connection has it.
    let connection = TcpStream::connect((Ipv4Addr::LOCALHOST, bridge.port)).unwrap();
    let port = connection.local_addr().unwrap().port();
    let silence = format!(
        "    Nothing answers at 127.0.0.1:{port}.\n    To start it: kazashi-bridge serve\n"
    );
    let expected = told(&[(ErrorCode::BridgeUnreachable, &silence), (ErrorCode::NoService, "")]);
    assert_eq!(stdout(&examine(&bridge, port, &["--origin", ORIGIN])), expected);
}

#[test]
fn another_program_on_the_port_is_not_taken_for_the_bridge() {
    let bridge = Bridge::start();
    for answer in ["", "HTTP/1.1 200 OK\r\n\r\n<html>", "HTTP/1.1 404 Not Found\r\n\r\nok"] {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let stranger = thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut request = [0; 1024];
            assert_ne!(stream.read(&mut request).unwrap(), 0);
            stream.write_all(answer.as_bytes()).unwrap();
        });
        let words = format!("    What answers at 127.0.0.1:{port} is no bridge of this user.\n");
        let expected = told(&[(ErrorCode::BridgeUnreachable, &words), (ErrorCode::NoService, "")]);
        assert_eq!(stdout(&examine(&bridge, port, &["--origin", ORIGIN])), expected, "{answer}");
        stranger.join().unwrap();
    }
}

#[test]
fn a_website_that_nobody_allowed_is_refused_until_it_is_allowed_as_it_was_said() {
    let bridge = Bridge::with("");
    let arguments = ["--origin", "HTTPS://Shop.Example/"];
    let allow = "origins allow https://shop.example --scopes events,authenticate";
    let words = format!("    To allow it: kazashi-bridge {allow}\n");
    let expected = told(&[(ErrorCode::OriginRefused, &words), (ErrorCode::NoService, "")]);
    assert_eq!(stdout(&examine(&bridge, bridge.port, &arguments)), expected);
    let allow: Vec<_> = allow.split(' ').skip(1).collect();
    assert!(bridge.origins(&allow).status.success());
    let expected = told(&[(ErrorCode::NoService, "")]);
    wait_until("a grant", || stdout(&examine(&bridge, bridge.port, &arguments)) == expected);
}

#[test]
fn a_website_that_the_administrator_refuses_is_the_administrators_affair() {
    let bridge = Bridge::with(&grant(ORIGIN, ""));
    let config = bridge.path("bridge.toml");
    let words = format!("    The administrator decides about it in {}\n", config.display());
    let expected = told(&[(ErrorCode::OriginRefused, &words), (ErrorCode::NoService, "")]);
    assert_eq!(stdout(&examine(&bridge, bridge.port, &["--origin", ORIGIN])), expected);
}

#[test]
fn a_mistake_in_either_file_comes_first_and_is_shown() {
    let bridge = Bridge::start();
    fs::write(bridge.path("state/approvals.toml"), "orgins = 1").unwrap();
    let found = stdout(&examine(&bridge, bridge.port, &[]));
    let first = told(&[(ErrorCode::BridgeUnreachable, "")]);
    assert!(found.starts_with(&first) && found.contains("approvals.toml has a mistake"), "{found}");
    bridge.configure("[[orgin]]");
    let found = stdout(&examine(&bridge, bridge.port, &[]));
    assert!(found.starts_with(&first) && found.contains("bridge.toml has a mistake"), "{found}");
    assert!(found.ends_with(&told(&[(ErrorCode::NoService, "")])), "{found}");
    fs::remove_file(bridge.path("bridge.toml")).unwrap();
    let found = stdout(&examine(&bridge, bridge.port, &[]));
    assert!(found.starts_with(&first) && found.contains("cannot read"), "{found}");
}

#[test]
fn a_missing_program_for_pins_is_named() {
    let bridge = Bridge::start();
    let pinentry = bridge.path("pinentry");
    fs::remove_file(&pinentry).unwrap();
    let words = format!("    There is no program {}\n", pinentry.display());
    let expected = told(&[(ErrorCode::NoService, ""), (ErrorCode::PinEntryUnavailable, &words)]);
    assert_eq!(stdout(&examine(&bridge, bridge.port, &[])), expected);
}

#[test]
fn a_program_for_pins_is_looked_for_by_its_whole_name() {
    let bridge = Bridge::start();
    fs::write(bridge.path("bridge.toml"), "pinentry = \"ask.sh\"\n").unwrap();
    let found = || {
        let mut doctor = command(&bridge, bridge.port, &[]);
        let path = format!("{}:/usr/bin:/bin", bridge.path("").display());
        stdout(&doctor.env("PATH", path).output().unwrap())
    };
    // A neighbour of a shorter name is another program.
    fs::copy(bridge.path("pinentry"), bridge.path("ask")).unwrap();
    assert!(found().ends_with("    There is no program ask.sh\n"), "{}", found());
    fs::rename(bridge.path("ask"), bridge.path("ask.sh")).unwrap();
    assert_eq!(found(), told(&[(ErrorCode::NoService, "")]));
}

#[test]
fn a_program_for_pins_that_cannot_ask_is_named_with_the_cause() {
    let bridge = Bridge::start();
    let pinentry = bridge.path("pinentry");
    let unable = |why: &str| {
        let words =
            format!("    {} was tried and cannot ask from here: {why}\n", pinentry.display());
        told(&[(ErrorCode::NoService, ""), (ErrorCode::PinEntryUnavailable, &words)])
    };
    fs::write(bridge.path("mute"), "").unwrap();
    let found = stdout(&examine(&bridge, bridge.port, &[]));
    assert_eq!(found, unable("it did not answer in time"));
    fs::write(&pinentry, "#!/bin/sh\n").unwrap();
    let found = stdout(&examine(&bridge, bridge.port, &[]));
    let ended = unable("");
    assert!(found.starts_with(ended.trim_end()) && found != ended, "{found}");
}

#[test]
#[cfg(target_os = "linux")]
fn a_program_for_pins_that_finds_no_display_is_no_dialog() {
    let bridge = Bridge::start();
    let words = "it finds no display, and there is no terminal for it either";
    for pinentry in ["/usr/bin/pinentry-gtk-2", "/usr/bin/pinentry-curses"] {
        fs::write(bridge.path("bridge.toml"), format!("pinentry = {pinentry:?}\n")).unwrap();
        let doctor = command(&bridge, bridge.port, &[]);
        let mut apart = Command::new("setsid");
        apart.arg(PROGRAM).args(doctor.get_args()).env("LC_ALL", "C");
        apart.env("PCSCLITE_CSOCK_NAME", bridge.path("no-service"));
        for screen in ["DISPLAY", "WAYLAND_DISPLAY"] {
            apart.env_remove(screen);
        }
        let found = stdout(&apart.output().unwrap());
        let expected = format!("    {pinentry} was tried and cannot ask from here: {words}\n");
        assert!(found.contains("pin-entry-unavailable") && found.ends_with(&expected), "{found}");
    }
}

#[test]
fn it_speaks_the_language_of_the_environment_unless_it_is_told_another() {
    let bridge = Bridge::start();
    let (ja, en) = (ErrorCode::NoService.ja(), ErrorCode::NoService.en());
    for (locale, arguments, words) in [
        ("ja_JP.UTF-8", &[][..], ja),
        ("ja_JP.UTF-8", &["--language", "en"], en),
        ("C", &[], en),
        ("C", &["--language", "ja"], ja),
    ] {
        let found = command(&bridge, bridge.port, arguments).env("LC_ALL", locale).output();
        assert_eq!(stdout(&found.unwrap()), format!("no-service: {words}\n"));
    }
}

#[test]
fn what_is_no_website_is_not_looked_for() {
    let bridge = Bridge::start();
    let refused = examine(&bridge, bridge.port, &["--origin", "http://shop.example"]);
    assert_eq!((stdout(&refused).as_str(), refused.status.code()), ("", Some(1)));
    assert!(String::from_utf8_lossy(&refused.stderr).contains("only https:// can be allowed"));
}

fn examine(bridge: &Bridge, port: u16, arguments: &[&str]) -> Output {
    command(bridge, port, arguments).output().unwrap()
}

/// The doctor with the files of this bridge, on a machine without a smart card service.
fn command(bridge: &Bridge, port: u16, arguments: &[&str]) -> Command {
    let mut command = Command::new(PROGRAM);
    command
        .args(["doctor", "--port", &port.to_string(), "--config"])
        .arg(bridge.path("bridge.toml"))
        .arg("--state")
        .arg(bridge.path("state"))
        .args(arguments)
        .env("PCSCLITE_CSOCK_NAME", bridge.path("no-service"))
        .env("LC_ALL", "C");
    command
}

/// A line for each code in English, and what follows it.
fn told(findings: &[(ErrorCode, &str)]) -> String {
    findings
        .iter()
        .map(|(code, rest)| format!("{}: {}\n{rest}", code.as_str(), code.en()))
        .collect()
}
