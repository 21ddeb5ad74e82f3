//! Files of CSV that spreadsheets open, without taking cells for formulas.

use std::borrow::Cow;

use csv::{Terminator, WriterBuilder};

/// What a formula, or something that hides one, begins with. In Japanese spreadsheets the wide signs do
/// as well.
const SUSPECTS: [char; 11] = ['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠'];

/// A file that Excel opens as what it is (RFC 4180): UTF-8 with the byte order mark that tells so, and
/// lines that end as those of Windows.
pub(crate) fn file<const COLUMNS: usize>(
    header: [&str; COLUMNS],
    rows: impl Iterator<Item = [String; COLUMNS]>,
) -> Vec<u8> {
    let mut writer =
        WriterBuilder::new().terminator(Terminator::CRLF).from_writer(b"\xEF\xBB\xBF".to_vec());
    for row in std::iter::once(header.map(str::to_owned)).chain(rows) {
        let written = writer.write_record(row.iter().map(|cell| guarded(cell).into_owned()));
        written.expect("memory takes everything");
    }
    writer.into_inner().expect("memory takes everything")
}

/// A text with an apostrophe before it, if a spreadsheet could take it for a formula.
fn guarded(text: &str) -> Cow<'_, str> {
    match text.starts_with(SUSPECTS) {
        true => Cow::Owned(format!("'{text}")),
        false => Cow::Borrowed(text),
    }
}

/// The text that was guarded.
pub(crate) fn unguarded(text: &str) -> &str {
    match text.strip_prefix('\'') {
        Some(guarded) if guarded.starts_with(SUSPECTS) => guarded,
        _ => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_could_be_a_formula_is_guarded_and_comes_back() {
        for text in [
            "=1+1", "+81", "-x", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "＝1+1", "＋81", "－x",
            "＠A1", "花子", "'quoted'", "", "a=b",
        ] {
            assert!(!guarded(text).starts_with(SUSPECTS));
            assert_eq!(unguarded(&guarded(text)), text);
        }
    }
}
