//! `kazashi-bridge doctor`: what stands in the way of cards on this workstation, in the codes that
//! `diagnose()` gives to a page.

use std::collections::BTreeSet;
use std::error::Error;
use std::io::{self, Write};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use clap::Args;
use jiff::Timestamp;
use kazashi_core::error_code::ErrorCode;
use kazashi_core::wire::PORTS;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::runtime;
use tokio::time::timeout;

use crate::access::{Config, Origin, Rules};
use crate::command::options::FileOptions;
use crate::door::RefusedUser;
use crate::pin::{Language, PinEntry, Unable};
use crate::reader::pcsc;
use crate::reader::slot::{Slot, once};
use crate::sys::browsers::Found;
use crate::sys::{Owner, browser_policy, has_readers_of_another_computer, owner};

/// How long a bridge may take to answer, and a card.
const PATIENCE: Duration = Duration::from_secs(5);
/// More than a bridge ever answers to `GET /health`.
const MAX_RESPONSE: u64 = 4 * 1024;

#[derive(Args, Debug)]
pub(crate) struct Doctor {
    /// The website that has trouble, such as `https://portal.example`
    #[arg(long)]
    origin: Option<String>,
    /// The port that the bridge was told to take. Without it, those at which pages look for one.
    #[arg(long)]
    port: Option<u16>,
    /// The language to say it in. Without it, that of the environment.
    #[arg(long)]
    language: Option<Language>,
    #[command(flatten)]
    files: FileOptions,
}

/// One thing that stands in the way.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Finding {
    /// Files that say who may do what have mistakes, so they grant nothing.
    Mistakes(Vec<String>),
    /// The bridge is nowhere, but this where it could be.
    NoBridge(Vec<Instead>),
    /// The bridge refuses the website, of which the administrator's file says so.
    RefusedByAdministrator(PathBuf),
    /// The bridge refuses the website, which the user may allow by this command.
    Refused { allow: String },
    /// No card can be used on any reader.
    Readers(ErrorCode),
    /// The program that asks for PINs is missing.
    PinEntryMissing(PathBuf),
    /// The program that asks for PINs was tried, and cannot ask here: why.
    PinEntryUnable(PathBuf, String),
}

/// What is at an address in place of this user's bridge.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Instead {
    /// Nothing answers.
    Silence(SocketAddr),
    /// Something answers, but as no bridge of this user does.
    Stranger(SocketAddr),
    /// A program of this other user listens, perhaps their bridge.
    OtherUser(SocketAddr, String),
}

