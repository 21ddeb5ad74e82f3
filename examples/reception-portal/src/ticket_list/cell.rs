//! One cell of a list, and what may have become of it in a spreadsheet program.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::spreadsheet::unguarded;

/// The lengths of numbers that have zeros before them, where programs leave those away.
pub(super) struct Padding(Vec<usize>);

impl Padding {
    /// As these tickets have it.
    pub(super) fn of(tickets: impl Iterator<Item = String>) -> Self {
        let padded = tickets.filter(|ticket| is_number(ticket) && ticket.starts_with('0'));
        Self(padded.map(|ticket| ticket.len()).filter(|length| *length > 1).collect())
    }

    /// Whether a number is shorter than those are.
    fn misses_zeros(&self, ticket: &str) -> bool {
        let length = ticket.len();
        let Self(lengths) = self;
        is_number(ticket)
            && !lengths.contains(&length)
            && lengths.iter().any(|padded| *padded > length)
    }
}

/// A text without what nobody sees or types on purpose: full-width letters and digits are ordinary
/// ones, all blanks are spaces, and variants of a character are that character.
pub(super) fn folded(cell: &str) -> String {
    let fold = |character| match character {
        '\u{FF01}'..='\u{FF5E}' => {
            char::from_u32(u32::from(character) - 0xFEE0).unwrap_or(character)
        }
        '\u{3000}' | '\u{A0}' => ' ',
        character => character,
    };
    let is_variant =
        |character: &char| matches!(character, '\u{FE00}'..='\u{FE0F}' | '\u{E0100}'..='\u{E01EF}');
    let text: String = cell.chars().filter(|character| !is_variant(character)).map(fold).collect();
    text.trim_matches(' ').to_owned()
}

/// The ticket in a cell, or why there is none.
pub(super) fn ticket_in(cell: &str, padding: &Padding) -> Result<String, &'static str> {
    let cell = folded(cell);
    let ticket = unguarded(&cell);
    if !(1..=200).contains(&ticket.len()) {
        return Err("no-ticket");
    }
    if ticket.chars().any(is_invisible) {
        return Err("invisible-character");
    }
    // Written out by whoever wanted text, and no part of the ticket. A guarded one is.
    if ticket.starts_with('\'') || (ticket.starts_with('=') && ticket == cell) {
        return Err("formula");
    }
    if is_of_a_spreadsheet(ticket) {
        return Err("changed-by-spreadsheet");
    }
    if padding.misses_zeros(ticket) {
        return Err("leading-zero-lost");
    }
    Ok(ticket.to_owned())
}

/// The identifier of a visitor in a cell, or why there is none.
pub(super) fn subject_in(cell: &str) -> Result<String, &'static str> {
    let cell = folded(cell);
    match unguarded(&cell) {
        "" => Err("no-subject"),
        subject if subject.chars().any(is_invisible) => Err("invisible-character"),
        subject if is_subject(subject) => Ok(subject.to_owned()),
        _ => Err("not-an-identifier"),
    }
}

/// Whether this is a pairwise identifier: 32 bytes in base64url.
pub(crate) fn is_subject(text: &str) -> bool {
    URL_SAFE_NO_PAD.decode(text).is_ok_and(|bytes| bytes.len() == 32)
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Whether a spreadsheet program wrote this in the place of something else: a number that lost its
/// digits or was laid out, a date, or an error.
fn is_of_a_spreadsheet(text: &str) -> bool {
    is_scientific(text)
        || is_rounded(text)
        || is_laid_out(text)
        || is_date(text)
        || text.starts_with('#')
}

/// `1,234` and `7.00`.
fn is_laid_out(text: &str) -> bool {
    let (whole, part) = text.split_once('.').unwrap_or((text, ""));
    let is_grouped = match whole.split_once(',') {
        Some((first, rest)) => {
            is_number(first) && rest.split(',').all(|group| is_number(group) && group.len() == 3)
        }
        None => false,
    };
    let is_whole = part.bytes().all(|byte| byte == b'0');
    is_grouped || (is_number(whole) && !part.is_empty() && is_whole)
}

/// `1.23E+15`.
fn is_scientific(text: &str) -> bool {
    let Some((number, exponent)) = text.split_once(['E', 'e']) else { return false };
    let is_signed = exponent.starts_with(['+', '-']);
    let number = number.strip_prefix(['+', '-']).unwrap_or(number);
    is_signed && is_number(exponent.get(1..).unwrap_or_default()) && {
        let (whole, part) = number.split_once('.').unwrap_or((number, "0"));
        is_number(whole) && is_number(part)
    }
}

/// A number keeps fifteen digits; zeros stand for the others.
fn is_rounded(text: &str) -> bool {
    is_number(text)
        && text
            .get(15..)
            .is_some_and(|rest| !rest.is_empty() && rest.bytes().all(|byte| byte == b'0'))
}

/// `1月2日`, `2026/1/2`, `2-Jan`, `Jan-26`: what becomes of `1-2` and the like.
fn is_date(text: &str) -> bool {
    const MONTHS: [&str; 12] =
        ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
    let is_month = |text: &str| MONTHS.contains(&text.to_lowercase().as_str());
    let is_short = |text: &str| is_number(text) && text.len() <= 2;
    if let Some((month, day)) = text.split_once('月') {
        return is_short(month) && day.strip_suffix('日').is_some_and(is_short);
    }
    if let Some((one, other)) = text.split_once('-') {
        return (is_short(one) && is_month(other)) || (is_month(one) && is_short(other));
    }
    match *text.split('/').collect::<Vec<_>>() {
        [year, month, day] => {
            is_number(year) && year.len() == 4 && is_short(month) && is_short(day)
        }
        _ => false,
    }
}

/// Whether a character shows nothing, or turns others round.
fn is_invisible(character: char) -> bool {
    character.is_control()
        || matches!(character,
            '\u{AD}' | '\u{34F}' | '\u{61C}' | '\u{115F}' | '\u{1160}' | '\u{17B4}' | '\u{17B5}'
            | '\u{180B}'..='\u{180F}' | '\u{2000}'..='\u{200F}' | '\u{2028}'..='\u{202F}'
            | '\u{205F}'..='\u{206F}' | '\u{2800}' | '\u{3164}' | '\u{FEFF}' | '\u{FFA0}'
            | '\u{FFF0}'..='\u{FFFB}' | '\u{1BCA0}'..='\u{1BCA3}' | '\u{1D173}'..='\u{1D17A}'
            | '\u{E0000}'..='\u{E0FFF}')
}
