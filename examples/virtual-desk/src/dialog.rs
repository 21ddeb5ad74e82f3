//! The dialog of a pinentry program (Assuan), of which the page shows the text and gives the answer.

use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde::Serialize;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::oneshot;
use zeroize::Zeroizing;

/// The dialogs of a bridge, which opens one at a time.
#[derive(Clone, Default)]
pub(crate) struct Dialogs(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    number: u64,
    open: Option<Open>,
}

struct Open {
    dialog: Dialog,
    answer: oneshot::Sender<Answer>,
}

/// What the person reads.
#[derive(Clone, Default, Serialize)]
pub(crate) struct Dialog {
    /// To be named in the answer.
    number: u64,
    text: String,
    /// What was wrong with what was typed before.
    mistake: Option<String>,
    /// The label of the field, if something is to be typed.
    prompt: Option<String>,
}

/// What the person does.
pub(crate) enum Answer {
    Typed(Zeroizing<String>),
    Confirmed,
    Cancelled,
}

impl Dialogs {
    /// Holds the conversations of pinentry programs.
    pub(crate) async fn serve(self, listener: UnixListener) {
        while let Ok((stream, _)) = listener.accept().await {
            let dialogs = self.clone();
            tokio::spawn(async move {
                // A conversation that breaks off was ended by the bridge.
                let _ = dialogs.converse(stream).await;
            });
        }
    }

    /// The one that is open.
    pub(crate) fn open(&self) -> Option<Dialog> {
        self.state().open.as_ref().map(|open| open.dialog.clone())
    }

    /// Answers a dialog, if it is still open.
    pub(crate) fn answer(&self, number: u64, answer: Answer) {
        let mut state = self.state();
        if let Some(open) = state.open.take_if(|open| open.dialog.number == number) {
            // The bridge may have ended the conversation meanwhile.
            let _ = open.answer.send(answer);
        }
    }

    async fn converse(&self, stream: UnixStream) -> io::Result<()> {
        let (input, mut output) = stream.into_split();
        let mut input = BufReader::new(input);
        let mut dialog = Dialog::default();
        output.write_all(b"OK\n").await?;
        let mut line = String::new();
        while input.read_line(&mut line).await? > 0 {
            let request = line.trim_end();
            let (command, parameter) = request.split_once(' ').unwrap_or((request, ""));
            match command {
                "GETPIN" => {
                    self.ask(dialog.clone(), &mut input, &mut output).await?;
                    dialog.mistake = None;
                }
                "CONFIRM" | "MESSAGE" => {
                    let confirmation = Dialog { prompt: None, ..dialog.clone() };
                    self.ask(confirmation, &mut input, &mut output).await?;
                }
                _ => {
                    match command {
                        "SETDESC" => dialog.text = unescaped(parameter),
                        "SETPROMPT" => dialog.prompt = Some(unescaped(parameter)),
                        "SETERROR" => dialog.mistake = Some(unescaped(parameter)),
                        _ => {}
                    }
                    output.write_all(b"OK\n").await?;
                    if command == "BYE" {
                        break;
                    }
                }
            }
            line.clear();
        }
        Ok(())
    }

    /// Shows a dialog until it is answered, or nobody waits for the answer any more.
    async fn ask(
        &self,
        dialog: Dialog,
        input: &mut BufReader<OwnedReadHalf>,
        output: &mut OwnedWriteHalf,
    ) -> io::Result<()> {
        let (answer, answered) = oneshot::channel();
        let number = {
            let mut state = self.state();
            state.number += 1;
            let number = state.number;
            state.open = Some(Open { dialog: Dialog { number, ..dialog }, answer });
            number
        };
        let answer = tokio::select! {
            answer = answered => answer.unwrap_or(Answer::Cancelled),
            // The bridge says nothing while it waits: this is the end of the conversation.
            _ = input.fill_buf() => {
                self.state().open.take_if(|open| open.dialog.number == number);
                return Err(io::ErrorKind::ConnectionAborted.into());
            }
        };
        let line = match answer {
            Answer::Typed(text) => Zeroizing::new(format!("D {}\nOK\n", escaped(&text))),
            Answer::Confirmed => Zeroizing::new("OK\n".to_owned()),
            // GPG_ERR_CANCELED, said by pinentry.
            Answer::Cancelled => Zeroizing::new("ERR 83886179 cancelled\n".to_owned()),
        };
        output.write_all(line.as_bytes()).await
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn escaped(text: &str) -> String {
    text.replace('%', "%25").replace('\n', "%0A").replace('\r', "%0D")
}

/// What the bridge escapes is no more than this.
fn unescaped(text: &str) -> String {
    text.replace("%0A", "\n").replace("%0D", "\r").replace("%25", "%")
}
