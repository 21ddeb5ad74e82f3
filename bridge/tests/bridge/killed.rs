//! A bridge that is killed at any point of its work leaves nothing behind that its successor does
//! not put right: over the real pcscd, with a card that outlives it.

use std::sync::Arc;
use std::time::Duration;
use std::{fs, thread};

use kazashi_core::value::layout;
use kazashi_core::wire::PORTS;
use kazashi_emulator::Image;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::harness::{
    Bridge, InsertedCard, NONCE, ORIGIN, Page, Pcscd, READERS, SELECT, apart, folder_with, grant,
    signatures_without_a_pin, wait_for,
};

const KILLS: u32 = 200;

#[test]
fn a_bridge_that_is_killed_leaves_no_pin_verified_and_no_try_uncounted() {
    let test = "killed::a_bridge_that_is_killed_leaves_no_pin_verified_and_no_try_uncounted";
    apart(test, || {
        let _pcscd = Pcscd::start();
        let desk = Desk::new();

        let mut amid = 0;
        for round in 0..KILLS {
            let mut bridge = desk.start_bridge();
            assert_eq!(signatures_without_a_pin(), 0, "round {round}");
            let (mut page, lease) = sit_down(&bridge);
            assert_eq!(page.transmit(&lease, "00200098"), desk.card.counter(), "round {round}");
            page.send(desk.request(round, &lease));
            // The longest request takes about so long.
            thread::sleep(Duration::from_micros(u64::from(round * 7919 % KILLS) * 300));
            bridge.stop();
            amid += u32::from(!desk.card.was_left_clean());
            assert!(
                desk.card.retries_left(layout::jpki::USER_AUTHENTICATION_PIN) >= 2,
                "round {round}"
            );
            assert_eq!(
                desk.card.retries_left(layout::jpki::DIGITAL_SIGNATURE_PASSWORD),
                5,
                "round {round}"
            );
        }
        println!("{amid} of {KILLS} were killed while the card was at work");
        assert!(amid > 0);

        let bridge = desk.start_bridge();
        let (mut page, lease) = sit_down(&bridge);
        desk.types("1234");
        let signed = page.sign(&lease, json!({}));
        assert_eq!(signed["type"], "signed", "{signed}");
        assert_eq!(desk.card.counter(), "63C3");
        let (is_whole, said) = bridge.log_command(&["verify"]);
        assert!(is_whole, "{said}");
        println!("{}", said.trim());
    });
}

/// What outlives the bridge.
struct Desk {
    folder: Arc<TempDir>,
    card: InsertedCard,
}

impl Desk {
    fn new() -> Self {
        let folder = folder_with(&grant(ORIGIN, r#""events", "authenticate", "sign", "page-pin""#));
        Self { folder, card: InsertedCard::insert(Image::normal(), READERS[0]) }
    }

    /// Starts a bridge as the supervisor does: again, if a dialog that the one before was about to open
    /// still holds its port.
    fn start_bridge(&self) -> Bridge {
        let bridge = wait_for("a bridge that starts", || {
            Bridge::try_to_serve(Arc::clone(&self.folder), |_| {})
                .inspect_err(|log| println!("started once more after: {log}"))
                .ok()
        });
        assert_eq!(bridge.port, PORTS[0]);
        bridge
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

/// A page that has the lease on the reader with the card.
fn sit_down(bridge: &Bridge) -> (Page, String) {
    let (mut page, lease) = bridge.sit_down(ORIGIN);
    page.transmit(&lease, SELECT);
    (page, lease)
}
