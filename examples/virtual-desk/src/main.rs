//! A desk without hardware, in a page: virtual cards to put on the reader of a bridge, and the
//! dialog by which that bridge asks for PINs, for people who try Kazashi on a machine without either.
//!
//! Commands for the reader go to standard output, one a line, as `kazashi-bridge --virtual-card`
//! takes them. The dialog comes over a Unix socket from `kazashi-virtual-pinentry`, the program that
//! the bridge starts in place of a pinentry.

use std::error::Error;
use std::fs;
use std::io::{self, Write};
use std::net::Ipv4Addr;
use std::path::PathBuf;
use std::sync::Arc;

use clap::Parser;
use tokio::net::{TcpListener, UnixListener};

use crate::cards::Cards;
use crate::dialog::Dialogs;

mod cards;
mod dialog;
mod routes;

/// Virtual cards to put on a reader, and the dialog that asks for PINs
#[derive(Parser)]
#[command(version)]
struct Options {
    /// A folder of card images; the reader has its `normal` card on it
    #[arg(long, value_name = "DIR")]
    cards: PathBuf,
    /// Where `kazashi-virtual-pinentry` finds this desk
    #[arg(long, value_name = "SOCKET")]
    dialog: PathBuf,
    /// The port to listen at, on loopback
    #[arg(long)]
    port: u16,
    /// The page that uses the cards, to be linked to
    #[arg(long, value_name = "URL")]
    page: String,
}

/// What every request needs.
struct Desk {
    cards: Cards,
    dialogs: Dialogs,
    port: u16,
    page: String,
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let Options { cards, dialog, port, page } = Options::parse();
    let dialogs = Dialogs::default();
    // What another run left behind.
    let _ = fs::remove_file(&dialog);
    tokio::spawn(dialogs.clone().serve(UnixListener::bind(dialog)?));
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?;
    let desk = Desk { cards: Cards::in_folder(cards)?, dialogs, port, page };
    let mut output = io::stdout();
    // Whoever reads the commands takes a line that is none for what it is: nothing to do.
    writeln!(output, "serving http://{}", listener.local_addr()?)?;
    output.flush()?;
    axum::serve(listener, routes::router(Arc::new(desk))).await?;
    Ok(())
}
