//! The record of who did what: complete, chained, and told from one that was tampered with.

use serde_json::{Value, json};

use crate::backend::{Backend, on_every_backend};
use crate::card::Card;
use crate::client::Client;
use crate::desk::{
    CHECKS, HANAKO, HANAKO_FACE, SIGN, VISITS, check, enrolling, for_signature, present,
};
use crate::server::{Server, add_account, record};

on_every_backend! {
    what_staff_did_and_looked_at_is_on_record,
    the_record_is_filtered_and_exported,
    a_record_that_was_tampered_with_is_told,
    lines_of_an_older_version_are_chained_as_they_came,
    two_servers_write_one_record,
}

const AUDIT: &str = "/api/board/audit";

/// The lines of today, as `account action subject`.
pub(crate) fn lines(boss: &mut Client) -> Vec<String> {
    let word = |entry: &Value, field: &str| entry[field].as_str().unwrap_or("-").to_owned();
    let entries = boss.get(AUDIT).expect(200)["entries"].as_array().unwrap().clone();
    let line = |entry| ["account", "action", "subject"].map(|field| word(entry, field)).join(" ");
    entries.iter().map(line).collect()
}

fn what_staff_did_and_looked_at_is_on_record(backend: &Backend) {
    let server = Server::start(backend);
    let mut boss = server.administrator(backend);
    let event = json!({ "name": "音楽会", "day": "2026-11-30" });
    let event = boss.post("/api/gate/events", &event).expect(201)["event"]["id"].clone();
    let event = event.as_str().unwrap();
    let mut staff = server.staff(backend);
    let before = lines(&mut boss).len() + 1;

    // People type passwords where names belong: nothing of it is on record.
    server.guest().sign_in("staff", "wrong horse").refused(403, "wrong-password");
    server.guest().sign_in("correct horse", "").refused(403, "wrong-password");
    let card = Card::hanako();
    let arrival = json!({ "certificate": card.certificate() });
    staff.post("/api/desk/arrivals", &arrival).expect(200);
    let visit = enrolling(&mut staff, &card, HANAKO);
    staff.post(VISITS, &visit).expect(201);
    staff.post("/api/desk/arrivals", &arrival).expect(200);
    let refused = present(&mut staff, &card.elsewhere(), HANAKO);
    staff.post(VISITS, &refused).refused(400, "signature-mismatch");
    let compared = check(&mut staff, &card, HANAKO_FACE, "match");
    staff.post(CHECKS, &compared).expect(201);
    card.terminal_token(compared["terminalNonce"].as_str().unwrap(), &mut |word| {
        let asked = for_signature(&compared, word);
        let answer = staff.post(SIGN, &asked).expect(200);
        staff.post(SIGN, &asked).refused(403, "terminal-not-signed");
        serde_json::from_value(answer["signature"].clone()).unwrap()
    });
    // What a page asks for again whenever something happens is one look.
    for _ in 0..3 {
        staff.get("/api/board/visits?day=2026-11-30").expect(200);
        let search = json!({ "day": "2026-11-30", "name": "花" });
        staff.post("/api/board/search", &search).expect(200);
        staff.get(&format!("/api/gate/events/{event}/list")).expect(200);
        drop(staff.watch(None));
    }
    staff.get("/api/board/export?day=2026-11-30");
    boss.get("/api/board/audit/export?day=2026-11-30");

    let lines = lines(&mut boss);
    assert_eq!(
        lines[before..],
        [
            "staff sign-in-failed -",
            "(nobody) sign-in-failed -",
            "staff card-looked-up -",
            "staff birth-date-looked-up -",
            "staff card-refused signature-mismatch",
            &format!("staff check-match {}", compared["id"].as_str().unwrap()),
            "staff institution-signed desk-1 granted",
            "staff institution-refused desk-1 nonce-signed-before",
            "staff card-refused terminal-not-signed",
            "staff board-viewed 2026-11-30",
            "staff board-searched 2026-11-30",
            &format!("staff tickets-listed {event}"),
            "staff board-watched -",
            "staff visits-exported 2026-11-30",
            "boss audit-exported 2026-11-30",
        ]
    );
    let dump = backend.dump();
    assert!(!dump.contains("correct horse") && !dump.contains('花'));
}

