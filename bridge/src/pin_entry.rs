//! The dialog into which a person types a PIN: a pinentry program, which no page can read.

use std::{env, path::PathBuf, sync::Arc};

use clap::ValueEnum;
use kazashi_core::{
    Document,
    error_code::ErrorCode,
    key::PinReference,
    secret::{MalformedPin, PinValue},
};
use tokio::sync::{Mutex, OwnedMutexGuard, oneshot};
use tracing::warn;

use crate::{
    assuan::{self, Assuan, AssuanError},
    origin::Origin,
};

/// How long a dialog stays open.
const TIMEOUT_SECONDS: &str = "60";
/// How often what cannot be a PIN is asked for again.
const MAX_ATTEMPTS: usize = 3;

/// Asks for PINs, one dialog at a time.
#[derive(Clone, Debug)]
pub(crate) struct PinEntry {
    program: PathBuf,
    language: Language,
    turn: Arc<Mutex<()>>,
}

/// What a dialog says.
#[derive(Clone, Debug)]
pub(crate) struct Prompt {
    /// Who asks.
    pub(crate) origin: Origin,
    /// What for.
    pub(crate) purpose: Purpose,
    /// Which PIN.
    pub(crate) reference: PinReference,
    /// How many tries the card still gives.
    pub(crate) retries_left: u8,
    /// Whether the reader has keys on which the PIN is typed.
    pub(crate) on_reader: bool,
}

/// What came of a dialog.
#[derive(Debug)]
pub(crate) enum Entered {
    /// The PIN.
    Value(PinValue),
    /// The person is about to type it on the reader.
    OnReader(Notice),
}

/// Says on the screen what is to be done on the reader, and keeps other dialogs away, until dropped.
#[derive(Debug)]
pub(crate) struct Notice(
    #[expect(dead_code, reason = "its end is what counts")] oneshot::Sender<()>,
);

/// The place for the one dialog.
#[derive(Debug)]
pub(crate) struct Screen<'a> {
    pin_entry: &'a PinEntry,
    turn: OwnedMutexGuard<()>,
}

/// What a page wants a PIN for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// To sign in with the user authentication key.
    SignIn,
    /// To read the digital signature certificate, which only its password opens.
    Read,
    /// To read the four basic attributes.
    ReadAttributes,
    /// To sign this document with the digital signature key.
    Sign(Document),
}

/// What the person at the machine reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Language {
    #[value(name = "en")]
    English,
    #[value(name = "ja")]
    Japanese,
}

impl PinEntry {
    /// Asks by this program, in the language of the environment.
    pub(crate) fn new(program: PathBuf) -> Self {
        Self { program, language: Language::of_environment(), turn: Arc::default() }
    }

    /// Whether the program is there.
    pub(crate) fn is_available(&self) -> bool {
        assuan::find(&self.program).is_some()
    }

    /// Waits until no dialog is open. Whoever asks first is first, whatever another has asked for
    /// before.
    pub(crate) async fn screen(&self) -> Screen<'_> {
        Screen { pin_entry: self, turn: Arc::clone(&self.turn).lock_owned().await }
    }

    async fn start(&self) -> Result<Assuan, ErrorCode> {
        let program = assuan::find(&self.program).ok_or(ErrorCode::PinEntryUnavailable)?;
        let mut pinentry = Assuan::start(&program).await.map_err(error_code)?;
        let terminal = env::var("TERM").unwrap_or_else(|_| "xterm-256color".to_owned());
        let settings = [
            ("OPTION", "ttyname=/dev/tty".to_owned()),
            ("OPTION", format!("ttytype={terminal}")),
            ("SETTITLE", "Kazashi".to_owned()),
            ("SETOK", "OK".to_owned()),
            ("SETCANCEL", self.language.cancel().to_owned()),
            ("SETTIMEOUT", TIMEOUT_SECONDS.to_owned()),
        ];
        for (command, parameter) in settings {
            pinentry.request(command, &parameter).await.map_err(error_code)?;
        }
        Ok(pinentry)
    }

    /// The PIN, unless it is to be typed on the reader.
    async fn converse(
        &self,
        pinentry: &mut Assuan,
        prompt: &Prompt,
    ) -> Result<Option<PinValue>, ErrorCode> {
        let mut say = async |command: &str, text: &str| {
            pinentry.request(command, text).await.map_err(error_code)
        };
        // The last try is not spent by a person who does not know that it is the last.
        if prompt.retries_left == 1 {
            say("SETDESC", &self.language.last_try(prompt)).await?;
            say("CONFIRM", "").await?;
        }
        let description = self.language.description(prompt);
        if prompt.on_reader {
            // The reader holds the card while it waits for its keys. So it does not before somebody
            // who saw who asks wants it to.
            let before = self.language.before_reader();
            say("SETDESC", &format!("{description}\n\n{before}")).await?;
            say("CONFIRM", "").await?;
            return Ok(None);
        }
        for _ in 0..MAX_ATTEMPTS {
            say("SETDESC", &description).await?;
            say("SETPROMPT", self.language.prompt(prompt.reference)).await?;
            let typed = say("GETPIN", "").await?;
            let text = str::from_utf8(&typed).map_err(|_| ErrorCode::PinMalformed)?;
            match PinValue::parse(prompt.reference, text) {
                Ok(value) => return Ok(Some(value)),
                Err(malformed) => say("SETERROR", self.language.mistake(malformed)).await?,
            };
        }
        Err(ErrorCode::PinMalformed)
    }

    /// Says what is to be done on the reader. Whoever closes the message does not stop the reader.
    async fn notify(&self, pinentry: &mut Assuan, prompt: &Prompt) -> Result<(), AssuanError> {
        let Prompt { origin, purpose, .. } = prompt;
        let (purpose, now) = (self.language.purpose(purpose), self.language.on_reader());
        pinentry.request("SETDESC", &format!("{origin}\n{purpose}\n\n{now}")).await?;
        pinentry.request("MESSAGE", "").await.map(drop)
    }
}

