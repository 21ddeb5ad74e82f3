//! What a page has to download.

use std::io::Write;

use anyhow::{Result, bail};
use flate2::Compression;
use flate2::write::GzEncoder;

use crate::shell::Shell;

pub(crate) const KB: usize = 1024;

/// Prints what downloads take, raw and compressed; fails if that is over the budget, if there is
/// one.
pub(crate) fn hold(
    shell: &Shell,
    label: &str,
    downloads: &[Vec<u8>],
    budget: Option<usize>,
) -> Result<()> {
    let raw: usize = downloads.iter().map(Vec::len).sum();
    let compressed: usize = downloads.iter().map(|content| gzip(content)).sum::<Result<_>>()?;
    let size = format!("{label}: {raw} bytes, {compressed} compressed");
    match budget {
        None => shell.say(size),
        Some(budget) if compressed <= budget => shell.say(format_args!("{size} (budget {budget})")),
        Some(budget) => bail!("{size}, over its budget of {budget}"),
    }
}

fn gzip(content: &[u8]) -> Result<usize> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(content)?;
    Ok(encoder.finish()?.len())
}