fn the_record_is_filtered_and_exported(backend: &Backend) {
    let server = Server::start_with(backend, &["--time-zone", "Pacific/Kiritimati"]);
    let _staff = server.staff(backend);
    let mut boss = server.administrator(backend);
    let of = |boss: &mut Client, query: &str| {
        let answer = boss.get(&format!("{AUDIT}?{query}")).expect(200);
        let entries = answer["entries"].as_array().unwrap().clone();
        let word = |entry: &Value, field: &str| entry[field].as_str().unwrap().to_owned();
        let entries = entries.iter();
        entries.map(|entry| [word(entry, "account"), word(entry, "action")].join(" ")).collect()
    };
    let found: Vec<String> = of(&mut boss, "account=staff");
    assert_eq!(found, ["staff sign-in"]);
    let found: Vec<String> = of(&mut boss, "action=sign-in");
    assert_eq!(found, ["staff sign-in", "boss sign-in"]);
    let found: Vec<String> = of(&mut boss, "account=boss&action=account-added");
    assert!(found.is_empty());
    boss.get(&format!("{AUDIT}?day=yesterday")).refused(400, "invalid");

    let export = boss.get(&format!("{AUDIT}/export?account=staff"));
    assert!(export.headers.contains("content-disposition: attachment; filename=\"record-"));
    let mut rows = export.body.strip_prefix('\u{FEFF}').unwrap().split("\r\n");
    assert_eq!(rows.next(), Some("line,at,account,action,subject,digest"));
    let row: Vec<_> = rows.next().unwrap().split(',').collect();
    assert_eq!((row[0], row[2], row[3], row[4]), ("2", "staff", "sign-in", ""));
    // Days and clocks are those of the institution.
    let today = boss.get("/api/session").expect(200);
    assert_eq!(today["timeZone"], "Pacific/Kiritimati");
    let whole = record(backend, &["export", "--time-zone", "Pacific/Kiritimati"]).unwrap();
    assert!(whole.contains(&row.join(",")), "{whole}");
    assert!(row[1].len() == 19 && !row[1].contains('T'), "{}", row[1]);
}

fn a_record_that_was_tampered_with_is_told(backend: &Backend) {
    for name in ["one", "two", "three", "four"] {
        assert!(add_account(backend, name, "staff", "correct horse"));
    }
    let head = record(backend, &["head"]).unwrap();
    assert!(head.starts_with("4:"), "{head}");
    assert_eq!(record(backend, &["verify"]).as_ref(), Ok(&head));
    assert!(add_account(backend, "five", "staff", "correct horse"));
    let later = record(backend, &["verify", "--head", &head]).unwrap();
    assert!(later.starts_with("5:"), "{later}");

    let told = |why: &str| {
        let fault = record(backend, &["verify", "--head", &later]).unwrap_err();
        assert!(fault.contains(why), "{fault}");
    };
    let cut = "DELETE FROM portal_audit WHERE line = 5";
    backend.execute(cut);
    told("line 5 is missing");
    // Even if the count of lines goes with it.
    backend.execute("UPDATE portal_counter SET value = 4 WHERE name = 'record'");
    assert_eq!(record(backend, &["verify"]).as_ref(), Ok(&head));
    told("line 5 is missing");
    assert!(add_account(backend, "six", "staff", "correct horse"));
    told("line 5 is not the one that was noted");
    backend.execute("INSERT INTO portal_audit (at, account, action) VALUES (1, 'x', 'sign-in')");
    let fault = record(backend, &["verify"]).unwrap_err();
    assert!(fault.contains("1 lines were added without number"), "{fault}");
    backend.execute("DELETE FROM portal_audit WHERE line IS NULL");
    backend.execute("UPDATE portal_audit SET subject = 'nobody' WHERE line = 3");
    told("line 3 is not as it was written");
    backend.execute("DELETE FROM portal_audit WHERE line = 2");
    told("line 2 is missing");
    assert!(record(backend, &["verify", "--head", "5"]).unwrap_err().contains("a head looks like"));
}

fn lines_of_an_older_version_are_chained_as_they_came(backend: &Backend) {
    for name in ["one", "two"] {
        assert!(add_account(backend, name, "staff", "correct horse"));
    }
    let head = record(backend, &["head"]).unwrap();
    backend.execute(
        "UPDATE portal_audit SET line = NULL, digest = NULL; \
         DELETE FROM portal_counter WHERE name = 'record'",
    );
    assert_eq!(record(backend, &["verify"]), Ok(head));
}

fn two_servers_write_one_record(backend: &Backend) {
    let (server, other) = (Server::start(backend), Server::start(backend));
    let clients = [server.staff(backend), server.administrator(backend)];
    std::thread::scope(|scope| {
        for client in &clients {
            for server in [server.socket(), other.socket()] {
                let mut client = client.at(server);
                scope.spawn(move || {
                    for _ in 0..20 {
                        client.get("/api/board/export");
                    }
                });
            }
        }
    });
    // Two accounts, two sign-ins, and the exports.
    assert!(record(backend, &["verify"]).unwrap().starts_with("84:"));
}

#[test]
fn a_database_that_there_is_not_has_no_record() {
    let backend = Backend::sqlite();
    for command in ["head", "verify", "export"] {
        let fault = record(&backend, &[command]).unwrap_err();
        assert!(fault.contains("there is no such database"), "{fault}");
    }
}
