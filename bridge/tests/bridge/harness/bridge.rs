use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::{Arc, RwLockReadGuard};

use kazashi_emulator::{Image, folder};
use serde_json::json;
use tempfile::TempDir;
use tokio_tungstenite::tungstenite::{Error, WebSocket};

use super::pinentry::write_pinentry;
use super::turn::beside_others;
use super::{Page, READ_AGE_RECORD, SELECT_CARD_SURFACE, upgrade, wait_for, wait_until};

pub(crate) const ORIGIN: &str = "https://portal.example";
pub(crate) const DIALOG: &str = "https://dialog.example";
pub(crate) const SIGN: &str = "https://sign.example";
pub(crate) const PINLESS: &str = "https://pinless.example";
pub(crate) const PRESENCE: &str = "https://presence.example";
pub(crate) const HOLDER: &str = "https://holder.example";

/// The program as it was built.
pub(crate) const PROGRAM: &str = env!("CARGO_BIN_EXE_kazashi-bridge");

/// A running bridge, the files that it was started with, and a scripted pinentry.
pub(crate) struct Bridge {
    process: Child,
    pub(crate) port: u16,
    folder: Arc<TempDir>,
    _turn: RwLockReadGuard<'static, ()>,
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
            (DIALOG, r#""authenticate""#),
            ("https://reader.example", r#""reader""#),
            (SIGN, r#""sign""#),
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
        let folder = folder_with(config);
        let card = folder.path().join("card");
        folder::write(&card, &Image::normal()).unwrap();
        change(&card);
        Self::serve(folder, |serve| {
            serve.args(["--port", "0", "--virtual-card"]).arg(card);
            serve.env("KAZASHI_LOG", "trace");
        })
    }

    /// A bridge whose dialogs are in the language of this locale.
    pub(crate) fn speaking(locale: &str) -> Self {
        let folder = folder_with(&grant(ORIGIN, r#""authenticate""#));
        let card = folder.path().join("card");
        folder::write(&card, &Image::normal()).unwrap();
        Self::serve(folder, |serve| {
            serve.args(["--port", "0", "--virtual-card"]).arg(card).env("LC_ALL", locale);
        })
    }

    /// A bridge that finds no terminal, whoever runs the tests, with the files and the card of another.
    #[cfg(target_os = "linux")]
    pub(crate) fn without_terminal(folder: Arc<TempDir>) -> Self {
        let card = folder.path().join("card");
        Self::serve(folder, |serve| {
            serve.args(["--port", "0", "--virtual-card"]).arg(card);
            let mut apart = Command::new("setsid");
            apart.arg(PROGRAM).args(serve.get_args()).env("LC_ALL", "C");
            *serve = apart;
        })
    }

    /// A bridge with this configuration, and the readers of pcscd.
    pub(crate) fn over_pcscd(config: &str) -> Self {
        Self::serve(folder_with(config), |serve| {
            serve.args(["--port", "0"]).env("KAZASHI_LOG", "trace");
        })
    }

    /// The same, to which libpcsclite says some things otherwise: what a source in this folder of tests
    /// makes of it, told by a word.
    #[cfg(target_os = "linux")]
    pub(crate) fn over_odd_pcscd(config: &str, word: &str) -> Self {
        let folder = folder_with(config);
        let shim = super::build("readers/shim.c", folder.path());
        Self::serve(folder, |serve| {
            serve.args(["--port", "0"]).env("KAZASHI_LOG", "debug");
            serve.env("LD_PRELOAD", shim).env("KAZASHI_TEST_SHIM", word);
        })
    }

    /// A page of [`PRESENCE`] verifies the holder's birth date, and reads the record of it.
    pub(crate) fn reads_age_record(&self) {
        let mut page = self.page(PRESENCE);
        let lease = page.acquire_when_there();
        page.transmit(&lease, SELECT_CARD_SURFACE);
        let verify =
            json!({ "type": "verify-birth-date", "lease": lease, "birthDate": "1980-02-17" });
        assert_eq!(page.ask(verify)["type"], "verified");
        assert!(page.transmit(&lease, READ_AGE_RECORD).ends_with("9000"));
        assert_eq!(page.ask(json!({ "type": "release", "lease": lease }))["type"], "released");
    }

    /// A bridge in a folder that may outlive it, at the usual port unless it is told another.
    pub(crate) fn serve(folder: Arc<TempDir>, tell: impl FnOnce(&mut Command)) -> Self {
        Self::try_to_serve(folder, tell).unwrap_or_else(|log| panic!("it did not start: {log}"))
    }

    /// The same, unless it ends at once; then what it said.
    pub(crate) fn try_to_serve(
        folder: Arc<TempDir>,
        tell: impl FnOnce(&mut Command),
    ) -> Result<Self, String> {
        let turn = beside_others();
        let path = |name| folder.path().join(name);
        let mut serve = Command::new(PROGRAM);
        serve.args(["serve", "--allow-root", "--config"]).arg(path("bridge.toml"));
        serve.arg("--state").arg(path("state")).arg("--socket").arg(path("run/bridge.sock"));
        serve.env("LC_ALL", "C");
        tell(&mut serve);
        serve.stdin(Stdio::piped()).stdout(Stdio::piped());
        serve.stderr(fs::File::create(path("log")).unwrap());
        let mut process = serve.spawn().unwrap();
        let mut line = String::new();
        BufReader::new(process.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
        let Some(port) = line.trim().strip_prefix("listening on 127.0.0.1:") else {
            process.wait().unwrap();
            return Err(fs::read_to_string(path("log")).unwrap());
        };
        let port = port.parse().unwrap();
        Ok(Self { process, port, folder, _turn: turn })
    }

    /// Replaces the administrator's file under the running bridge.
    pub(crate) fn configure(&self, config: &str) {
        write_config(self.folder.path(), config);
    }

    pub(crate) fn process_id(&self) -> u32 {
        self.process.id()
    }

    /// The folder with all its files.
    #[cfg(target_os = "linux")]
    pub(crate) fn folder(&self) -> Arc<TempDir> {
        Arc::clone(&self.folder)
    }

    /// A file of the bridge.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Runs `kazashi-bridge origins` on the files of this bridge.
    pub(crate) fn origins(&self, arguments: &[&str]) -> Output {
        self.origins_command(arguments).output().unwrap()
    }

    /// `kazashi-bridge origins` on the files of this bridge, before it is run.
    pub(crate) fn origins_command(&self, arguments: &[&str]) -> Command {
        let mut origins = Command::new(PROGRAM);
        origins.arg("origins").args(arguments);
        origins.arg("--config").arg(self.path("bridge.toml"));
        origins.arg("--state").arg(self.path("state"));
        origins
    }

    /// Runs `kazashi-bridge log`. Says whether it succeeded, and what it printed.
    pub(crate) fn log_command(&self, arguments: &[&str]) -> (bool, String) {
        let mut log = Command::new(PROGRAM);
        log.arg("log").args(arguments).arg("--state").arg(self.path("state"));
        let output = log.output().unwrap();
        (output.status.success(), stdout(&output))
    }

    /// What was logged so far.
    pub(crate) fn logged(&self) -> String {
        fs::read_to_string(self.path("log")).unwrap()
    }

    /// What is typed into each dialog that follows; the last line again and again.
    pub(crate) fn will_type(&self, lines: &[&str]) {
        fs::write(self.path("typed"), lines.join("\n") + "\n").unwrap();
    }

    /// What is typed into the dialogs of one origin, whatever those of others get.
    pub(crate) fn will_type_for(&self, origin: &str, lines: &[&str]) {
        let host = origin.strip_prefix("https://").unwrap();
        fs::write(self.path(&format!("typed-{host}")), lines.join("\n") + "\n").unwrap();
    }

    /// What the bridge said to the pinentry so far.
    pub(crate) fn dialog(&self) -> String {
        fs::read_to_string(self.path("said")).unwrap()
    }

    /// Waits until the pinentry asks.
    pub(crate) fn wait_for_dialog(&self) {
        self.wait_until_dialog_has("GETPIN");
    }

    /// Waits until the pinentry was told or sent this.
    pub(crate) fn wait_until_dialog_has(&self, text: &str) {
        let said = self.path("said");
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

    /// How often the pinentry was started so far.
    pub(crate) fn times_started(&self) -> usize {
        fs::read_to_string(self.path("starts")).map_or(0, |starts| starts.lines().count())
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

/// A folder with a pinentry and this configuration.
pub(crate) fn folder_with(config: &str) -> Arc<TempDir> {
    let folder = tempfile::tempdir().unwrap();
    write_pinentry(&folder.path().join("pinentry"), folder.path());
    write_config(folder.path(), config);
    Arc::new(folder)
}

/// What a program printed.
pub(crate) fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

/// A table of the administrator's file.
pub(crate) fn grant(origin: &str, scopes: &str) -> String {
    format!("[[origin]]\norigin = \"{origin}\"\nscopes = [{scopes}]\n")
}

fn write_config(folder: &Path, config: &str) {
    let pinentry = folder.join("pinentry");
    let config = format!("pinentry = {:?}\n{config}", pinentry.to_str().unwrap());
    // Renamed into place, so that the bridge never sees half of it.
    fs::write(folder.join("bridge.toml.new"), config).unwrap();
    fs::rename(folder.join("bridge.toml.new"), folder.join("bridge.toml")).unwrap();
}
