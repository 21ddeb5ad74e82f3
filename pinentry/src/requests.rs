//! Lines of the other side, read while a dialog is open too: it may end the conversation then.

use std::collections::VecDeque;
use std::io::{BufRead, BufReader, Read};
use std::sync::mpsc::{Receiver, SyncSender, TryRecvError, sync_channel};
use std::thread;

use crate::conversation::{MAX_LINE, is_bye};

/// Lines that wait to be read: a conversation has few.
const MAX_WAITING: usize = 32;

/// What the other side asks for, line by line.
#[derive(Debug)]
pub struct Requests {
    arriving: Receiver<Vec<u8>>,
    waiting: VecDeque<Vec<u8>>,
}

impl Requests {
    /// Reads lines from here, until its end or a line that is too long.
    pub fn from(input: impl Read + Send + 'static) -> Self {
        let (lines, arriving) = sync_channel(MAX_WAITING);
        thread::spawn(move || read(input, &lines));
        Self { arriving, waiting: VecDeque::new() }
    }

    /// Waits for a line, until there is none any more.
    pub fn next_line(&mut self) -> Option<Vec<u8>> {
        self.waiting.pop_front().or_else(|| self.arriving.recv().ok())
    }

    /// Whether nobody waits for an answer any more: the other side is gone, or says goodbye.
    pub fn are_over(&mut self) -> bool {
        loop {
            match self.arriving.try_recv() {
                Ok(line) => self.waiting.push_back(line),
                Err(TryRecvError::Disconnected) => return true,
                Err(TryRecvError::Empty) => return self.waiting.iter().any(|line| is_bye(line)),
            }
        }
    }
}

fn read(input: impl Read, lines: &SyncSender<Vec<u8>>) {
    let mut input = BufReader::new(input);
    while let Some(line) = line(&mut input) {
        if lines.send(line).is_err() {
            return;
        }
    }
}

/// A line without its end, unless there is none, or it is too long.
fn line(input: &mut impl BufRead) -> Option<Vec<u8>> {
    let mut line = Vec::with_capacity(MAX_LINE);
    let limit = u64::try_from(MAX_LINE).ok()?;
    input.take(limit).read_until(b'\n', &mut line).ok()?;
    line.pop_if(|last| *last == b'\n')?;
    line.pop_if(|last| *last == b'\r');
    Some(line)
}

#[cfg(test)]
mod tests {
    use std::io::{Cursor, Write};
    use std::thread::sleep;
    use std::time::Duration;

    use super::Requests;

    #[test]
    fn lines_come_one_by_one_until_the_end() {
        let mut requests = Requests::from(Cursor::new("SETOK OK\nGETPIN\r\nhalf a li"));
        assert_eq!(requests.next_line().as_deref(), Some(&b"SETOK OK"[..]));
        assert_eq!(requests.next_line().as_deref(), Some(&b"GETPIN"[..]));
        assert_eq!(requests.next_line(), None);
    }

    #[test]
    fn a_line_that_is_too_long_is_the_end() {
        let mut requests =
            Requests::from(Cursor::new(["x".repeat(1000), "\nGETPIN\n".into()].concat()));
        assert_eq!(requests.next_line(), None);
    }

    #[test]
    fn who_is_gone_or_says_goodbye_waits_for_no_answer() {
        let (output, mut input) = std::io::pipe().unwrap();
        let mut requests = Requests::from(output);
        assert!(!requests.are_over());
        input.write_all(b"SETOK OK\n").unwrap();
        sleep(Duration::from_millis(50));
        assert!(!requests.are_over());
        input.write_all(b"BYE\n").unwrap();
        sleep(Duration::from_millis(50));
        assert!(requests.are_over());
        assert_eq!(requests.next_line().as_deref(), Some(&b"SETOK OK"[..]));
        assert_eq!(requests.next_line().as_deref(), Some(&b"BYE"[..]));
        assert!(!requests.are_over());
        drop(input);
        assert_eq!(requests.next_line(), None);
        assert!(requests.are_over());
    }
}
