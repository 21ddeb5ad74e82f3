//! Cells of CSV that spreadsheets open without taking them for formulas.

use std::borrow::Cow;

/// What a formula, or something that hides one, begins with.
const SUSPECTS: [char; 6] = ['=', '+', '-', '@', '\t', '\r'];

/// A text with an apostrophe before it, if a spreadsheet could take it for a formula.
pub(crate) fn guarded(text: &str) -> Cow<'_, str> {
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
        for text in ["=1+1", "+81", "-x", "@SUM(A1)", "\t=1", "\r=1", "花子", "'quoted'", "", "a=b"]
        {
            assert!(!guarded(text).starts_with(SUSPECTS));
            assert_eq!(unguarded(&guarded(text)), text);
        }
    }
}
