//! A bridge, and pages that connect to it.
#![allow(dead_code, reason = "no test needs all of it")]
#![allow(clippy::indexing_slicing, reason = "a test may panic")]

use std::{
    fs,
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
    os::unix::{fs::PermissionsExt, net::UnixStream},
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
};

use base64::{Engine, engine::general_purpose::STANDARD};
use kazashi_core::terminal::{TerminalCertificate, TerminalRequest};
use kazashi_emulator::{Image, folder};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio_tungstenite::tungstenite::{
    Error, HandshakeError, Message, WebSocket, client::IntoClientRequest,
};

mod wait;

pub(crate) use wait::{wait_for, wait_until};

pub(crate) const ORIGIN: &str = "https://portal.example";
pub(crate) const NONCE: &str = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
pub(crate) const SELECT: &str = "00A4040C0AD392F000260100000001";
pub(crate) const PINLESS: &str = "https://pinless.example";
pub(crate) const PRESENCE: &str = "https://presence.example";
pub(crate) const HOLDER: &str = "https://holder.example";

/// The program as it was built.
pub(crate) const PROGRAM: &str = env!("CARGO_BIN_EXE_kazashi-bridge");

/// A running bridge with a virtual card and a scripted pinentry.
pub(crate) struct Bridge {
    process: Child,
    pub(crate) port: u16,
    pub(crate) folder: TempDir,
}

impl Bridge {
    /// A bridge that grants some origins what most tests need.
    pub(crate) fn start() -> Self {
        Self::start_with(|_| {})
    }

