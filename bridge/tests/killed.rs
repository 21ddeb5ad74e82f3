//! A bridge that is killed at any point of its work leaves nothing behind that its successor does
//! not put right: over the real pcscd, with a card that outlives it.
#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may panic")]

#[path = "harness/bridge.rs"]
mod harness;

use std::{
    env, fs,
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
    os::linux::net::TcpStreamExt,
    process::{Child, Command, Stdio},
    sync::{Arc, Mutex},
    thread,
    time::Duration,
};

use kazashi_core::{jpki::ef, policy::Application};
use kazashi_emulator::{Application as Df, Card, Contents, Ef, Image};
use pcsc::{Context, Disposition, MAX_BUFFER_SIZE, Protocols, Scope, ShareMode};
use rand_core::OsRng;
use serde_json::{Value, json};

use harness::{NONCE, ORIGIN, PROGRAM, Page, SELECT, grant, upgrade, write_config, write_pinentry};

const KILLS: u32 = 200;
const VPCD: &str = "127.0.0.1:35963";
/// Set in the process that has a network and a pcscd of its own.
const ALONE: &str = "KAZASHI_TEST_ALONE";

#[test]
fn a_bridge_that_is_killed_leaves_no_pin_verified_and_no_try_uncounted() {
    if env::var_os(ALONE).is_none() {
        run_alone("a_bridge_that_is_killed_leaves_no_pin_verified_and_no_try_uncounted");
        return;
    }
    let _pcscd = Ended(Command::new("pcscd").arg("--foreground").spawn().unwrap());
    let desk = Desk::new();
    desk.card.insert();

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
}

/// Runs one test in a process that has a network of its own, and a place of its own for pcscd's
/// socket: there is one of each on a machine otherwise.
fn run_alone(test: &str) {
    let script = "ip link set lo up && mkdir -p /run/pcscd && mount -t tmpfs tmpfs /run/pcscd && \
                  exec \"$0\" \"$@\"";
    let mut unshare = Command::new("unshare");
    unshare.args(["--map-root-user", "--net", "--mount", "--pid", "--fork", "--kill-child"]);
    unshare.args(["sh", "-c", script]).arg(env::current_exe().unwrap());
    let status = unshare.args(["--exact", test, "--nocapture"]).env(ALONE, "1").status().unwrap();
    assert!(status.success(), "{status}");
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
        Self { folder, card: InsertedCard::new(Image::normal()) }
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
        let reader = loop {
            let readers = page.ask(json!({ "type": "list-readers" }));
            let readers = readers["readers"].as_array().cloned().unwrap_or_default();
            if let Some(reader) = readers.iter().find(|reader| reader["cardPresent"] == true) {
                break reader["id"].clone();
            }
            thread::sleep(Duration::from_millis(1));
        };
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

/// Another program on the same reader: how often the card signs for it, as the bridge left it and
/// with its application selected.
fn signatures_without_a_pin() -> usize {
    let context = Context::establish(Scope::User).unwrap();
    let readers = context.list_readers_owned().unwrap();
    let card = readers
        .iter()
        .find_map(|reader| context.connect(reader, ShareMode::Shared, Protocols::ANY).ok())
        .unwrap();
    let sign =
        |key: u8| [&[0x80, 0x2A, 0x00, 0x80 | key, 14], &b"not DigestInfo"[..], &[0x00]].concat();
    let [user, document] = [ef::USER_AUTHENTICATION_KEY, ef::DIGITAL_SIGNATURE_KEY];
    let select = Application::Jpki.select().to_bytes().to_vec();
    let commands = [sign(user), sign(document), select];
    let mut buffer = [0; MAX_BUFFER_SIZE];
    let signatures = [0, 1, 2, 0, 1]
        .into_iter()
        .filter(|&command| card.transmit(&commands[command], &mut buffer).unwrap().len() > 2)
        .count();
    card.disconnect(Disposition::LeaveCard).map_err(|(_, error)| error).unwrap();
    signatures
}

/// A process that ends with the test.
struct Ended(Child);

impl Drop for Ended {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A card in the reader of vpcd, which keeps its counters whatever becomes of the bridge.
struct InsertedCard(Arc<Mutex<State>>);

struct State {
    card: Card,
    last_command: Vec<u8>,
}

impl InsertedCard {
    fn new(image: Image) -> Self {
        let state = State { card: Card::new(image), last_command: Vec::new() };
        Self(Arc::new(Mutex::new(state)))
    }

    /// Puts it into the reader as soon as that is there, and waits until pcscd knows.
    fn insert(&self) {
        let stream = loop {
            match TcpStream::connect(VPCD) {
                Ok(stream) => break stream,
                Err(_) => thread::sleep(Duration::from_millis(20)),
            }
        };
        let state = Arc::clone(&self.0);
        thread::spawn(move || while answer(&stream, &state).is_some() {});
        while Context::establish(Scope::User).is_ok_and(|context| {
            let readers = context.list_readers_owned().unwrap_or_default();
            !readers
                .iter()
                .any(|reader| context.connect(reader, ShareMode::Shared, Protocols::ANY).is_ok())
        }) {
            thread::sleep(Duration::from_millis(20));
        }
    }

    fn retries_left(&self, file: u8) -> u8 {
        let file = Ef { application: Df::Jpki, id: file.into() };
        match self.0.lock().unwrap().card.image().contents(file) {
            Some(Contents::Pin(pin)) => pin.retries_left(),
            other => panic!("{other:?}"),
        }
    }

    /// What the card answers to who asks for the counter of the user authentication PIN.
    fn counter(&self) -> String {
        format!("63C{}", self.retries_left(ef::USER_AUTHENTICATION_PIN))
    }

    /// Whether the last that the card was told is to select the card manager.
    fn was_left_clean(&self) -> bool {
        let clean = Application::CardManager.select().to_bytes();
        self.0.lock().unwrap().last_command == **clean
    }
}

/// Answers one message of vpcd: a length of two bytes, and a signal or a command.
fn answer(mut stream: &TcpStream, state: &Mutex<State>) -> Option<()> {
    let mut length = [0; 2];
    // Otherwise vpcd waits 40 ms before it sends what follows.
    stream.set_quickack(true).ok()?;
    stream.read_exact(&mut length).ok()?;
    let mut message = vec![0; u16::from_be_bytes(length).into()];
    stream.set_quickack(true).ok()?;
    stream.read_exact(&mut message).ok()?;
    let State { card, last_command } = &mut *state.lock().unwrap();
    let response = match message[..] {
        [4] => card.atr().to_vec(),
        [signal] => {
            match signal {
                0 => card.power_off(),
                1 => card.power_on(),
                _ => card.reset(),
            }
            return Some(());
        }
        _ => {
            let response = card.transmit(&message, &mut OsRng);
            *last_command = message;
            response
        }
    };
    let length = u16::try_from(response.len()).unwrap().to_be_bytes();
    stream.write_all(&[&length[..], &response].concat()).ok()
}
