//! Words of the dialog in which a person decides about a website.

use jiff::{Zoned, civil};
use kazashi_core::value::{Scope, Scopes};

use crate::access::Origin;
use crate::pin::words::Language;

/// What the person is asked to allow a website.
#[derive(Debug)]
pub(crate) struct Proposal<'a> {
    /// Who asked.
    pub(crate) origin: &'a Origin,
    /// How often.
    pub(crate) times: u64,
    /// When last, by the clock of this machine.
    pub(crate) last: Zoned,
    /// What it may do, if it is allowed.
    pub(crate) scopes: &'a Scopes,
    /// Whether it said itself that it wants that.
    pub(crate) is_its_wish: bool,
    /// The last day on which it may.
    pub(crate) until: civil::Date,
}

impl Language {
    pub(super) fn allow(self) -> &'static str {
        match self {
            Self::English => "Allow",
            Self::Japanese => "許可する",
        }
    }

    pub(super) fn refuse(self) -> &'static str {
        match self {
            Self::English => "Do not allow",
            Self::Japanese => "許可しない",
        }
    }

    pub(super) fn later(self) -> &'static str {
        match self {
            Self::English => "Later",
            Self::Japanese => "あとで決める",
        }
    }

    pub(super) fn proposal(self, proposal: &Proposal<'_>) -> String {
        let Proposal { origin, times, last, scopes, is_its_wish, until } = proposal;
        let permissions = self.permissions(scopes);
        match self {
            Self::English => {
                let last = last.strftime("%Y-%m-%d %H:%M");
                let what = if *is_its_wish {
                    "It says that it wants to:"
                } else {
                    "It did not say what for. The least with which people can sign in:"
                };
                format!(
                    "{origin}\nasked to use My Number Cards here.\nTimes: {times}, last: {last}\n\n{what}{permissions}\n\nIf you allow it, it may do this until {until}."
                )
            }
            Self::Japanese => {
                let last = last.strftime("%Y年%-m月%-d日 %H:%M");
                let until = until.strftime("%Y年%-m月%-d日");
                let what = if *is_its_wish {
                    "求めていること:"
                } else {
                    "何をするかは示していません。ログインに要る最小限:"
                };
                format!(
                    "{origin}\nがマイナンバーカードの利用を求めました。\n{times}回、最後は{last}\n\n{what}{permissions}\n\n許可すると、{until}までこれらができます。"
                )
            }
        }
    }

    pub(super) fn nothing_to_decide(self) -> &'static str {
        match self {
            Self::English => {
                "No website waits for your decision.\nOne that asks to use My Number Cards here, and may not, will be shown when you open this again."
            }
            Self::Japanese => {
                "決めるサイトはありません。\n許可されていないサイトがマイナンバーカードの利用を求めると、次に開いたときにここに出ます。"
            }
        }
    }

    pub(super) fn not_decided(self, why: &str) -> String {
        match self {
            Self::English => format!("Your decision could not be taken.\n{why}"),
            Self::Japanese => format!("決めたことを反映できませんでした。\n{why}"),
        }
    }

    /// A line for each thing that these scopes allow, also by what they include.
    fn permissions(self, scopes: &Scopes) -> String {
        let allowed = Scope::ALL.iter().filter(|&&scope| scopes.allow(scope));
        let mark = match self {
            Self::English => "- ",
            Self::Japanese => "・",
        };
        allowed.map(|&scope| format!("\n{mark}{}", self.permission(scope))).collect()
    }

    /// Short, since a description has one line of the protocol.
    pub(crate) fn permission(self, scope: Scope) -> &'static str {
        match (self, scope) {
            (Self::English, Scope::Events) => "be told when a card comes or goes",
            (Self::English, Scope::Reader) => "see the kinds of readers and cards",
            (Self::English, Scope::UserCertificate) => "tell cards apart",
            (Self::English, Scope::Authenticate) => "have people sign in with the PIN",
            (Self::English, Scope::AuthenticatePinless) => "have people sign in without a PIN",
            (Self::English, Scope::CardPresence) => "check birth dates, and that a card is here",
            (Self::English, Scope::CardFace) => "read photo, name, address, birth date and sex",
            (Self::English, Scope::Attributes) => "read name, address, birth date and sex as text",
            (Self::English, Scope::Sign) => "have documents signed; learn name and address",
            (Self::English, Scope::PagePin) => "ask for PINs itself, and learn them",
            (Self::Japanese, Scope::Events) => "カードの有無を知る",
            (Self::Japanese, Scope::Reader) => "リーダーとカードの種類を見る",
            (Self::Japanese, Scope::UserCertificate) => "カードを見分ける",
            (Self::Japanese, Scope::Authenticate) => "暗証番号でログインさせる",
            (Self::Japanese, Scope::AuthenticatePinless) => "暗証番号なしでログインさせる",
            (Self::Japanese, Scope::CardPresence) => "生年月日とカードの有無を確かめる",
            (Self::Japanese, Scope::CardFace) => "顔写真・氏名・住所などを読む",
            (Self::Japanese, Scope::Attributes) => "氏名・住所・生年月日・性別を読む",
            (Self::Japanese, Scope::Sign) => "電子署名をさせ、氏名・住所を知る",
            (Self::Japanese, Scope::PagePin) => "暗証番号そのものを受け取る",
            // It is not offered.
            (_, scope) => scope.as_str(),
        }
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use jiff::tz::TimeZone;
    use kazashi_core::value::{Scope, Scopes};

    use super::Proposal;
    use crate::access::Origin;
    use crate::pin::assuan::{MAX_LINE, line};
    use crate::pin::words::Language;

    fn said(language: Language, origin: &str, times: u64, scopes: &[Scope], wish: bool) -> String {
        language.proposal(&Proposal {
            origin: &Origin::parse(origin, false).unwrap(),
            times,
            last: date(2026, 11, 30).at(14, 5, 0, 0).to_zoned(TimeZone::UTC).unwrap(),
            scopes: &scopes.iter().copied().collect::<Scopes>(),
            is_its_wish: wish,
            until: date(2027, 11, 30),
        })
    }

    #[test]
    fn a_person_reads_who_asked_for_what_and_until_when() {
        let origin = "https://xn--eckwd4c7c.example";
        let scopes = [Scope::Events, Scope::PagePin];
        assert_eq!(
            said(Language::English, origin, 3, &scopes, true),
            "https://xn--eckwd4c7c.example\n\
             asked to use My Number Cards here.\n\
             Times: 3, last: 2026-11-30 14:05\n\n\
             It says that it wants to:\n\
             - be told when a card comes or goes\n\
             - ask for PINs itself, and learn them\n\n\
             If you allow it, it may do this until 2027-11-30."
        );
        assert_eq!(
            said(Language::Japanese, origin, 3, &scopes, true),
            "https://xn--eckwd4c7c.example\n\
             がマイナンバーカードの利用を求めました。\n\
             3回、最後は2026年11月30日 14:05\n\n\
             求めていること:\n\
             ・カードの有無を知る\n\
             ・暗証番号そのものを受け取る\n\n\
             許可すると、2027年11月30日までこれらができます。"
        );
    }

    #[test]
    fn what_a_scope_includes_is_said_too_and_that_a_site_said_nothing() {
        let scopes = [Scope::Authenticate];
        let english = said(Language::English, "https://shop.example", 1, &scopes, false);
        assert!(english.contains("did not say") && english.contains("- tell cards apart\n"));
        let japanese = said(Language::Japanese, "https://shop.example", 1, &scopes, false);
        assert!(japanese.contains("示していません") && japanese.contains("・カードを見分ける\n"));
    }

    #[test]
    fn whatever_a_site_asks_for_fits_into_a_line_and_is_said_in_words() {
        let label = "a".repeat(63);
        let origin = format!("https://{label}.{label}.{label}.{}:65535", "a".repeat(61));
        let offered: Vec<_> =
            Scope::ALL.iter().copied().filter(|scope| *scope != Scope::RawApdu).collect();
        for language in [Language::English, Language::Japanese] {
            let text = said(language, &origin, u64::MAX, &offered, true);
            let length = line("SETDESC", &text).len();
            assert!(length <= MAX_LINE, "{length}: {text}");
            assert!(offered.iter().all(|scope| language.permission(*scope) != scope.as_str()));
        }
    }
}
