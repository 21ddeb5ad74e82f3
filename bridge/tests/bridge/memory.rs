//! What a running bridge has in its memory of PINs and passwords that pages supplied: over the real
//! pcscd, for a virtual card in the bridge itself would know its own.

use std::fs::{self, File};
use std::io::{Read, Seek, SeekFrom};
use std::time::Duration;
use std::{env, thread};

use kazashi_emulator::{Image, folder};
use serde_json::{Value, json};

use crate::harness::{Bridge, InsertedCard, ORIGIN, Page, Pcscd, READERS, apart, grant};

/// Four digits and a password that are found nowhere else.
const PIN: &str = "8351";
const PASSWORD: &str = "MEMORYKEEPS1T0NO";
/// Sign-ins of one page.
const PER_PAGE: usize = 20;
/// How many messages with either fit in the buffer of a connection.
const MESSAGES: usize = 4096 / 150;

#[test]
fn no_copy_of_a_pin_from_the_page_stays_behind() {
    apart("memory::no_copy_of_a_pin_from_the_page_stays_behind", || {
        let _pcscd = Pcscd::start();
        let _card = InsertedCard::insert(card(), READERS[0]);
        let grants = grant(ORIGIN, r#""authenticate", "sign", "page-pin""#);
        let bridge = Bridge::over_pcscd(&grants);
        let before = copies(&bridge);
        for visit in 0..sign_ins().div_ceil(PER_PAGE) {
            let (mut page, lease) = bridge.sit_down(ORIGIN);
            for _ in 0..PER_PAGE {
                sign_in(&mut page, &lease);
            }
            if visit == 0 {
                // Its connection still has the messages that came last, and no more.
                let connected = copies(&bridge);
                assert!(connected.iter().all(|copies| *copies <= MESSAGES), "{connected:?}");
            }
        }
        // The last connection takes a moment to be gone.
        thread::sleep(Duration::from_secs(1));
        assert_eq!(copies(&bridge), before, "after {} sign-ins", sign_ins());
    });
}

/// Signs in with the PIN, and has the password verified.
fn sign_in(page: &mut Page, lease: &str) {
    let signed = page.sign(lease, json!({ "value": PIN }));
    assert_eq!(signed["type"], "signed", "{signed}");
    let verify: Value = json!({
        "type": "verify-pin", "lease": lease,
        "reference": "digital-signature", "value": PASSWORD.to_lowercase(),
    });
    assert_eq!(page.ask(verify)["type"], "verified");
}

/// How many of them: few, unless it is said otherwise.
fn sign_ins() -> usize {
    env::var("KAZASHI_SIGN_INS").map_or(60, |number| number.parse().unwrap())
}

/// The card of this PIN and password.
fn card() -> Image {
    let folder = tempfile::tempdir().unwrap();
    folder::write(folder.path(), &Image::normal()).unwrap();
    let path = folder.path().join("card.toml");
    let toml = fs::read_to_string(&path).unwrap();
    fs::write(&path, toml.replace("1234\"", &format!("{PIN}\"")).replace("ABC123", PASSWORD))
        .unwrap();
    folder::load(folder.path()).unwrap()
}

/// How often PIN and password stand in the memory that the bridge can write, in the forms in which
/// they come, are kept and are sent: what a page says, and what a card is given.
fn copies(bridge: &Bridge) -> [usize; 3] {
    let process = format!("/proc/{}", bridge.process_id());
    let maps = fs::read_to_string(format!("{process}/maps")).unwrap();
    let mut memory = File::open(format!("{process}/mem")).unwrap();
    let (mut found, mut is_seen) = ([0; 3], false);
    for map in maps.lines().filter(|map| map.contains(" rw")) {
        let (range, _) = map.split_once(' ').unwrap();
        let (start, end) = range.split_once('-').unwrap();
        let [start, end] = [start, end].map(|at| u64::from_str_radix(at, 16).unwrap());
        let mut bytes = vec![0; usize::try_from(end - start).unwrap()];
        memory.seek(SeekFrom::Start(start)).unwrap();
        // The stack of a thread may be gone meanwhile.
        if memory.read_exact(&mut bytes).is_err() {
            continue;
        }
        is_seen |= by_itself(&bytes, ORIGIN.as_bytes()) > 0;
        found[0] += by_itself(&bytes, PIN.as_bytes());
        found[1] += by_itself(&bytes, PASSWORD.as_bytes());
        found[2] += by_itself(&bytes, PASSWORD.to_lowercase().as_bytes());
    }
    assert!(is_seen, "what the bridge remembers is found");
    found
}

/// How often it stands there, and is no part of a longer number or word.
fn by_itself(bytes: &[u8], secret: &[u8]) -> usize {
    let is_part = |at: Option<&u8>| at.is_some_and(u8::is_ascii_alphanumeric);
    bytes
        .windows(secret.len())
        .enumerate()
        .filter(|(_, window)| *window == secret)
        .filter(|(at, _)| {
            let before = at.checked_sub(1).and_then(|at| bytes.get(at));
            !is_part(before) && !is_part(bytes.get(at + secret.len()))
        })
        .count()
}
