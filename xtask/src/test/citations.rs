//! Citations of `docs/card.md`: what the code says of the card is said there, with its source.
//!
//! A citation is the file's name and section numbers, joined by a comma, "and" or "to": `card.md 3.1`,
//! `card.md 3.1 and 4`, `card.md 3.2 to 3.4`. Each number must be that of a heading.

use std::collections::BTreeSet;
use std::fs;
use std::iter::Peekable;

use anyhow::{Context, Result, ensure};

use crate::shell::{Shell, output, program, root};

/// The document's name, which nothing but a citation has for a word of its own.
const NAME: &str = "card.md";
const FOLDER: &str = "docs";

/// What begins a line of a comment, and is no word of it.
const MARKERS: [&str; 6] = ["//!", "///", "//", "/**", "*", "#"];

/// Fails where a file that git tracks cites a section that the document does not have.
pub(super) fn check(shell: &Shell) -> Result<()> {
    let document = fs::read_to_string(root().join(FOLDER).join(NAME))?;
    let texts = tracked_texts()?;
    let citations: Vec<_> = texts.iter().flat_map(|(file, text)| citations(file, text)).collect();
    ensure!(!citations.is_empty(), "nothing cites {NAME}, so nothing was checked");
    let dangling = dangling(&document, &citations);
    ensure!(dangling.is_empty(), "{NAME} has no such heading:\n{}", dangling.join("\n"));
    shell.say(format_args!("{} sections are cited", citations.len()))
}

/// The files that git tracks and that are text, with their names.
fn tracked_texts() -> Result<Vec<(String, String)>> {
    let names = output(program("git", "").args(["ls-files", "-z"]))?;
    let mut texts = Vec::new();
    for name in names.split_terminator('\0') {
        let bytes = fs::read(root().join(name)).with_context(|| format!("reading {name}"))?;
        if let Ok(text) = String::from_utf8(bytes) {
            texts.push((name.to_owned(), text));
        }
    }
    Ok(texts)
}

/// One cited section.
#[derive(Debug)]
struct Citation {
    /// File and line, as compilers write them.
    place: String,
    /// As it is cited; empty, if the name stands there without a number.
    section: String,
}

/// The citations of sections that the document does not have, one to a line.
fn dangling(document: &str, citations: &[Citation]) -> Vec<String> {
    let headings: BTreeSet<_> = document.lines().filter_map(heading).collect();
    let dangling = citations.iter().filter(|citation| !headings.contains(&*citation.section));
    dangling.map(|Citation { place, section }| format!("{place}: {NAME} {section}")).collect()
}

/// The number of a heading: `3` of `## 3. Files`, `3.1` of `### 3.1 Certificates`.
fn heading(line: &str) -> Option<&str> {
    let heading = line.strip_prefix("## ").or_else(|| line.strip_prefix("### "))?;
    Some(number(heading.split_whitespace().next()?)?.0)
}

/// The sections that a file cites.
fn citations(file: &str, text: &str) -> Vec<Citation> {
    let lines = text.lines().zip(1..).flat_map(|(line, at)| {
        line.split_whitespace().filter(|word| !MARKERS.contains(word)).map(move |word| (at, word))
    });
    let mut words = lines.peekable();
    let mut citations = Vec::new();
    while let Some((line, word)) = words.next() {
        if is_name(word) {
            let place = format!("{file}:{line}");
            let sections = sections(&mut words).into_iter();
            citations.extend(sections.map(|section| Citation { place: place.clone(), section }));
        }
    }
    citations
}

/// The sections named by the words that follow the document's name; an empty one, if none is.
fn sections<'a>(words: &mut Peekable<impl Iterator<Item = (u32, &'a str)>>) -> Vec<String> {
    let mut sections = Vec::new();
    while let Some((section, behind)) = words.peek().and_then(|&(_, word)| number(word)) {
        sections.push(section.to_owned());
        words.next();
        let goes_on = match behind {
            "," => true,
            "" => words.next_if(|&(_, word)| ["and", "to"].contains(&word)).is_some(),
            _ => false,
        };
        if !goes_on {
            break;
        }
    }
    if sections.is_empty() { vec![String::new()] } else { sections }
}

