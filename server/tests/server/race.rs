//! Many processes race for the same nonces, and are interrupted: each nonce is accepted once.
//!
//! The test program runs itself once more for each process. What "accepted once" can mean when an
//! answer is lost on its way is said by [`judge`].

use std::collections::{HashMap, HashSet};
use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Child;
use std::time::Duration;
use std::{env, thread};

use kazashi_server::test_support::Cluster;
use kazashi_server::{
    Database, Memory, Method, NonceError, NonceStore, SessionId, SessionStore, StoreError,
};
use tempfile::TempDir;

use crate::backend::Backend;
use crate::{again, noon};

const PROCESSES: usize = 8;
const NONCES: usize = 10_000;
/// The number of processes that offer the same nonce.
const RIVALS: usize = 3;
/// The characters of one.
const NONCE_LENGTH: usize = 44;

#[test]
fn postgresql_accepts_each_nonce_once_though_stopped_and_started_in_the_middle() {
    let name = "race::postgresql_accepts_each_nonce_once_though_stopped_and_started_in_the_middle";
    if let Some(process) = Process::this() {
        return process.run();
    }
    let cluster = Cluster::start();
    let mut race = Race::start(name, &cluster.url(&cluster.new_database()));
    for (mode, percent) in [("immediate", 25), ("fast", 50)] {
        race.wait_for(percent);
        cluster.stop(mode);
        cluster.start_again();
    }
    // An answer was on its way to each process at most, each time.
    let lost = race.judge();
    assert!(lost <= 2 * PROCESSES, "{lost} answers lost");
}

#[test]
fn sqlite_accepts_each_nonce_once_though_processes_are_killed_in_the_middle() {
    let name = "race::sqlite_accepts_each_nonce_once_though_processes_are_killed_in_the_middle";
    if let Some(process) = Process::this() {
        return process.run();
    }
    let backend = Backend::sqlite();
    let mut race = Race::start(name, &backend.url());
    for (process, percent) in [(0, 25), (1, 50)] {
        race.wait_for(percent);
        race.kill(process);
    }
    let lost = race.judge();
    assert!(lost <= 2, "{lost} answers lost");
}

#[test]
fn memory_gives_each_nonce_to_one_of_many_threads() {
    let store = Memory::new();
    let (session, nonces) = block_on(async {
        let session = store.create_session(noon()).await.unwrap();
        let mut nonces = Vec::new();
        for _ in 0..NONCES {
            nonces.push(store.issue_nonce(&session, Method::Pin, noon()).await.unwrap());
        }
        (session, nonces)
    });
    let take_all = || {
        block_on(async {
            let mut taken = 0;
            for nonce in &nonces {
                let answer = store.take_nonce(&session, Method::Pin, nonce.as_str(), noon()).await;
                taken += usize::from(answer.is_ok());
            }
            taken
        })
    };
    let taken: usize = thread::scope(|scope| {
        let threads: Vec<_> = (0..PROCESSES).map(|_| scope.spawn(take_all)).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).sum()
    });
    assert_eq!(taken, NONCES);
}

/// The processes, seen from outside.
struct Race {
    test: &'static str,
    url: String,
    folder: TempDir,
    running: Vec<Child>,
}

impl Race {
    /// Lets all of them go at once for a database in which nothing is.
    fn start(test: &'static str, url: &str) -> Self {
        let folder = TempDir::new().unwrap();
        let mut race = Self { test, url: url.to_owned(), folder, running: Vec::new() };
        race.running = (0..PROCESSES).map(|number| race.process(number, 0)).collect();
        race
    }

    fn process(&self, number: usize, life: usize) -> Child {
        let folder = self.folder.path().to_str().unwrap();
        again::start(
            self.test,
            &[
                ("RACE_FOLDER", folder),
                ("RACE_URL", &self.url),
                ("RACE_NUMBER", &number.to_string()),
                ("RACE_LIFE", &life.to_string()),
            ],
        )
    }

    /// Waits until this much of the offers was answered, as the length of what was written down
    /// says. A process that failed would let it wait for ever.
    fn wait_for(&mut self, percent: usize) {
        let line = "accepted \n".len() + NONCE_LENGTH;
        let expected = u64::try_from(NONCES * RIVALS * line * percent / 100).unwrap();
        while self.logs().map(|log| log.metadata().unwrap().len()).sum::<u64>() < expected {
            for process in &mut self.running {
                let ended = process.try_wait().unwrap();
                assert!(ended.is_none_or(|status| status.success()), "a process has failed");
            }
            thread::sleep(Duration::from_millis(20));
        }
    }

    /// Kills a process, and starts another in its place, which offers everything from the beginning.
    fn kill(&mut self, number: usize) {
        let mut process = self.process(number, 1);
        std::mem::swap(&mut process, &mut self.running[number]);
        process.kill().unwrap();
        process.wait().unwrap();
    }