/// What is worth knowing, and may be just as it should.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Note {
    /// The bridge is not where it is looked for first.
    BridgeAt(SocketAddr),
    /// This is where it is looked for before.
    Before(Instead),
    /// The bridge refused programs of this other user, the last of them at this time.
    Refused(RefusedUser),
    /// The readers are those of the computer at which this session is shown.
    RemoteSession,
    /// Policies let these websites reach the bridge from this browser without asking.
    Unasked(&'static str, Vec<Origin>),
    /// This browser has policies, and none by which it does not ask about these websites.
    Asked(&'static str, Vec<Origin>),
}

impl Doctor {
    /// Says what stands in the way. Returns whether nothing does.
    pub(crate) fn run(self) -> Result<bool, Box<dyn Error>> {
        let (findings, notes) = self.examine()?;
        let language = self.language.unwrap_or_else(Language::of_system);
        write!(io::stdout(), "{}", report(&findings, &notes, language))?;
        Ok(findings.is_empty())
    }

    /// In the order in which a page would run into them.
    fn examine(&self) -> Result<(Vec<Finding>, Vec<Note>), Box<dyn Error>> {
        let origin = self.origin.as_deref().map(|text| Origin::typed(text, self.files.dev));
        let origin = origin.transpose()?;
        let rules = self.files.files()?.read();
        if !rules.problems.is_empty() {
            let mistakes = Finding::Mistakes(rules.problems);
            return Ok(([mistakes].into_iter().chain(readers()).collect(), Vec::new()));
        }
        let runtime = runtime::Builder::new_current_thread().enable_all().build()?;
        let websites = origin.clone().map_or_else(|| granted(&rules), |origin| vec![origin]);
        let (bridge, mut notes) = runtime.block_on(self.bridge(origin, &rules))?;
        let pin_entry = runtime.block_on(pin_entry(&rules.config));
        notes.extend(RefusedUser::read(&self.files.state.folder()?).map(Note::Refused));
        notes.extend(has_readers_of_another_computer().then_some(Note::RemoteSession));
        notes.extend(browser_policy::found().iter().flat_map(|found| policies(found, &websites)));
        Ok((bridge.into_iter().chain(readers()).chain(pin_entry).collect(), notes))
    }

    /// Asks the bridge that runs, whichever files it was started with, where pages would find it.
    async fn bridge(
        &self,
        origin: Option<Origin>,
        rules: &Rules,
    ) -> Result<(Option<Finding>, Vec<Note>), Box<dyn Error>> {
        let mut before = Vec::new();
        for port in self.port.map_or(PORTS.to_vec(), |port| vec![port]) {
            let address = (Ipv4Addr::LOCALHOST, port).into();
            match instead_of_bridge(address).await {
                Some(instead) => before.push(instead),
                None => {
                    let finding = self.refusal(address, origin, rules).await?;
                    return Ok((finding, notes(address, before)));
                }
            }
        }
        Ok((Some(Finding::NoBridge(before)), Vec::new()))
    }

    /// Whether the bridge at this address refuses the website.
    async fn refusal(
        &self,
        address: SocketAddr,
        origin: Option<Origin>,
        rules: &Rules,
    ) -> Result<Option<Finding>, Box<dyn Error>> {
        let Some(origin) = origin else { return Ok(None) };
        if health(address, Some(&origin)).await == Health::Ok {
            return Ok(None);
        }
        Ok(Some(if rules.config.grants.list(&origin) {
            Finding::RefusedByAdministrator(self.files.files()?.config.path)
        } else {
            let dev = if self.files.dev { " --dev" } else { "" };
            let scopes = "--scopes events,authenticate";
            let allow = format!("kazashi-bridge origins allow {origin} {scopes}{dev}");
            Finding::Refused { allow }
        }))
    }
}

/// What is at this address, if it is not this user's bridge.
async fn instead_of_bridge(address: SocketAddr) -> Option<Instead> {
    // What is another user's is not spoken to, nor what may not be asked: this user's own may.
    match owner::of_listener(address) {
        Ok(Some(Owner::Another(user))) => return Some(Instead::OtherUser(address, user)),
        Err(_) => return Some(Instead::Stranger(address)),
        Ok(_) => {}
    }
    match health(address, None).await {
        Health::Ok => None,
        Health::Silence => Some(Instead::Silence(address)),
        Health::Other => Some(Instead::Stranger(address)),
    }
}

/// What is worth knowing of the bridge at this address, since it was looked for elsewhere before.
fn notes(address: SocketAddr, mut before: Vec<Instead>) -> Vec<Note> {
    if before.is_empty() {
        return Vec::new();
    }
    before.retain(|instead| !matches!(instead, Instead::Silence(_)));
    [Note::BridgeAt(address)].into_iter().chain(before.into_iter().map(Note::Before)).collect()
}

/// The websites that may do anything now.
fn granted(rules: &Rules) -> Vec<Origin> {
    let now = Timestamp::now();
    let listed = rules.config.grants.iter().chain(rules.approved.iter());
    let origins: BTreeSet<_> = listed.map(|grant| &grant.origin).collect();
    origins.into_iter().filter(|origin| rules.scopes(origin, now).is_some()).cloned().collect()
}

/// What the policies of this browser say of these websites. Those of this machine need none.
fn policies(found: &Found, websites: &[Origin]) -> Vec<Note> {
    let elsewhere = websites.iter().filter(|origin| origin.as_str().starts_with("https://"));
    let is_named = |origin: &Origin| found.websites.iter().any(|named| named == origin.as_str());
    let (unasked, asked): (Vec<_>, Vec<_>) = elsewhere.cloned().partition(is_named);
    let mut notes = Vec::new();
    if !unasked.is_empty() {
        notes.push(Note::Unasked(found.name, unasked));
    }
    if !asked.is_empty() {
        notes.push(Note::Asked(found.name, asked));
    }
    notes
}

/// The answer to `GET /health`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Health {
    Ok,
    Other,
    Silence,
}

/// Asks for `/health`, as a page of this origin or as nobody.
async fn health(address: SocketAddr, origin: Option<&Origin>) -> Health {
    let Ok(Ok(mut stream)) = timeout(PATIENCE, TcpStream::connect(address)).await else {
        return Health::Silence;
    };
    let origin = origin.map_or_else(String::new, |origin| format!("Origin: {origin}\r\n"));
    let request =
        format!("GET /health HTTP/1.1\r\nHost: {address}\r\n{origin}Connection: close\r\n\r\n");
    let mut response = Vec::new();
    let exchanged = timeout(PATIENCE, async {
        stream.write_all(request.as_bytes()).await?;
        stream.take(MAX_RESPONSE).read_to_end(&mut response).await
    });
    match exchanged.await {
        Ok(Ok(_))
            if response.starts_with(b"HTTP/1.1 200 ") && response.ends_with(b"\r\n\r\nok") =>
        {
            Health::Ok
        }
        _ => Health::Other,
    }
}

