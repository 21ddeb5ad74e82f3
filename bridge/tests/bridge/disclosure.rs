//! What cards disclose is written down, before anybody has it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use kazashi_emulator::{Image, Variant, folder};
use serde_json::{Value, json};

use crate::harness::{
    Bridge, HOLDER, NONCE, ORIGIN, PRESENCE, PROGRAM, READ_CERTIFICATE, SELECT,
    SELECT_CARD_SURFACE, SIGN, folder_with, grant, stdout,
};

impl Bridge {
    fn log(&self) -> PathBuf {
        self.path("state/disclosure.log")
    }

    /// The log, without the zeros behind its last line.
    fn text(&self) -> String {
        fs::read_to_string(self.log()).unwrap().trim_end_matches('\0').to_owned()
    }

    /// The lines of the log, without their hashes.
    fn lines(&self) -> Vec<Value> {
        let text = self.text();
        let json = text.lines().map(|line| line.split_once(' ').unwrap().1);
        json.map(|json| serde_json::from_str(json).unwrap()).collect()
    }

    fn signs_in(&self) {
        let mut page = self.page(ORIGIN);
        let lease = page.acquire_when_there();
        page.transmit(&lease, SELECT);
        let signed = page.sign(&lease, json!({ "value": "1234" }));
        assert_eq!(signed["type"], "signed");
        // What came with the signature is written down with it.
        page.transmit(&lease, SELECT);
        let read = page.transmit(&lease, READ_CERTIFICATE);
        assert!(read.starts_with(signed["certificate"].as_str().unwrap()));
        assert_eq!(page.ask(json!({ "type": "release", "lease": lease }))["type"], "released");
    }
}

#[test]
fn a_sign_in_is_one_line() {
    let bridge = Bridge::start();
    bridge.signs_in();
    let lines = bridge.lines();
    let [begun, signed] = &lines[..] else { panic!("{lines:#?}") };
    assert_eq!((&begun["n"], &begun["event"]), (&json!(1), &json!("begun")));
    assert_eq!(signed["read"], json!(["jpki/000A"]));
    assert_eq!((&signed["origin"], &signed["scope"]), (&json!(ORIGIN), &json!("authenticate")));
    assert_eq!(signed["signed"], json!({ "key": "user-authentication", "method": "pin" }));
    assert_eq!(signed["presented"], "user-authentication-pin");
    assert_eq!(signed.get("failed"), None);
    assert_eq!(signed["card"].as_str().unwrap().len(), 64);
}

#[test]
fn who_only_reads_the_certificate_is_written_down_once_for_each_lease() {
    let bridge = Bridge::start();
    let mut page = bridge.page(ORIGIN);
    for _ in 0..2 {
        let lease = page.acquire();
        page.transmit(&lease, SELECT);
        page.transmit(&lease, READ_CERTIFICATE);
        page.transmit(&lease, READ_CERTIFICATE);
        assert_eq!(page.ask(json!({ "type": "release", "lease": lease }))["type"], "released");
    }
    let lines = bridge.lines();
    let [_, read, again] = &lines[..] else { panic!("{lines:#?}") };
    assert_eq!(read["read"], json!(["jpki/000A"]));
    assert_eq!((&read["origin"], &read["scope"]), (&json!(ORIGIN), &json!("user-certificate")));
    assert_eq!((&read["card"], &read["visit"]), (&again["card"], &again["visit"]));
}

#[test]
fn the_log_holds_no_secret() {
    let bridge = Bridge::start();
    bridge.will_type(&["ABC123"]);
    bridge.signs_in();
    let mut page = bridge.page(SIGN);
    let lease = page.acquire_when_there();
    let signed = page.ask(json!({
        "type": "sign", "lease": lease, "title": "賃貸借契約書", "hash": "SHA-256",
        "digest": "0A".repeat(32)
    }));
    assert_eq!(signed["type"], "document-signed");
    let last = bridge.lines().pop().unwrap();
    assert_eq!(last["signed"], json!({ "key": "digital-signature", "method": "document" }));
    assert_eq!(last["read"], json!(["jpki/0001"]));
    let log = fs::read_to_string(bridge.log()).unwrap();
    for secret in [NONCE, "1234\"", "ABC123", "賃貸借契約書", "0A0A"] {
        assert!(!log.contains(secret), "{secret}");
    }
}

#[test]
fn wrong_pins_are_written_down_and_refusals_are_not() {
    let bridge = Bridge::start();
    let mut page = bridge.page(ORIGIN);
    let lease = page.acquire();
    page.transmit(&lease, SELECT);
    let read = json!({ "type": "transmit", "lease": lease, "command": "00B08100000000" });
    assert_eq!(page.ask(read)["code"], "not-permitted");
    assert_eq!(page.sign(&lease, json!({ "value": "0000" }))["code"], "pin-incorrect");
    assert_eq!(page.sign(&lease, json!({ "value": "1111" }))["code"], "too-few-retries");
    let lines = bridge.lines();
    let [_, wrong, known] = &lines[..] else { panic!("{lines:#?}") };
    assert_eq!(known["event"], "card-known");
    assert_eq!(wrong["failed"], "pin-incorrect");
    assert_eq!(wrong["presented"], "user-authentication-pin");
    assert_eq!(wrong.get("signed"), None);
}

