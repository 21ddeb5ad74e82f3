//! Pages of two websites that want PINs at the same time: over the real pcscd, with a card on each of
//! two readers.

use std::thread;
use std::time::{Duration, Instant};

use kazashi_emulator::Image;
use serde_json::json;

use crate::harness::{Bridge, InsertedCard, Pcscd, READERS, alone, grant};

const GUILTY: &str = "https://guilty.example";
const INNOCENT: &str = "https://innocent.example";

#[test]
fn an_origin_that_fails_delays_another_by_the_one_dialog_on_the_screen() {
    let test =
        "alone::dialogs::an_origin_that_fails_delays_another_by_the_one_dialog_on_the_screen";
    alone(test, || {
        let _pcscd = Pcscd::start();
        let _cards = READERS.map(|reader| InsertedCard::insert(Image::normal(), reader));
        let scopes = r#""authenticate""#;
        let bridge = Bridge::over_pcscd(&(grant(GUILTY, scopes) + &grant(INNOCENT, scopes)));
        // Lets the time run out, cancels, fails, and cancels and lets it run out again.
        let failures = ["late", "cancel", "0000", "late", "cancel"];
        bridge.will_type_for(GUILTY, &failures);
        bridge.will_type_for(INNOCENT, &["1234"]);

        let (mut guilty, guilty_lease) = bridge.sit_down(GUILTY);
        let (mut innocent, innocent_lease) = bridge.sit_down(INNOCENT);
        let begun = Instant::now();
        thread::scope(|scope| {
            let fails = scope.spawn(|| {
                for _ in failures {
                    let answer = guilty.sign(&guilty_lease, json!({}));
                    assert_eq!(answer["type"], "error", "{answer}");
                }
            });
            bridge.wait_for_dialog();
            while !fails.is_finished() {
                let before = bridge.dialog().len();
                let asked_at = Instant::now();
                let signed = innocent.sign(&innocent_lease, json!({}));
                assert_eq!(signed["type"], "signed", "{signed}");
                assert!(asked_at.elapsed() < Duration::from_secs(4), "{:?}", asked_at.elapsed());
                // The dialog that was on the screen or about to be, and no other.
                let dialog = bridge.dialog();
                let (ahead, _) = dialog[before..].split_once(INNOCENT).unwrap();
                assert!(ahead.matches(GUILTY).count() <= 1, "{ahead}");
            }
        });
        // Whoever failed waited longer each time.
        assert!(begun.elapsed() > Duration::from_millis(500 + 1000 + 2000 + 4000));
        let dialog = bridge.dialog();
        let turns: Vec<_> = dialog.split(&format!("SETDESC {GUILTY}")).collect();
        assert_eq!(turns.len(), 1 + failures.len());
        // In its last pause, which is of 4 s, the other had many dialogs.
        let meanwhile = turns[failures.len() - 1].matches(INNOCENT).count();
        assert!(meanwhile >= 3, "{meanwhile}");
    });
}

#[test]
fn whoever_asks_again_comes_after_who_waits() {
    alone("alone::dialogs::whoever_asks_again_comes_after_who_waits", || {
        let _pcscd = Pcscd::start();
        let _cards = READERS.map(|reader| InsertedCard::insert(Image::normal(), reader));
        let scopes = r#""authenticate""#;
        let bridge = Bridge::over_pcscd(&(grant(GUILTY, scopes) + &grant(INNOCENT, scopes)));
        bridge.will_type_for(GUILTY, &["late", "1234"]);
        bridge.will_type_for(INNOCENT, &["1234"]);
        let (mut guilty, guilty_lease) = bridge.sit_down(GUILTY);
        let (mut innocent, innocent_lease) = bridge.sit_down(INNOCENT);
        // Two at once, and the first is on the screen when the other origin asks.
        guilty.send_sign(&guilty_lease, json!({}));
        guilty.send_sign(&guilty_lease, json!({}));
        bridge.wait_for_dialog();
        assert_eq!(innocent.sign(&innocent_lease, json!({}))["type"], "signed");
        assert_eq!(guilty.read()["code"], "pin-timeout");
        assert_eq!(guilty.read()["type"], "signed");
        let dialog = bridge.dialog();
        let origins: Vec<_> = dialog
            .lines()
            .filter_map(|line| line.strip_prefix("SETDESC ")?.split("%0A").next())
            .collect();
        assert_eq!(origins, [GUILTY, INNOCENT, GUILTY]);
    });
}
