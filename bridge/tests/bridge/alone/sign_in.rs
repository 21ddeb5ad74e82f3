//! What a sign-in costs beside the card's own work: what the bridge adds to it, and what the log does.
//!
//! The state folder is in memory, so that the disk is not measured with the bridge. What the disk costs
//! is measured by itself: a line in a file that is laid out, as the log's are, and beside it two in a
//! file that grows, as they were.

use std::fs::{self, File, OpenOptions};
use std::io::{Seek, SeekFrom, Write};
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use kazashi_core::card::jpki;
use kazashi_core::codec::apdu::{CommandApdu, ResponseApdu};
use kazashi_core::flow::{Error, Transport, run};
use kazashi_core::guard::verification::{Presentation, present};
use kazashi_core::value::layout::{Application, PinReference};
use kazashi_core::value::{CertificateKind, Method, PinValue, Statement};
use kazashi_emulator::{Card, Image, folder};
use rand_core::OsRng;
use serde_json::json;

use crate::harness::{Bridge, NONCE, ORIGIN, Page, SELECT, alone, folder_with, grant};

const TIMES: usize = 200;
/// The longest that the bridge may take for its part, in 95 of 100 times.
const LONGEST: Duration = Duration::from_millis(3);
/// As long as a line of a sign-in.
const LINE: [u8; 512] = [b'x'; 512];

#[test]
fn a_sign_in_costs_little_more_than_the_card_s_own_work() {
    alone("alone::sign_in::a_sign_in_costs_little_more_than_the_card_s_own_work", beside_the_card);
}

fn beside_the_card() {
    let folder_of_bridge = folder_with(&grant(ORIGIN, r#""authenticate", "page-pin""#));
    let state = folder_of_bridge.path().join("state");
    fs::create_dir(&state).unwrap();
    let mut mount = Command::new("mount");
    assert!(mount.args(["-t", "tmpfs", "tmpfs"]).arg(&state).status().unwrap().success());
    let image = state.join("card");
    folder::write(&image, &Image::normal()).unwrap();
    let disk = folder_of_bridge.path().to_owned();
    let bridge = Bridge::serve(folder_of_bridge, |serve| {
        serve.args(["--port", "0", "--virtual-card"]).arg(&image);
    });
    let mut page = bridge.page(ORIGIN);
    let mut card = OwnCard(Card::new(Image::normal()));
    card.0.power_on();

    let mut own = Vec::new();
    for _ in 0..TIMES {
        let whole = time(|| sign_in(&mut page));
        own.push(whole.saturating_sub(time(|| work(&mut card))));
    }
    own.sort();
    println!("the bridge's own part: median {:.1?}, 95 % {:.1?}", part(&own, 50), part(&own, 95));
    let lines = fs::read_to_string(state.join("disclosure.log")).unwrap();
    let lines = lines.trim_end_matches('\0').lines().count();
    assert_eq!(lines, TIMES + 1, "a line for each, and one that the log begins");
    for (what, times) in on_disk(&disk) {
        println!("{what}: median {:.1?}, 95 % {:.1?}", part(&times, 50), part(&times, 95));
    }
    drop(bridge);
    let mut unmount = Command::new("umount");
    assert!(unmount.arg("--lazy").arg(&state).status().unwrap().success());
    if !cfg!(debug_assertions) {
        assert!(part(&own, 95) <= LONGEST);
    }
}

/// What a page asks for.
fn sign_in(page: &mut Page) {
    let lease = page.acquire();
    page.transmit(&lease, SELECT);
    assert_eq!(page.sign(&lease, json!({ "value": "1234" }))["type"], "signed");
    assert_eq!(page.ask(json!({ "type": "release", "lease": lease }))["type"], "released");
}

/// What the card does for it.
fn work(card: &mut OwnCard) {
    let clean = Application::CardManager.select();
    card.transmit(&clean).unwrap();
    run(jpki::select(), card).unwrap();
    let pin = PinValue::parse(PinReference::UserAuthentication, "1234").unwrap();
    run(jpki::read_certificate(CertificateKind::UserAuthentication), card).unwrap();
    run(present(Presentation::of_person(pin, 3)), card).unwrap();
    let statement = Statement::new(Method::Pin, ORIGIN, NONCE);
    run(jpki::sign_statement(&statement), card).unwrap();
    card.transmit(&clean).unwrap();
}

struct OwnCard(Card);

impl Transport for OwnCard {
    type Error = Error;

    fn transmit(&mut self, command: &CommandApdu) -> Result<ResponseApdu, Error> {
        let response = self.0.transmit(&command.to_bytes(), &mut OsRng);
        ResponseApdu::from_bytes(&response).map_err(|_| Error::Malformed { what: "nothing" })
    }
}

/// What waiting for the disk costs: as it is, and as it was.
fn on_disk(folder: &Path) -> [(&'static str, Vec<Duration>); 2] {
    let mut laid_out = File::create(folder.join("laid-out")).unwrap();
    laid_out.write_all(&vec![0; LINE.len() * TIMES]).unwrap();
    laid_out.sync_all().unwrap();
    laid_out.seek(SeekFrom::Start(0)).unwrap();
    let mut grows =
        OpenOptions::new().create(true).append(true).open(folder.join("grows")).unwrap();
    let line = |file: &mut File| {
        file.write_all(&LINE).unwrap();
        file.sync_data().unwrap();
    };
    let (mut now, mut before) = (Vec::new(), Vec::new());
    for _ in 0..TIMES {
        now.push(time(|| line(&mut laid_out)));
        before.push(time(|| [(); 2].into_iter().for_each(|()| line(&mut grows))));
    }
    now.sort();
    before.sort();
    [("one line in a file that is laid out", now), ("two in a file that grows", before)]
}

fn time(work: impl FnOnce()) -> Duration {
    let begin = Instant::now();
    work();
    begin.elapsed()
}

fn part(times: &[Duration], of_hundred: usize) -> Duration {
    times[(times.len() - 1) * of_hundred / 100]
}