    /// The same, with a card whose folder was changed before.
    pub(crate) fn start_with(change: impl FnOnce(&Path)) -> Self {
        let grants = [
            (ORIGIN, r#""events", "authenticate", "page-pin""#),
            ("https://dialog.example", r#""authenticate""#),
            ("https://reader.example", r#""reader""#),
            ("https://sign.example", r#""sign""#),
            (PINLESS, r#""authenticate-pinless""#),
            (PRESENCE, r#""card-presence""#),
            (HOLDER, r#""card-face", "attributes""#),
        ];
        let config = grants.map(|(origin, scopes)| grant(origin, scopes)).concat();
        Self::with_card(&config, change)
    }

    /// A bridge with this configuration.
    pub(crate) fn with(config: &str) -> Self {
        Self::with_card(config, |_| {})
    }

    fn with_card(config: &str, change: impl FnOnce(&Path)) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let card = folder.path().join("card");
        folder::write(&card, &Image::normal()).unwrap();
        change(&card);
        Self::in_folder(folder, config, &["--virtual-card", card.to_str().unwrap()], "C")
    }

    /// A bridge whose dialogs are in the language of this locale.
    pub(crate) fn speaking(locale: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let card = folder.path().join("card");
        folder::write(&card, &Image::normal()).unwrap();
        let config = grant(ORIGIN, r#""authenticate""#);
        Self::in_folder(folder, &config, &["--virtual-card", card.to_str().unwrap()], locale)
    }

    /// A bridge with this configuration, and the readers of pcscd.
    pub(crate) fn over_pcscd(config: &str) -> Self {
        Self::in_folder(tempfile::tempdir().unwrap(), config, &[], "C")
    }

    fn in_folder(folder: TempDir, config: &str, arguments: &[&str], locale: &str) -> Self {
        write_pinentry(&folder.path().join("pinentry"), folder.path());
        write_config(folder.path(), config);
        let mut process = Command::new(PROGRAM)
            .args(["serve", "--allow-root", "--port", "0", "--config"])
            .arg(folder.path().join("bridge.toml"))
            .arg("--state")
            .arg(folder.path().join("state"))
            .arg("--socket")
            .arg(folder.path().join("run/bridge.sock"))
            .args(arguments)
            .env("KAZASHI_LOG", "trace")
            .env("LC_ALL", locale)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(fs::File::create(folder.path().join("log")).unwrap())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(process.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
        let port = line.trim().strip_prefix("listening on 127.0.0.1:").unwrap().parse().unwrap();
        Self { process, port, folder }
    }

    /// Replaces the administrator's file under the running bridge.
    pub(crate) fn configure(&self, config: &str) {
        write_config(self.folder.path(), config);
    }

    pub(crate) fn process_id(&self) -> u32 {
        self.process.id()
    }

    /// A file of the bridge.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Runs `kazashi-bridge origins` on the files of this bridge.
    pub(crate) fn origins(&self, arguments: &[&str]) -> Output {
        Command::new(PROGRAM)
            .arg("origins")
            .args(arguments)
            .arg("--config")
            .arg(self.path("bridge.toml"))
            .arg("--state")
            .arg(self.path("state"))
            .output()
            .unwrap()
    }

    /// What was logged so far.
    pub(crate) fn logged(&self) -> String {
        fs::read_to_string(self.path("log")).unwrap()
    }

    /// What is typed into each dialog that follows; the last line again and again.
    pub(crate) fn will_type(&self, lines: &[&str]) {
        fs::write(self.folder.path().join("typed"), lines.join("\n") + "\n").unwrap();
    }

    /// What is typed into the dialogs of one origin, whatever those of others get.
    pub(crate) fn will_type_for(&self, origin: &str, lines: &[&str]) {
        let host = origin.strip_prefix("https://").unwrap();
        fs::write(self.path(&format!("typed-{host}")), lines.join("\n") + "\n").unwrap();
    }

    /// What the bridge said to the pinentry so far.
    pub(crate) fn dialog(&self) -> String {
        fs::read_to_string(self.folder.path().join("said")).unwrap()
    }

    /// Waits until the pinentry asks.
    pub(crate) fn wait_for_dialog(&self) {
        self.wait_until_dialog_has("GETPIN");
    }

    /// Waits until the pinentry was told or sent this.
    pub(crate) fn wait_until_dialog_has(&self, text: &str) {
        let said = self.folder.path().join("said");
        wait_until(&format!("{text} in the dialog"), || {
            fs::read_to_string(&said).is_ok_and(|said| said.contains(text))
        });
    }

    /// Has the person take time over a question, or refuse it.
    pub(crate) fn person(&self, what: &str) {
        fs::write(self.path(what), "").unwrap();
    }

    /// Has the person no longer do so.
    pub(crate) fn person_no_longer(&self, what: &str) {
        fs::remove_file(self.path(what)).unwrap();
    }

    /// Has the virtual reader do something.
    pub(crate) fn tell(&mut self, line: &str) {
        writeln!(self.process.stdin.as_mut().unwrap(), "{line}").unwrap();
    }

    pub(crate) fn page(&self, origin: &str) -> Page {
        Page::new(self.connect(origin, &format!("127.0.0.1:{}", self.port)).unwrap())
    }

    pub(crate) fn connect(&self, origin: &str, host: &str) -> Result<WebSocket<TcpStream>, Error> {
        upgrade(TcpStream::connect(("127.0.0.1", self.port)).unwrap(), Some(origin), host)
    }

    /// A page that has the lease on a reader with a card that nobody else has.
    pub(crate) fn sit_down(&self, origin: &str) -> (Page, String) {
        let mut page = self.page(origin);
        let lease = wait_for("a lease on any reader", || {
            let readers = page.ask(json!({ "type": "list-readers" }));
            let readers = readers["readers"].as_array()?;
            readers.iter().find_map(|reader| page.try_to_acquire(&reader["id"]).ok())
        });
        (page, lease)
    }

    /// What a program meets at the Unix socket that says this of itself.
    pub(crate) fn connect_program(
        &self,
        origin: Option<&str>,
    ) -> Result<WebSocket<UnixStream>, Error> {
        upgrade(UnixStream::connect(self.path("run/bridge.sock")).unwrap(), origin, "localhost")
    }

    /// What comes back for these bytes, until the bridge closes the connection.
    pub(crate) fn exchange(&self, request: &[u8]) -> Vec<u8> {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        // The bridge may close it before all is said.
        let _ = stream.write_all(request);
        let mut response = Vec::new();
        let _ = stream.read_to_end(&mut response);
        response
    }

    /// Stops the bridge and returns its log.
    pub(crate) fn stop(&mut self) -> String {
        let _ = self.process.kill();
        self.process.wait().unwrap();
        self.logged()
    }
}

impl Drop for Bridge {
    fn drop(&mut self) {
        self.stop();
    }
}

/// A table of the administrator's file.
pub(crate) fn grant(origin: &str, scopes: &str) -> String {
    format!("[[origin]]\norigin = \"{origin}\"\nscopes = [{scopes}]\n")
}

pub(crate) fn write_config(folder: &Path, config: &str) {
    let pinentry = folder.join("pinentry");
    let config = format!("pinentry = {:?}\n{config}", pinentry.to_str().unwrap());
    // Renamed into place, so that the bridge never sees half of it.
    fs::write(folder.join("bridge.toml.new"), config).unwrap();
    fs::rename(folder.join("bridge.toml.new"), folder.join("bridge.toml")).unwrap();
}

pub(crate) fn upgrade<S: Read + Write>(
    stream: S,
    origin: Option<&str>,
    host: &str,
) -> Result<WebSocket<S>, Error> {
    let mut request = format!("ws://{host}/").into_client_request().unwrap();
    let headers = request.headers_mut();
    if let Some(origin) = origin {
        headers.insert("origin", origin.parse().unwrap());
    }
    headers.insert("sec-websocket-protocol", "kazashi.v1".parse().unwrap());
    match tokio_tungstenite::tungstenite::client(request, stream) {
        Ok((socket, _)) => Ok(socket),
        Err(HandshakeError::Failure(error)) => Err(error),
        Err(HandshakeError::Interrupted(_)) => panic!("a blocking socket"),
    }
}

/// An Assuan server that types the lines of the file `typed`, one a dialog, or of `typed-HOST` where
/// there is one for the origin; `late` lets the time of the dialog run out. Asked to confirm
/// something, it takes its time while there is a file `ponders`, and then does unless there is one
/// `refuses`.
pub(crate) fn write_pinentry(program: &Path, folder: &Path) {
    let folder = folder.to_str().unwrap();
    let script = format!(
        r#"#!/bin/sh
cd "{folder}"
echo "OK ready"
trap 'echo TERM >> said; exit' TERM
while read -r line; do
  echo "$line" >> said
  case "$line" in
    SETDESC*)
      host=${{line#SETDESC https://}}
      typed="typed-${{host%%\%0A*}}"
      if [ ! -e "$typed" ]; then typed=typed; fi
      echo OK ;;
    GETPIN)
      pin=$(head -n 1 "$typed")
      if [ "$(wc -l < "$typed")" -gt 1 ]; then sed -i 1d "$typed"; fi
      if [ "$pin" = wait ]; then sleep 10 & wait $!; fi
      case "$pin" in
        cancel) echo "ERR 83886179 cancelled" ;;
        late) sleep 1; echo "ERR 83886142 timeout" ;;
        *) echo "D $pin"; echo OK ;;
      esac ;;
    CONFIRM)
      while [ -e ponders ]; do sleep 0.05; done
      if [ -e refuses ]; then echo "ERR 83886194 not confirmed"; else echo OK; fi ;;
    BYE) echo OK; exit 0 ;;
    *) echo OK ;;
  esac
done
"#
    );
    fs::write(program, script).unwrap();
    fs::set_permissions(program, fs::Permissions::from_mode(0o755)).unwrap();
}

pub(crate) fn vectors() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../vectors")
}

/// A page connected to the bridge.
pub(crate) struct Page<S: Read + Write = TcpStream>(pub(crate) WebSocket<S>, u64);

impl<S: Read + Write> Page<S> {
    pub(crate) fn new(socket: WebSocket<S>) -> Self {
        Self(socket, 0)
    }

