//! The real pcscd, and software cards in its readers, whose counters are kept whatever becomes of
//! the bridge.
#![allow(dead_code, reason = "no test needs all of it")]

use std::{
    env,
    io::{Read, Write},
    net::{Shutdown, TcpStream},
    os::linux::net::TcpStreamExt,
    process::{Child, Command, Stdio},
    sync::{Arc, Mutex},
    thread,
    time::{Duration, Instant},
};

use kazashi_core::{jpki::ef, policy::Application};
use kazashi_emulator::{Application as Df, Card, Contents, Ef, Image};
use pcsc::{
    Context, Disposition, MAX_BUFFER_SIZE, Protocols, ReaderState, Scope, ShareMode, State as Pcsc,
};
use rand_core::OsRng;

use crate::harness::{wait_for, wait_until};

/// The ports of vpcd's two readers.
pub(crate) const READERS: [u16; 2] = [35963, 35964];

/// Set in the process that has a network and a pcscd of its own.
const ALONE: &str = "KAZASHI_TEST_ALONE";

/// Does the work of this test in a process that has a network and process numbers of its own, and a
/// place of its own for pcscd's socket: there is one of each on a machine otherwise.
pub(crate) fn alone(test: &str, work: impl FnOnce()) {
    if env::var_os(ALONE).is_some() {
        return work();
    }
    let script = "ip link set lo up && mkdir -p /run/pcscd && mount -t tmpfs tmpfs /run/pcscd && \
                  mount -t proc proc /proc && exec \"$0\" \"$@\"";
    let mut unshare = Command::new("unshare");
    unshare.args(["--map-root-user", "--net", "--mount", "--pid", "--fork", "--kill-child"]);
    unshare.args(["sh", "-c", script]).arg(env::current_exe().unwrap());
    unshare.args(["--exact", test, "--nocapture"]).env(ALONE, "1").stderr(Stdio::inherit());
    let output = unshare.output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    std::io::stdout().write_all(&output.stdout).unwrap();
    assert!(output.status.success() && said.contains("1 passed"), "{}", output.status);
}

/// A process that ends with the test.
pub(crate) struct Ended(pub(crate) Child);

impl Drop for Ended {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// The daemon, with vpcd's readers.
pub(crate) fn start_pcscd() -> Ended {
    Ended(Command::new("pcscd").arg("--foreground").spawn().unwrap())
}

/// Another program on the same readers: how often the cards sign for it, as the bridge left them and
/// with their application selected.
pub(crate) fn signatures_without_a_pin() -> usize {
    let context = Context::establish(Scope::User).unwrap();
    let readers = context.list_readers_owned().unwrap();
    let connect = |reader| context.connect(reader, ShareMode::Shared, Protocols::ANY).ok();
    let cards: Vec<_> = readers.iter().filter_map(|reader| connect(reader)).collect();
    assert!(!cards.is_empty());
    let sign =
        |key: u8| [&[0x80, 0x2A, 0x00, 0x80 | key, 14], &b"not DigestInfo"[..], &[0x00]].concat();
    let [user, document] = [ef::USER_AUTHENTICATION_KEY, ef::DIGITAL_SIGNATURE_KEY];
    let select = Application::Jpki.select().to_bytes().to_vec();
    let commands = [sign(user), sign(document), select];
    let mut buffer = [0; MAX_BUFFER_SIZE];
    let mut signatures = 0;
    for card in cards {
        signatures += [0, 1, 2, 0, 1]
            .into_iter()
            .filter(|&command| card.transmit(&commands[command], &mut buffer).unwrap().len() > 2)
            .count();
        card.disconnect(Disposition::LeaveCard).map_err(|(_, error)| error).unwrap();
    }
    signatures
}

/// A card, and the reader of vpcd that it lies in.
pub(crate) struct InsertedCard {
    state: Arc<Mutex<State>>,
    reader: TcpStream,
}

struct State {
    card: Card,
    /// What it was told, and when.
    commands: Vec<(Instant, Vec<u8>)>,
}

impl InsertedCard {
    /// Puts a card into a reader as soon as that is there, and waits until pcscd knows.
    pub(crate) fn insert(image: Image, reader: u16) -> Self {
        let before = cards();
        let stream =
            wait_for("the port of the reader", || TcpStream::connect(("127.0.0.1", reader)).ok());
        let state = State { card: Card::new(image), commands: Vec::new() };
        let state = Arc::new(Mutex::new(state));
        let this = Self { state: Arc::clone(&state), reader: stream.try_clone().unwrap() };
        thread::spawn(move || while answer(&stream, &state).is_some() {});
        wait_until("a card that pcscd sees", || cards() > before);
        this
    }

    /// Takes it out.
    pub(crate) fn remove(&self) {
        self.reader.shutdown(Shutdown::Both).unwrap();
    }

    pub(crate) fn retries_left(&self, file: u8) -> u8 {
        let file = Ef { application: Df::Jpki, id: file.into() };
        match self.state.lock().unwrap().card.image().contents(file) {
            Some(Contents::Pin(pin)) => pin.retries_left(),
            other => panic!("{other:?}"),
        }
    }

    /// What the card answers to who asks for the counter of the user authentication PIN.
    pub(crate) fn counter(&self) -> String {
        format!("63C{}", self.retries_left(ef::USER_AUTHENTICATION_PIN))
    }

    /// Whether the last that the card was told is to select the card manager.
    pub(crate) fn was_left_clean(&self) -> bool {
        let commands = self.commands();
        commands.last().is_some_and(|(_, command)| selects_card_manager(command))
    }

    /// What the card was told so far, and when.
    pub(crate) fn commands(&self) -> Vec<(Instant, Vec<u8>)> {
        self.state.lock().unwrap().commands.clone()
    }
}

pub(crate) fn selects_card_manager(command: &[u8]) -> bool {
    *command == **Application::CardManager.select().to_bytes()
}

/// On how many readers pcscd sees a card.
fn cards() -> usize {
    let Ok(context) = Context::establish(Scope::User) else { return 0 };
    let readers = context.list_readers_owned().unwrap_or_default();
    let has_card = |reader| {
        let mut state = [ReaderState::new(reader, Pcsc::UNAWARE)];
        context.get_status_change(Duration::ZERO, &mut state).is_ok()
            && state[0].event_state().contains(Pcsc::PRESENT)
    };
    readers.into_iter().filter(|reader| has_card(reader.clone())).count()
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
    let State { card, commands } = &mut *state.lock().unwrap();
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
            commands.push((Instant::now(), message));
            response
        }
    };
    let length = u16::try_from(response.len()).unwrap().to_be_bytes();
    stream.write_all(&[&length[..], &response].concat()).ok()
}
