//! Several users of one machine, each with a bridge: which port it takes, and who is spoken to there.

use std::fs;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{Ipv6Addr, TcpListener, TcpStream};
use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};
use std::sync::Arc;

use kazashi_core::wire::PORTS;
use kazashi_emulator::{Image, folder};
use nix::unistd::{Uid, setfsuid};
use tempfile::TempDir;

use crate::harness::{
    Bridge, ORIGIN, PROGRAM, apart, can_become_others, folder_with, grant, stdout,
};

/// People whom the system has no names for.
const USERS: [u32; 5] = [2001, 2002, 2003, 2004, 2005];

/// Does the work on a machine of its own that has other users, if there can be one.
fn among_users(test: &str, work: impl FnOnce()) {
    if can_become_others() {
        apart(test, work);
    }
}

#[test]
fn each_user_has_a_bridge_until_no_port_is_left() {
    among_users("users::each_user_has_a_bridge_until_no_port_is_left", || {
        let [.., late] = USERS;
        let mut bridges: Vec<_> = USERS[..4].iter().map(|&user| serve(user).unwrap()).collect();
        assert_eq!(bridges.iter().map(|bridge| bridge.port).collect::<Vec<_>>(), PORTS);
        let passed = |port: u16, user: u32| {
            format!(
                "port {port} of this machine is held by a program of the user {user}, perhaps their bridge"
            )
        };
        let log = bridges[1].logged();
        let first = passed(PORTS[0], USERS[0]);
        assert!(log.contains(&format!("passed over a port why={first}\n")), "{log}");
        assert!(log.contains(&format!("address=127.0.0.1:{}", PORTS[1])), "{log}");

        let all: Vec<_> =
            PORTS.into_iter().zip(USERS).map(|(port, user)| passed(port, user)).collect();
        let none_left = format!("no port of this machine is left for a bridge: {}", all.join("; "));
        let refused = serve(late).err().unwrap();
        assert!(refused.contains(&none_left), "{refused}");

        // Each is spoken to by their own bridge, at its own port.
        for (bridge, &port) in bridges.iter().zip(&PORTS) {
            for (&user, &own) in USERS.iter().zip(&PORTS) {
                let expected = if own == bridge.port { "ok" } else { "" };
                assert_eq!(health(user, port, port), expected, "{user} at {port}");
            }
        }
        assert_eq!(health(USERS[1], PORTS[1], PORTS[0]), "", "another bridge's Host");

        // Nobody gets a second one, even when an earlier port is free again.
        bridges.remove(0);
        let second = serve(USERS[2]).err().unwrap();
        let does_one_run = format!(
            "port {} of this machine is held by another program of yours: does a bridge run?",
            PORTS[2]
        );
        assert!(second.contains(&does_one_run), "{second}");
        assert_eq!(health(USERS[2], PORTS[2], PORTS[2]), "ok");
        assert_eq!(serve(late).unwrap().port, PORTS[0]);
    });
}

#[test]
fn the_doctor_looks_where_pages_do() {
    among_users("users::the_doctor_looks_where_pages_do", || {
        let (first, second, last) = (USERS[0], USERS[1], USERS[4]);
        let nobody = doctor(first);
        let silence: String = PORTS
            .iter()
            .map(|port| format!("    Nothing answers at 127.0.0.1:{port}.\n"))
            .collect();
        let start = "    To start it: kazashi-bridge serve\n";
        assert!(nobody.contains(&format!("\n{silence}{start}")), "{nobody}");

        let held = |port, user| {
            format!(
                "127.0.0.1:{port} is held by a program of the user {user}, perhaps their bridge.\n"
            )
        };
        let _bridges: Vec<_> = USERS[..4].iter().map(|&user| serve(user).unwrap()).collect();
        let found = doctor(first);
        assert!(!found.contains("bridge-unreachable") && !found.contains("note: "), "{found}");
        let found = doctor(second);
        let notes = format!(
            "note: The bridge of this user is at 127.0.0.1:{}.\nnote: {}",
            PORTS[1],
            held(PORTS[0], first)
        );
        assert!(!found.contains("bridge-unreachable") && found.ends_with(&notes), "{found}");

        let found = doctor(last);
        let lines: String = PORTS
            .iter()
            .zip(USERS)
            .map(|(port, user)| format!("    {}", held(*port, user)))
            .collect();
        assert!(found.starts_with("bridge-unreachable: "), "{found}");
        assert!(found.contains(&format!("\n{lines}    No port is left for the bridge")), "{found}");
    });
}