    pub(crate) fn send(&mut self, mut request: Value) {
        self.1 += 1;
        request["id"] = self.1.into();
        self.0.send(Message::text(request.to_string())).unwrap();
    }

    pub(crate) fn ask(&mut self, request: Value) -> Value {
        self.send(request);
        let mut answer = self.read();
        assert_eq!(answer.as_object_mut().unwrap().remove("id"), Some(self.1.into()));
        answer
    }

    pub(crate) fn read(&mut self) -> Value {
        loop {
            match self.0.read().unwrap() {
                Message::Text(text) => return serde_json::from_str(&text).unwrap(),
                Message::Ping(_) => {}
                other => panic!("{other:?}"),
            }
        }
    }

    pub(crate) fn reader(&mut self) -> String {
        let readers = self.ask(json!({ "type": "list-readers" }));
        readers["readers"][0]["id"].as_str().unwrap().to_owned()
    }

    pub(crate) fn acquire(&mut self) -> String {
        let reader = self.reader().into();
        self.try_to_acquire(&reader).unwrap()
    }

    /// The lease, or what the bridge said instead.
    fn try_to_acquire(&mut self, reader: &Value) -> Result<String, Value> {
        let acquired = self.ask(json!({ "type": "acquire", "reader": reader }));
        acquired["lease"].as_str().map(str::to_owned).ok_or_else(|| acquired.clone())
    }

