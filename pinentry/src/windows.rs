//! The program on Windows: the conversation, with dialogs in it.

use std::cell::RefCell;
use std::error::Error;
use std::fs::File;
use std::io::{self, Write};
use std::os::windows::io::AsHandle;
use std::process::ExitCode;
use std::rc::Rc;

use crate::conversation::{Conversation, GREETING, Turn, answered};
use crate::dialog::Screen;
use crate::requests::Requests;

/// Converses on standard input and output, until the other side has had enough.
#[must_use]
pub fn run() -> ExitCode {
    kazashi_ime::turn_off();
    match converse() {
        Ok(()) => ExitCode::SUCCESS,
        // There is nobody to tell it to: the other side sees that the conversation is over.
        Err(_) => ExitCode::FAILURE,
    }
}

fn converse() -> Result<(), Box<dyn Error + Send + Sync>> {
    let requests = Rc::new(RefCell::new(Requests::from(io::stdin())));
    let mut output = unbuffered_output()?;
    let mut conversation = Conversation::default();
    let mut screen = Screen::default();
    output.write_all(GREETING)?;
    while let Some(line) = next_line(&requests) {
        match conversation.hear(&line) {
            Turn::Say(line) => output.write_all(&line)?,
            Turn::Ask(question) => {
                let answer = screen.ask(question, &requests)?;
                output.write_all(&answered(&answer))?;
            }
            Turn::End(line) => return Ok(output.write_all(&line)?),
        }
    }
    Ok(())
}

fn next_line(requests: &RefCell<Requests>) -> Option<Vec<u8>> {
    requests.borrow_mut().next_line()
}

/// Standard output, without the buffer that would keep a PIN.
fn unbuffered_output() -> io::Result<File> {
    Ok(io::stdout().as_handle().try_clone_to_owned()?.into())
}
