//! The program, with keys and authorities of the emulator's cards.

use std::fs::{self, File};
use std::io::{BufRead, BufReader, Write};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use ed25519_dalek::SigningKey;
use rsa::pkcs8::{DecodePrivateKey, EncodePublicKey, LineEnding};
use rsa::{RsaPrivateKey, RsaPublicKey};
use tempfile::TempDir;

use crate::ORIGIN;
use crate::backend::Backend;
use crate::client::Client;

/// The identifier of the emulator's root of card surfaces.
pub(crate) const ROOT: &str = "39303030303233080530303100000000";

const PASSWORD: &str = "correct horse";

/// What vouches for challenges, on the workstation.
pub(crate) fn bridge_key() -> SigningKey {
    SigningKey::from_bytes(&[7; 32])
}

/// A server that runs until it is dropped.
pub(crate) struct Server {
    process: Child,
    address: String,
    folder: TempDir,
}

impl Server {
    pub(crate) fn start(backend: &Backend) -> Self {
        Self::start_with(backend, &[])
    }

    pub(crate) fn start_with(backend: &Backend, options: &[&str]) -> Self {
        Self::run(program(), backend, options)
    }

    /// One whose machine's clock is wrong by so many seconds, `+3600`, or begins at
    /// `@2027-01-01 00:00:00`. How long something takes, it is told rightly.
    pub(crate) fn start_with_clock(backend: &Backend, wrong_by: &str) -> Self {
        let library =
            format!("/usr/lib/{}-linux-gnu/faketime/libfaketimeMT.so.1", std::env::consts::ARCH);
        assert!(Path::new(&library).exists(), "{library} is of Debian's package faketime");
        let mut program = program();
        program.env("LD_PRELOAD", library).env("FAKETIME", wrong_by).env("TZ", "UTC");
        program.env("FAKETIME_DONT_FAKE_MONOTONIC", "1");
        Self::run(program, backend, &[])
    }

    fn run(mut command: Command, backend: &Backend, options: &[&str]) -> Self {
        let folder = TempDir::new().unwrap();
        command.args(["serve", "--port", "0", "--database", &backend.url()]);
        if !options.contains(&"--origin") {
            command.args(["--origin", ORIGIN]);
        }
        command.args(keys(folder.path())).args(options);
        Self::spawn(&mut command, folder)
    }

    /// With nothing but what the command says.
    pub(crate) fn from_command(command: &mut Command) -> Self {
        Self::spawn(command, TempDir::new().unwrap())
    }

