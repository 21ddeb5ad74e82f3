//! What is done at the command line, by whoever may read the database: one file for each thing.

use std::error::Error;
use std::path::Path;

use clap::Args;

use crate::options::DATABASE;
use crate::store::Portal;

mod account;
mod event;
mod person;
mod record;
mod ticket;
mod workstation;

pub(crate) use account::AccountCommand;
pub(crate) use event::EventCommand;
pub(crate) use person::PersonCommand;
pub(crate) use record::RecordCommand;
pub(crate) use ticket::TicketCommand;
pub(crate) use workstation::WorkstationCommand;

#[derive(Debug, Args)]
pub(crate) struct DatabaseOption {
    /// As for `serve`
    #[arg(long, value_name = "URL", default_value = DATABASE, global = true)]
    database: String,
}

impl DatabaseOption {
    /// Opens the database, and makes it if there is none.
    pub(crate) async fn open_or_make(&self) -> Result<Portal, Box<dyn Error>> {
        // In words: `main` prints an error of another type as it is written in the code.
        Ok(Portal::connect(&self.database).await.map_err(|error| error.to_string())?)
    }

    /// Opens the database, if there is one: what was mistyped would be made, and nobody be in it.
    pub(crate) async fn open(&self) -> Result<Portal, Box<dyn Error>> {
        let file = self.database.strip_prefix("sqlite:").and_then(|file| file.split('?').next());
        let file = file.map(|file| file.strip_prefix("//").unwrap_or(file));
        if file.is_some_and(|file| !Path::new(file).exists()) {
            return Err("there is no such database".into());
        }
        self.open_or_make().await
    }
}
