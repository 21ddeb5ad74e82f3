//! The real pcscd, and software cards in its readers, whose counters are kept whatever becomes of
//! the bridge.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpStream};
use std::os::linux::net::TcpStreamExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use std::{fs, thread};

use kazashi_core::value::layout::{self, Application};
use kazashi_emulator::{Application as Df, Card, Contents, Ef, Image};
use pcsc::{
    Context, Disposition, MAX_BUFFER_SIZE, Protocols, ReaderState, Scope, ShareMode, State as Pcsc,
};
use rand_core::OsRng;

use super::{wait_for, wait_until};

/// The ports of vpcd's two readers.
pub(crate) const READERS: [u16; 2] = [35963, 35964];

/// The daemon. It ends with the test.
pub(crate) struct Pcscd(Child);

/// Builds what a source in this folder of tests is for: a reader's driver for pcscd, or words of its
/// library that it does not say itself.
pub(crate) fn build(source: &str, folder: &Path) -> PathBuf {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/bridge").join(source);
    let library = folder.join(source.with_extension("so").file_name().unwrap());
    let mut cc = Command::new("cc");
    cc.args(["-shared", "-fPIC", "-Wall", "-Wextra", "-Werror", "-I/usr/include/PCSC"]);
    let status = cc.arg(source).arg("-o").arg(&library).arg("-ldl").status().unwrap();
    assert!(status.success(), "{status}");
    library
}

/// A reader of which pcscd is told.
pub(crate) struct Reader<'p> {
    pub(crate) name: &'p str,
    /// Where its driver listens for the card of its first slot. The second has the next.
    pub(crate) port: u16,
    pub(crate) driver: &'p Path,
}

impl Pcscd {
    /// With vpcd's readers.
    pub(crate) fn start() -> Self {
        Self(Command::new("pcscd").arg("--foreground").spawn().unwrap())
    }

    /// With these readers, whose drivers may use the folder.
    pub(crate) fn with(folder: &Path, readers: &[Reader<'_>]) -> Self {
        let entry = |&Reader { name, port, driver }: &Reader<'_>| {
            let driver = driver.display();
            format!(
                "FRIENDLYNAME \"{name}\"\nDEVICENAME /dev/null:0x{port:X}\n\
                 LIBPATH {driver}\nCHANNELID 0x{port:X}\n"
            )
        };
        let entries: String = readers.iter().map(entry).collect();
        let configuration = folder.join("reader.conf.d");
        fs::create_dir(&configuration).unwrap();
        fs::write(configuration.join("readers"), entries).unwrap();
        let mut pcscd = Command::new("pcscd");
        pcscd.args(["--foreground", "--config"]).arg(configuration);
        Self(pcscd.env("KAZASHI_TEST_PIN_PAD", folder).spawn().unwrap())
    }

    /// What stops it, from wherever.
    pub(crate) fn sleep(&self) -> Sleep {
        Sleep(self.0.id())
    }
}

/// Stops the daemon where it is, as on a machine that sleeps, and has it go on.
#[derive(Clone, Copy)]
pub(crate) struct Sleep(u32);

impl Sleep {
    /// Returns when nothing of it runs any more.
    pub(crate) fn begin(self) {
        self.signal("-STOP");
        wait_until("a service that stands still", || {
            let tasks = fs::read_dir(format!("/proc/{}/task", self.0)).unwrap();
            tasks.into_iter().all(|task| {
                let status = fs::read_to_string(task.unwrap().path().join("status"));
                status.unwrap().contains("State:\tT")
            })
        });
    }

    pub(crate) fn end(self) {
        self.signal("-CONT");
    }

    fn signal(self, signal: &str) {
        let mut kill = Command::new("kill");
        assert!(kill.args([signal, &self.0.to_string()]).status().unwrap().success());
    }
}

impl Drop for Pcscd {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
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
    let [user, document] =
        [layout::jpki::USER_AUTHENTICATION_KEY, layout::jpki::DIGITAL_SIGNATURE_KEY];
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
    /// How often its power was taken, or it was reset.
    disturbances: usize,
    /// What happens before it answers a command of this instruction, once.
    event: Option<(u8, Box<dyn FnOnce() + Send>)>,
}

impl InsertedCard {
    /// Puts a card into a reader as soon as that is there, and waits until pcscd knows.
    pub(crate) fn insert(image: Image, reader: u16) -> Self {
        let before = cards();
        let stream =
            wait_for("the port of the reader", || TcpStream::connect(("127.0.0.1", reader)).ok());
        let state =
            State { card: Card::new(image), commands: Vec::new(), disturbances: 0, event: None };
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

    /// Has this happen before it answers the next command of this instruction (INS).
    pub(crate) fn before_answering(&self, ins: u8, event: impl FnOnce() + Send + 'static) {
        self.state.lock().unwrap().event = Some((ins, Box::new(event)));
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
        format!("63C{}", self.retries_left(layout::jpki::USER_AUTHENTICATION_PIN))
    }

    /// Whether the last that the card was told is to select the card manager.
    pub(crate) fn was_left_clean(&self) -> bool {
        let commands = self.commands();
        commands.last().is_some_and(|(_, command)| selects_card_manager(command))
    }

    /// How often its power was taken so far, or it was reset.
    pub(crate) fn disturbances(&self) -> usize {
        self.state.lock().unwrap().disturbances
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

/// What vpcd says to its card.
const POWER_ON: u8 = 1;

/// Answers one message of vpcd: a length of two bytes, and a signal or a command.
fn answer(mut stream: &TcpStream, state: &Mutex<State>) -> Option<()> {
    let mut length = [0; 2];
    // Otherwise vpcd waits 40 ms before it sends what follows.
    stream.set_quickack(true).ok()?;
    stream.read_exact(&mut length).ok()?;
    let mut message = vec![0; u16::from_be_bytes(length).into()];
    stream.set_quickack(true).ok()?;
    stream.read_exact(&mut message).ok()?;
    let State { card, commands, disturbances, event } = &mut *state.lock().unwrap();
    let response = match message[..] {
        [4] => card.atr().to_vec(),
        [signal] => {
            *disturbances += usize::from(signal != POWER_ON);
            match signal {
                0 => card.power_off(),
                POWER_ON => card.power_on(),
                _ => card.reset(),
            }
            return Some(());
        }
        _ => {
            if let Some((_, event)) = event.take_if(|(ins, _)| message.get(1) == Some(ins)) {
                event();
            }
            let response = card.transmit(&message, &mut OsRng);
            commands.push((Instant::now(), message));
            response
        }
    };
    let length = u16::try_from(response.len()).unwrap().to_be_bytes();
    stream.write_all(&[&length[..], &response].concat()).ok()
}
