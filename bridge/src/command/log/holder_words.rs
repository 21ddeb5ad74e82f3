//! Words of the holder's page. It is read by people who know nothing of cards' files and keys.

use kazashi_core::error_code::ErrorCode;
use kazashi_core::guard::policy::File;
use kazashi_core::guard::verification::ReferenceData;
use kazashi_core::value::Method;
use kazashi_core::value::layout::{
    Application, PinReference, card_information, card_surface, jpki,
};

use crate::access::Origin;
use crate::pin::Language;
use crate::record::{Disclosure, Signed};

/// Words that stand on every page.
#[derive(Debug)]
pub(super) struct PageWords {
    /// BCP 47.
    pub(super) language: &'static str,
    pub(super) title: &'static str,
    pub(super) about: &'static str,
    pub(super) made_on: &'static str,
    pub(super) since: &'static str,
    pub(super) state_of_log: &'static str,
    pub(super) whole: &'static str,
    pub(super) damaged: &'static str,
    pub(super) nothing: &'static str,
    pub(super) heads: [&'static str; 5],
    pub(super) proof: &'static str,
    pub(super) about_proof: &'static str,
    pub(super) no_names: &'static str,
    pub(super) time: &'static str,
}

const ENGLISH: PageWords = PageWords {
    language: "en",
    title: "What was read from this card here",
    about: "This page lists what was read from the My Number Card that lay on the reader when the page was made, \
            by which website, and when. It is about this computer and the user who made the page, and about \
            nothing that happened elsewhere.",
    made_on: "Made on",
    since: "The record begins",
    state_of_log: "The record",
    whole: "No line between others was changed, moved or taken out. Lines cut off its end, or a record written \
            anew as a whole, show only against the fingerprint of a page that was made before.",
    damaged: "It is not as it was written: lines were changed, moved or taken out. This page may lack some.",
    nothing: "Nothing is recorded about this card.",
    heads: ["Line", "When", "Website", "Permission used", "What happened"],
    proof: "To check it later",
    about_proof: "The code holds the text beside it: how many lines are about this card, and the number and \
                  fingerprint (SHA-256) of the last line of the record. While the record is kept, “kazashi-bridge \
                  log verify --head FINGERPRINT” shows whether every line up to that one is still as it was \
                  then. The code holds nothing about you, and no website needs it.",
    no_names: "The record holds no name, address, number or PIN, so there are none on this page. Whoever sees the \
               page sees which websites this card was used for.",
    time: "%Y-%m-%d %H:%M:%S",
};

const JAPANESE: PageWords = PageWords {
    language: "ja",
    title: "このカードからここで読み取られたもの",
    about: "このページを作ったときにリーダーにあったマイナンバーカードから、いつ、どのサイトが、何を読み取ったかの一覧です。\
            この端末で、このページを作った利用者のもとで行われたことだけを載せています。ほかの場所で行われたことは載っていません。",
    made_on: "作成",
    since: "記録の始まり",
    state_of_log: "記録の状態",
    whole: "途中の行で、変えられたもの、移されたもの、除かれたものはありません。終わりの行が切り取られたことや、全体が書き直されたことは、\
            前に作ったページの指紋と比べて初めて分かります。",
    damaged: "書かれたときのままではありません。変えられた行、移された行、除かれた行があり、ここに載っていないものがあるかもしれません。",
    nothing: "このカードについての記録はありません。",
    heads: ["行", "日時", "サイト", "使われた許可", "行われたこと"],
    proof: "あとで確かめるために",
    about_proof: "QRコードの中身は、横にある文字と同じです。このカードについての行の数と、記録の最後の行の番号と指紋（SHA-256）が入っています。\
                  記録が残っていれば、「kazashi-bridge log verify --head 指紋」で、その行までのすべての行が今も作成のときのままかを\
                  確かめられます。あなたについての情報は入っていません。サイトに見せるものでもありません。",
    no_names: "記録に氏名・住所・番号・暗証番号は入っていないので、このページにもありません。ただし、このページを見た人には、このカードがどのサイトで\
               使われたかが分かります。",
    time: "%Y年%-m月%-d日 %H:%M:%S",
};

impl Language {
    pub(super) fn page(self) -> &'static PageWords {
        match self {
            Self::English => &ENGLISH,
            Self::Japanese => &JAPANESE,
        }
    }

    /// What is said of lines that might be about the card or not, if there are any.
    pub(super) fn lines_about_unknown_cards(self, count: usize) -> String {
        match (self, count) {
            (_, 0) => String::new(),
            (Self::English, _) => format!(
                " Lines about cards that were taken away before it was known which they were: {count}. \
                 They are not on this page, and may be about this card."
            ),
            (Self::Japanese, _) => format!(
                "どのカードか分かる前に取られたカードについての行が{count}行あります。ここには載せていませんが、\
                 このカードについてのものかもしれません。"
            ),
        }
    }

    /// By whom it was read.
    pub(super) fn who(self, origin: &str) -> String {
        if origin != Origin::native().as_str() {
            return origin.to_owned();
        }
        match self {
            Self::English => "a program of this user, which is no browser".to_owned(),
            Self::Japanese => "この利用者の、ブラウザーではないプログラム".to_owned(),
        }
    }