/// The obstacle to asking for PINs, found by starting the program as it would be for one.
async fn pin_entry(config: &Config) -> Option<Finding> {
    let program = config.pinentry.clone();
    let pin_entry = PinEntry::new(program.clone(), config.limits.dialog());
    Some(match pin_entry.try_program().await.err()? {
        Unable::Missing => Finding::PinEntryMissing(program),
        unable => Finding::PinEntryUnable(program, unable.to_string()),
    })
}

/// The obstacle to using a card on this workstation's readers, if there is one.
fn readers() -> Option<Finding> {
    // A service that is stopped takes questions and answers none.
    let slots = in_time(pcsc::slots).unwrap_or(Err(ErrorCode::NoService));
    slots.and_then(usable_card).err().map(Finding::Readers)
}

/// What this says within our patience: PC/SC waits without end.
fn in_time<R: Send + 'static>(ask: impl FnOnce() -> R + Send + 'static) -> Option<R> {
    let (asked, answer) = mpsc::channel();
    thread::spawn(move || asked.send(ask()));
    answer.recv_timeout(PATIENCE).ok()
}

/// Whether a My Number Card lies on one of these readers.
fn usable_card(slots: Vec<impl Slot>) -> Result<(), ErrorCode> {
    let mut obstacle = ErrorCode::NoReader;
    for slot in slots {
        // Another program may take its time with the card.
        match in_time(|| recognise(slot)).unwrap_or(Err(ErrorCode::SharingViolation)) {
            Ok(()) => return Ok(()),
            // A card that cannot be used says more than a reader without one.
            Err(ErrorCode::NoSmartcard) if obstacle != ErrorCode::NoReader => {}
            Err(code) => obstacle = code,
        }
    }
    Err(obstacle)
}

/// Asks a card whether it is a My Number Card. One that is not is left as it was, the other with the
/// card manager selected.
fn recognise(mut slot: impl Slot) -> Result<(), ErrorCode> {
    once(&mut slot, |_| Ok(()))
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
    /// The code that a page is told, or would be.
    fn code(&self) -> ErrorCode {
        match self {
            Self::Mistakes(_) | Self::NoBridge(_) => ErrorCode::BridgeUnreachable,
            Self::RefusedByAdministrator(_) | Self::Refused { .. } => ErrorCode::OriginRefused,
            Self::Readers(code) => *code,
            Self::PinEntryMissing(_) | Self::PinEntryUnable(..) => ErrorCode::PinEntryUnavailable,
        }
    }

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

    use kazashi_core::codec::apdu::{CommandApdu, ResponseApdu, StatusWord};
    use kazashi_core::error_code::ErrorCode;
    use kazashi_core::guard::session::{CardTransaction, Ending};
    use kazashi_core::value::layout::Application;

    use super::{Finding, Instead, policies, report, usable_card};
    use crate::access::Origin;
    use crate::pin::Language;
    use crate::reader::slot::{Insertion, Slot};
    use crate::sys::browsers::Found;

    /// A reader, by what lies on it.
    #[derive(Clone, Copy)]
    enum Reader {
        Empty,
        OtherCard,
        MyNumberCard,
    }

    impl Slot for Reader {
        fn begin(&mut self) -> Result<(Box<dyn CardTransaction + '_>, Insertion), ErrorCode> {
            match self {
                Self::Empty => Err(ErrorCode::NoSmartcard),
                _ => Ok((Box::new(*self), Insertion(1))),
            }
        }

        fn rest(&mut self) {}
    }

    impl CardTransaction for Reader {
        fn transmit(&mut self, command: &CommandApdu) -> Result<ResponseApdu, ErrorCode> {
            let select_card_manager = Application::CardManager.select().to_bytes();
            let select_jpki = Application::Jpki.select().to_bytes();
            let bytes = command.to_bytes();
            assert!([&select_card_manager, &select_jpki].contains(&&bytes), "{command:?}");
            let is_there = matches!(self, Self::MyNumberCard) || bytes == select_card_manager;
            let status = if is_there { StatusWord::OK } else { StatusWord::NOT_FOUND };
            Ok(ResponseApdu::new([], status))
        }

        fn end(self: Box<Self>, ending: Ending) {
            assert_eq!(ending, Ending::LeaveCard);
        }
    }

    #[test]
    fn one_my_number_card_on_any_reader_will_do() {
        use Reader::{Empty, MyNumberCard, OtherCard};
        for (readers, expected) in [
            (&[][..], Err(ErrorCode::NoReader)),
            (&[Empty], Err(ErrorCode::NoSmartcard)),
            (&[Empty, Empty], Err(ErrorCode::NoSmartcard)),
            (&[OtherCard], Err(ErrorCode::UnsupportedCard)),
            (&[OtherCard, Empty], Err(ErrorCode::UnsupportedCard)),
            (&[Empty, OtherCard], Err(ErrorCode::UnsupportedCard)),
            (&[Empty, OtherCard, MyNumberCard, Empty], Ok(())),
        ] {
            assert_eq!(usable_card(readers.to_vec()), expected);
        }
    }

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
