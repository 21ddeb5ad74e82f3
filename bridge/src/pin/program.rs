//! The pinentry program: started, told how to ask, and tried before a person needs it.

use std::env;
use std::path::{Path, PathBuf};
use std::time::Duration;

use thiserror::Error;
use tokio::time::timeout;

use crate::pin::assuan::{self, Assuan, AssuanError};
use crate::pin::words::Language;
use crate::sys::has_terminal;

/// How long the program may take until it can ask.
const TO_START: Duration = Duration::from_secs(5);

/// A program that asks people, and how it does so.
#[derive(Clone, Debug)]
pub(crate) struct Program {
    path: PathBuf,
    pub(super) language: Language,
    /// How long a question stays open.
    time_to_answer: Duration,
}

/// The reason why a program cannot ask anybody.
#[derive(Debug, Error)]
pub(crate) enum Unable {
    #[error("there is no such program")]
    Missing,
    #[error("it finds no display, and there is no terminal for it either")]
    NoDisplay,
    #[error(transparent)]
    Failed(#[from] AssuanError),
}

impl Program {
    pub(super) fn new(path: PathBuf, language: Language, time_to_answer: Duration) -> Self {
        Self { path, language, time_to_answer }
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Starts the program, and sees that it can ask.
    pub(super) async fn start(&self) -> Result<Assuan, Unable> {
        let path = assuan::find(&self.path).ok_or(Unable::Missing)?;
        timeout(TO_START, self.started(&path)).await.unwrap_or(Err(AssuanError::Silent.into()))
    }

    async fn started(&self, path: &Path) -> Result<Assuan, Unable> {
        let mut pinentry = Assuan::start(path).await?;
        let terminal = env::var("TERM").unwrap_or_else(|_| "xterm-256color".to_owned());
        let settings = [
            ("OPTION", "ttyname=/dev/tty".to_owned()),
            ("OPTION", format!("ttytype={terminal}")),
            ("SETTITLE", "Kazashi".to_owned()),
            ("SETOK", "OK".to_owned()),
            ("SETCANCEL", self.language.cancel().to_owned()),
            ("SETTIMEOUT", self.time_to_answer.as_secs().to_string()),
        ];
        for (command, parameter) in settings {
            pinentry.request(command, &parameter).await?;
        }
        if asks_on_terminal(&mut pinentry).await? && !has_terminal() {
            return Err(Unable::NoDisplay);
        }
        Ok(pinentry)
    }

    /// How long to wait for an answer: a program that keeps its time limit says so first.
    pub(super) fn patience(&self) -> Duration {
        self.time_to_answer + Duration::from_secs(1)
    }
}

/// Whether it is made for a terminal, or falls back to one where it finds no display: `gtk2:curses`.
async fn asks_on_terminal(pinentry: &mut Assuan) -> Result<bool, AssuanError> {
    match pinentry.request("GETINFO", "flavor").await {
        Ok(flavor) => Ok(flavor.ends_with(b"curses") || flavor.ends_with(b"tty")),
        // It does not say, which is its right.
        Err(AssuanError::Refused(_)) => Ok(false),
        Err(error) => Err(error),
    }
}
