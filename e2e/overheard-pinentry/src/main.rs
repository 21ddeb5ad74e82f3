//! A pinentry that is overheard: starts the one that `KAZASHI_E2E_PINENTRY` names and hands it what comes
//! in, which it also writes into the file `dialogs.log` of the folder `KAZASHI_E2E_DIALOG`. What the
//! pinentry answers, and so what is typed, goes by without being looked at.

use std::env;
use std::error::Error;
use std::fs::{File, OpenOptions};
use std::io::{self, BufRead, Write};
use std::path::PathBuf;
use std::process::{ChildStdin, Command, ExitCode, Stdio};
use std::thread;

fn main() -> Result<ExitCode, Box<dyn Error>> {
    let program = env::var_os("KAZASHI_E2E_PINENTRY").ok_or("no KAZASHI_E2E_PINENTRY")?;
    let folder = PathBuf::from(env::var_os("KAZASHI_E2E_DIALOG").ok_or("no KAZASHI_E2E_DIALOG")?);
    let log = OpenOptions::new().append(true).create(true).open(folder.join("dialogs.log"))?;
    let mut pinentry = Command::new(program).stdin(Stdio::piped()).spawn()?;
    let requests = pinentry.stdin.take().ok_or("a child has the standard input asked for")?;
    thread::spawn(|| hand_on(requests, log));
    // It ends of itself: when it hears goodbye, or nobody any more.
    Ok(if pinentry.wait()?.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Hands on what comes in, until either side has gone.
fn hand_on(mut requests: ChildStdin, mut log: File) -> io::Result<()> {
    for line in io::stdin().lock().lines() {
        let line = format!("{}\n", line?);
        log.write_all(line.as_bytes())?;
        requests.write_all(line.as_bytes())?;
    }
    Ok(())
}
