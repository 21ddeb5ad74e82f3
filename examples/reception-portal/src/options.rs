use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use ipnet::IpNet;
use kazashi_server::VerifierOptions;

use crate::address::parse_network;
use crate::command::{
    AccountCommand, DatabaseOption, EventCommand, PersonCommand, RecordCommand, TicketCommand,
    WorkstationCommand,
};
use crate::kept::KeepOptions;
use crate::openid::OpenIdOptions;
use crate::revocation::Unchecked;

/// A reception portal for My Number Cards
#[derive(Debug, Parser)]
#[command(name = "kazashi-portal", version)]
pub struct Options {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Serves the portal until it is told to stop
    Serve(Box<ServeOptions>),
    /// Prints what may be asked of the server, as OpenAPI
    Openapi,
    /// Accounts of staff
    Account {
        #[command(subcommand)]
        command: AccountCommand,
        #[command(flatten)]
        database: DatabaseOption,
    },
    /// Events
    Event {
        #[command(subcommand)]
        command: EventCommand,
        #[command(flatten)]
        database: DatabaseOption,
    },
    /// Tickets of events
    Ticket {
        #[command(subcommand)]
        command: TicketCommand,
        #[command(flatten)]
        database: DatabaseOption,
    },
    /// Visitors: finds one, suspends a lost card, deletes what is kept of somebody
    Person {
        #[command(subcommand)]
        command: PersonCommand,
        #[command(flatten)]
        database: DatabaseOption,
    },
    /// Workstations, by their bridges
    Workstation {
        #[command(subcommand)]
        command: WorkstationCommand,
        #[command(flatten)]
        database: DatabaseOption,
    },
    /// The record of who did what
    Record {
        #[command(subcommand)]
        command: RecordCommand,
        #[command(flatten)]
        database: DatabaseOption,
    },
}

pub(crate) const DATABASE: &str = "sqlite:kazashi-portal.db";

pub(crate) const TIME_ZONE: &str = "Asia/Tokyo";

#[derive(Debug, Args)]
pub(crate) struct ServeOptions {
    /// A file with these options (TOML): `origin = "https://portal.example"`. Those of the command
    /// line win
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// Do all that is done before listening, which brings the database's tables up to date; say what
    /// stands against serving, and end
    #[arg(long)]
    pub(crate) check: bool,
    /// The address to listen at
    #[arg(long, default_value_t = IpAddr::from(Ipv4Addr::LOCALHOST))]
    pub(crate) address: IpAddr,
    /// The port; 0 takes a free one
    #[arg(long, default_value_t = 8080)]
    pub(crate) port: u16,
    /// How browsers name this server: `https://portal.example`
    #[arg(long)]
    pub(crate) origin: Option<String>,
    /// TLS: the certificates in PEM, this server's first. Without, put a proxy with TLS in front
    #[arg(long, value_name = "FILE", requires = "tls_key")]
    pub(crate) tls_certificate: Option<PathBuf>,
    /// TLS: the private key in PEM
    #[arg(long, value_name = "FILE", requires = "tls_certificate")]
    pub(crate) tls_key: Option<PathBuf>,
    /// A proxy whose `X-Forwarded-For` is believed: its address, or its network (`192.0.2.0/24`)
    #[arg(long, value_name = "ADDRESS", value_parser = parse_network)]
    pub(crate) trusted_proxy: Vec<IpNet>,
    /// Told to stop, serve on for so many seconds while `/ready` says no, so that a balancer sends
    /// nobody here any more
    #[arg(long, value_name = "SECONDS", default_value_t = 0)]
    pub(crate) drain: u16,
    /// Serve metrics for Prometheus there, at `/metrics` (`127.0.0.1:9090`). Who may read them is
    /// whoever reaches that address
    #[arg(long, value_name = "ADDRESS:PORT")]
    pub(crate) metrics: Option<SocketAddr>,

    /// Where everything is kept: `sqlite:FILE` or `postgres://…`
    #[arg(long, value_name = "URL", default_value = DATABASE)]
    pub(crate) database: String,
    /// 32 or more secret random bytes, from which each visitor's identifier is made. Keep them as
    /// long as the database
    #[arg(long, value_name = "FILE")]
    pub(crate) pairwise_key: PathBuf,
    /// The institution's name in Japanese
    #[arg(long, value_name = "NAME", default_value = "受付")]
    pub(crate) institution_ja: String,
    /// The institution's name in English
    #[arg(long, value_name = "NAME", default_value = "Reception")]
    pub(crate) institution_en: String,
    /// Where the institution is: its days begin at midnight there, and all its clocks show that time
    #[arg(long, value_name = "ZONE", default_value = TIME_ZONE)]
    pub(crate) time_zone: String,
    /// For how many seconds a visitor waits for the answer whether their certificate was revoked
    #[arg(long, value_name = "SECONDS", default_value_t = 12,
        value_parser = clap::value_parser!(u8).range(1..=12))]
    pub(crate) revocation_patience: u8,
    /// Receive visitors though nobody said whether their certificate was revoked, for this reason
    #[arg(long, value_name = "REASON", value_enum, default_value = "nobody-asked")]
    pub(crate) accept_unchecked: Vec<Unchecked>,
    #[command(flatten)]
    pub(crate) keep: KeepOptions,
    /// How log lines are written
    #[arg(long, value_enum, default_value_t = LogFormat::Text)]
    pub(crate) log: LogFormat,

    #[command(flatten)]
    pub(crate) openid: OpenIdOptions,
    #[command(flatten)]
    pub(crate) verifier: VerifierOptions,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum LogFormat {
    /// For people
    Text,
    /// One JSON object a line
    Json,
}