impl Screen<'_> {
    /// Asks the person. The card must not be held meanwhile. When nobody waits for the answer any
    /// more, the dialog is closed.
    pub(crate) async fn ask(self, prompt: Prompt) -> Result<Entered, ErrorCode> {
        let Self { pin_entry, turn } = self;
        let (mut answer, answered) = oneshot::channel();
        let this = pin_entry.clone();
        tokio::spawn(async move {
            // The next dialog waits until this one is gone: of two at once, a person would type
            // into the wrong one.
            let _turn = turn;
            let mut pinentry = match this.start().await {
                Ok(pinentry) => pinentry,
                Err(code) => {
                    let _ = answer.send(Err(code));
                    return;
                }
            };
            let asked = tokio::select! {
                asked = this.converse(&mut pinentry, &prompt) => asked,
                () = answer.closed() => return pinentry.end().await,
            };
            match asked {
                Ok(None) => {
                    let (notice, mut over) = oneshot::channel();
                    let _ = answer.send(Ok(Entered::OnReader(Notice(notice))));
                    tokio::select! {
                        _ = this.notify(&mut pinentry, &prompt) => {
                            let _ = over.await;
                        }
                        _ = &mut over => {}
                    }
                    pinentry.end().await;
                }
                Ok(Some(value)) => {
                    let _ = answer.send(Ok(Entered::Value(value)));
                    pinentry.close().await;
                }
                Err(code) => {
                    let _ = answer.send(Err(code));
                    pinentry.close().await;
                }
            }
        });
        answered.await.unwrap_or(Err(ErrorCode::PinEntryUnavailable))
    }
}

/// The digest as a person compares it: in groups of four digits.
fn shown_digest(document: &Document) -> String {
    let groups = document
        .digest()
        .chunks(2)
        .map(|pair| pair.iter().map(|byte| format!("{byte:02X}")).collect::<String>());
    format!("{}: {}", document.hash().name(), groups.collect::<Vec<_>>().join(" "))
}

/// The codes are those of libgpg-error.
fn error_code(error: AssuanError) -> ErrorCode {
    match error {
        AssuanError::Refused(62) => ErrorCode::PinTimeout,
        // GPG_ERR_CANCELED, GPG_ERR_NOT_CONFIRMED
        AssuanError::Refused(99 | 114) => ErrorCode::PinCancelled,
        error => {
            warn!(%error, "the pinentry program failed");
            ErrorCode::PinEntryUnavailable
        }
    }
}

impl Language {
    /// As POSIX has it: `LC_ALL` before `LC_MESSAGES` before `LANG`.
    pub(crate) fn of_environment() -> Self {
        let locale = ["LC_ALL", "LC_MESSAGES", "LANG"]
            .into_iter()
            .filter_map(|name| env::var(name).ok())
            .find(|locale| !locale.is_empty());
        match locale {
            Some(locale) if locale.starts_with("ja") => Self::Japanese,
            _ => Self::English,
        }
    }

