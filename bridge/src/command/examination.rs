//! What `doctor` and `report` look at: everything that cards need on this workstation, in the order in
//! which a page would run into it.

use std::collections::BTreeSet;
use std::error::Error;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::mpsc::{self, Receiver};
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
use crate::pin::{PinEntry, Unable};
use crate::reader::pcsc;
use crate::reader::slot::{Slot, once};
use crate::sys::browsers::Found;
use crate::sys::{Owner, browser_policy, has_readers_of_another_computer, owner};

/// How long a bridge may take to answer, and a card.
const PATIENCE: Duration = Duration::from_secs(5);
/// More than a bridge ever answers to `GET /health`.
const MAX_RESPONSE: u64 = 4 * 1024;

/// What is to be looked at.
#[derive(Args, Debug)]
pub(super) struct Workstation {
    /// The port that the bridge was told to take. Without it, those at which pages look for one.
    #[arg(long)]
    port: Option<u16>,
    #[command(flatten)]
    pub(super) files: FileOptions,
}

/// What was found.
#[derive(Debug)]
pub(super) struct Examination {
    pub(super) rules: Rules,
    /// Each reader, unless none can be used at all.
    pub(super) readers: Result<Vec<Reader>, ErrorCode>,
    pub(super) findings: Vec<Finding>,
    pub(super) notes: Vec<Note>,
}

/// A reader, and whether a My Number Card can be used on it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Reader {
    pub(super) name: String,
    pub(super) card: Result<(), ErrorCode>,
}

/// One thing that stands in the way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Finding {
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

impl Finding {
    /// The code that a page is told, or would be.
    pub(super) fn code(&self) -> ErrorCode {
        match self {
            Self::Mistakes(_) | Self::NoBridge(_) => ErrorCode::BridgeUnreachable,
            Self::RefusedByAdministrator(_) | Self::Refused { .. } => ErrorCode::OriginRefused,
            Self::Readers(code) => *code,
            Self::PinEntryMissing(_) | Self::PinEntryUnable(..) => ErrorCode::PinEntryUnavailable,
        }
    }
}

/// What is at an address in place of this user's bridge.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Instead {
    /// Nothing answers.
    Silence(SocketAddr),
    /// Something answers, but as no bridge of this user does.
    Stranger(SocketAddr),
    /// A program of this other user listens, perhaps their bridge.
    OtherUser(SocketAddr, String),
}

/// What is worth knowing, and may be just as it should.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Note {
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

impl Workstation {
    /// Looks at everything, at the bridge as this website would, or as nobody.
    pub(super) fn examine(&self, website: Option<Origin>) -> Result<Examination, Box<dyn Error>> {
        let rules = self.files.files()?.read();
        let (mut findings, mut notes) = (Vec::new(), Vec::new());
        let is_mistaken = !rules.problems.is_empty();
        let runtime = runtime::Builder::new_current_thread().enable_all().build()?;
        if is_mistaken {
            findings.push(Finding::Mistakes(rules.problems.clone()));
        } else {
            let websites = website.clone().map_or_else(|| granted(&rules), |website| vec![website]);
            let (bridge, of_bridge) = runtime.block_on(self.bridge(website, &rules))?;
            findings.extend(bridge);
            notes.extend(of_bridge);
            notes.extend(RefusedUser::read(&self.files.state.folder()?).map(Note::Refused));
            notes.extend(has_readers_of_another_computer().then_some(Note::RemoteSession));
            notes.extend(
                browser_policy::found().iter().flat_map(|found| policies(found, &websites)),
            );
        }
        let readers = readers();
        findings.extend(obstacle(&readers).map(Finding::Readers));
        if !is_mistaken {
            findings.extend(runtime.block_on(pin_entry(&rules.config)));
        }
        Ok(Examination { rules, readers, findings, notes })
    }

    /// What is at each port in place of this user's bridge, if it is not that.
    pub(super) fn at_ports(&self) -> Result<Vec<(u16, Option<Instead>)>, io::Error> {
        let runtime = runtime::Builder::new_current_thread().enable_all().build()?;
        let at = |port| runtime.block_on(instead_of_bridge((Ipv4Addr::LOCALHOST, port).into()));
        Ok(self.ports().into_iter().map(|port| (port, at(port))).collect())
    }

    fn ports(&self) -> Vec<u16> {
        self.port.map_or(PORTS.to_vec(), |port| vec![port])
    }

