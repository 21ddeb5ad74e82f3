//! `kazashi-bridge report`: the state of this workstation in one file, to be handed to whoever helps.
//!
//! It is made of values of known kinds, field by field: numbers, times, codes, names of websites, words of
//! tables in this program. No text of a file, a reader, a card or the environment gets into it, so nothing
//! has to be taken out of it.

use std::cmp::Reverse;
use std::error::Error;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use clap::Args;
use jiff::Timestamp;
use kazashi_core::error_code::ErrorCode;
use kazashi_core::value::Scopes;
use serde::Serialize;

use crate::access::{Grant, GrantEnd, Limits, Origin, Pending, Rules};
use crate::command::examination::{
    self, Examination, Instead, Workstation, granted, unasked_and_asked,
};
use crate::door::{RefusedUser, VERSION};
use crate::pin::Language;
use crate::record::{lines, read, verify};
use crate::sys::{
    Version, browser_policy, distribution, has_readers_of_another_computer, private_file,
    smart_card_service_version, system_version,
};

mod reader_model;

use reader_model::ReaderModel;

/// What is said to whoever reads the file, before they hand it on.
const HEAD: &str = "\
# kazashi-bridge report: 困ったときに、手伝う人に渡すファイルです。渡す前に読んでください。
# サイトの名前は入っています。氏名・利用者名・フォルダー・カードやリーダーの番号・暗証番号・証明書・鍵・住所は入っていません。
# A file for whoever helps you. Read it before you hand it on.
# It has the names of websites. It has no name of a person or user, no folder, no number of a card or
# reader, no PIN, certificate, key or address.

";