    fn description(self, prompt: &Prompt) -> String {
        let Prompt { origin, purpose, reference, retries_left, .. } = prompt;
        let purpose = self.purpose(purpose);
        let pin = self.pin(*reference);
        let tries = match self {
            Self::English => format!("Tries left: {retries_left}"),
            Self::Japanese => format!("残り{retries_left}回"),
        };
        format!("{origin}\n{purpose}\n\n{pin}\n{tries}")
    }

    fn purpose(self, purpose: &Purpose) -> String {
        match (self, purpose) {
            (Self::English, Purpose::SignIn) => {
                "asks you to sign in with your My Number Card.".to_owned()
            }
            (Self::English, Purpose::Read) => {
                "asks to read your digital signature certificate (name, address, date of birth, sex)."
                    .to_owned()
            }
            (Self::English, Purpose::ReadAttributes) => {
                "asks to read name, address, date of birth and sex from your card.".to_owned()
            }
            (Self::English, Purpose::Sign(document)) => {
                format!("asks you to sign:\n{}\n{}", document.title(), shown_digest(document))
            }
            (Self::Japanese, Purpose::SignIn) => {
                "がマイナンバーカードでのログインを求めています。".to_owned()
            }
            (Self::Japanese, Purpose::Read) => {
                "が署名用電子証明書（氏名・住所・生年月日・性別）の読み取りを求めています。"
                    .to_owned()
            }
            (Self::Japanese, Purpose::ReadAttributes) => {
                "がカードの氏名・住所・生年月日・性別の読み取りを求めています。".to_owned()
            }
            (Self::Japanese, Purpose::Sign(document)) => {
                let (title, digest) = (document.title(), shown_digest(document));
                format!("が電子署名を求めています。\n{title}\n{digest}")
            }
        }
    }

    fn pin(self, reference: PinReference) -> &'static str {
        match (self, reference) {
            (Self::English, PinReference::UserAuthentication) => {
                "PIN for user authentication (4 digits)"
            }
            (Self::English, PinReference::DigitalSignature) => {
                "Password for digital signatures (6 to 16 letters and digits)"
            }
            (Self::English, PinReference::CardInformation) => {
                "PIN for card information input support (4 digits)"
            }
            (Self::Japanese, PinReference::UserAuthentication) => {
                "利用者証明用電子証明書の暗証番号（数字4桁）"
            }
            (Self::Japanese, PinReference::DigitalSignature) => {
                "署名用電子証明書の暗証番号（英数字6～16桁）"
            }
            (Self::Japanese, PinReference::CardInformation) => {
                "券面事項入力補助用の暗証番号（数字4桁）"
            }
        }
    }

    fn last_try(self, prompt: &Prompt) -> String {
        let origin = &prompt.origin;
        match self {
            Self::English => format!(
                "{origin}\nOnly one try is left. If the PIN is wrong, it is blocked and must be reset at the municipal office. Go on?"
            ),
            Self::Japanese => format!(
                "{origin}\n暗証番号の入力は残り1回です。間違えるとロックされ、市区町村の窓口での再設定が必要になります。続けますか？"
            ),
        }
    }

    fn cancel(self) -> &'static str {
        match self {
            Self::English => "Cancel",
            Self::Japanese => "キャンセル",
        }
    }

    fn before_reader(self) -> &'static str {
        match self {
            Self::English => "Choose OK, then type the PIN on the card reader.",
            Self::Japanese => "「OK」を選んでから、カードリーダーのキーで入力してください。",
        }
    }

    fn on_reader(self) -> &'static str {
        match self {
            Self::English => {
                "Type the PIN on the card reader now, and confirm it there.\nTo stop, use the reader's cancel key."
            }
            Self::Japanese => {
                "カードリーダーのキーで暗証番号を入力し、確定してください。\nやめるときは、カードリーダーの取消キーを押してください。"
            }
        }
    }

    fn prompt(self, reference: PinReference) -> &'static str {
        match (self, reference) {
            (Self::English, PinReference::DigitalSignature) => "Password:",
            (Self::English, _) => "PIN:",
            (Self::Japanese, _) => "暗証番号:",
        }
    }

    fn mistake(self, malformed: MalformedPin) -> &'static str {
        match (self, malformed) {
            (Self::English, MalformedPin::Pin) => "The PIN is four digits.",
            (Self::English, _) => "The password is 6 to 16 letters and digits.",
            (Self::Japanese, MalformedPin::Pin) => "暗証番号は数字4桁です。",
            (Self::Japanese, _) => "暗証番号は英数字6～16桁です。",
        }
    }
}
