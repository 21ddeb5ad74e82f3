//! `kazashi-bridge doctor`: what stands in the way of cards on this workstation, in the codes that
//! `diagnose()` gives to a page.

use std::error::Error;
use std::io::{self, Write};

use clap::Args;

use crate::access::Origin;
use crate::command::examination::{Examination, Finding, Instead, Note, Workstation};
use crate::door::RefusedUser;
use crate::pin::Language;

#[derive(Args, Debug)]
pub(crate) struct Doctor {
    /// The website that has trouble, such as `https://portal.example`
    #[arg(long)]
    origin: Option<String>,
    /// The language to say it in. Without it, that of the environment.
    #[arg(long)]
    language: Option<Language>,
    #[command(flatten)]
    workstation: Workstation,
}

impl Doctor {
    /// Says what stands in the way. Returns whether nothing does.
    pub(crate) fn run(self) -> Result<bool, Box<dyn Error>> {
        let developer_mode = self.workstation.files.dev;
        let origin = self.origin.map(|text| Origin::typed(&text, developer_mode)).transpose()?;
        let Examination { findings, notes, .. } = self.workstation.examine(origin)?;
        let language = self.language.unwrap_or_else(Language::of_system);
        write!(io::stdout(), "{}", report(&findings, &notes, language))?;
        Ok(findings.is_empty())
    }
}

/// A line for each finding, and below it, indented, what is particular to this workstation. Then a line
/// for each note.
fn report(findings: &[Finding], notes: &[Note], language: Language) -> String {
    // The words of `diagnose()`.
    let ok = findings.is_empty().then(|| match language {
        Language::English => "ok: Cards can be used.\n".to_owned(),
        Language::Japanese => "ok: カードを使えます。\n".to_owned(),
    });
    let findings = findings.iter().map(|finding| finding.shown(language));
    ok.into_iter().chain(findings).chain(notes.iter().map(|note| note.shown(language))).collect()
}

impl Finding {
    fn shown(&self, language: Language) -> String {
        let code = self.code();
        let words = match language {
            Language::English => code.en(),
            Language::Japanese => code.ja(),
        };
        let particulars = self.particulars(language);
        let indented = particulars.lines().map(|line| format!("    {line}\n"));
        format!("{}: {words}\n{}", code.as_str(), indented.collect::<String>())
    }

    fn particulars(&self, language: Language) -> String {
        use Language::{English, Japanese};
        match (self, language) {
            (Self::Mistakes(problems), _) => problems.join("\n"),
            (Self::NoBridge(instead), _) => {
                let words = instead.iter().map(|it| it.words(language));
                let advice = advice(instead, language).map(str::to_owned);
                words.chain(advice).collect::<Vec<_>>().join("\n")
            }
            (Self::RefusedByAdministrator(file), English) => {
                format!("The administrator decides about it in {}", file.display())
            }
            (Self::RefusedByAdministrator(file), Japanese) => {
                format!("管理者がこのファイルで決めています: {}", file.display())
            }
            (Self::Refused { allow }, English) => format!("To allow it: {allow}"),
            (Self::Refused { allow }, Japanese) => format!("許可するには: {allow}"),
            (Self::Readers(_), _) => String::new(),
            (Self::PinEntryMissing(program), English) => {
                format!("There is no program {}", program.display())
            }
            (Self::PinEntryMissing(program), Japanese) => {
                format!("プログラムがありません: {}", program.display())
            }
            (Self::PinEntryUnable(program, why), English) => {
                format!("{} was tried and cannot ask from here: {why}", program.display())
            }
            (Self::PinEntryUnable(program, why), Japanese) => {
                format!("ここから {} を試しましたが、尋ねられません: {why}", program.display())
            }
        }
    }
}

impl Instead {
    fn words(&self, language: Language) -> String {
        use Language::{English, Japanese};
        match (self, language) {
            (Self::Silence(address), English) => format!("Nothing answers at {address}."),
            (Self::Silence(address), Japanese) => format!("{address} から応答がありません。"),
            (Self::Stranger(address), English) => {
                format!("What answers at {address} is no bridge of this user.")
            }
            (Self::Stranger(address), Japanese) => {
                format!("{address} で応答したのは、このユーザーのブリッジではありません。")
            }
            (Self::OtherUser(address, user), English) => {
                format!("{address} is held by a program of the user {user}, perhaps their bridge.")
            }
            (Self::OtherUser(address, user), Japanese) => format!(
                "{address} は、利用者 {user} のプログラム（おそらくそのブリッジ）が使っています。"
            ),
        }
    }
}

/// What to do where there is no bridge but this instead.
fn advice(instead: &[Instead], language: Language) -> Option<&'static str> {
    use Language::{English, Japanese};
    if instead.iter().any(|it| matches!(it, Instead::Silence(_))) {
        return Some(match language {
            English => "To start it: kazashi-bridge serve",
            Japanese => "起動するには: kazashi-bridge serve",
        });
    }
    let is_full = instead.iter().all(|it| matches!(it, Instead::OtherUser(..)));
    is_full.then_some(match language {
        English => "No port is left for the bridge of this user: somebody else has to end theirs.",
        Japanese => "このユーザーのブリッジのためのポートは残っていません。ほかの利用者のブリッジを終了する必要があります。",
    })
}