#[test]
fn a_port_is_taken_at_both_addresses_or_passed_over() {
    among_users("users::a_port_is_taken_at_both_addresses_or_passed_over", || {
        let stranger = become_for(USERS[1], || TcpListener::bind((Ipv6Addr::LOCALHOST, PORTS[0])));
        let bridge = serve(USERS[0]).unwrap();
        assert_eq!(bridge.port, PORTS[1]);
        let why = format!("held by a program of the user {}", USERS[1]);
        assert!(bridge.logged().contains(&why), "{}", bridge.logged());
        drop(bridge);
        drop(stranger);
        assert_eq!(serve(USERS[0]).unwrap().port, PORTS[0]);
    });
}

#[test]
fn who_start_at_once_have_a_port_each_and_no_user_two() {
    among_users("users::who_start_at_once_have_a_port_each_and_no_user_two", || {
        let [one, other, ..] = USERS;
        for _ in 0..5 {
            let mut said = serve_at_once([one, other, USERS[2], USERS[3]]);
            said.sort();
            assert_eq!(said, PORTS.map(|port| format!("listening on 127.0.0.1:{port}\n")));

            let _first = serve(other).unwrap();
            let said = serve_at_once([one; 4]);
            let listening = format!("listening on 127.0.0.1:{}\n", PORTS[1]);
            assert_eq!(said.iter().filter(|line| **line == listening).count(), 1, "{said:?}");
            assert_eq!(said.iter().filter(|line| line.is_empty()).count(), 3, "{said:?}");
        }
    });
}

/// The first line, if any, that the bridges say which these users start at the same time.
fn serve_at_once(users: [u32; 4]) -> [String; 4] {
    let folders = users.map(folder_of);
    let mut bridges = [0, 1, 2, 3].map(|number| {
        let mut serve = bridge_of(users[number], &folders[number], "serve");
        serve.arg("--virtual-card").arg(folders[number].path().join("card"));
        serve.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap()
    });
    let said = bridges.each_mut().map(|bridge| {
        let mut line = String::new();
        BufReader::new(bridge.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
        line
    });
    for mut bridge in bridges {
        bridge.kill().unwrap();
        bridge.wait().unwrap();
    }
    said
}

/// Starts a bridge as this user, or returns what it said.
fn serve(user: u32) -> Result<Bridge, String> {
    let folder = folder_of(user);
    let (program, card) = (folder.path().join("kazashi-bridge"), folder.path().join("card"));
    Bridge::try_to_serve(folder, |serve| {
        serve.arg("--virtual-card").arg(card);
        let mut theirs = Command::new(program);
        theirs.args(serve.get_args()).env("LC_ALL", "C").uid(user).gid(user);
        *serve = theirs;
    })
}

/// What the doctor finds whom this user asks, without a smart card service.
fn doctor(user: u32) -> String {
    let folder = folder_of(user);
    let mut doctor = bridge_of(user, &folder, "doctor");
    doctor.args(["--language", "en", "--origin", ORIGIN]);
    doctor.env("PCSCLITE_CSOCK_NAME", folder.path().join("no-service"));
    stdout(&doctor.output().unwrap())
}

/// A command of the program in this user's folder, with what is configured there.
fn bridge_of(user: u32, folder: &TempDir, command: &str) -> Command {
    let path = |name| folder.path().join(name);
    let mut bridge = Command::new(path("kazashi-bridge"));
    bridge.arg(command).arg("--config").arg(path("bridge.toml")).arg("--state").arg(path("state"));
    bridge.uid(user).gid(user);
    bridge
}

/// A folder of this user's own, with a program that they may run wherever it was built.
fn folder_of(user: u32) -> Arc<TempDir> {
    let folder = folder_with(&grant(ORIGIN, r#""events""#));
    folder::write(folder.path().join("card"), &Image::normal()).unwrap();
    fs::copy(PROGRAM, folder.path().join("kazashi-bridge")).unwrap();
    let mut chown = Command::new("chown");
    chown.arg("--recursive").arg(format!("{user}:{user}")).arg(folder.path());
    assert!(chown.status().unwrap().success());
    folder
}

/// What this user's program reads where it asks for `/health` at this port, by the name of that one.
fn health(user: u32, port: u16, named: u16) -> String {
    let mut stream = become_for(user, || TcpStream::connect(("127.0.0.1", port)));
    let request = format!("GET /health HTTP/1.1\r\nHost: 127.0.0.1:{named}\r\n\r\n");
    // Who is hung up on may not get to say it.
    let _ = stream.write_all(request.as_bytes());
    let mut response = String::new();
    let _ = stream.read_to_string(&mut response);
    response.rsplit("\r\n\r\n").next().unwrap_or_default().to_owned()
}

/// Makes a socket as this user would: whose it is, the kernel takes from the thread that makes it.
fn become_for<S>(user: u32, make: impl FnOnce() -> io::Result<S>) -> S {
    let before = setfsuid(Uid::from_raw(user));
    let made = make();
    setfsuid(before);
    made.unwrap()
}
