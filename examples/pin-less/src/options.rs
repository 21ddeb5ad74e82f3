use std::path::PathBuf;

use clap::Parser;
use kazashi_server::{VerifierOptions, canonical_origin};

/// Signs people in with the My Number Card, with its PIN and without
#[derive(Debug, Parser)]
#[command(version)]
pub(crate) struct Options {
    /// The port on 127.0.0.1; 0 takes a free one
    #[arg(long, default_value_t = 8080)]
    pub(crate) port: u16,
    /// How browsers name this server, if TLS is in front of it: `https://portal.example`
    #[arg(long, value_parser = canonical_origin)]
    pub(crate) origin: Option<String>,
    /// Where nonces, sessions and enrolments are kept: `sqlite:FILE` or `postgres://…`; in memory,
    /// and gone with this program, if left out
    #[arg(long, value_name = "URL", requires = "pairwise_key")]
    pub(crate) database: Option<String>,
    /// 32 or more secret random bytes, from which each person's identifier is made; new ones each
    /// time, if left out
    #[arg(long, value_name = "FILE")]
    pub(crate) pairwise_key: Option<PathBuf>,

    /// The password of the staff at the desk. Without one, nobody is
    #[arg(long, env = "KAZASHI_DESK_PASSWORD", hide_env_values = true)]
    pub(crate) desk_password: Option<String>,

    #[command(flatten)]
    pub(crate) verifier: VerifierOptions,
}
