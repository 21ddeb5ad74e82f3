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
use std::io::{self, IsTerminal, Write};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use kazashi_server::Store;
use tokio::sync::watch;
use tracing::{info, warn};

pub use crate::options::Options;
pub use crate::revocation::{NobodyAsked, RevocationChecker};

use crate::app::App;
use crate::findings::Findings;
use crate::options::{Command, LogFormat, ServeOptions};
use crate::serve::Ending;

mod account_name;
mod address;
mod app;
mod calendar;
mod caller;
mod clock;
mod command;
mod configuration;
mod erasure;
mod failure;
mod findings;
mod fold;
mod idle;
mod kept;
mod keys;
mod metrics;
mod news;
mod openid;
mod options;
mod page;
mod password;
mod permission;
mod readiness;
mod request;
mod revocation;
mod routes;
mod serve;
mod spreadsheet;
mod store;
mod sys;
mod ticket_list;

/// Runs what the command line asks for, until it is done or told to stop.
pub async fn run(
    options: Options,
    revocation: Arc<dyn RevocationChecker>,
) -> Result<(), Box<dyn Error>> {
    let done = match options.command {
        Command::Serve(options) => {
            log_as(options.log);
            return serve(&options, revocation).await;
        }
        Command::Openapi => {
            io::stdout().write_all(include_bytes!("../openapi.json")).map_err(Into::into)
        }
        Command::Account { command, database } => {
            command.run(&database.open_or_make().await?).await
        }
        Command::Event { command, database } => command.run(&database.open().await?).await,
        Command::Ticket { command, database } => command.run(&database.open().await?).await,
        Command::Person { command, database } => command.run(&database.open().await?).await,
        Command::Workstation { command, database } => command.run(&database.open().await?).await,
        Command::Record { command, database } => command.run(&database.open().await?).await,
    };
    // What `main` returns is shown by its `Debug`: that of a text is its words.
    Ok(done.map_err(|error| error.to_string())?)
}

async fn serve(
    options: &ServeOptions,
    revocation: Arc<dyn RevocationChecker>,
) -> Result<(), Box<dyn Error>> {
    let mut findings = Findings::default();
    let tls = findings.note(serve::tls(options).await);
    let listen_at = SocketAddr::new(options.address, options.port);
    let mut listen = |address| match options.check {
        true => None,
        false => findings.note(serve::listen(address)),
    };
    let (listener, metrics) = (listen(listen_at), options.metrics.and_then(listen));
    let bound = listener.as_ref().and_then(|listener| listener.local_addr().ok());
    let (stop, stopping) = watch::channel(false);
    let address = bound.unwrap_or(listen_at);
    let app = App::open(options, address, revocation, stopping, &mut findings).await;
    let (true, Some(tls), Some(app)) = (findings.is_empty(), tls, app) else {
        return Err(findings.into());
    };
    let Some(listener) = listener else {
        return Ok(writeln!(io::stdout(), "nothing stands against serving")?);
    };

    let app = Arc::new(app);
    tokio::spawn(tidy(Arc::clone(&app)));
    tokio::spawn(erasure::look_after(Arc::clone(&app)));
    tokio::spawn(note_record(Arc::clone(&app)));
    tokio::spawn(news::tell(Arc::clone(&app)));
    readiness::watch(&app);
    if let Some(listener) = metrics {
        metrics::serve(listener)?;
    }
    let scheme = if tls.is_some() { "https" } else { "http" };
    writeln!(io::stdout(), "serving {scheme}://{address}")?;
    info!(%address, origin = app.origin, "serving");
    let ending = Ending { app: Arc::clone(&app), stop, drain: options.drain };
    serve::run(listener, tls, routes::router(app), ending).await?;
    info!("stopped");
    Ok(())
}

/// Notes the head of the record in the log, which is another's to keep, so that a record that is cut or
/// written anew is told from it.
async fn note_record(app: Arc<App>) {
    let mut hours = tokio::time::interval(Duration::from_hours(1));
    loop {
        hours.tick().await;
        match app.portal.record_head().await {
            Ok(head) => info!(%head, "the record"),
            Err(error) => warn!(%error, "could not note the head of the record"),
        }
    }
}

/// Deletes what is over. Nothing depends on it but the size of the database.
async fn tidy(app: Arc<App>) {
    let mut minutes = tokio::time::interval(Duration::from_mins(1));
    let mut swept = None;
    loop {
        minutes.tick().await;
        if let Err(error) = app.portal.look_at_clock().await {
            warn!(%error, "could not ask for the database's time");
        }
        let now = app.portal.now();
        let today = app.calendar.day(now);
        match kept::sweep(&app, now, swept.as_ref() != Some(&today)).await {
            Ok(()) => {
                swept = Some(today);
                app.erasure.want();
            }
            Err(error) => warn!(%error, "could not delete what was kept for long enough"),
        }
        let deleted = app.portal.kazashi().delete_expired(now).await;
        if let Err(error) = deleted.and(app.portal.delete_expired(now).await) {
            warn!(%error, "could not delete what is over");
        }
    }
}

fn log_as(format: LogFormat) {
    let log = tracing_subscriber::fmt().with_writer(io::stderr);
    match format {
        LogFormat::Text => log.with_ansi(io::stderr().is_terminal()).init(),
        LogFormat::Json => log.json().init(),
    }
}
