//! Words of the dialogs, in each language that the person at the machine may read.

use clap::ValueEnum;
use kazashi_core::guard::desk::Purpose;
use kazashi_core::guard::verification::{FewTries, ReferenceData};
use kazashi_core::value::layout::PinReference;
use kazashi_core::value::{Document, MalformedPin};

use crate::access::Origin;
use crate::sys;

/// A language that the person at the machine may read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Language {
    #[value(name = "en")]
    English,
    #[value(name = "ja")]
    Japanese,
}

/// The contents of a dialog.
#[derive(Clone, Debug)]
pub(crate) struct Prompt {
    /// Who asks.
    pub(crate) origin: Origin,
    /// Its purpose.
    pub(crate) purpose: Purpose,
    /// Which PIN.
    pub(crate) reference: PinReference,
    /// How many tries the card still gives.
    pub(crate) retries_left: u8,
    /// Whether the reader has keys on which the PIN is typed.
    pub(crate) on_reader: bool,
}

impl Language {
    /// That of the person at the machine.
    pub(crate) fn of_system() -> Self {
        match sys::locale() {
            Some(locale) if locale.starts_with("ja") => Self::Japanese,
            _ => Self::English,
        }
    }

    pub(super) fn description(self, prompt: &Prompt) -> String {
        let Prompt { origin, purpose, reference, retries_left, .. } = prompt;
        let purpose = self.purpose(purpose);
        let pin = self.pin(*reference);
        let tries = match self {
            Self::English => format!("Tries left: {retries_left}"),
            Self::Japanese => format!("残り{retries_left}回"),
        };
        format!("{origin}\n{purpose}\n\n{pin}\n{tries}")
    }

    /// What stays on the screen while the person types on the reader.
    pub(super) fn notice(self, prompt: &Prompt) -> String {
        let Prompt { origin, purpose, .. } = prompt;
        format!("{origin}\n{}\n\n{}", self.purpose(purpose), self.on_reader())
    }

    fn purpose(self, purpose: &Purpose) -> String {
        match (self, purpose) {
            (Self::English, Purpose::SignIn) => {
                "asks you to sign in with your My Number Card.".to_owned()
            }
            (Self::English, Purpose::ReadCertificate) => {
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
            (Self::Japanese, Purpose::ReadCertificate) => {
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

    pub(super) fn last_try(self, prompt: &Prompt) -> String {
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

    pub(super) fn few_tries(self, origin: &Origin, few_tries: FewTries) -> String {
        let FewTries { reference, retries_left } = few_tries;
        let compared = self.compared(reference);
        match self {
            Self::English => format!(
                "{origin}\nasks to have {compared} compared with your card. Tries left: {retries_left}. Each one that is wrong costs a try; with none left, the card compares it no more. Go on?"
            ),
            Self::Japanese => format!(
                "{origin}\nが{compared}をカードと照合しようとしています。残り{retries_left}回です。間違えるたびに1回減り、0回になると照合できなくなります。続けますか？"
            ),
        }
    }

    pub(crate) fn compared(self, reference: ReferenceData) -> &'static str {
        match (self, reference) {
            (Self::English, ReferenceData::BirthDate) => "a date of birth",
            (Self::Japanese, ReferenceData::BirthDate) => "生年月日",
            (Self::English, ReferenceData::VerificationNumberB) => {
                "date of birth, year of expiry and security code"
            }
            (Self::Japanese, ReferenceData::VerificationNumberB) => {
                "生年月日・有効期限の年・セキュリティコード"
            }
            (_, ReferenceData::Pin(reference)) => self.pin(reference),
        }
    }

    pub(super) fn cancel(self) -> &'static str {
        match self {
            Self::English => "Cancel",
            Self::Japanese => "キャンセル",
        }
    }

    pub(super) fn before_reader(self) -> &'static str {
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

    pub(super) fn prompt(self, reference: PinReference) -> &'static str {
        match (self, reference) {
            (Self::English, PinReference::DigitalSignature) => "Password:",
            (Self::English, _) => "PIN:",
            (Self::Japanese, _) => "暗証番号:",
        }
    }

    pub(super) fn mistake(self, malformed: MalformedPin) -> &'static str {
        match (self, malformed) {
            (Self::English, MalformedPin::Pin) => "The PIN is four digits.",
            (Self::English, _) => "The password is 6 to 16 letters and digits.",
            (Self::Japanese, MalformedPin::Pin) => "暗証番号は数字4桁です。",
            (Self::Japanese, _) => "暗証番号は英数字6～16桁です。",
        }
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
