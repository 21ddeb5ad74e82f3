//! Events, for the day when no screen is at hand.

use std::error::Error;
use std::io::{self, Write};

use clap::{Args, Subcommand};

use crate::store::Portal;
use crate::store::audit::COMMAND_LINE;

#[derive(Debug, Subcommand)]
pub(crate) enum EventCommand {
    /// Lists all events: identifier, day, admitted and tickets, name
    List,
    /// Closes an event: its gates let nobody in any more
    Close(OfEvent),
    /// Opens a closed event again
    Open(OfEvent),
    /// Gives the gates of an event another key with their next list
    RotateKey(OfEvent),
}

#[derive(Debug, Args)]
pub(crate) struct OfEvent {
    /// The event's identifier
    pub(super) event: String,
}

impl OfEvent {
    /// Fails if there is no such event.
    pub(super) async fn find(&self, portal: &Portal) -> Result<&str, Box<dyn Error>> {
        match portal.is_closed(&self.event).await? {
            Some(_) => Ok(&self.event),
            None => Err("there is no such event".into()),
        }
    }
}

impl EventCommand {
    pub(crate) async fn run(self, portal: &Portal) -> Result<(), Box<dyn Error>> {
        let now = portal.now();
        match self {
            Self::List => list(portal).await?,
            Self::Close(of) => {
                portal.close_event(of.find(portal).await?, true, COMMAND_LINE, now).await?;
            }
            Self::Open(of) => {
                portal.close_event(of.find(portal).await?, false, COMMAND_LINE, now).await?;
            }
            Self::RotateKey(of) => {
                portal.rotate_gate_key(of.find(portal).await?, COMMAND_LINE, now).await?;
            }
        }
        Ok(())
    }
}

async fn list(portal: &Portal) -> Result<(), Box<dyn Error>> {
    for event in portal.gate_events().await? {
        let closed = if event.closed { "\tclosed" } else { "" };
        let (id, day, name) = (event.id, event.day, event.name);
        let (admitted, tickets) = (event.admitted, event.tickets);
        writeln!(io::stdout(), "{id}\t{day}\t{admitted}/{tickets}\t{name}{closed}")?;
    }
    Ok(())
}