#[test]
fn without_the_log_nothing_is_disclosed_and_everything_is_refused_as_ever() {
    let mut bridge = Bridge::start();
    bridge.signs_in();
    // As good as a full disk, and root too cannot write to it.
    fs::remove_file(bridge.log()).unwrap();
    fs::create_dir(bridge.log()).unwrap();
    let mut page = bridge.page(ORIGIN);
    let lease = page.acquire_when_there();
    page.transmit(&lease, SELECT);
    assert_eq!(page.transmit(&lease, "00200098"), "63C3");
    let read = json!({ "type": "transmit", "lease": lease, "command": READ_CERTIFICATE });
    for _ in 0..2 {
        assert_eq!(page.ask(read.clone())["code"], "disclosure-not-recorded");
    }
    let signed = page.sign(&lease, json!({ "value": "1234" }));
    assert_eq!(signed["code"], "disclosure-not-recorded");
    // Nobody is asked for one.
    assert_eq!(page.sign(&lease, json!({}))["code"], "disclosure-not-recorded");
    assert!(!bridge.path("said").exists());
    let pin = json!({ "value": "1234" });
    let verify = json!({
        "type": "verify-pin", "lease": lease, "reference": "user-authentication", "value": pin["value"]
    });
    assert_eq!(page.ask(verify)["code"], "disclosure-not-recorded");
    // And the PIN is not left verified.
    let key = "user-authentication";
    let sign = json!({ "type": "sign-challenge", "lease": lease, "key": key, "nonce": NONCE });
    assert_eq!(page.ask(sign)["code"], "invalid-request");
    let wrong = page.sign(&lease, json!({ "value": "0000" }));
    assert_eq!((&wrong["code"], &wrong["retriesLeft"]), (&json!("pin-incorrect"), &json!(2)));
    assert_eq!(page.sign(&lease, json!({ "value": "1" }))["code"], "pin-malformed");

    fs::remove_dir(bridge.log()).unwrap();
    assert!(page.transmit(&lease, READ_CERTIFICATE).ends_with("9000"));
    assert!(bridge.stop().contains("the disclosure log cannot be written"));
}

#[test]
fn the_holder_finds_what_was_read_from_the_card_on_the_reader() {
    let bridge = Bridge::start();
    bridge.signs_in();
    // A page that reads nothing by which to tell the card: the bridge looks for itself.
    bridge.reads_age_record();

    let card = bridge.path("card");
    let (found, mine) = bridge.log_command(&["for-card", "--virtual-card", card.to_str().unwrap()]);
    assert!(found);
    for text in
        ["read jpki/000A", "signed with user-authentication (pin)", "read card-surface/0001"]
    {
        assert!(mine.contains(text), "{text} in {mine}");
    }
    let other = bridge.path("other");
    folder::write(&other, &Image::of(Variant::AnotherPerson)).unwrap();
    let other = bridge.log_command(&["for-card", "--virtual-card", other.to_str().unwrap()]);
    assert_eq!(other, (true, String::new()));
}

#[test]
fn a_card_that_no_page_identified_is_told_apart_afterwards() {
    let mut bridge = Bridge::start();
    let (mut page, mut watcher) = (bridge.page(PRESENCE), bridge.page(ORIGIN));
    for _ in 0..2 {
        let lease = page.acquire_when_there();
        page.transmit(&lease, SELECT_CARD_SURFACE);
        let verify =
            json!({ "type": "verify-birth-date", "lease": lease, "birthDate": "1980-02-17" });
        assert_eq!(page.ask(verify)["type"], "verified");
        assert_eq!(page.ask(json!({ "type": "release", "lease": lease }))["type"], "released");
        bridge.tell("remove");
        watcher.wait_until_card_is_gone();
        bridge.tell("insert");
    }
    let lines = bridge.lines();
    let events: Vec<_> = lines.iter().map(|line| line["event"].as_str().unwrap()).collect();
    assert_eq!(events, ["begun", "disclosed", "card-known", "disclosed", "card-known"]);
    assert_eq!((&lines[2]["card"], &lines[1]["visit"]), (&lines[4]["card"], &lines[2]["visit"]));
    assert_ne!(lines[1]["visit"], lines[3]["visit"]);
}

