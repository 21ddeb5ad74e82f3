//! What the program can be told. Its manual is made of this, too.
#![expect(
    clippy::exhaustive_enums,
    clippy::exhaustive_structs,
    reason = "the program and its manual take all of it, and nobody else does"
)]

use std::num::NonZeroU32;
use std::path::PathBuf;
use std::time::Duration;

use crate::{Timing, Variant};
use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Args, Parser, Subcommand};

/// A software My Number Card
#[derive(Debug, Parser)]
#[command(name = "kazashi-emulator", version)]
pub struct Arguments {
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Write a card image to a folder, and print its PINs
    New {
        /// The folder; it must not hold a card yet
        dir: PathBuf,
        /// What kind of card
        #[arg(long, value_name = "NAME", default_value = "normal", value_parser = variant())]
        variant: Variant,
    },
    /// Make a new hierarchy of new keys and a card that belongs to it, and print its PINs
    ///
    /// What verifies the card is written to `authorities` in the same folder: the certificates of
    /// its two authorities, and the keys behind its card surface and card information. `authorities/terminal` holds a
    /// terminal that the card trusts: two certificates, and the private key of the second.
    Issue {
        /// The folder; it must not hold a card yet
        dir: PathBuf,
        /// What kind of card
        #[arg(long, value_name = "NAME", default_value = "normal", value_parser = variant())]
        variant: Variant,
        /// Issue cards to so many people, in folders `0001` and so on beside `authorities`
        ///
        /// Each has keys of its own for authentication and for the card surface; the keys for
        /// digital signatures and card information are the same on all. Names are of twenty,
        /// faces and addresses of two. Takes half a second a card, on one processor
        #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(u16).range(1..=9_999))]
        people: Option<u16>,
    },
    /// Plug a card into vpcd, the virtual reader of vsmartcard
    ///
    /// Says `ready` on standard output when the card is in, and `removed` when the reader has seen
    /// that it is out. Takes commands on standard input, one per line: `insert`, `remove`,
    /// `swap DIR` (another card), `reset` (a warm reset that the reader does not know of). The end
    /// of input leaves the card in. When vpcd goes away, the card waits for it to come back.
    Run {
        /// The folder of the card image; its retry counters are kept up to date
        #[arg(long, value_name = "DIR")]
        image: PathBuf,
        /// Where vpcd listens
        #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:35963")]
        vpcd: String,
        #[command(flatten)]
        serving: Serving,
    },
}

/// Options for serving a card, whichever it is.
#[derive(Args, Clone, Copy, Debug)]
pub struct Serving {
    /// Write a line on standard error for each command: header, lengths and status word, never data
    #[arg(long)]
    pub trace: bool,
    /// Take the time that bytes take at this bit rate; contactless cards have 106 to 848
    #[arg(long, value_name = "KBIT/S")]
    bit_rate: Option<NonZeroU32>,
    /// Take this time for each command
    #[arg(long, value_name = "MS", default_value_t = 0)]
    command_time: u64,
    /// Take this time for each signature on top
    #[arg(long, value_name = "MS", default_value_t = 0)]
    signature_time: u64,
}

impl Serving {
    pub fn timing(self) -> Timing {
        Timing {
            bit_rate: self.bit_rate,
            command: Duration::from_millis(self.command_time),
            signature: Duration::from_millis(self.signature_time),
        }
    }
}

fn variant() -> impl TypedValueParser<Value = Variant> {
    PossibleValuesParser::new(Variant::ALL.map(Variant::name)).try_map(|name| name.parse())
}