    /// Asks the bridge that runs, whichever files it was started with, where pages would find it.
    async fn bridge(
        &self,
        origin: Option<Origin>,
        rules: &Rules,
    ) -> Result<(Option<Finding>, Vec<Note>), Box<dyn Error>> {
        let mut before = Vec::new();
        for port in self.ports() {
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
pub(super) fn granted(rules: &Rules) -> Vec<Origin> {
    let now = Timestamp::now();
    let listed = rules.config.grants.iter().chain(rules.approved.iter());
    let origins: BTreeSet<_> = listed.map(|grant| &grant.origin).collect();
    origins.into_iter().filter(|origin| rules.scopes(origin, now).is_some()).cloned().collect()
}

/// What the policies of this browser say of these websites.
pub(super) fn policies(found: &Found, websites: &[Origin]) -> Vec<Note> {
    let (unasked, asked) = unasked_and_asked(found, websites);
    let mut notes = Vec::new();
    if !unasked.is_empty() {
        notes.push(Note::Unasked(found.name, unasked));
    }
    if !asked.is_empty() {
        notes.push(Note::Asked(found.name, asked));
    }
    notes
}

/// The websites about which this browser does not ask by its policies, and those about which it does.
/// Those of this machine need no policy.
pub(super) fn unasked_and_asked(found: &Found, websites: &[Origin]) -> (Vec<Origin>, Vec<Origin>) {
    let elsewhere = websites.iter().filter(|origin| origin.as_str().starts_with("https://"));
    let is_named = |origin: &Origin| found.websites.iter().any(|named| named == origin.as_str());
    elsewhere.cloned().partition(is_named)
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

/// This workstation's readers.
fn readers() -> Result<Vec<Reader>, ErrorCode> {
    // A service that is stopped takes questions and answers none.
    let slots = in_time(&ask(pcsc::slots)).unwrap_or(Err(ErrorCode::NoService))?;
    // All are asked before the first is waited for: another program may take its time with a card.
    let asked = slots.into_iter().map(|slot| (slot.name(), ask(|| recognise(slot))));
    let readers = asked.collect::<Vec<_>>().into_iter().map(|(name, answer)| {
        let card = in_time(&answer).unwrap_or(Err(ErrorCode::SharingViolation));
        Reader { name, card }
    });
    Ok(readers.collect())
}

/// Asks without waiting: PC/SC may take for ever.
fn ask<R: Send + 'static>(question: impl FnOnce() -> R + Send + 'static) -> Receiver<R> {
    let (asked, answer) = mpsc::channel();
    thread::spawn(move || asked.send(question()));
    answer
}

/// The answer, if it comes within our patience.
fn in_time<R>(answer: &Receiver<R>) -> Option<R> {
    answer.recv_timeout(PATIENCE).ok()
}

/// The obstacle to using a My Number Card on any of these readers, if there is one.
fn obstacle(readers: &Result<Vec<Reader>, ErrorCode>) -> Option<ErrorCode> {
    let readers = match readers {
        Ok(readers) => readers,
        Err(code) => return Some(*code),
    };
    let mut obstacle = ErrorCode::NoReader;
    for reader in readers {
        match reader.card {
            Ok(()) => return None,
            // A card that cannot be used says more than a reader without one.
            Err(ErrorCode::NoSmartcard) if obstacle != ErrorCode::NoReader => {}
            Err(code) => obstacle = code,
        }
    }
    Some(obstacle)
}

/// Asks a card whether it is a My Number Card. One that is not is left as it was, the other with the
/// card manager selected.
fn recognise(mut slot: impl Slot) -> Result<(), ErrorCode> {
    once(&mut slot, |_| Ok(()))
}

#[cfg(test)]
mod tests {
    use kazashi_core::codec::apdu::{CommandApdu, ResponseApdu, StatusWord};
    use kazashi_core::error_code::ErrorCode;
    use kazashi_core::guard::session::{CardTransaction, Ending};
    use kazashi_core::value::layout::Application;

    use super::{Reader, obstacle, recognise};
    use crate::reader::slot::{Insertion, Slot};

    /// A place for a card, by what lies there.
    #[derive(Clone, Copy)]
    enum Place {
        Empty,
        OtherCard,
        MyNumberCard,
    }

    impl Slot for Place {
        fn begin(&mut self) -> Result<(Box<dyn CardTransaction + '_>, Insertion), ErrorCode> {
            match self {
                Self::Empty => Err(ErrorCode::NoSmartcard),
                _ => Ok((Box::new(*self), Insertion(1))),
            }
        }

        fn rest(&mut self) {}
    }

    impl CardTransaction for Place {
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
        use Place::{Empty, MyNumberCard, OtherCard};
        for (readers, expected) in [
            (&[][..], Err(ErrorCode::NoReader)),
            (&[Empty], Err(ErrorCode::NoSmartcard)),
            (&[Empty, Empty], Err(ErrorCode::NoSmartcard)),
            (&[OtherCard], Err(ErrorCode::UnsupportedCard)),
            (&[OtherCard, Empty], Err(ErrorCode::UnsupportedCard)),
            (&[Empty, OtherCard], Err(ErrorCode::UnsupportedCard)),
            (&[Empty, OtherCard, MyNumberCard, Empty], Ok(())),
        ] {
            let readers = readers.iter().map(|&place| {
                let name = String::new();
                Reader { name, card: recognise(place) }
            });
            assert_eq!(obstacle(&Ok(readers.collect())), expected.err());
        }
    }
}