/// Whether a word is the document's name, in whatever folder, with nothing behind it: in a link
/// something is.
fn is_name(word: &str) -> bool {
    let word = word.trim_start_matches(|c: char| !c.is_alphanumeric());
    word.rsplit('/').next().is_some_and(|name| name.eq_ignore_ascii_case(NAME))
}

/// The number that a word begins with, and what is behind it: `3.1` and `),` of `3.1),`.
fn number(word: &str) -> Option<(&str, &str)> {
    let end = word.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(word.len());
    let number = word.get(..end)?.trim_end_matches('.');
    let behind = word.get(number.len()..)?;
    number.starts_with(|c: char| c.is_ascii_digit()).then_some((number, behind))
}

#[cfg(test)]
mod tests {
    use super::*;

    const DOCUMENT: &str = "# The card\n\n## 3. Files\n\ntext 9\n\n### 3.1 Keys\n\n### 3.2 PINs\n\n\
        ## 4. Commands\n\n#5\n\n### 10.12 Much later\n";

    /// What dangles in a file of this text, in which `DOC` stands for the document's name.
    fn dangling_in(text: &str) -> Vec<String> {
        let found = dangling(DOCUMENT, &citations("a.rs", &text.replace("DOC", NAME)));
        found.iter().map(|line| line.replace(NAME, "DOC")).collect()
    }

    fn cited_in(text: &str) -> Vec<String> {
        let citations = citations("a.rs", &text.replace("DOC", NAME));
        citations.into_iter().map(|citation| citation.section).collect()
    }

    #[test]
    fn a_section_with_a_heading_may_be_cited() {
        for text in ["DOC 3", "(DOC 3.1).", "\"DOC 3.2,\"", "docs/DOC 4: it", "DOC 10.12"] {
            assert_eq!(dangling_in(text), [""; 0], "{text}");
        }
    }

    #[test]
    fn a_section_without_a_heading_is_told_with_its_place() {
        assert_eq!(dangling_in("\n// As DOC 3.3 has it."), ["a.rs:2: DOC 3.3"]);
        for section in ["1", "9", "5", "3.12", "3.1.1", "03", "10", "10.1"] {
            let told = dangling_in(&format!("(DOC {section}, EF 0001)"));
            assert_eq!(told, [format!("a.rs:1: DOC {section}")]);
        }
    }

    #[test]
    fn each_section_of_a_list_is_cited() {
        for (text, sections) in [
            ("DOC 3.1 and 4", &["3.1", "4"][..]),
            ("(DOC 2, 3.6, 4 and 8.2). The", &["2", "3.6", "4", "8.2"]),
            ("(ISO 11.2; DOC 3.2 to 3.4): 7", &["3.2", "3.4"]),
            ("DOC 1 and DOC 2", &["1", "2"]),
            ("DOC 7, 13", &["7", "13"]),
        ] {
            assert_eq!(cited_in(text), sections, "{text}");
        }
    }

    #[test]
    fn what_follows_a_citation_is_no_section() {
        for text in [
            "DOC 3.1, EF 0001",
            "(DOC 3.1), 5",
            "DOC 3.1: 5",
            "DOC 3.1 5",
            "DOC 3.1 and what",
            "DOC 3.1. 5",
        ] {
            assert_eq!(cited_in(text), ["3.1"], "{text}");
        }
    }

    #[test]
    fn a_citation_may_go_on_in_the_next_line_of_a_comment() {
        assert_eq!(cited_in("/// Of it (DOC\n    /// 3.1 and\n    /// 4)."), ["3.1", "4"]);
        assert_eq!(cited_in(" * DOC 3.1,\n * 4"), ["3.1", "4"]);
    }

    #[test]
    fn the_name_without_a_number_is_a_citation_of_nothing() {
        for text in ["as DOC has it", "DOC sections 3 and 4", "DOC §3", "DOC"] {
            assert_eq!(dangling_in(text), ["a.rs:1: DOC "], "{text}");
        }
    }

    #[test]
    fn a_link_is_no_citation() {
        for text in ["[docs/DOC](docs/DOC)", "[the card](DOC#31-keys) 9", "`DOC` 9", "noDOC 9"] {
            assert_eq!(cited_in(text), [""; 0], "{text}");
        }
    }

    #[test]
    fn this_repository_cites_what_is_there() {
        check(&Shell::terminal()).unwrap_or_else(|error| panic!("{error}"));
    }
}
