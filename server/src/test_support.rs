//! Databases for tests, here and in programs over this crate (feature `test-support`).
#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::chown;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, Weak};

use tempfile::TempDir;

/// Debian's PostgreSQL: a cluster in a temporary folder, reached through a socket there.
#[derive(Debug)]
pub struct Cluster {
    folder: TempDir,
    programs: PathBuf,
    /// PostgreSQL does not run as root: whom it runs as instead.
    user: Option<u32>,
    port: u16,
    databases: AtomicU32,
}

impl Cluster {
    /// The one that tests share while any of them runs: it takes a second to make. The last to end
    /// stops it, which a `static` of its own would not.
    #[must_use]
    pub fn shared() -> Arc<Self> {
        static SHARED: Mutex<Weak<Cluster>> = Mutex::new(Weak::new());
        let mut shared = SHARED.lock().unwrap();
        shared.upgrade().unwrap_or_else(|| {
            let cluster = Arc::new(Self::start());
            *shared = Arc::downgrade(&cluster);
            cluster
        })
    }

    /// A new one, which runs until it is dropped.
    #[must_use]
    pub fn start() -> Self {
        let folder = TempDir::new().unwrap();
        let user = (number("id", &["-u"]) == 0).then(|| number("id", &["-u", "postgres"]));
        chown(folder.path(), user, None).unwrap();
        // A port of TCP that is free now, for the one test that speaks TLS; it names the socket.
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let databases = AtomicU32::new(0);
        let cluster = Self { folder, programs: programs(), user, port, databases };
        let data = cluster.data();
        cluster.run(
            "initdb",
            &[
                "--pgdata",
                &data,
                "--username=postgres",
                "--auth=trust",
                "--encoding=UTF8",
                "--locale=C",
                "--no-sync",
            ],
        );
        cluster.start_again();
        cluster
    }

    /// Stops it: `fast` breaks connections off, `immediate` is a crash.
    pub fn stop(&self, mode: &str) {
        self.run("pg_ctl", &["stop", "--pgdata", &self.data(), "--mode", mode]);
    }

    /// Starts it after it was stopped, with what it kept.
    pub fn start_again(&self) {
        let folder = self.folder.path().display();
        // Without `fsync`: a server that crashes has handed to the system what it has answered, and
        // the machine does not crash here.
        let options = format!(
            "-c listen_addresses=127.0.0.1 -c port={} -c fsync=off -c unix_socket_directories={folder}",
            self.port
        );
        let log = format!("{folder}/log");
        let data = self.data();
        self.run("pg_ctl", &["start", "--pgdata", &data, "--log", &log, "--options", &options]);
    }

    /// Makes an empty database. Gives its name.
    #[must_use]
    pub fn new_database(&self) -> String {
        let name = format!("test_{}", self.databases.fetch_add(1, Ordering::Relaxed));
        let (host, port) = (self.folder.path().to_str().unwrap(), self.port.to_string());
        self.run("createdb", &["--host", host, "--port", &port, "--username=postgres", &name]);
        name
    }

    /// Address of a database, at the socket.
    #[must_use]
    pub fn url(&self, database: &str) -> String {
        let (host, port) = (self.folder.path().display(), self.port);
        format!("postgres://postgres@localhost:{port}/{database}?host={host}")
    }

    /// The same for those who come by TCP.
    #[must_use]
    pub fn tcp_url(&self, database: &str) -> String {
        format!("postgres://postgres@localhost:{}/{database}", self.port)
    }

    /// Has TCP take TLS only, with a new certificate for `localhost`. Gives the file of it.
    pub fn demand_tls(&self) -> PathBuf {
        let data = PathBuf::from(self.data());
        let (key, certificate) = (data.join("server.key"), data.join("server.crt"));
        let openssl = "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost \
                       -addext subjectAltName=DNS:localhost -addext basicConstraints=CA:FALSE";
        let mut words = openssl.split(' ').filter(|word| !word.is_empty());
        let mut command = Command::new(words.next().unwrap());
        command.args(words).arg("-keyout").arg(&key).arg("-out").arg(&certificate);
        self.finish(&mut command);
        let hba = "local all all trust\nhostssl all all 127.0.0.1/32 trust\n";
        fs::write(data.join("pg_hba.conf"), hba).unwrap();
        fs::write(data.join("postgresql.auto.conf"), "ssl = on\n").unwrap();
        self.stop("fast");
        self.start_again();
        certificate
    }

    fn data(&self) -> String {
        self.folder.path().join("data").to_str().unwrap().to_owned()
    }

    fn run(&self, program: &str, arguments: &[&str]) {
        self.finish(Command::new(self.programs.join(program)).args(arguments));
    }

    /// The server outlives the program that starts it, and would hold its pipes open: so what is
    /// said goes to a file.
    fn finish(&self, command: &mut Command) {
        if let Some(user) = self.user {
            command.uid(user);
        }
        let said = self.folder.path().join("said");
        let file = fs::File::create(&said).unwrap();
        command.stdin(Stdio::null()).stderr(file.try_clone().unwrap()).stdout(file);
        let status = command.current_dir(self.folder.path()).status().unwrap();
        let said = fs::read_to_string(&said).unwrap();
        assert!(status.success(), "{command:?}: {status}\n{said}");
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        self.stop("immediate");
    }
}

/// The newest version's, where Debian keeps them.
fn programs() -> PathBuf {
    let versions = fs::read_dir("/usr/lib/postgresql").into_iter().flatten();
    let found = versions.map(|version| version.unwrap().path().join("bin"));
    found
        .filter(|folder| folder.join("initdb").exists())
        .max()
        .expect("PostgreSQL's server is missing: install Debian's package `postgresql`")
}

fn number(program: &str, arguments: &[&str]) -> u32 {
    let output = Command::new(program).args(arguments).output().unwrap();
    String::from_utf8(output.stdout).unwrap().trim().parse().unwrap()
}
