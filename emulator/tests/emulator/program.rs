//! The program, against a vpcd made of one socket.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, ChildStderr, ChildStdin, ChildStdout, Command, Stdio};

use kazashi_emulator::{Image, Variant, folder};
use tempfile::TempDir;

use crate::support::transcript::bytes;

const PROGRAM: &str = env!("CARGO_BIN_EXE_kazashi-emulator");

#[test]
fn new_writes_the_normal_card_and_prints_its_pins() {
    let dir = TempDir::new().unwrap();
    let output = Command::new(PROGRAM).arg("new").arg(dir.path()).output().unwrap();
    assert!(output.status.success());
    let text = String::from_utf8(output.stdout).unwrap();
    let pins: Vec<_> = text.lines().skip(1).collect();
    assert_eq!(
        pins,
        [
            "user authentication PIN (利用者証明用暗証番号): 1234 (3 tries)",
            "digital signature password (署名用パスワード): ABC123 (5 tries)",
            "date of birth (生年月日): 550217 (10 tries)",
            "verification number B (照合番号B): 55021720352285 (10 tries)",
            "verification number A (照合番号A): 123456789018 (10 tries)",
            "card information PIN (券面事項入力補助用暗証番号): 1234 (3 tries)",
        ]
    );
    assert_eq!(folder::load(&dir).unwrap(), Image::normal());
}

#[test]
fn new_writes_the_card_of_a_variant() {
    let dir = TempDir::new().unwrap();
    let new = |variant| {
        Command::new(PROGRAM).args(["new", "--variant", variant]).arg(dir.path()).output().unwrap()
    };
    assert!(!new("golden").status.success());
    let output = new("without-pins");
    assert!(output.status.success());
    let text = String::from_utf8(output.stdout).unwrap();
    assert_eq!(text.matches("not set (0 tries)").count(), 3, "{text}");
    assert_eq!(folder::load(&dir).unwrap(), Image::of(Variant::WithoutPins));
}

#[test]
fn new_does_not_write_over_a_card() {
    let dir = TempDir::new().unwrap();
    folder::write(&dir, &Image::empty(Image::normal().variant())).unwrap();
    let output = Command::new(PROGRAM).arg("new").arg(dir.path()).output().unwrap();
    assert!(!output.status.success());
    assert_ne!(folder::load(&dir).unwrap(), Image::normal());
}

#[test]
fn a_reader_gets_the_atr_and_answers() {
    let mut emulator = Emulator::start();
    let mut reader = emulator.reader();
    reader.send("04");
    assert_eq!(reader.receive(), bytes("3BE000FF8131FE4514"));
    reader.send("01");
    assert_eq!(reader.transmit("00A4040C 0A D392F000260100000001"), bytes("9000"));
    assert_eq!(reader.transmit("00B0880003"), bytes("8F8F00 9000"));
}

#[test]
fn a_reader_resets_and_powers_down_the_card() {
    let mut emulator = Emulator::start();
    let mut reader = emulator.reader();
    let select = "00A4040C 0A D392F000260100000001";
    reader.transmit(select);
    assert_eq!(reader.transmit("0020009B 06 414243313233"), bytes("9000"));
    reader.send("02");
    assert_eq!(reader.transmit("00B0810001"), bytes("6A82"));
    reader.transmit(select);
    assert_eq!(reader.transmit("00B0810001"), bytes("30 9000"));
    reader.send("00");
    reader.send("01");
    reader.transmit(select);
    assert_eq!(reader.transmit("00B0810001"), bytes("6982"));
}

#[test]
fn a_wrong_try_is_on_disk_before_the_answer() {
    let mut emulator = Emulator::start();
    let mut reader = emulator.reader();
    reader.transmit("00A4040C 0A D392F000260100000001");
    assert_eq!(reader.transmit("00200098 04 30303030"), bytes("63C2"));
    let image = folder::load(emulator.dir.path()).unwrap();
    assert_eq!(image.pins().next().unwrap().1.retries_left(), 2);
}

#[test]
fn a_card_that_cannot_remember_a_try_fails() {
    let mut emulator = Emulator::start();
    let mut reader = emulator.reader();
    reader.transmit("00A4040C 0A D392F000260100000001");
    std::fs::remove_dir_all(emulator.dir.path()).unwrap();
    assert_eq!(reader.transmit("00200098 04 31323334"), bytes("9000"));
    assert_eq!(reader.transmit("00200098 04 30303030"), bytes("6581"));
}

#[test]
fn a_card_is_taken_out_and_put_back() {
    let mut emulator = Emulator::start();
    let mut reader = emulator.reader();
    emulator.say("remove");
    assert!(reader.is_closed());
    drop(reader);
    assert_eq!(emulator.hear(), "removed");
    emulator.say("insert");
    let mut reader = emulator.reader();
    assert_eq!(reader.transmit("00A40000"), bytes("6A86"));
}

#[test]
fn another_card_takes_the_place_of_the_first() {
    let mut emulator = Emulator::start();
    let mut reader = emulator.reader();
    let other = TempDir::new().unwrap();
    folder::write(&other, &Image::empty(Image::normal().variant())).unwrap();

    emulator.say("swap /nowhere");
    emulator.say(&format!("swap {}", other.path().display()));
    assert!(reader.is_closed());
    drop(reader);
    assert_eq!(emulator.hear(), "removed");
    let mut reader = emulator.reader();
    assert_eq!(reader.transmit("00A4040C 0A D392F000260100000001"), bytes("6A82"));
}

