//! What a page has to download.

use std::fs;
use std::io::Write;
use std::path::Path;

use anyhow::{Result, bail};
use flate2::Compression;
use flate2::write::GzEncoder;

use crate::shell::Shell;

pub(crate) const KB: usize = 1024;

/// Prints what files take, raw and compressed each by itself; fails if that is over the budget.
pub(crate) fn hold<P: AsRef<Path>>(
    shell: &Shell,
    label: &str,
    files: impl IntoIterator<Item = P>,
    budget: usize,
) -> Result<()> {
    let (mut raw, mut compressed) = (0, 0);
    for file in files {
        let content = fs::read(file)?;
        raw += content.len();
        compressed += gzip(&content)?;
    }
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
