//! The dialog into which a person types a PIN: a pinentry program, which no page can read.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use kazashi_core::error_code::ErrorCode;
use kazashi_core::guard::desk::MAX_ATTEMPTS;
use kazashi_core::guard::verification::FewTries;
use kazashi_core::value::PinValue;
use kazashi_core::wire::Failure;
use tokio::runtime::Handle;
use tokio::sync::{Mutex, OwnedMutexGuard};
use tracing::warn;
use zeroize::Zeroizing;

use crate::access::Origin;
use crate::pin::assuan::{self, Assuan, AssuanError};
use crate::pin::program::{Program, Unable};
use crate::pin::words::{Language, Prompt};

/// For how long a program that failed is not tried again only to know.
const UNTIL_NEXT_TRIAL: Duration = Duration::from_secs(5);

/// Asks for PINs, one dialog at a time.
#[derive(Clone, Debug)]
pub(crate) struct PinEntry {
    program: Program,
    turn: Arc<Mutex<()>>,
    last_trial: Arc<Mutex<Trial>>,
}

/// Knowledge of the program by the last time that it was started.
#[derive(Clone, Copy, Debug)]
enum Trial {
    None,
    Works,
    Failed(Instant),
}

/// The result of a dialog.
#[derive(Debug)]
pub(crate) enum Entered {
    /// The PIN.
    Value(PinValue),
    /// The person is about to type it on the reader.
    OnReader(Notice),
}

/// Says on the screen what is to be done on the reader, and keeps other dialogs away, until dropped.
#[derive(Debug)]
pub(crate) struct Notice(#[expect(dead_code, reason = "its end is what counts")] Box<Dialog>);

/// The place for the one dialog.
#[derive(Debug)]
pub(crate) struct Screen<'a> {
    pin_entry: &'a PinEntry,
    turn: OwnedMutexGuard<()>,
}

impl PinEntry {
    /// Asks by this program, in the language of the environment. A question stays open for so long.
    pub(crate) fn new(program: PathBuf, time_to_answer: Duration) -> Self {
        let program = Program::new(program, Language::of_system(), time_to_answer);
        Self { program, turn: Arc::default(), last_trial: Arc::new(Mutex::new(Trial::None)) }
    }

    /// Whether the program can ask: it was started before, or is now. Shows nothing.
    pub(crate) async fn is_available(&self) -> bool {
        let mut last_trial = self.last_trial.lock().await;
        match *last_trial {
            Trial::Works => true,
            Trial::Failed(at) if at.elapsed() < UNTIL_NEXT_TRIAL => false,
            Trial::None | Trial::Failed(_) => {
                let works = self.try_program().await.inspect_err(|error| self.log(error)).is_ok();
                *last_trial = if works { Trial::Works } else { Trial::Failed(Instant::now()) };
                works
            }
        }
    }

    /// Starts the program, asks nothing, and ends it.
    pub(crate) async fn try_program(&self) -> Result<(), Unable> {
        self.program.start().await?.end().await;
        Ok(())
    }

    /// Waits until no dialog is open. Whoever asks first is first, whatever another has asked for
    /// before.
    pub(crate) async fn screen(&self) -> Screen<'_> {
        Screen { pin_entry: self, turn: Arc::clone(&self.turn).lock_owned().await }
    }

    /// The program is to be tried again before a page is told that it works.
    async fn failed(&self, error: impl Into<Unable>) -> ErrorCode {
        self.log(&error.into());
        *self.last_trial.lock().await = Trial::None;
        ErrorCode::PinEntryUnavailable
    }

    fn log(&self, error: &Unable) {
        let program = self.program.path().display();
        warn!(%program, %error, "the program that asks for PINs does not work");
    }
}

impl Screen<'_> {
    /// Asks the person. The card must not be held meanwhile. When nobody waits for the answer any
    /// more, the dialog is closed.
    pub(crate) async fn ask(self, prompt: &Prompt) -> Result<Entered, ErrorCode> {
        let mut dialog = self.open().await?;
        match dialog.ask(prompt).await? {
            Some(value) => Ok(Entered::Value(value)),
            None => Ok(Entered::OnReader(dialog.notify(prompt).await?)),
        }
    }

    /// Asks the person whether this origin may spend one of few tries. Whoever does not answer does
    /// not agree.
    pub(crate) async fn confirm(self, origin: &Origin, few_tries: FewTries) -> Result<(), Failure> {
        let mut dialog = self.open().await?;
        let text = dialog.language().few_tries(origin, few_tries);
        match dialog.confirm(&text).await {
            Err(ErrorCode::PinCancelled | ErrorCode::PinTimeout) => Err(few_tries.declined()),
            answer => Ok(answer?),
        }
    }

    async fn open(self) -> Result<Dialog, ErrorCode> {
        let Self { pin_entry, turn } = self;
        match pin_entry.program.start().await {
            Ok(pinentry) => {
                let pin_entry = pin_entry.clone();
                Ok(Dialog { pin_entry, conversation: Some((pinentry, turn)) })
            }
            Err(error) => Err(pin_entry.failed(error).await),
        }
    }
}

