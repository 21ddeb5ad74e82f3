//! Lists of tickets, as Japanese spreadsheet programs save them.
//!
//! What a program has changed without a word is refused by line: a ticket that is read as another one
//! lets the wrong person in.

use csv::{Position, ReaderBuilder, StringRecord};
use unicode_normalization::UnicodeNormalization;

use crate::store::ticket::{RefusedLine, TicketLine};

mod cell;
mod encoding;

pub(crate) use cell::is_subject;
use cell::{Padding, folded, subject_in, ticket_in};
use encoding::{decode, is_workbook};

/// What is in a list: the lines that can be read, and those that cannot.
#[derive(Default)]
pub(crate) struct TicketList {
    pub(crate) lines: Vec<TicketLine>,
    pub(crate) refused: Vec<RefusedLine>,
}

/// Why nothing of a list can be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ListError {
    /// No line names the two columns.
    NoHeader,
    /// It is what a spreadsheet program keeps for itself, not CSV.
    Workbook,
}

/// The names of the columns, folded; the earlier is taken. In an export of visits, `number` is the
/// ticket.
const TICKET: [&str; 9] = [
    "ticket",
    "チケット",
    "チケット番号",
    "ticket number",
    "整理番号",
    "number",
    "番号",
    "no.",
    "no",
];
const SUBJECT: [&str; 4] = ["subject", "識別子", "来訪者の識別子", "identifier"];

/// Reads a list. `padded` are the names that tickets of the event have already, of those with a zero
/// before them.
pub(crate) fn read_list(list: &[u8], padded: Vec<String>) -> Result<TicketList, ListError> {
    if is_workbook(list) {
        return Err(ListError::Workbook);
    }
    let text = decode(list);
    let (separators, text, first) = match separator_line(&text) {
        Some((separator, rest)) => (vec![separator], rest, 2),
        None => (vec![b',', b';', b'\t'], text.as_str(), 1),
    };
    separators
        .into_iter()
        .find_map(|separator| read_with(separator, text, first, &padded))
        .ok_or(ListError::NoHeader)
}

/// A first line by which Excel is told what stands between cells: `sep=;`.
fn separator_line(text: &str) -> Option<(u8, &str)> {
    let (line, rest) = text.split_once('\n')?;
    let separator = line.trim_matches('"').strip_prefix("sep=")?;
    match separator.as_bytes() {
        [separator] => Some((*separator, rest)),
        _ => None,
    }
}

/// Reads a list in which this stands between cells. Nothing, if there is no such header.
fn read_with(separator: u8, text: &str, first: u64, padded: &[String]) -> Option<TicketList> {
    let mut reader = ReaderBuilder::new()
        .delimiter(separator)
        .flexible(true)
        .has_headers(false)
        .from_reader(text.as_bytes());
    let mut records = Vec::new();
    let mut record = StringRecord::new();
    loop {
        let line = first - 1 + line_at(text, reader.position());
        match reader.read_record(&mut record) {
            Ok(true) => records.push((line, record.clone())),
            // Text is UTF-8, and records may have any number of cells.
            Ok(false) | Err(_) => break,
        }
    }
    let is_blank = |record: &StringRecord| record.iter().all(|cell| folded(cell).is_empty());
    records.retain(|(_, record)| !is_blank(record));
    let (header, records) = records.split_first()?;
    let column = |names: &[&str]| {
        let names = names.iter();
        names.filter_map(|name| header.1.iter().position(|cell| header_name(cell) == *name)).next()
    };
    let (ticket, subject) = (column(&TICKET)?, column(&SUBJECT)?);
    let names = records.iter().filter_map(|(_, record)| record.get(ticket).map(folded));
    let padding = Padding::of(names.chain(padded.iter().cloned()));
    let mut list = TicketList::default();
    for &(line, ref record) in records {
        let cell = |column| record.get(column).unwrap_or_default();
        match read_line(record, cell(ticket), cell(subject), &padding) {
            Ok((ticket, subject)) => list.lines.push(TicketLine { line, ticket, subject }),
            Err(why) => list.refused.push(RefusedLine { line, why }),
        }
    }
    Some(list)
}

fn read_line(
    record: &StringRecord,
    ticket: &str,
    subject: &str,
    padding: &Padding,
) -> Result<(String, String), &'static str> {
    if record.iter().any(|cell| cell.contains(char::REPLACEMENT_CHARACTER)) {
        return Err("not-utf-8");
    }
    Ok((ticket_in(ticket, padding)?, subject_in(subject)?))
}

/// Without regard to case and width.
fn header_name(cell: &str) -> String {
    cell.nfkc().collect::<String>().trim().to_lowercase()
}

/// The line where the next record begins: the reader stands before the blank lines that it will
/// skip.
fn line_at(text: &str, position: &Position) -> u64 {
    let rest = usize::try_from(position.byte()).ok().and_then(|byte| text.get(byte..));
    let blank = rest.unwrap_or_default().bytes().take_while(|byte| *byte == b'\n');
    blank.fold(position.line(), |line, _| line + 1)
}

#[cfg(test)]
mod tests;
