//! `kazashi-bridge origins`: what the person at the machine decides about websites. It writes the
//! file of approvals, which the bridge that runs reads again by itself.

use std::cmp::Reverse;
use std::error::Error;
use std::fmt;
use std::io::{self, Write};

use clap::{Args, Subcommand};
use jiff::Timestamp;
use kazashi_core::value::{Scope, Scopes};
use serde::Deserialize;
use serde::de::IntoDeserializer;
use thiserror::Error;

use crate::access::{
    Asked, ConfigError, Grant, GrantEnd, InvalidOrigin, Origin, Pending, now_written,
};
use crate::command::options::FileOptions;

mod review;

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
    /// Decide about those that asked, one after another, in the dialog that asks for PINs.
    Review,
    /// Allow a website something, in place of what it was allowed before.
    Allow(Allow),
    /// Take back what you allowed, or that you did not allow it.
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
    /// Until when: 2026-12-31, or 2026-12-31T17:00:00+09:00
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
    #[error("you decided nothing about {0}")]
    Undecided(Origin),
}

impl Origins {
    pub(crate) fn run(self) -> Result<(), Box<dyn Error>> {
        match self.command {
            Command::List => list(&self.files),
            Command::Pending => pending(&self.files),
            Command::Review => review::review(&self.files),
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
    let mut out = io::stdout().lock();
    for (origin, Asked { times, last, wants, .. }) in undecided(options)? {
        let last = last.strftime("%Y-%m-%d %H:%M UTC");
        writeln!(out, "{origin}\n    asked {times} times, last {last}")?;
        if !wants.is_empty() {
            writeln!(out, "    wants {}", words(&wants))?;
        }
    }
    Ok(())
}

/// Those that asked and about which nobody decided, the newest first.
fn undecided(options: &FileOptions) -> Result<Vec<(Origin, Asked)>, Box<dyn Error>> {
    let rules = options.files()?.read();
    let now = Timestamp::now();
    let pending = Pending::load(&options.state.folder()?);
    let mut undecided: Vec<_> = pending
        .iter()
        .filter(|(origin, _)| rules.is_undecided(origin, now))
        .map(|(origin, asked)| (origin.clone(), asked.clone()))
        .collect();
    undecided.sort_by_key(|(_, asked)| Reverse(asked.last));
    Ok(undecided)
}

impl Allow {
    fn run(self, options: &FileOptions) -> Result<(), Box<dyn Error>> {
        let grant = Grant {
            origin: typed(&self.origin, options)?,
            scopes: self.scopes.into_iter().collect(),
            until: self.until,
            reason: self.reason,
            approved_at: now_written(),
        };
        decide(grant.clone(), options)?;
        let shown = Shown { grant: &grant, by: "you", now: Timestamp::now() };
        Ok(writeln!(io::stdout(), "{shown}")?)
    }
}

/// Writes down what the person decided about a website, in place of what they did before.
fn decide(grant: Grant, options: &FileOptions) -> Result<(), Box<dyn Error>> {
    of_the_user(&grant.origin, options)?;
    if grant.scopes.allow(Scope::RawApdu) && !options.dev {
        return Err(ConfigError::RawApdu.into());
    }
    let approvals = options.files()?.approvals;
    let mut approved = approvals.load()?;
    approved.insert(grant);
    Ok(approvals.save(approved)?)
}

fn revoke(options: &FileOptions, text: &str) -> Result<(), Box<dyn Error>> {
    let origin = typed(text, options)?;
    let approvals = options.files()?.approvals;
    let mut approved = approvals.load()?;
    if !approved.remove(&origin) {
        of_the_user(&origin, options)?;
        return Err(Refusal::Undecided(origin).into());
    }
    approvals.save(approved)?;
    Ok(writeln!(io::stdout(), "{origin}\n    may do nothing until you allow it")?)
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
        let done = if scopes.is_empty() { "refused" } else { "allowed" };
        write!(f, "{origin}\n    {}\n    {done} by {by}", words(scopes))?;
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
