//! Accounts of staff.

use std::error::Error;
use std::io::{self, Read};

use clap::Subcommand;

use crate::password::{self, typed};
use crate::permission::Role;
use crate::store::Portal;
use crate::store::account::Account;

/// More than the longest password takes.
const LONGEST_INPUT: u64 = 4096;

#[derive(Debug, Subcommand)]
pub(crate) enum AccountCommand {
    /// Adds an account; its password comes on standard input
    Add {
        /// By which the person signs in
        name: String,
        /// What they may do
        #[arg(long, value_enum, default_value_t = Role::Staff)]
        role: Role,
    },
}

impl AccountCommand {
    pub(crate) async fn run(self, portal: &Portal) -> Result<(), Box<dyn Error>> {
        let Self::Add { name, role } = self;
        let mut input = Vec::new();
        io::stdin().take(LONGEST_INPUT).read_to_end(&mut input)?;
        let password = typed::read(&input)?;
        let account = Account::new(&name, role, portal.now())
            .ok_or("a name has 1 to 64 characters, and each of them is seen")?;
        let hash = password::hash(password, &[&account.name]).await?;
        match portal.add_account(&account, &hash, None).await? {
            true => Ok(()),
            false => Err("there is an account of this name, or of one that looks like it".into()),
        }
    }
}
