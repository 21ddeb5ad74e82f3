use std::net::{IpAddr, Ipv4Addr};
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

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
    /// How log lines are written
    #[arg(long, value_enum, default_value_t = LogFormat::Text)]
    pub(crate) log: LogFormat,

    /// CA certificates of JPKI, PEM or DER
    #[arg(long, value_name = "FILE")]
    pub(crate) authorities: Vec<PathBuf>,
    /// A root of the card surface besides the published ones: its identifier in hexadecimal, and a
    /// file with its public key in PEM
    #[arg(long, value_name = "IDENTIFIER=FILE")]
    pub(crate) card_surface_root: Vec<String>,
    /// Accept cards of test hierarchies, such as the virtual card. Anybody can have one made
    #[arg(long)]
    pub(crate) accept_test_hierarchy: bool,

    /// A bridge whose word is taken for a card's challenge: the name of its workstation, and what
    /// `kazashi-bridge enrol` prints there
    #[arg(long, value_name = "NAME=KEY")]
    pub(crate) bridge: Vec<String>,
    /// The institution's certificates for cards: first the one that the card's own key verifies,
    /// last that of the institution's key
    #[arg(long, value_name = "FILE")]
    pub(crate) terminal_certificate: Vec<PathBuf>,
    /// The institution's key in a file (PKCS#8, PEM): for development
    #[arg(long, value_name = "FILE", conflicts_with = "pkcs11_module")]
    pub(crate) terminal_key: Option<PathBuf>,
    /// The PKCS#11 module of the HSM that has the institution's key
    #[arg(long, value_name = "FILE", requires_all = ["pkcs11_token", "pkcs11_key"])]
    pub(crate) pkcs11_module: Option<PathBuf>,
    /// The label of the HSM's token. Its PIN is in the environment variable KAZASHI_PKCS11_PIN
    #[arg(long, value_name = "LABEL")]
    pub(crate) pkcs11_token: Option<String>,
    /// The label of the key on that token
    #[arg(long, value_name = "LABEL")]
    pub(crate) pkcs11_key: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum LogFormat {
    /// For people
    Text,
    /// One JSON object a line
    Json,
}
