//! The page that is handed to the holder of a card: what was read from it here. One file, which needs
//! nothing else and runs nothing; to be printed, or opened in a browser.

use std::fmt::Write;
use std::path::PathBuf;
use std::slice;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use qrcode::types::QrError;
use qrcode::{Color, QrCode};
use sha2::{Digest, Sha256};

use crate::pin::Language;
use crate::record::{CardId, Disclosure, Entry, Line, about, about_unknown_cards, lines, verify};

const STYLE: &str = include_str!("holder_page.css");
/// The white space around a QR code, in modules (ISO/IEC 18004, 5.3.8).
const QUIET_ZONE: usize = 4;

/// What the page says.
#[derive(Debug)]
pub(super) struct HolderPage {
    language: Language,
    made: Timestamp,
    /// The lines about this card.
    lines: Vec<Line>,
    /// How many lines might be about it or not.
    unknown: usize,
    /// When the log began, as it says.
    begin: Option<String>,
    is_whole: bool,
    /// The number of the last line, and its hash.
    head: Option<(u64, String)>,
}

impl HolderPage {
    pub(super) fn new(
        language: Language,
        made: Timestamp,
        card: &CardId,
        files: &[(PathBuf, String)],
    ) -> Self {
        Self {
            language,
            made,
            lines: about(slice::from_ref(card), files),
            unknown: about_unknown_cards(files),
            begin: lines(files).next().map(|(_, line)| line.when),
            is_whole: verify(files, None).is_empty(),
            head: lines(files).last().map(|(hash, line)| (line.n, hash.to_owned())),
        }
    }

    pub(super) fn html(&self) -> Result<String, QrError> {
        let Self { language, made, .. } = self;
        let words = language.page();
        let title = words.title;
        let lines: String = self.disclosures().map(|(line, it)| self.row(line, it)).collect();
        let lines = if lines.is_empty() {
            format!("<p>{}</p>", words.nothing)
        } else {
            let heads: String =
                words.heads.iter().map(|head| format!("<th scope=\"col\">{head}</th>")).collect();
            format!("<table>\n<thead><tr>{heads}</tr></thead>\n<tbody>\n{lines}</tbody>\n</table>")
        };
        let begin = self.begin.as_deref().map_or_else(String::new, |begin| self.local(begin));
        let state = if self.is_whole { words.whole } else { words.damaged };
        let text = self.qr_text();
        Ok(format!(
            r#"<!doctype html>
<html lang="{language}">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'sha256-{style_hash}'; base-uri 'none'; form-action 'none'">
<meta name="referrer" content="no-referrer">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>{STYLE}</style>
</head>
<body>
<main>
<h1>{title}</h1>
<p>{about}</p>
<dl>
<div><dt>{made_on}</dt><dd>{made}</dd></div>
<div><dt>{since}</dt><dd>{begin}</dd></div>
<div><dt>{state_of_log}</dt><dd>{state}{unknown}</dd></div>
</dl>
{lines}
<section>
<h2>{proof}</h2>
<div class="proof">
{qr}
<div>
<p>{about_proof}</p>
<pre>{text}</pre>
</div>
</div>
</section>
<p>{no_names}</p>
</main>
</body>
</html>
"#,
            language = words.language,
            style_hash = STANDARD.encode(Sha256::digest(STYLE)),
            about = words.about,
            made_on = words.made_on,
            made = self.shown(*made),
            since = words.since,
            begin = escaped(&begin),
            state_of_log = words.state_of_log,
            unknown = language.lines_about_unknown_cards(self.unknown),
            proof = words.proof,
            qr = svg(&text, words.proof)?,
            about_proof = words.about_proof,
            text = escaped(&text),
            no_names = words.no_names,
        ))
    }

    fn disclosures(&self) -> impl Iterator<Item = (&Line, &Disclosure)> {
        self.lines.iter().filter_map(|line| match &line.entry {
            Entry::Disclosed(disclosure) => Some((line, &**disclosure)),
            _ => None,
        })
    }

    fn row(&self, line: &Line, disclosure: &Disclosure) -> String {
        let language = self.language;
        let what: String = language
            .what_happened(disclosure)
            .iter()
            .map(|what| format!("<li>{}</li>", escaped(what)))
            .collect();
        format!(
            "<tr><td>{}</td><td>{}</td><td class=\"origin\">{}</td><td>{}</td><td><ul>{what}</ul></td></tr>\n",
            line.n,
            escaped(&self.local(&line.when)),
            // Long names are broken before a dot, if they must be.
            escaped(&language.who(&disclosure.origin)).replace('.', "<wbr>."),
            escaped(language.permission(disclosure.scope)),
        )
    }

    /// What a QR code holds: by it, whoever has the log later finds out whether the lines of this page are
    /// still in it. ASCII, which every program that reads such codes takes for what it is.
    fn qr_text(&self) -> String {
        let made = self.made.as_second();
        let made = Timestamp::from_second(made).unwrap_or(self.made);
        let numbers: Vec<_> = self.disclosures().map(|(line, _)| line.n).collect();
        let mut text =
            format!("kazashi-bridge log, {made}\nlines about this card: {}", numbers.len());
        if let [first, .., last] | [first @ last] = &*numbers {
            let _ = write!(text, " (from {first} to {last})");
        }
        if let Some((n, hash)) = &self.head {
            let _ = write!(text, "\nlast line: {n}\n{hash}");
        }
        text
    }

    /// A time of the log as clocks here show it. One that is none stays as it is.
    fn local(&self, when: &str) -> String {
        when.parse().map_or_else(|_| when.to_owned(), |time| self.shown(time))
    }

    fn shown(&self, time: Timestamp) -> String {
        time.to_zoned(TimeZone::system()).strftime(self.language.page().time).to_string()
    }
}

/// A QR code, drawn by runs of dark modules.
fn svg(text: &str, title: &str) -> Result<String, QrError> {
    let code = QrCode::new(text)?;
    let width = code.width();
    let colors = code.to_colors();
    let mut path = String::new();
    for (y, row) in colors.chunks(width).enumerate() {
        let mut x = 0;
        for run in row.chunk_by(|one, next| one == next) {
            if run.first() == Some(&Color::Dark) {
                let (x, y, run) = (x + QUIET_ZONE, y + QUIET_ZONE, run.len());
                let _ = write!(path, "M{x} {y}h{run}v1h-{run}z");
            }
            x += run.len();
        }
    }
    let side = width + 2 * QUIET_ZONE;
    Ok(format!(
        "<svg viewBox=\"0 0 {side} {side}\" role=\"img\" aria-label=\"{title}\" \
         shape-rendering=\"crispEdges\"><path fill=\"#fff\" d=\"M0 0h{side}v{side}h-{side}z\"/>\
         <path d=\"{path}\"/></svg>"
    ))
}

/// Text as HTML shows it. A log that somebody has edited may have anything in it.
fn escaped(text: &str) -> String {
    let mut escaped = String::new();
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            c => escaped.push(c),
        }
    }
    escaped
}