#[derive(Args, Debug)]
pub(crate) struct Report {
    /// The file to write, which must not be there yet. Only this user can read it.
    #[arg(default_value = "kazashi-report.txt")]
    file: PathBuf,
    #[command(flatten)]
    workstation: Workstation,
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct Contents {
    made: Timestamp,
    /// What `doctor` says, by its codes. Nothing if nothing stands in the way.
    findings: Vec<ErrorCode>,
    /// Of how many files that say who may do what there is something wrong.
    files_with_mistakes: usize,
    developer_mode: bool,
    is_remote_session: bool,
    /// When the bridge last refused a program of another user.
    other_user_refused: Option<Timestamp>,
    versions: Versions,
    #[serde(rename = "port")]
    ports: Vec<Port>,
    #[serde(rename = "reader")]
    readers: Vec<Reader>,
    #[serde(rename = "website")]
    websites: Vec<Website>,
    #[serde(rename = "asked-in-vain")]
    pending: Vec<AskedInVain>,
    #[serde(rename = "browser")]
    browsers: Vec<Browser>,
    settings: Settings,
    disclosure_log: Log,
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct Versions {
    bridge: &'static str,
    system: &'static str,
    architecture: &'static str,
    system_version: Option<Version>,
    distribution: Option<&'static str>,
    distribution_version: Option<Version>,
    smart_card_service: Option<Version>,
}

/// A port at which pages look for the bridge.
#[derive(Serialize)]
struct Port {
    number: u16,
    holder: &'static str,
}

#[derive(Serialize)]
struct Reader {
    model: ReaderModel,
    /// `ok` if a My Number Card can be used on it.
    card: &'static str,
}

/// A website that is allowed something, or was.
#[derive(Serialize)]
struct Website {
    origin: Origin,
    by: &'static str,
    scopes: Scopes,
    until: Option<GrantEnd>,
    /// Whether it may do anything now.
    now: bool,
}

/// A website that asked, and may do nothing.
#[derive(Serialize)]
struct AskedInVain {
    origin: Origin,
    times: u64,
    first: Timestamp,
    last: Timestamp,
    wants: Scopes,
}

/// A browser that has policies, and what they say of the websites that may do something now.
#[derive(Serialize)]
struct Browser {
    name: &'static str,
    unasked: Vec<Origin>,
    asked: Vec<Origin>,
    /// How many websites they name in all.
    named: usize,
}

/// The administrator's settings; those of the defaults if there are none, or a mistake.
#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct Settings {
    pinentry: &'static str,
    disclose: bool,
    reader_keys: bool,
    has_preferred_reader: bool,
    card_roots: usize,
    scopes_of_programs: Scopes,
    limits: Limits,
}

#[derive(Serialize)]
struct Log {
    state: &'static str,
    files: usize,
    lines: usize,
    faults: usize,
    since: Option<Timestamp>,
    last: Option<Timestamp>,
}

impl Report {
    pub(crate) fn run(self) -> Result<(), Box<dyn Error>> {
        let contents = Contents::of(&self.workstation)?;
        let text = HEAD.to_owned() + &toml::to_string(&contents)?;
        private_file::write_new(&self.file, &text)?;
        let file = self.file.display();
        let said = match Language::of_system() {
            Language::English => format!("written: {file}\nRead it before you hand it on."),
            Language::Japanese => format!("書きました: {file}\n渡す前に読んでください。"),
        };
        writeln!(io::stdout(), "{said}")?;
        Ok(())
    }
}

impl Contents {
    fn of(workstation: &Workstation) -> Result<Self, Box<dyn Error>> {
        let state = workstation.files.state.folder()?;
        let nobody = None;
        let Examination { rules, readers, findings, .. } = workstation.examine(nobody)?;
        Ok(Self {
            made: to_the_second(Timestamp::now()),
            findings: findings.iter().map(|finding| finding.code()).collect(),
            files_with_mistakes: rules.problems.len(),
            developer_mode: rules.developer_mode,
            is_remote_session: has_readers_of_another_computer(),
            other_user_refused: RefusedUser::read(&state).and_then(|refused| time(&refused.last)),
            versions: Versions::found(),
            ports: workstation.at_ports()?.into_iter().map(Port::new).collect(),
            readers: readers.into_iter().flatten().map(Reader::new).collect(),
            websites: websites(&rules),
            pending: asked_in_vain(&state),
            browsers: browsers(&rules),
            settings: Settings::of(&rules),
            disclosure_log: Log::found(&state),
        })
    }
}

impl Versions {
    fn found() -> Self {
        let (distribution, distribution_version) = distribution().unzip();
        Self {
            bridge: VERSION,
            system: std::env::consts::OS,
            architecture: std::env::consts::ARCH,
            system_version: system_version(),
            distribution,
            distribution_version: distribution_version.flatten(),
            smart_card_service: smart_card_service_version(),
        }
    }
}

impl Port {
    fn new((number, instead): (u16, Option<Instead>)) -> Self {
        let holder = match instead {
            None => "the bridge of this user",
            Some(Instead::Silence(_)) => "nobody",
            Some(Instead::Stranger(_)) => "another program",
            Some(Instead::OtherUser(..)) => "another user",
        };
        Self { number, holder }
    }
}

impl Reader {
    fn new(reader: examination::Reader) -> Self {
        let card = reader.card.map_or_else(ErrorCode::as_str, |()| "ok");
        Self { model: ReaderModel::of(&reader.name), card }
    }
}

/// The websites of both files.
fn websites(rules: &Rules) -> Vec<Website> {
    let now = Timestamp::now();
    let website = |by| {
        move |grant: &Grant| Website {
            origin: grant.origin.clone(),
            by,
            scopes: grant.scopes.clone(),
            until: grant.until,
            now: rules.scopes(&grant.origin, now).is_some(),
        }
    };
    let of_administrator = rules.config.grants.iter().map(website("administrator"));
    of_administrator.chain(rules.approved.iter().map(website("user"))).collect()
}

/// The websites that nobody decided about, the last to ask first.
fn asked_in_vain(state: &Path) -> Vec<AskedInVain> {
    let pending = Pending::load(state);
    let asked = pending.iter().map(|(origin, asked)| AskedInVain {
        origin: origin.clone(),
        times: asked.times,
        first: to_the_second(asked.first),
        last: to_the_second(asked.last),
        wants: asked.wants.clone(),
    });
    let mut asked: Vec<_> = asked.collect();
    asked.sort_by_key(|asked| Reverse(asked.last));
    asked
}

fn browsers(rules: &Rules) -> Vec<Browser> {
    let granted = granted(rules);
    let found = browser_policy::found();
    let browsers = found.iter().map(|found| {
        let (unasked, asked) = unasked_and_asked(found, &granted);
        Browser { name: found.name, unasked, asked, named: found.websites.len() }
    });
    browsers.collect()
}

/// Programs that ask for PINs and are told by name.
const PINENTRIES: [&str; 9] = [
    "kazashi-pinentry",
    "pinentry",
    "pinentry-curses",
    "pinentry-fltk",
    "pinentry-gnome3",
    "pinentry-gtk-2",
    "pinentry-mac",
    "pinentry-qt",
    "pinentry-tty",
];

impl Settings {
    fn of(rules: &Rules) -> Self {
        let config = &rules.config;
        let pinentry = PINENTRIES.into_iter().find(|name| config.pinentry.ends_with(name));
        Self {
            pinentry: pinentry.unwrap_or("another"),
            disclose: config.disclose,
            reader_keys: config.reader.keys,
            has_preferred_reader: config.reader.preferred.is_some(),
            card_roots: config.card_roots.len(),
            scopes_of_programs: config.native_scopes().clone(),
            limits: config.limits.clone(),
        }
    }
}

impl Log {
    fn found(state: &Path) -> Self {
        let read = read(state);
        let files = read.as_deref().unwrap_or_default();
        let faults = verify(files, None).len();
        let state = match &read {
            Ok(_) if faults == 0 => "whole",
            Ok(_) => "damaged",
            Err(error) if error.kind() == io::ErrorKind::NotFound => "none",
            Err(_) => "unreadable",
        };
        let mut times = lines(files).filter_map(|(_, line)| time(&line.when));
        let since = times.next();
        Self {
            state,
            files: files.len(),
            lines: lines(files).count(),
            faults,
            since,
            last: times.last().or(since),
        }
    }
}

/// A time that was written down.
fn time(text: &str) -> Option<Timestamp> {
    text.parse().ok().map(to_the_second)
}

fn to_the_second(time: Timestamp) -> Timestamp {
    Timestamp::from_second(time.as_second()).unwrap_or(time)
}