/// The one dialog. When it is dropped the program is ended, whatever it is doing; the next dialog
/// waits until it is gone: of two at once, a person would type into the wrong one.
#[derive(Debug)]
struct Dialog {
    pin_entry: PinEntry,
    /// Until it is dropped.
    conversation: Option<(Assuan, OwnedMutexGuard<()>)>,
}

impl Dialog {
    /// The PIN, unless it is to be typed on the reader.
    async fn ask(&mut self, prompt: &Prompt) -> Result<Option<PinValue>, ErrorCode> {
        let language = self.language();
        // The last try is not spent by a person who does not know that it is the last.
        if prompt.retries_left == 1 {
            self.confirm(&language.last_try(prompt)).await?;
        }
        let description = language.description(prompt);
        if prompt.on_reader {
            // The reader holds the card while it waits for its keys. So it does not before somebody
            // who saw who asks wants it to.
            self.confirm(&format!("{description}\n\n{}", language.before_reader())).await?;
            return Ok(None);
        }
        for _ in 0..MAX_ATTEMPTS {
            self.say("SETDESC", &description).await?;
            self.say("SETPROMPT", language.prompt(prompt.reference)).await?;
            let typed = self.question("GETPIN").await?;
            let text = str::from_utf8(&typed).map_err(|_| ErrorCode::PinMalformed)?;
            match PinValue::parse(prompt.reference, text) {
                Ok(value) => return Ok(Some(value)),
                Err(malformed) => self.say("SETERROR", language.mistake(malformed)).await?,
            }
        }
        Err(ErrorCode::PinMalformed)
    }

    async fn confirm(&mut self, text: &str) -> Result<(), ErrorCode> {
        self.say("SETDESC", text).await?;
        self.question("CONFIRM").await.map(drop)
    }

    /// Says what is to be done on the reader. Whoever closes the message does not stop the reader.
    async fn notify(mut self, prompt: &Prompt) -> Result<Notice, ErrorCode> {
        self.say("SETDESC", &self.language().notice(prompt)).await?;
        let (pinentry, _) = self.conversation.as_mut().ok_or(ErrorCode::PinEntryUnavailable)?;
        // From now on the reader is what counts.
        let _ = pinentry.send("MESSAGE", "").await;
        Ok(Notice(Box::new(self)))
    }

    async fn say(&mut self, command: &str, text: &str) -> Result<(), ErrorCode> {
        let (pinentry, _) = self.conversation.as_mut().ok_or(ErrorCode::PinEntryUnavailable)?;
        match pinentry.request(command, text).await {
            Ok(_) => Ok(()),
            Err(error) => Err(self.pin_entry.failed(error).await),
        }
    }

    /// Has the person answer, for as long as a question stays open.
    async fn question(&mut self, command: &str) -> Result<Zeroizing<Vec<u8>>, ErrorCode> {
        let patience = self.pin_entry.program.patience();
        let (pinentry, _) = self.conversation.as_mut().ok_or(ErrorCode::PinEntryUnavailable)?;
        let answer = pinentry.request_within(patience, command, "").await;
        match answer {
            Ok(typed) => Ok(typed),
            Err(AssuanError::Refused(assuan::TIMEOUT)) => Err(ErrorCode::PinTimeout),
            Err(AssuanError::Refused(assuan::CANCELED | assuan::NOT_CONFIRMED)) => {
                Err(ErrorCode::PinCancelled)
            }
            Err(error @ AssuanError::Silent) => {
                self.pin_entry.log(&error.into());
                Err(ErrorCode::PinTimeout)
            }
            Err(error) => Err(self.pin_entry.failed(error).await),
        }
    }

    fn language(&self) -> Language {
        self.pin_entry.program.language
    }
}

impl Drop for Dialog {
    fn drop(&mut self) {
        let Some((pinentry, turn)) = self.conversation.take() else { return };
        // With the runtime gone the bridge is ending, and the program is killed as it is dropped.
        if let Ok(runtime) = Handle::try_current() {
            runtime.spawn(async move {
                pinentry.end().await;
                drop(turn);
            });
        }
    }
}
