//! The record of who did what.

use std::error::Error;
use std::io::{self, Write};

use clap::Subcommand;

use crate::calendar::Calendar;
use crate::options::TIME_ZONE;
use crate::spreadsheet;
use crate::store::Portal;
use crate::store::audit::{COLUMNS, Head};

#[derive(Debug, Subcommand)]
pub(crate) enum RecordCommand {
    /// Prints the head of the record, to be noted where the database's administrator cannot change it
    Head,
    /// Reads the whole record, and fails if a line was changed, left out or put in; prints its head
    Verify {
        /// A head that was noted: all before it must still be as it was
        #[arg(long, value_name = "LINE:DIGEST")]
        head: Option<Head>,
    },
    /// Prints the whole record as CSV
    Export {
        /// In which its times are, as for `serve`
        #[arg(long, value_name = "ZONE", default_value = TIME_ZONE)]
        time_zone: String,
    },
}

impl RecordCommand {
    pub(crate) async fn run(self, portal: &Portal) -> Result<(), Box<dyn Error>> {
        let mut output = io::stdout();
        match self {
            Self::Head => writeln!(output, "{}", portal.record_head().await?)?,
            Self::Verify { head } => {
                writeln!(output, "{}", portal.verify_record(head.as_ref()).await?)?;
            }
            Self::Export { time_zone } => {
                let calendar = Calendar::of(&time_zone)?;
                let mut rows = Vec::new();
                let mut last = 0;
                loop {
                    let entries = portal.lines_after(last).await?;
                    let Some(entry) = entries.last() else { break };
                    last = entry.line;
                    rows.extend(entries.into_iter().map(|entry| entry.row(&calendar)));
                }
                output.write_all(&spreadsheet::file(COLUMNS, rows.into_iter()))?;
            }
        }
        Ok(())
    }
}