    /// Waits for the end, and counts. A nonce was accepted once; or never, and then some offer of it
    /// got no answer, whose taking counts: the page was told nothing and begins again. How many of
    /// those there are is returned. Twice, none was.
    fn judge(mut self) -> usize {
        for process in self.running.drain(..) {
            again::passed(process);
        }
        let offers = self.offers();
        let mut accepted: HashMap<&str, usize> = HashMap::new();
        for offer in offers.iter().filter(|offer| offer.answer == "accepted") {
            *accepted.entry(&offer.nonce).or_default() += 1;
        }
        assert!(accepted.values().all(|times| *times == 1), "a nonce was accepted twice");
        let nonces: HashSet<&str> = offers.iter().map(|offer| offer.nonce.as_str()).collect();
        assert_eq!(nonces.len(), NONCES);
        let unanswered: HashSet<&str> = offers
            .iter()
            .filter(|offer| !["accepted", "refused"].contains(&offer.answer.as_str()))
            .map(|offer| offer.nonce.as_str())
            .collect();
        let lost: Vec<_> =
            nonces.into_iter().filter(|nonce| !accepted.contains_key(nonce)).collect();
        assert!(lost.iter().all(|nonce| unanswered.contains(nonce)), "a nonce was lost");
        lost.len()
    }

    fn offers(&self) -> Vec<Offer> {
        let logs = self.logs().map(|log| fs::read_to_string(log).unwrap());
        logs.flat_map(|log| offers(&log)).collect()
    }

    fn logs(&self) -> impl Iterator<Item = PathBuf> {
        let files = fs::read_dir(self.folder.path()).unwrap().map(|file| file.unwrap().path());
        files.filter(|file| file.extension().is_some_and(|it| it == "offers"))
    }
}

/// After a failure, nobody goes on alone.
impl Drop for Race {
    fn drop(&mut self) {
        for process in &mut self.running {
            process.kill().unwrap();
            process.wait().unwrap();
        }
    }
}

struct Offer {
    nonce: String,
    /// `accepted`, `refused`, `unavailable`; or nothing, if the process was killed meanwhile.
    answer: String,
}

fn offers(log: &str) -> Vec<Offer> {
    let parts = log.lines().map(|line| line.split_once(' ').unwrap());
    parts.map(|(nonce, answer)| Offer { nonce: nonce.into(), answer: answer.into() }).collect()
}

/// One process, from inside.
struct Process {
    folder: PathBuf,
    url: String,
    number: usize,
    life: usize,
}

impl Process {
    /// This one, if it was started by a [`Race`].
    fn this() -> Option<Self> {
        let number = |name: &str| env::var(name).unwrap().parse().unwrap();
        Some(Self {
            folder: env::var_os("RACE_FOLDER")?.into(),
            url: env::var("RACE_URL").unwrap(),
            number: number("RACE_NUMBER"),
            life: number("RACE_LIFE"),
        })
    }

    fn run(self) {
        block_on(async {
            let store = Database::connect(&self.url).await.unwrap();
            if self.life == 0 {
                self.issue(&store).await;
            }
            self.offer(&store, &self.all_issued()).await;
        });
    }

    /// Issues its part of the nonces.
    async fn issue(&self, store: &Database) {
        let session = store.create_session(noon()).await.unwrap();
        let mut issued = String::new();
        for _ in 0..NONCES / PROCESSES {
            let nonce = store.issue_nonce(&session, Method::Pin, noon()).await.unwrap();
            issued += &format!("{} {}\n", session.as_str(), nonce.as_str());
        }
        // Appears at once, and whole.
        let unfinished = self.folder.join(format!("{}.unfinished", self.number));
        fs::write(&unfinished, issued).unwrap();
        fs::rename(unfinished, issued_by(&self.folder, self.number)).unwrap();
    }

    /// Everybody's nonces, in the same order for all, once there are all.
    fn all_issued(&self) -> Vec<(SessionId, String)> {
        let files: Vec<_> = (0..PROCESSES).map(|number| issued_by(&self.folder, number)).collect();
        while !files.iter().all(|file| file.exists()) {
            thread::sleep(Duration::from_millis(10));
        }
        let all: String = files.iter().map(|file| fs::read_to_string(file).unwrap()).collect();
        let lines = all.lines().map(|line| line.split_once(' ').unwrap());
        lines.map(|(id, nonce)| (SessionId::parse(id).unwrap(), nonce.to_owned())).collect()
    }

    /// Offers those that fall to it, and writes down first what it offers, then what it is told.
    async fn offer(&self, store: &Database, nonces: &[(SessionId, String)]) {
        let log = self.folder.join(format!("{}-{}.offers", self.number, self.life));
        let mut log = File::create(log).unwrap();
        for (index, (session, nonce)) in nonces.iter().enumerate() {
            if (index + self.number) % PROCESSES >= RIVALS {
                continue;
            }
            for attempt in 0.. {
                write!(log, "{nonce} ").unwrap();
                let answer = store.take_nonce(session, Method::Pin, nonce, noon()).await;
                writeln!(log, "{}", word(&answer)).unwrap();
                match answer {
                    Err(NonceError::Store(StoreError::Unavailable { .. })) if attempt < 1000 => {
                        tokio::time::sleep(Duration::from_millis(20)).await;
                    }
                    Err(NonceError::Store(error)) => panic!("{error}"),
                    _ => break,
                }
            }
        }
    }
}

fn issued_by(folder: &Path, number: usize) -> PathBuf {
    folder.join(format!("{number}.issued"))
}

fn word(answer: &Result<(), NonceError>) -> &'static str {
    match answer {
        Ok(()) => "accepted",
        Err(NonceError::NotGood) => "refused",
        Err(_) => "unavailable",
    }
}

fn block_on<T>(future: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(future)
}
