//! Signs people in with the My Number Card: with its PIN; without it, at the desk of an institution
//! that the card trusts (特定機関認証); and by a card that was enrolled before and is there again
//! (かざし利用).
//!
//! `kazashi-verify` judges what the card signed, `kazashi-server` keeps nonces, sessions and the
//! institution's key. What is here is the rest: routes, cookies, and who may ask for what.

use std::error::Error;
use std::io::{self, IsTerminal, Write};
use std::net::Ipv4Addr;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use clap::Parser;
use tokio::net::TcpListener;
use tracing::warn;

use crate::app::App;
use crate::options::Options;

mod app;
mod caller;
mod failure;
mod options;
mod rate_limit;
mod routes;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let options = Options::parse();
    let colours = io::stderr().is_terminal();
    tracing_subscriber::fmt().with_ansi(colours).with_writer(io::stderr).init();

    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, options.port)).await?;
    let address = format!("http://{}", listener.local_addr()?);
    let app = Arc::new(App::open(&options, &address).await?);
    tokio::spawn(tidy(Arc::clone(&app)));
    writeln!(io::stdout(), "serving {address}")?;
    axum::serve(listener, routes::router(app)).await?;
    Ok(())
}

/// Deletes what is over. Nothing depends on it but the size of the store.
async fn tidy(app: Arc<App>) {
    let mut minutes = tokio::time::interval(Duration::from_mins(1));
    loop {
        minutes.tick().await;
        if let Err(error) = app.store.delete_expired(SystemTime::now()).await {
            warn!(%error, "could not delete what is over");
        }
    }
}
