//! People: found, suspended and deleted, when a card is lost or nobody can show one.

use std::collections::HashMap;
use std::error::Error;
use std::io::{self, Read, Write};
use std::time::SystemTime;

use clap::Subcommand;

use crate::store::audit::COMMAND_LINE;
use crate::store::deletion::{NewDeletion, Wish};
use crate::store::erasure::Attempt;
use crate::store::people::Person;
use crate::store::{Portal, new_id};

#[derive(Debug, Subcommand)]
pub(crate) enum PersonCommand {
    /// Finds people by a part of their name, which comes on standard input; or by a visit
    Find {
        /// The day of the visit, `YYYY-MM-DD`
        #[arg(long, requires = "number")]
        day: Option<String>,
        /// The number of the visit on that day
        #[arg(long, requires = "day")]
        number: Option<i64>,
    },
    /// Lists those whose cards are received nowhere
    Suspended,
    /// Has somebody's card received nowhere: a lost one, say
    Suspend {
        /// As `find` says it
        #[arg(allow_hyphen_values = true)]
        subject: String,
    },
    /// Has a suspended card received again
    Lift {
        /// As `suspended` says it
        #[arg(allow_hyphen_values = true)]
        subject: String,
    },
    /// Deletes all that is kept of somebody; their visits stay, as nobody's
    Erase {
        /// As `find` says it
        #[arg(allow_hyphen_values = true)]
        subject: String,
    },
}

impl PersonCommand {
    pub(crate) async fn run(self, portal: &Portal) -> Result<(), Box<dyn Error>> {
        let now = portal.now();
        match self {
            Self::Find { day: Some(day), number: Some(number) } => {
                list(&portal.person_of_visit(&day, number).await?)
            }
            Self::Find { .. } => {
                let mut name = String::new();
                io::stdin().take(4096).read_to_string(&mut name)?;
                list(&portal.people_named(&name).await?)
            }
            Self::Suspended => list(&portal.suspended_people().await?),
            Self::Suspend { subject } => {
                known(portal, &subject).await?;
                Ok(portal.suspend(&subject, COMMAND_LINE, now).await?)
            }
            Self::Lift { subject } => {
                match portal.lift_suspension(&subject, COMMAND_LINE, now).await? {
                    true => Ok(()),
                    false => Err("their card is not suspended".into()),
                }
            }
            Self::Erase { subject } => {
                known(portal, &subject).await?;
                erase(portal, &subject, now).await
            }
        }
    }
}

async fn known(portal: &Portal, subject: &str) -> Result<(), Box<dyn Error>> {
    match portal.is_person(subject).await? {
        true => Ok(()),
        false => Err("nothing is kept of anybody with this identifier".into()),
    }
}

/// One line each, with tabs between: identifier, name, visits, last visit, and how the card is received.
fn list(people: &[Person]) -> Result<(), Box<dyn Error>> {
    let mut output = io::stdout().lock();
    for Person { subject, name, visits, last_visit, remembered, suspended, .. } in people {
        let name = name.as_deref().unwrap_or("-");
        let last = last_visit
            .as_ref()
            .map_or_else(|| String::from("-"), |last| format!("{} no. {}", last.day, last.number));
        let card = match (suspended, remembered) {
            (Some(suspended), _) => format!("suspended {}", suspended.at),
            (None, true) => String::from("remembered"),
            (None, false) => String::from("-"),
        };
        writeln!(output, "{subject}\t{name}\t{visits}\t{last}\t{card}")?;
    }
    match people.is_empty() {
        true => Err("nobody was found".into()),
        false => Ok(()),
    }
}

async fn erase(portal: &Portal, subject: &str, now: SystemTime) -> Result<(), Box<dyn Error>> {
    let id = new_id();
    let (account, wish) = (COMMAND_LINE, Wish::Staff);
    let deletion = NewDeletion { id: &id, request: "", account, at: now, subject, wish };
    let forgotten = portal.forget_visitor(&deletion).await?.ok_or("try again")?;
    let known = HashMap::from([(id, forgotten.words)]);
    let said = match portal.erase(&known, now).await? {
        Attempt::Erased(_) => "deleted",
        Attempt::InUse { .. } => {
            "deleted; another program reads the database's file, from which it will be gone once a \
             server runs and that program ends"
        }
    };
    Ok(writeln!(io::stdout(), "{said}")?)
}
