//! A bridge that is killed at any point of its work leaves nothing behind that its successor does
//! not put right: over the real pcscd, with a card that outlives it.
#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may panic")]

#[path = "harness/bridge.rs"]
mod harness;
#[path = "harness/pcscd.rs"]
mod pcscd;

use std::{
    fs,
    io::{BufRead, BufReader},
    net::TcpStream,
    process::{Command, Stdio},
    thread,
    time::Duration,
};

use kazashi_core::jpki::ef;
use kazashi_emulator::Image;
use serde_json::{Value, json};

use harness::{
    NONCE, ORIGIN, PROGRAM, Page, SELECT, grant, upgrade, wait_for, write_config, write_pinentry,
};
use pcscd::{Ended, InsertedCard, READERS, alone, signatures_without_a_pin, start_pcscd};

const KILLS: u32 = 200;

#[test]
fn a_bridge_that_is_killed_leaves_no_pin_verified_and_no_try_uncounted() {
    let test = "a_bridge_that_is_killed_leaves_no_pin_verified_and_no_try_uncounted";
    alone(test, || {
        let _pcscd = start_pcscd();
        let desk = Desk::new();

        let mut amid = 0;
        for round in 0..KILLS {
            let mut bridge = desk.start_bridge();
            assert_eq!(signatures_without_a_pin(), 0, "round {round}");
            let (mut page, lease) = desk.sit_down(&bridge);
            assert_eq!(page.transmit(&lease, "00200098"), desk.card.counter(), "round {round}");
            page.send(desk.request(round, &lease));
            // The longest request takes about so long.
            thread::sleep(Duration::from_micros(u64::from(round * 7919 % KILLS) * 300));
            bridge.0.kill().unwrap();
            bridge.0.wait().unwrap();
            amid += u32::from(!desk.card.was_left_clean());
            assert!(desk.card.retries_left(ef::USER_AUTHENTICATION_PIN) >= 2, "round {round}");
            assert_eq!(desk.card.retries_left(ef::DIGITAL_SIGNATURE_PASSWORD), 5, "round {round}");
        }
        println!("{amid} of {KILLS} were killed while the card was at work");
        assert!(amid > 0);

        let bridge = desk.start_bridge();
        let (mut page, lease) = desk.sit_down(&bridge);
        desk.types("1234");
        let signed = page.sign(&lease, json!({}));
        assert_eq!(signed["type"], "signed", "{signed}");
        assert_eq!(desk.card.counter(), "63C3");
        let mut verify = Command::new(PROGRAM);
        verify.args(["log", "verify", "--state"]).arg(desk.folder.path().join("state"));
        let verified = verify.output().unwrap();
        assert!(verified.status.success(), "{verified:?}");
        println!("{}", String::from_utf8_lossy(&verified.stdout).trim());
    });
}

/// What outlives the bridge.
struct Desk {
    folder: tempfile::TempDir,
    card: InsertedCard,
}

impl Desk {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        write_pinentry(&folder.path().join("pinentry"), folder.path());
        let scopes = r#""events", "authenticate", "sign", "page-pin""#;
        write_config(folder.path(), &grant(ORIGIN, scopes));
        Self { folder, card: InsertedCard::insert(Image::normal(), READERS[0]) }
    }

    fn start_bridge(&self) -> Ended {
        let log = fs::File::create(self.folder.path().join("log")).unwrap();
        let bridge = Command::new(PROGRAM)
            .args(["serve", "--allow-root", "--config"])
            .arg(self.folder.path().join("bridge.toml"))
            .arg("--state")
            .arg(self.folder.path().join("state"))
            .arg("--socket")
            .arg(self.folder.path().join("run/bridge.sock"))
            .env("LC_ALL", "C")
            .stdout(Stdio::piped())
            .stderr(log)
            .spawn()
            .unwrap();
        let mut bridge = Ended(bridge);
        let mut line = String::new();
        BufReader::new(bridge.0.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
        assert_eq!(line, "listening on 127.0.0.1:27390\n");
        bridge
    }

    /// A page that has the lease on the reader with the card.
    fn sit_down(&self, _: &Ended) -> (Page, String) {
        let stream = TcpStream::connect("127.0.0.1:27390").unwrap();
        let mut page = Page::new(upgrade(stream, Some(ORIGIN), "127.0.0.1:27390").unwrap());
        let reader = wait_for("a reader with a card", || {
            let readers = page.ask(json!({ "type": "list-readers" }));
            let readers = readers["readers"].as_array()?;
            let reader = readers.iter().find(|reader| reader["cardPresent"] == true)?;
            Some(reader["id"].clone())
        });
        let acquired = page.ask(json!({ "type": "acquire", "reader": reader }));
        let lease = acquired["lease"].as_str().unwrap().to_owned();
        page.transmit(&lease, SELECT);
        (page, lease)
    }

    fn types(&self, text: &str) {
        fs::write(self.folder.path().join("typed"), format!("{text}\n")).unwrap();
    }

    /// Something else each time. A wrong PIN is sent only while all tries are left.
    fn request(&self, round: u32, lease: &str) -> Value {
        let sign_challenge = |pin: Value| {
            json!({
                "type": "sign-challenge", "lease": lease, "key": "user-authentication",
                "nonce": NONCE, "pin": pin
            })
        };
        match round % 6 {
            0 => sign_challenge(json!({ "value": "1234" })),
            1 => sign_challenge(json!({ "value": "0000" })),
            2 | 3 => {
                self.types("1234");
                sign_challenge(json!({}))
            }
            4 => {
                self.types("ABC123");
                json!({ "type": "verify-pin", "lease": lease, "reference": "digital-signature" })
            }
            _ => {
                self.types("ABC123");
                let digest = "0A".repeat(32);
                json!({
                    "type": "sign", "lease": lease, "title": "T", "hash": "SHA-256",
                    "digest": digest
                })
            }
        }
    }
}
