//! What a page has to download.

use std::io::Write;

use anyhow::{Result, bail};
use flate2::Compression;
use flate2::write::GzEncoder;

use crate::shell::Shell;

pub(crate) const KB: usize = 1024;

/// Prints what downloads take, raw and compressed; fails if that is over the budget.
pub(crate) fn hold(shell: &Shell, label: &str, downloads: &[Vec<u8>], budget: usize) -> Result<()> {
    let raw: usize = downloads.iter().map(Vec::len).sum();
    let compressed: usize = downloads.iter().map(|content| gzip(content)).sum::<Result<_>>()?;
    shell.say(format_args!("{label}: {raw} bytes, {compressed} compressed (budget {budget})"))?;
    if compressed > budget {
        bail!("{label}: {compressed} bytes compressed, over its budget of {budget}");
    }
    Ok(())
}

fn gzip(content: &[u8]) -> Result<usize> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(content)?;
    Ok(encoder.finish()?.len())
}
