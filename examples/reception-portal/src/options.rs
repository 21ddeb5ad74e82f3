use std::net::{IpAddr, Ipv4Addr};
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use kazashi_server::VerifierOptions;

use crate::store::account::Role;

/// A reception portal for My Number Cards
#[derive(Debug, Parser)]
#[command(version)]
pub struct Options {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Serves the portal until it is told to stop
    Serve(Box<ServeOptions>),
    /// Accounts of staff
    Account {
        #[command(subcommand)]
        command: AccountCommand,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum AccountCommand {
    /// Adds an account; its password comes on standard input
    Add {
        /// By which the person signs in
        name: String,
        /// What they may do
        #[arg(long, value_enum, default_value_t = Role::Staff)]
        role: Role,
        /// As for `serve`
        #[arg(long, value_name = "URL", default_value = DATABASE)]
        database: String,
    },
}

const DATABASE: &str = "sqlite:kazashi-portal.db";

#[derive(Debug, Args)]
pub(crate) struct ServeOptions {
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
    /// The address of a proxy whose `X-Forwarded-For` is believed
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) trusted_proxy: Vec<IpAddr>,

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
    /// Where the institution is: its days begin at midnight there
    #[arg(long, value_name = "ZONE", default_value = "Asia/Tokyo")]
    pub(crate) time_zone: String,
    /// Delete the visits of days longer ago than this, at start and after each midnight. Without,
    /// they stay
    #[arg(long, value_name = "DAYS", value_parser = clap::value_parser!(u16).range(1..))]
    pub(crate) keep_visits: Option<u16>,
    /// How log lines are written
    #[arg(long, value_enum, default_value_t = LogFormat::Text)]
    pub(crate) log: LogFormat,

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
