//! A reception portal: a desk that knows visitors by their My Number Card (マイナンバーカード), a gate that
//! lets in who has a ticket, and a board that shows who came.
//!
//! `kazashi-verify` judges what cards sign, `kazashi-server` keeps nonces, sessions and enrolments.
//! What is here is an institution's own: accounts, visits, tickets, and who may see what. All state
//! is in one database, so that any number of these servers behave as one.
//!
//! Stored are a visitor's pairwise identifier and what they agreed to; no certificate, no serial
//! number.

use std::error::Error;
use std::io::{self, IsTerminal, Read, Write};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use kazashi_server::Store;
use tokio::sync::watch;
use tracing::{info, warn};

pub use crate::options::Options;
pub use crate::revocation::{NobodyAsked, RevocationChecker};

use crate::app::App;
use crate::options::{AccountCommand, Command, LogFormat, ServeOptions};
use crate::store::Portal;
use crate::store::account::Account;

mod address;
mod app;
mod calendar;
mod caller;
mod failure;
mod keys;
mod options;
mod page;
mod password;
mod revocation;
mod routes;
mod serve;
mod spreadsheet;
mod store;

/// Runs what the command line asks for, until it is done or told to stop.
pub async fn run(
    options: Options,
    revocation: Arc<dyn RevocationChecker>,
) -> Result<(), Box<dyn Error>> {
    match options.command {
        Command::Serve(options) => {
            log_as(options.log);
            serve(&options, revocation).await
        }
        Command::Account { command: AccountCommand::Add { name, role, database } } => {
            let mut password = String::new();
            io::stdin().take(1024).read_to_string(&mut password)?;
            let password = password.trim_end_matches(['\r', '\n']);
            let account = Account::new(&name, role, SystemTime::now())
                .ok_or("a name has 1 to 64 characters")?;
            let hash = password::hash(password).await.map_err(|error| error.to_string())?;
            let portal = Portal::connect(&database).await?;
            if !portal.add_account(&account, &hash, None).await? {
                return Err("there is an account of this name".into());
            }
            Ok(())
        }
    }
}

async fn serve(
    options: &ServeOptions,
    revocation: Arc<dyn RevocationChecker>,
) -> Result<(), Box<dyn Error>> {
    let server = serve::Server::bind(options).await?;
    let (stop, stopping) = watch::channel(false);
    let app = App::open(options, server.address(), revocation, stopping).await?;
    let app = Arc::new(app);
    tokio::spawn(tidy(Arc::clone(&app)));
    tokio::spawn(watch_events(Arc::clone(&app)));
    writeln!(io::stdout(), "serving {}", server.address())?;
    info!(address = server.address(), origin = app.origin, "serving");
    server.run(routes::router(app), stop).await?;
    info!("stopped");
    Ok(())
}

/// Deletes what is over. Nothing depends on it but the size of the database.
async fn tidy(app: Arc<App>) {
    let mut minutes = tokio::time::interval(Duration::from_mins(1));
    let mut first_kept = None;
    loop {
        minutes.tick().await;
        let now = SystemTime::now();
        let first = app.keep_visits.and_then(|days| app.calendar.day_before(now, days));
        if let Some(day) = first.filter(|day| first_kept.as_ref() != Some(day)) {
            match app.portal.delete_visits_before(&day, now).await {
                Ok(()) => first_kept = Some(day),
                Err(error) => warn!(%error, "could not delete old visits"),
            }
        }
        let deleted = app.portal.kazashi().delete_expired(now).await;
        if let Err(error) = deleted.and(app.portal.delete_expired(now).await) {
            warn!(%error, "could not delete what is over");
        }
    }
}

/// Looks for what happened at other servers of the same database, while somebody watches.
async fn watch_events(app: Arc<App>) {
    let mut ticks = tokio::time::interval(Duration::from_millis(500));
    loop {
        ticks.tick().await;
        if app.happened.receiver_count() == 0 {
            continue;
        }
        match app.portal.last_event().await {
            Ok(last) => {
                app.happened.send_if_modified(|known| std::mem::replace(known, last) != last)
            }
            Err(error) => {
                warn!(%error, "could not look for what happened");
                false
            }
        };
    }
}

fn log_as(format: LogFormat) {
    let log = tracing_subscriber::fmt().with_writer(io::stderr);
    match format {
        LogFormat::Text => log.with_ansi(io::stderr().is_terminal()).init(),
        LogFormat::Json => log.json().init(),
    }
}