    /// Whether the bridge closed the connection: nothing more is read then.
    pub(crate) fn is_closed(&mut self) -> bool {
        loop {
            match self.0.read() {
                Ok(Message::Ping(_)) => {}
                Ok(Message::Close(_)) | Err(_) => return true,
                Ok(_) => return false,
            }
        }
    }

    pub(crate) fn transmit(&mut self, lease: &str, command: &str) -> String {
        let answer = self.ask(json!({ "type": "transmit", "lease": lease, "command": command }));
        answer["response"].as_str().unwrap_or_else(|| panic!("{answer}")).to_owned()
    }

    pub(crate) fn load_terminal_certificates(&mut self, lease: &str) {
        self.transmit(lease, SELECT);
        self.transmit(lease, "00A4020C020016");
        for name in ["terminal-intermediate.cv", "terminal.cv"] {
            let certificate = fs::read(vectors().join("cv-certificates").join(name)).unwrap();
            let certificate = TerminalCertificate::parse(&certificate).unwrap();
            for (header, part) in [
                ("80A206C1000133", certificate.body()),
                ("80A200C1000105", certificate.signature()),
            ] {
                let part: String = part.iter().map(|byte| format!("{byte:02X}")).collect();
                assert_eq!(self.transmit(lease, &format!("{header}{part}")), "9000");
            }
        }
    }

    pub(crate) fn request_terminal(&mut self, lease: &str, nonce: &str) -> TerminalRequest {
        let request = json!({ "type": "terminal-request", "lease": lease, "nonce": nonce });
        serde_json::from_value(self.ask(request)["request"].take()).unwrap()
    }

    pub(crate) fn sign_as_terminal(&mut self, lease: &str, nonce: &str, signature: &[u8]) -> Value {
        let signature = STANDARD.encode(signature);
        self.ask(json!({
            "type": "terminal-sign", "lease": lease, "nonce": nonce, "signature": signature
        }))
    }

    /// Takes the lease as soon as there is a card, and nobody else has it.
    pub(crate) fn acquire_when_there(&mut self) -> String {
        let reader = self.reader().into();
        wait_for("the lease", || self.try_to_acquire(&reader).ok())
    }

    /// Waits until the bridge knows that the card is gone; it says so to who has the scope `events`.
    pub(crate) fn wait_until_card_is_gone(&mut self) {
        wait_until("a reader without a card", || {
            self.ask(json!({ "type": "list-readers" }))["readers"][0]["cardPresent"] == false
        });
    }

    pub(crate) fn sign(&mut self, lease: &str, pin: Value) -> Value {
        self.ask(sign_challenge(lease, pin))
    }

    pub(crate) fn send_sign(&mut self, lease: &str, pin: Value) {
        self.send(sign_challenge(lease, pin));
    }
}

fn sign_challenge(lease: &str, pin: Value) -> Value {
    let key = "user-authentication";
    json!({ "type": "sign-challenge", "lease": lease, "key": key, "nonce": NONCE, "pin": pin })
}
