//! `kazashi-bridge origins`: what the person at the machine decides about websites. It writes the
//! file of approvals, which the bridge that runs reads again by itself.

use std::error::Error;
use std::fmt;
use std::io::{self, Write};

use clap::{Args, Subcommand};
use jiff::Timestamp;
use kazashi_core::value::{Scope, Scopes};
use serde::Deserialize;
use serde::de::IntoDeserializer;
use thiserror::Error;

use crate::access::{ConfigError, Grant, GrantEnd, InvalidOrigin, Origin, Pending, now_written};
use crate::command::options::FileOptions;

#[derive(Args, Debug)]
pub(crate) struct Origins {
    #[command(flatten)]
    files: FileOptions,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Which websites may do what, and who says so.
    List,
    /// Which websites asked, and nobody said anything about them yet.
    Pending,
    /// Allow a website something, in place of what it was allowed before.
    Allow(Allow),
    /// Take back what you allowed.
    Revoke {
        /// The website, such as `https://portal.example`
        origin: String,
    },
}

#[derive(Args, Debug)]
struct Allow {
    /// The website, such as `https://portal.example`
    origin: String,
    /// What it may do, such as events,authenticate
    #[arg(long, required = true, value_delimiter = ',', value_parser = parse_scope)]
    scopes: Vec<Scope>,
    /// GrantEnd when: 2026-12-31, or 2026-12-31T17:00:00+09:00
    #[arg(long, value_name = "DATE")]
    until: Option<GrantEnd>,
    /// Why, for whoever reads it later.
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
}

/// The reason why nothing was changed.
#[derive(Debug, Error)]
enum Refusal {
    #[error("{text:?} cannot be allowed anything: {source}")]
    Origin { text: String, source: InvalidOrigin },
    #[error(
        "the administrator's file has a mistake, and nobody may do anything until it is mended"
    )]
    Config(#[source] ConfigError),
    #[error("the administrator decides about {0}")]
    OfAdministrator(Origin),
    #[error("{0} is not among those that you allowed")]
    NotApproved(Origin),
}

impl Origins {
    pub(crate) fn run(self) -> Result<(), Box<dyn Error>> {
        match self.command {
            Command::List => list(&self.files),
            Command::Pending => pending(&self.files),
            Command::Allow(allow) => allow.run(&self.files),
            Command::Revoke { origin } => revoke(&self.files, &origin),
        }
    }
}

fn list(options: &FileOptions) -> Result<(), Box<dyn Error>> {
    let rules = options.files()?.read();
    rules.report();
    let mut out = io::stdout().lock();
    let now = Timestamp::now();
    for grant in rules.config.grants.iter() {
        writeln!(out, "{}", Shown { grant, by: "the administrator", now })?;
    }
    // What the user approved counts only where the administrator says nothing.
    let approved = rules.approved.iter().filter(|grant| !rules.config.grants.list(&grant.origin));
    for grant in approved {
        writeln!(out, "{}", Shown { grant, by: "you", now })?;
    }
    Ok(())
}

fn pending(options: &FileOptions) -> Result<(), Box<dyn Error>> {
    let rules = options.files()?.read();
    let now = Timestamp::now();
    let pending = Pending::load(&options.state.folder()?);
    let mut undecided: Vec<_> =
        pending.iter().filter(|(origin, _)| rules.is_undecided(origin, now)).collect();
    undecided.sort_by_key(|(_, asked)| asked.last);
    let mut out = io::stdout().lock();
    for (origin, asked) in undecided.into_iter().rev() {
        let (times, last) = (asked.times, asked.last.strftime("%Y-%m-%d %H:%M UTC"));
        writeln!(out, "{origin}\n    asked {times} times, last {last}")?;
    }
    Ok(())
}

impl Allow {
    fn run(self, options: &FileOptions) -> Result<(), Box<dyn Error>> {
        let origin = typed(&self.origin, options)?;
        of_the_user(&origin, options)?;
        if self.scopes.contains(&Scope::RawApdu) && !options.dev {
            return Err(ConfigError::RawApdu.into());
        }
        let grant = Grant {
            origin,
            scopes: self.scopes.into_iter().collect(),
            until: self.until,
            reason: self.reason,
            approved_at: now_written(),
        };
        let approvals = options.files()?.approvals;
        let mut approved = approvals.load()?;
        approved.insert(grant.clone());
        approvals.save(approved)?;
        let shown = Shown { grant: &grant, by: "you", now: Timestamp::now() };
        Ok(writeln!(io::stdout(), "{shown}")?)
    }
}

fn revoke(options: &FileOptions, text: &str) -> Result<(), Box<dyn Error>> {
    let origin = typed(text, options)?;
    let approvals = options.files()?.approvals;
    let mut approved = approvals.load()?;
    if !approved.remove(&origin) {
        of_the_user(&origin, options)?;
        return Err(Refusal::NotApproved(origin).into());
    }
    approvals.save(approved)?;
    Ok(writeln!(io::stdout(), "{origin}\n    may do nothing any more")?)
}

fn typed(text: &str, options: &FileOptions) -> Result<Origin, Refusal> {
    Origin::typed(text, options.dev)
        .map_err(|source| Refusal::Origin { text: text.to_owned(), source })
}

/// Refuses what the administrator already decided about.
fn of_the_user(origin: &Origin, options: &FileOptions) -> Result<(), Box<dyn Error>> {
    let config = options.files()?.config.load(options.dev).map_err(Refusal::Config)?;
    if config.grants.list(origin) {
        return Err(Refusal::OfAdministrator(origin.clone()).into());
    }
    Ok(())
}

fn parse_scope(text: &str) -> Result<Scope, serde::de::value::Error> {
    Scope::deserialize(text.into_deserializer())
}

/// A grant as it is shown to a person.
struct Shown<'g> {
    grant: &'g Grant,
    by: &'static str,
    now: Timestamp,
}

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { grant: Grant { origin, scopes, until, reason, .. }, by, now } = self;
        write!(f, "{origin}\n    {}\n    allowed by {by}", words(scopes))?;
        if let Some(until) = until {
            let is_over = if until.has_passed(*now) { " (it is over)" } else { "" };
            write!(f, " until {}{is_over}", until.written())?;
        }
        match reason {
            Some(reason) => write!(f, ": {}", reason.escape_debug()),
            None => Ok(()),
        }
    }
}

fn words(scopes: &Scopes) -> String {
    let words: Vec<String> =
        serde_json::to_value(scopes).and_then(serde_json::from_value).unwrap_or_default();
    if words.is_empty() { "nothing".to_owned() } else { words.join(", ") }
}