    /// What was done with the card, one thing after another.
    pub(super) fn what_happened(self, disclosure: &Disclosure) -> Vec<String> {
        let Disclosure { presented, read, signed, failed, .. } = disclosure;
        let presented = presented.iter().map(|name| {
            let compared = self.compared_by_name(name).unwrap_or(name);
            match self {
                Self::English => format!("compared with the card: {compared}"),
                Self::Japanese => format!("カードと照合：{compared}"),
            }
        });
        let read = read.iter().map(|name| {
            let file = self.file(name).unwrap_or(name);
            match self {
                Self::English => format!("read: {file}"),
                Self::Japanese => format!("読み取り：{file}"),
            }
        });
        let signed = signed.iter().map(|signed| match self {
            Self::English => format!("signed: {}", self.signature(signed)),
            Self::Japanese => format!("署名：{}", self.signature(signed)),
        });
        let failed = failed.iter().map(|code| match (self, is_of_comparison(*code)) {
            (Self::English, true) => "it was not the same".to_owned(),
            (Self::Japanese, true) => "一致しなかった".to_owned(),
            (Self::English, false) => format!("did not succeed ({})", code.as_str()),
            (Self::Japanese, false) => format!("うまくいかなかった（{}）", code.as_str()),
        });
        presented.chain(read).chain(signed).chain(failed).collect()
    }

    /// What a thing of this name in the log was compared with.
    fn compared_by_name(self, name: &str) -> Option<&'static str> {
        use PinReference::{CardInformation, DigitalSignature, UserAuthentication};
        let pins = [UserAuthentication, DigitalSignature, CardInformation].map(ReferenceData::Pin);
        let others = [ReferenceData::BirthDate, ReferenceData::VerificationNumberB];
        let mut all = pins.into_iter().chain(others);
        all.find(|reference| reference.name() == name).map(|reference| self.compared(reference))
    }

    /// What is in a file of the card, by its name in the log.
    fn file(self, name: &str) -> Option<&'static str> {
        use Application::{CardInformation, CardSurface, Jpki};
        let files = [
            (
                File::new(Jpki, jpki::USER_AUTHENTICATION_CERTIFICATE),
                "certificate for signing in (no name or address; another for each card)",
                "利用者証明用電子証明書（氏名・住所はないが、カードごとに異なる）",
            ),
            (
                File::new(Jpki, jpki::DIGITAL_SIGNATURE_CERTIFICATE),
                "certificate for signing documents (name, address, date of birth, sex)",
                "署名用電子証明書（氏名・住所・生年月日・性別）",
            ),
            (
                File::new(Jpki, jpki::USER_AUTHENTICATION_CA_CERTIFICATE),
                "certificate of the authority for signing in (nothing about the holder)",
                "利用者証明用の認証局の証明書（持ち主の情報はない）",
            ),
            (
                File::new(Jpki, jpki::DIGITAL_SIGNATURE_CA_CERTIFICATE),
                "certificate of the authority for signing documents (nothing about the holder)",
                "署名用の認証局の証明書（持ち主の情報はない）",
            ),
            (
                File::new(CardSurface, card_surface::AGE_RECORD),
                "date of birth, and a key that is another for each card",
                "生年月日と、カードごとに異なる鍵",
            ),
            (
                File::new(CardSurface, card_surface::CARD_FACE),
                "what is printed on the card (photo, name, address, date of birth, sex)",
                "券面（顔写真・氏名・住所・生年月日・性別）",
            ),
            (
                File::new(CardSurface, card_surface::CV_CERTIFICATE),
                "certificate of the issuer (nothing about the holder)",
                "発行者の証明書（持ち主の情報はない）",
            ),
            (
                File::new(CardInformation, card_information::BASIC_ATTRIBUTES),
                "name, address, date of birth, sex",
                "氏名・住所・生年月日・性別",
            ),
        ];
        let (_, en, ja) = files.into_iter().find(|(file, ..)| file.name() == name)?;
        Some(match self {
            Self::English => en,
            Self::Japanese => ja,
        })
    }

    fn signature(self, signed: &Signed) -> &str {
        match (self, Method::named(&signed.method)) {
            (Self::English, Some(Method::Pin)) => "sign-in with the PIN",
            (Self::English, Some(Method::Terminal)) => "sign-in without a PIN, to an institution",
            (Self::English, Some(Method::Presence)) => "that the card is here",
            (Self::Japanese, Some(Method::Pin)) => "暗証番号によるログイン",
            (Self::Japanese, Some(Method::Terminal)) => "施設への、暗証番号なしのログイン",
            (Self::Japanese, Some(Method::Presence)) => "カードがここにあること",
            (Self::English, _) if signed.method == "document" => "a document",
            (Self::Japanese, _) if signed.method == "document" => "文書への電子署名",
            (_, _) => &signed.method,
        }
    }
}

/// Whether the card says by this that it has something else.
fn is_of_comparison(code: ErrorCode) -> bool {
    use ErrorCode::{BirthDateIncorrect, PinIncorrect, VerificationNumberIncorrect};
    matches!(code, PinIncorrect | BirthDateIncorrect | VerificationNumberIncorrect)
}
