//! Workstations, by their bridges.

use std::error::Error;
use std::io::{self, Write};

use clap::Subcommand;
use kazashi_server::{BridgeKey, TerminalStore};

use crate::store::Portal;
use crate::store::audit::COMMAND_LINE;

#[derive(Debug, Subcommand)]
pub(crate) enum WorkstationCommand {
    /// Lists the bridges of workstations, by name
    List,
    /// Withdraws a bridge's key, for good: nothing is signed and no card remembered by its word
    Withdraw {
        /// As `list` says it
        key: String,
    },
}

impl WorkstationCommand {
    pub(crate) async fn run(self, portal: &Portal) -> Result<(), Box<dyn Error>> {
        match self {
            Self::List => {
                let mut output = io::stdout().lock();
                for bridge in portal.kazashi().bridges().await? {
                    let state = if bridge.revoked_at.is_some() { "withdrawn" } else { "enrolled" };
                    writeln!(output, "{}\t{}\t{state}", bridge.key, bridge.name)?;
                }
            }
            Self::Withdraw { key } => {
                let key = BridgeKey::parse(&key)?;
                portal.withdraw_bridge(&key, COMMAND_LINE, portal.now()).await?;
            }
        }
        Ok(())
    }
}
