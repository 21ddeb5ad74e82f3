//! The program, with keys and authorities of the emulator's cards.

use std::fs::{self, File};
use std::io::{BufRead, BufReader, Write};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

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
        let folder = TempDir::new().unwrap();
        let log = File::create(folder.path().join("log")).unwrap();
        let mut command = program();
        command.args(["serve", "--port", "0", "--database", &backend.url()]);
        if !options.contains(&"--origin") {
            command.args(["--origin", ORIGIN]);
        }
        command.args(keys(folder.path())).args(options).stdout(Stdio::piped()).stderr(log);
        let mut process = command.spawn().unwrap();
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

    fn signed_in(&self, backend: &Backend, name: &str, role: &str) -> Client {
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
        self.process.wait().unwrap().code()
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
    let mut command = program();
    command.args(["account", "add", name, "--role", role, "--database", &backend.url()]);
    let mut process = command.stdin(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    process.stdin.take().unwrap().write_all(format!("{password}\n").as_bytes()).unwrap();
    process.wait().unwrap().success()
}

pub(crate) fn program() -> Command {
    Command::new(env!("CARGO_BIN_EXE_kazashi-portal"))
}

fn keys(folder: &Path) -> Vec<String> {
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

fn vector(name: &str) -> String {
    vectors().join(name).display().to_string()
}

pub(crate) fn vectors() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../vectors")
}