#[test]
fn what_is_read_of_the_holder_is_written_down_and_no_more_than_that_leaves() {
    let bridge = Bridge::start();
    bridge.will_type(&["1234"]);
    let mut page = bridge.page(HOLDER);
    let lease = page.acquire();
    let answer = page.ask(json!({ "type": "read-attributes", "lease": lease }));
    assert_eq!((&answer["birthDate"], &answer["sex"]), (&json!("1980-02-17"), &json!("female")));
    let name = answer["name"].as_str().unwrap();
    assert!(name.contains('\u{3000}'));
    // The test hierarchy is for developer mode.
    assert_eq!(answer["integrity"], "cv-certificate-untrusted");
    let fields: Vec<_> = answer.as_object().unwrap().keys().collect();
    assert_eq!(fields, ["address", "birthDate", "integrity", "name", "sex", "type"]);
    for said in ["asks to read name, address, date of birth and sex", "card information", "left: 3"]
    {
        assert!(bridge.dialog().contains(said), "{said}");
    }

    let verify = json!({
        "type": "verify-number-b", "lease": lease,
        "birthDate": "1980-02-17", "expiryYear": "2035", "securityCode": "2285",
    });
    assert_eq!(page.ask(verify)["type"], "verified");
    page.transmit(&lease, SELECT_CARD_SURFACE);
    assert!(page.transmit(&lease, "00B08200000000").ends_with("9000"));

    // The PIN opens the individual number as well, and the hash of it.
    let verify = json!({ "type": "verify-pin", "lease": lease, "reference": "card-information" });
    assert_eq!(page.ask(verify)["code"], "invalid-request");
    let select = json!({
        "type": "transmit", "lease": lease, "command": "00A4040C0AD3921000310001010408",
    });
    assert_eq!(page.ask(select)["code"], "not-permitted");

    let written: Vec<_> = bridge
        .lines()
        .iter()
        .filter(|line| line["event"] == "disclosed")
        .map(|line| (line["scope"].clone(), line["presented"].clone(), line["read"].clone()))
        .collect();
    assert_eq!(
        written,
        [
            (json!("attributes"), json!("card-information-pin"), json!(["card-information/0002"])),
            (json!("card-face"), json!("verification-number-b"), Value::Null),
            (json!("card-face"), Value::Null, json!(["card-surface/0002"])),
        ]
    );
    let (_, log) = bridge.log_command(&["show"]);
    assert!(!log.contains(name) && !bridge.logged().contains(name));
}

#[test]
fn a_log_of_an_older_bridge_is_verified_as_it_is_and_goes_on() {
    let folder = folder_with(&grant(ORIGIN, r#""authenticate""#));
    let state = folder.path().join("state");
    fs::create_dir(&state).unwrap();
    for file in ["disclosure.000001.log", "disclosure.log"] {
        let old =
            Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/bridge/logs/unreleased").join(file);
        fs::copy(old, state.join(file)).unwrap();
    }
    let verify = || {
        let mut log = Command::new(PROGRAM);
        let output = log.args(["log", "verify", "--state"]).arg(&state).output().unwrap();
        (output.status.success(), stdout(&output))
    };
    // Half a line at the end of a closed file, as older bridges left it.
    assert_eq!(verify(), (false, "line 4 of disclosure.000001.log is not finished\n".to_owned()));
    let mut bridge = Bridge::serve(folder, |serve| {
        serve.args(["--port", "0"]);
    });
    bridge.stop();
    assert_eq!(verify(), (true, "7 lines, whole\n".to_owned()));
}

#[test]
fn a_folder_without_a_log_is_not_said_to_hold_a_whole_one() {
    let folder = tempfile::tempdir().unwrap();
    let mut log = Command::new(PROGRAM);
    let output = log.args(["log", "verify", "--state"]).arg(folder.path()).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success() && output.stdout.is_empty());
    assert!(said.contains("holds no disclosure log"), "{said}");
}

#[test]
fn the_log_is_shown_and_verified_by_hand() {
    let bridge = Bridge::start();
    assert_eq!(bridge.log_command(&["show"]), (true, String::new()));
    bridge.signs_in();
    let (_, shown) = bridge.log_command(&["show"]);
    assert_eq!(shown.lines().count(), 2);
    let line = "https://portal.example  authenticate  presented user-authentication-pin  read \
                jpki/000A  signed with user-authentication (pin)";
    assert!(shown.contains(line), "{shown}");
    let (_, head) = bridge.log_command(&["head"]);
    assert_eq!(bridge.log_command(&["verify"]), (true, "2 lines, whole\n".to_owned()));

    bridge.signs_in();
    assert!(bridge.log_command(&["verify", "--head", head.trim()]).0);
    let text = bridge.text();
    let cut: Vec<_> = text.lines().take(1).collect();
    fs::write(bridge.log(), cut.join("\n") + "\n").unwrap();
    assert!(bridge.log_command(&["verify"]).0);
    let (whole, said) = bridge.log_command(&["verify", "--head", head.trim()]);
    assert!(!whole && said.contains("no line has this hash"), "{said}");

    fs::write(bridge.log(), text.replace("portal", "pirate")).unwrap();
    let (whole, said) = bridge.log_command(&["verify"]);
    assert!(!whole && said.contains("line 2 of disclosure.log, number 2, was changed"), "{said}");
}
