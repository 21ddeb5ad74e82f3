//! A pinentry that a test plays: the Assuan protocol on standard input and output. The folder
//! `KAZASHI_E2E_DIALOG` has the conversation, without what is typed, in the file `dialogs.log`; what to
//! type in the file `answers`, a line each. What it is asked to confirm it does, unless there is a file
//! `declines`.

use std::env;
use std::error::Error;
use std::fs::{self, OpenOptions};
use std::io::{self, BufRead, Write};
use std::path::{Path, PathBuf};
use std::process;
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::Duration;

const CANCELLED: &str = "ERR 83886179 Operation cancelled <Pinentry>";
const TIMED_OUT: &str = "ERR 83886142 Timeout <Pinentry>";

fn main() -> Result<(), Box<dyn Error>> {
    let folder = PathBuf::from(env::var_os("KAZASHI_E2E_DIALOG").ok_or("no KAZASHI_E2E_DIALOG")?);
    say("OK Pleased to meet you")?;
    for line in lines_of_whoever_asks() {
        append(&folder.join("dialogs.log"), &line)?;
        say(&respond(&folder, &line)?)?;
        // At once, as a pinentry does: whoever asked waits for it to end.
        if line == "BYE" {
            break;
        }
    }
    Ok(())
}

/// What comes in on standard input, read while an answer is waited for: without whoever asks, there is
/// nobody to answer.
fn lines_of_whoever_asks() -> Receiver<String> {
    let (sender, lines) = mpsc::channel();
    thread::spawn(move || {
        for line in io::stdin().lock().lines().map_while(Result::ok) {
            if sender.send(line).is_err() {
                return;
            }
        }
        process::exit(0);
    });
    lines
}

fn respond(folder: &Path, line: &str) -> io::Result<String> {
    Ok(match line {
        "CONFIRM" if folder.join("declines").exists() => CANCELLED.to_owned(),
        "GETPIN" => match &*take_answer(folder)? {
            "cancel" => CANCELLED.to_owned(),
            "time out" => TIMED_OUT.to_owned(),
            pin => format!("D {pin}\nOK"),
        },
        _ => "OK".to_owned(),
    })
}

/// Takes the next answer; waits for one, as a dialog waits for a person.
fn take_answer(folder: &Path) -> io::Result<String> {
    let taken = folder.join("taken");
    loop {
        let next = written_lines(&taken)?.len();
        if let Some(answer) = written_lines(&folder.join("answers"))?.into_iter().nth(next) {
            append(&taken, "taken")?;
            return Ok(answer);
        }
        thread::sleep(Duration::from_millis(20));
    }
}

/// The lines of a file that are written to their ends; none, if there is no file.
fn written_lines(file: &Path) -> io::Result<Vec<String>> {
    let text = match fs::read_to_string(file) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        text => text?,
    };
    let lines = text.split_inclusive('\n').filter_map(|line| line.strip_suffix('\n'));
    Ok(lines.map(str::to_owned).collect())
}

fn append(file: &Path, line: &str) -> io::Result<()> {
    let mut file = OpenOptions::new().append(true).create(true).open(file)?;
    file.write_all(format!("{line}\n").as_bytes())
}

fn say(line: &str) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    writeln!(stdout, "{line}")?;
    stdout.flush()
}