    fn spawn(command: &mut Command, folder: TempDir) -> Self {
        let log = File::create(folder.path().join("log")).unwrap();
        let mut process = command.stdout(Stdio::piped()).stderr(log).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(process.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
        let address = line.trim().strip_prefix("serving ").map(str::to_owned);
        let server = Self { process, address: address.clone().unwrap_or_default(), folder };
        assert!(address.is_some(), "{line}{}", server.log());
        server
    }

    /// Where it listens: `http://127.0.0.1:12345`.
    pub(crate) fn address(&self) -> &str {
        &self.address
    }

    pub(crate) fn socket(&self) -> SocketAddr {
        self.address.split_once("://").unwrap().1.parse().unwrap()
    }

    /// Somebody who has opened the page.
    pub(crate) fn guest(&self) -> Client {
        let mut client = Client::new(self.socket());
        client.get("/api/session").expect(200);
        client
    }

    /// Staff, signed in.
    pub(crate) fn staff(&self, backend: &Backend) -> Client {
        self.signed_in(backend, "staff", "staff")
    }

    /// An administrator, signed in.
    pub(crate) fn administrator(&self, backend: &Backend) -> Client {
        self.signed_in(backend, "boss", "administrator")
    }

    /// Somebody of this role, signed in.
    pub(crate) fn signed_in(&self, backend: &Backend, name: &str, role: &str) -> Client {
        add_account(backend, name, role, PASSWORD);
        let mut client = self.guest();
        client.sign_in(name, PASSWORD).expect(200);
        client
    }

    /// What it has logged so far.
    pub(crate) fn log(&self) -> String {
        fs::read_to_string(self.folder.path().join("log")).unwrap()
    }

    /// Sends a signal, and says by which code it ends.
    pub(crate) fn stop(&mut self, signal: &str) -> Option<i32> {
        self.signal(signal);
        self.wait()
    }

    /// By which code it ends.
    pub(crate) fn wait(&mut self) -> Option<i32> {
        self.process.wait().unwrap().code()
    }

    /// How much memory it has, or had at most (proc_pid_status(5)), in kB.
    pub(crate) fn memory(&self, field: &str) -> usize {
        let status = fs::read_to_string(format!("/proc/{}/status", self.process.id())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix(field)).unwrap();
        line.trim().trim_end_matches(" kB").parse().unwrap()
    }

    pub(crate) fn signal(&self, signal: &str) {
        let id = self.process.id().to_string();
        assert!(Command::new("kill").args([signal, &id]).status().unwrap().success());
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Adds an account, at the command line; it may be there already.
pub(crate) fn add_account(backend: &Backend, name: &str, role: &str, password: &str) -> bool {
    add_account_with(backend, name, role, format!("{password}\n").as_bytes()).is_ok()
}

/// The same with what a file or a pipe gives for the password; else says why not.
pub(crate) fn add_account_with(
    backend: &Backend,
    name: &str,
    role: &str,
    password: &[u8],
) -> Result<(), String> {
    let mut command = program();
    command.args(["account", "add", name, "--role", role, "--database", &backend.url()]);
    let mut process = command.stdin(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    process.stdin.take().unwrap().write_all(password).unwrap();
    outcome(process.wait_with_output().unwrap()).map(drop)
}

/// Does something with the record, at the command line: what that prints, else why it failed.
pub(crate) fn record(backend: &Backend, arguments: &[&str]) -> Result<String, String> {
    let mut command = program();
    command.arg("record").args(arguments).args(["--database", &backend.url()]);
    outcome(command.output().unwrap())
}

fn outcome(output: Output) -> Result<String, String> {
    let text = |bytes| String::from_utf8(bytes).unwrap().trim_end().to_owned();
    match output.status.success() {
        true => Ok(text(output.stdout)),
        false => Err(text(output.stderr)),
    }
}

/// What the program says at the command line with these arguments and this input, and whether it
/// succeeds.
pub(crate) fn command(backend: &Backend, arguments: &[&str], input: &str) -> (bool, String) {
    let mut command = program();
    command.args(arguments).args(["--database", &backend.url()]);
    let mut process = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    process.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
    let output = process.wait_with_output().unwrap();
    (output.status.success(), String::from_utf8(output.stdout).unwrap())
}

pub(crate) fn program() -> Command {
    Command::new(env!("CARGO_BIN_EXE_kazashi-portal"))
}

pub(crate) fn keys(folder: &Path) -> Vec<String> {
    let pairwise = folder.join("pairwise.key");
    fs::write(&pairwise, [7; 32]).unwrap();
    let root = folder.join("root.pem");
    let pem = root_key().to_public_key_pem(LineEnding::LF).unwrap();
    // As the emulator writes it, with text before.
    fs::write(&root, format!("Key identifier: {ROOT}\n{pem}")).unwrap();
    let bridge = kazashi_server::BridgeKey::from_bytes(bridge_key().verifying_key().as_bytes());
    let options = [
        ("--pairwise-key", pairwise.display().to_string()),
        ("--authorities", vector("certificates/user-authentication-ca.der")),
        ("--card-surface-root", format!("{ROOT}={}", root.display())),
        ("--terminal-certificate", vector("cv-certificates/terminal-intermediate.cv")),
        ("--terminal-certificate", vector("cv-certificates/terminal.cv")),
        ("--terminal-key", vector("keys/terminal.pem")),
        ("--bridge", format!("desk-1={}", bridge.unwrap())),
    ];
    let options = options.into_iter().flat_map(|(name, value)| [name.to_owned(), value]);
    options.chain(["--accept-test-hierarchy".to_owned()]).collect()
}

/// The key of that root.
pub(crate) fn root_key() -> RsaPublicKey {
    let pem = fs::read_to_string(vectors().join("keys/card-surface-authority.pem")).unwrap();
    RsaPrivateKey::from_pkcs8_pem(&pem).unwrap().to_public_key()
}

pub(crate) fn vector(name: &str) -> String {
    vectors().join(name).display().to_string()
}

pub(crate) fn vectors() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../vectors")
}