impl Note {
    fn shown(&self, language: Language) -> String {
        use Language::{English, Japanese};
        let words = match (self, language) {
            (Self::BridgeAt(address), English) => {
                format!("The bridge of this user is at {address}.")
            }
            (Self::BridgeAt(address), Japanese) => {
                format!("このユーザーのブリッジは {address} にあります。")
            }
            (Self::Before(instead), _) => instead.words(language),
            (Self::Refused(RefusedUser { user, last }), English) => format!(
                "The bridge refused programs of the user {user}, last at {last}, as it should if that \
                 user works at this machine too. A relay, such as a forwarded port, must run as the \
                 user of the bridge."
            ),
            (Self::Refused(RefusedUser { user, last }), Japanese) => format!(
                "利用者 {user} のプログラムからの接続を断りました（最後は {last}）。その利用者もこの端末を使う\
                 のであれば、これで正常です。ポートの転送などの中継は、ブリッジの利用者として動かしてください。"
            ),
            (Self::RemoteSession, English) => "This session is shown at another computer by Remote Desktop. \
                 Its readers are those of that computer, if smart cards are among what it hands on."
                .to_owned(),
            (Self::RemoteSession, Japanese) => "このセッションはリモートデスクトップで別の端末に表示されています。\
                 使えるのはその端末のリーダーで、リモートデスクトップの設定でスマートカードを渡している場合に限ります。"
                .to_owned(),
            (Self::Unasked(browser, websites), English) => {
                format!("By policy, {browser} lets {} reach the bridge unasked.", list(websites))
            }
            (Self::Unasked(browser, websites), Japanese) => {
                let websites = list(websites);
                format!(
                    "ポリシーにより、{browser} は尋ねずに {websites} をブリッジに接続させます。"
                )
            }
            (Self::Asked(browser, websites), English) => format!(
                "{browser} has policies here, but none that names {}: it asks the person first.",
                list(websites)
            ),
            (Self::Asked(browser, websites), Japanese) => {
                let websites = list(websites);
                format!("{browser} のポリシーに {websites} はありません。接続の前に人に尋ねます。")
            }
        };
        match language {
            English => format!("note: {words}\n"),
            Japanese => format!("補足: {words}\n"),
        }
    }
}

fn list(websites: &[Origin]) -> String {
    websites.iter().map(Origin::as_str).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::PathBuf;

    use kazashi_core::error_code::ErrorCode;

    use super::{Finding, Instead, report};
    use crate::access::Origin;
    use crate::command::examination::policies;
    use crate::pin::Language;
    use crate::sys::browsers::Found;

    #[test]
    fn every_finding_is_told_in_the_words_of_the_table_and_in_order() {
        let address = ([127, 0, 0, 1], 27390).into();
        let findings = [
            Finding::Mistakes(vec!["bridge.toml has a mistake:\nline 1".to_owned()]),
            Finding::NoBridge(vec![
                Instead::OtherUser(address, "hana".to_owned()),
                Instead::Stranger(address),
                Instead::Silence(address),
            ]),
            Finding::RefusedByAdministrator(PathBuf::from("bridge.toml")),
            Finding::Refused { allow: "allow it".to_owned() },
            Finding::Readers(ErrorCode::NoService),
            Finding::PinEntryMissing(PathBuf::from("pinentry")),
            Finding::PinEntryUnable(PathBuf::from("pinentry"), "no display".to_owned()),
        ];
        for language in [Language::English, Language::Japanese] {
            let report = report(&findings, &[], language);
            let told: Vec<_> = report.lines().filter(|line| !line.starts_with(' ')).collect();
            let expected = findings.iter().map(|finding| {
                let code = finding.code();
                let words = if language == Language::English { code.en() } else { code.ja() };
                format!("{}: {words}", code.as_str())
            });
            assert_eq!(told, expected.collect::<Vec<_>>());
            assert!(report.contains("    bridge.toml has a mistake:\n    line 1\n"), "{report}");
        }
    }

    #[test]
    fn nothing_in_the_way_is_told_in_the_words_of_diagnose() {
        let diagnose = concat!(env!("CARGO_MANIFEST_DIR"), "/../js/src/diagnose.ts");
        let diagnose = fs::read_to_string(diagnose).unwrap();
        for language in [Language::English, Language::Japanese] {
            let report = report(&[], &[], language);
            let words = report.strip_prefix("ok: ").unwrap().trim_end();
            assert!(diagnose.contains(&format!("\"{words}\"")), "{words}");
        }
    }

    #[test]
    fn policies_are_told_of_websites_elsewhere_by_whether_they_are_named() {
        let websites = ["https://a.example", "https://b.example", "http://localhost"];
        let websites = websites.map(|text| Origin::parse(text, true).unwrap());
        let found = |websites: &[&str]| Found {
            name: "Chromium",
            websites: websites.iter().map(ToString::to_string).collect(),
        };
        let told = |found: &Found, language| report(&[], &policies(found, &websites), language);
        assert_eq!(
            told(&found(&["https://b.example"]), Language::English),
            "ok: Cards can be used.\n\
             note: By policy, Chromium lets https://b.example reach the bridge unasked.\n\
             note: Chromium has policies here, but none that names https://a.example: it asks the \
             person first.\n"
        );
        let both = "https://a.example, https://b.example";
        assert!(told(&found(&[]), Language::Japanese).contains(both));
        assert_eq!(policies(&found(&["https://a.example"]), &[]), []);
    }
}