#[test]
fn a_key_whose_file_is_missing_is_named() {
    let mut emulator = Emulator::start();
    let mut reader = emulator.reader();
    let other = TempDir::new().unwrap();
    folder::write(&other, &Image::normal()).unwrap();
    std::fs::remove_file(other.path().join("keys/digital-signature.pem")).unwrap();

    emulator.say(&format!("swap {}", other.path().display()));
    assert!(reader.is_closed());
    drop(reader);
    emulator
        .hear_of("keys/digital-signature.pem is not there: the card is without the key jpki/001A");
}

#[test]
fn the_card_waits_for_a_reader_that_went_away() {
    let mut emulator = Emulator::start();
    drop(emulator.reader());
    let (stream, _) = emulator.vpcd.accept().unwrap();
    assert_eq!(Reader(stream).transmit("00A40000"), bytes("6A86"));
}

#[test]
fn a_reset_from_outside_leaves_the_application() {
    let mut emulator = Emulator::start();
    let mut reader = emulator.reader();
    reader.transmit("00A4040C 0A D392F000260100000001");
    assert_eq!(reader.transmit("00A40000"), bytes("9000"));
    emulator.say("reset");
    // Commands are carried out in order, so the complaint about the second says that the first is
    // done.
    emulator.say("insert");
    emulator.hear_of("a card is in already");
    assert_eq!(reader.transmit("00A40000"), bytes("6A86"));
}

#[test]
fn the_trace_shows_headers_lengths_and_status_words_only() {
    let mut emulator = Emulator::start();
    let mut reader = emulator.reader();
    reader.transmit("00A4040C 0A D392F000260100000001");
    reader.transmit("00200098 04 31323334");
    reader.transmit("00B0880000");
    reader.transmit("00A4");
    assert_eq!(
        emulator.trace(),
        "00 A4 04 0C Nc=10 Ne=0 -> 9000 Nr=0\n\
         00 20 00 98 Nc=4 Ne=0 -> 9000 Nr=0\n\
         00 B0 88 00 Nc=0 Ne=256 -> 9000 Nr=3\n\
         malformed, 2 bytes -> 6700 Nr=0\n"
    );
}

/// The program, running with a card of its own.
struct Emulator {
    vpcd: TcpListener,
    dir: TempDir,
    process: Child,
    stdin: ChildStdin,
    stdout: BufReader<ChildStdout>,
    stderr: BufReader<ChildStderr>,
}

impl Emulator {
    fn start() -> Self {
        let vpcd = TcpListener::bind("127.0.0.1:0").unwrap();
        let dir = TempDir::new().unwrap();
        folder::write(&dir, &Image::normal()).unwrap();
        let mut process = run(dir.path(), &vpcd);
        let stdin = process.stdin.take().unwrap();
        let stdout = BufReader::new(process.stdout.take().unwrap());
        let stderr = BufReader::new(process.stderr.take().unwrap());
        Self { vpcd, dir, process, stdin, stdout, stderr }
    }

    /// The reader that a card is put into.
    fn reader(&mut self) -> Reader {
        let (stream, _) = self.vpcd.accept().unwrap();
        assert_eq!(self.hear(), "ready");
        Reader(stream)
    }

    fn say(&mut self, line: &str) {
        writeln!(self.stdin, "{line}").unwrap();
    }

    fn hear(&mut self) -> String {
        let mut line = String::new();
        self.stdout.read_line(&mut line).unwrap();
        line.trim_end().to_owned()
    }

    /// Waits for a line on standard error.
    fn hear_of(&mut self, line: &str) {
        let lines = self.stderr.by_ref().lines().map(Result::unwrap);
        assert!(lines.into_iter().any(|heard| heard == line), "{line}");
    }

    /// Everything on standard error so far.
    fn trace(&mut self) -> String {
        self.process.kill().unwrap();
        let mut text = String::new();
        self.stderr.read_to_string(&mut text).unwrap();
        text
    }
}

impl Drop for Emulator {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn run(dir: &Path, vpcd: &TcpListener) -> Child {
    Command::new(PROGRAM)
        .arg("run")
        .args(["--image".as_ref(), dir.as_os_str()])
        .args(["--vpcd", &vpcd.local_addr().unwrap().to_string(), "--trace"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

/// The reader's end of the connection.
struct Reader(TcpStream);

impl Reader {
    fn send(&mut self, hex: &str) {
        let payload = bytes(hex);
        let length = u16::try_from(payload.len()).unwrap().to_be_bytes();
        self.0.write_all(&[&length[..], &payload].concat()).unwrap();
    }

    fn receive(&mut self) -> Vec<u8> {
        let mut length = [0; 2];
        self.0.read_exact(&mut length).unwrap();
        let mut payload = vec![0; usize::from(u16::from_be_bytes(length))];
        self.0.read_exact(&mut payload).unwrap();
        payload
    }

    fn transmit(&mut self, hex: &str) -> Vec<u8> {
        self.send(hex);
        self.receive()
    }

    fn is_closed(&mut self) -> bool {
        self.0.read(&mut [0]).unwrap() == 0
    }
}
