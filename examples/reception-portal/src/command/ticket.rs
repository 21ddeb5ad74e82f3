//! Tickets, for the day when no screen is at hand.

use std::error::Error;
use std::io::{self, Write};

use clap::{Args, Subcommand};

use super::event::OfEvent;
use crate::store::Portal;
use crate::store::audit::COMMAND_LINE;
use crate::store::ticket::{Changed, Holder};
use crate::ticket_list::is_subject;

#[derive(Debug, Subcommand)]
pub(crate) enum TicketCommand {
    /// Finds tickets of an event: ticket, holder's identifier, when it let its holder in
    Find {
        #[command(flatten)]
        of: OfEvent,
        /// How the ticket begins, or a part of the holder's name; without, all
        #[arg(default_value = "")]
        search: String,
    },
    /// Gives a ticket to another holder, moves it to another event, or both
    Move {
        #[command(flatten)]
        of: OfTicket,
        /// The new holder's identifier, as exports have it
        #[arg(long, value_name = "SUBJECT", required_unless_present = "to_event")]
        to_holder: Option<String>,
        /// The identifier of the other event
        #[arg(long, value_name = "EVENT")]
        to_event: Option<String>,
    },
    /// Deletes a ticket that has let nobody in
    Delete(OfTicket),
    /// Gives back the entry of somebody who was let in by mistake
    GiveBack(OfTicket),
}

#[derive(Debug, Args)]
pub(crate) struct OfTicket {
    #[command(flatten)]
    of: OfEvent,
    /// The ticket, as the list has it
    ticket: String,
}

impl TicketCommand {
    pub(crate) async fn run(self, portal: &Portal) -> Result<(), Box<dyn Error>> {
        match self {
            Self::Find { of, search } => list(portal, of.find(portal).await?, &search).await,
            Self::Move { of: OfTicket { of, ticket }, to_holder, to_event } => {
                if to_holder.as_deref().is_some_and(|subject| !is_subject(subject)) {
                    return Err("a holder's identifier has 43 characters".into());
                }
                let to_holder = to_holder.as_deref().map(Holder::Subject);
                let event = of.find(portal).await?;
                if let Some(event) = &to_event
                    && portal.is_closed(event).await?.is_none()
                {
                    return Err("there is no such event to move to".into());
                }
                let (from, to) = ((event, &*ticket), (to_event.as_deref(), to_holder));
                told(portal.move_ticket(from, to, COMMAND_LINE, portal.now()).await?)
            }
            Self::Delete(OfTicket { of, ticket }) => {
                let event = of.find(portal).await?;
                told(portal.delete_ticket(event, &ticket, COMMAND_LINE, portal.now()).await?)
            }
            Self::GiveBack(OfTicket { of, ticket }) => {
                let event = of.find(portal).await?;
                let found = portal.find_tickets(event, &ticket).await?;
                let found = found.into_iter().find(|found| found.ticket == ticket);
                let entry = found.and_then(|found| found.entry);
                let entry = entry.ok_or("nobody was let in with this ticket")?;
                portal.give_back(event, &entry, COMMAND_LINE, portal.now()).await?;
                Ok(())
            }
        }
    }
}

async fn list(portal: &Portal, event: &str, search: &str) -> Result<(), Box<dyn Error>> {
    for found in portal.find_tickets(event, search).await? {
        let subject = found.subject.unwrap_or_default();
        let admitted = found.admitted_at.unwrap_or_default();
        writeln!(io::stdout(), "{}\t{subject}\t{admitted}", found.ticket)?;
    }
    Ok(())
}

fn told(changed: Changed) -> Result<(), Box<dyn Error>> {
    match changed {
        Changed::Done => Ok(()),
        Changed::NotFound => Err("there is no such ticket".into()),
        Changed::Used => Err("the ticket has let its holder in: give that entry back first".into()),
        Changed::Taken => Err("the holder has a ticket for that event, or it has this one".into()),
    }
}
