use std::path::PathBuf;

use clap::Parser;

/// Signs people in with the My Number Card, with its PIN and without
#[derive(Debug, Parser)]
#[command(version)]
pub(crate) struct Options {
    /// The port on 127.0.0.1; 0 takes a free one
    #[arg(long, default_value_t = 8080)]
    pub(crate) port: u16,
    /// How browsers name this server, if TLS is in front of it: `https://portal.example`
    #[arg(long)]
    pub(crate) origin: Option<String>,
    /// Where nonces, sessions and enrolments are kept: `sqlite:FILE` or `postgres://…`; in memory,
    /// and gone with this program, if left out
    #[arg(long, value_name = "URL", requires = "pairwise_key")]
    pub(crate) database: Option<String>,
    /// 32 or more secret random bytes, from which each person's identifier is made; new ones each
    /// time, if left out
    #[arg(long, value_name = "FILE")]
    pub(crate) pairwise_key: Option<PathBuf>,

    /// CA certificates of JPKI, PEM or DER
    #[arg(long, value_name = "FILE")]
    pub(crate) authorities: Vec<PathBuf>,
    /// A root of the card surface besides the published ones: its identifier in hexadecimal, and a
    /// file with its public key, PEM or DER
    #[arg(long, value_name = "IDENTIFIER=FILE")]
    pub(crate) card_surface_root: Vec<String>,
    /// Accept cards of test hierarchies, such as the virtual card. Anybody can have one made
    #[arg(long)]
    pub(crate) accept_test_hierarchy: bool,

    /// The password of the staff at the desk. Without one, nobody is
    #[arg(long, env = "KAZASHI_DESK_PASSWORD", hide_env_values = true)]
    pub(crate) desk_password: Option<String>,
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
