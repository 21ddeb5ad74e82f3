//! The licences of others, with the texts that they want passed on.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

use super::{Component, Contents};
use crate::dist::VERSION;

/// How the names of files begin that have a licence in them, or what belongs to one.
const NAMES: [&str; 6] = ["copying", "copyright", "licence", "license", "notice", "unlicense"];

/// Crates that come without the text: it is that of their repository.
const WITHOUT_TEXT: [(&str, &str); 2] =
    [("pcsc", include_str!("pcsc-licence.txt")), ("pcsc-sys", include_str!("pcsc-licence.txt"))];

/// The texts that a crate has with it, or its repository.
pub(super) fn of_crate(name: &str, folder: &Path) -> Result<Vec<String>> {
    let mut texts = in_folder(folder)?;
    let known = WITHOUT_TEXT.iter().filter(|(without, _)| *without == name);
    texts.extend(known.map(|(_, text)| (*text).to_owned()));
    Ok(texts)
}

/// The texts of licences in a folder, and in those that are for such texts.
pub(super) fn in_folder(folder: &Path) -> Result<Vec<String>> {
    let entries = fs::read_dir(folder).with_context(|| format!("reading {}", folder.display()))?;
    let mut paths = entries.map(|entry| Ok(entry?.path())).collect::<Result<Vec<_>>>()?;
    paths.sort();
    let mut texts = Vec::new();
    for path in paths {
        let name = path.file_name().unwrap_or_default().to_string_lossy().to_lowercase();
        let is_code = name.ends_with(".rs");
        if is_code || !NAMES.iter().any(|beginning| name.starts_with(beginning)) {
            continue;
        }
        if path.is_dir() {
            for entry in fs::read_dir(&path)? {
                texts.push(read(&entry?.path())?);
            }
        } else {
            texts.push(read(&path)?);
        }
    }
    Ok(texts)
}

fn read(path: &Path) -> Result<String> {
    let bytes = fs::read(path).with_context(|| format!("reading {}", path.display()))?;
    Ok(String::from_utf8_lossy(&bytes).replace("\r\n", "\n"))
}

/// Who is inside under which licence, then each text once, with whose it is.
pub(super) fn texts(contents: &Contents) -> String {
    let others: Vec<_> = contents.components.values().filter(|it| !it.texts.is_empty()).collect();
    let mut file =
        format!("What others have made of {} {VERSION}, and the licences.\n\n", contents.name);
    for Component { name, version, licence, .. } in &others {
        file += &format!("{name} {version}: {licence}\n");
    }

    // Many differ in how their lines are broken, and in nothing else.
    let mut by_words: BTreeMap<String, (&str, Vec<String>)> = BTreeMap::new();
    for Component { name, version, texts, .. } in others {
        for text in texts {
            let words = text.split_whitespace().collect::<Vec<_>>().join(" ");
            let (_, whose) = by_words.entry(words).or_insert((text, Vec::new()));
            whose.push(format!("{name} {version}"));
        }
    }
    let mut texts: Vec<_> = by_words.into_values().collect();
    texts.sort_by(|one, other| one.1.cmp(&other.1));
    for (text, mut whose) in texts {
        whose.dedup();
        let line = "=".repeat(80);
        file += &format!("\n{line}\n{}\n{line}\n\n{}\n", whose.join(", "), text.trim_end());
    }
    file
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn component(name: &str, text: &str) -> Component {
        Component {
            name: name.to_owned(),
            version: "1.0.0".to_owned(),
            licence: "MIT".to_owned(),
            repository: None,
            origin: None,
            texts: vec![text.to_owned()],
            needs: BTreeSet::new(),
        }
    }

    #[test]
    fn a_text_of_several_is_there_once_with_whose_it_is() {
        let components = [
            ("a", component("a", "Copyright by all\nof us.\n")),
            ("b", component("b", "Copyright by B.")),
            ("c", component("c", "Copyright by\nall of us.")),
        ];
        let components = components.map(|(name, component)| (name.to_owned(), component)).into();
        let contents = Contents { name: "it".to_owned(), components, roots: BTreeSet::new() };
        let line = "=".repeat(80);
        assert_eq!(
            texts(&contents),
            format!(
                "What others have made of it {VERSION}, and the licences.\n\n\
                 a 1.0.0: MIT\nb 1.0.0: MIT\nc 1.0.0: MIT\n\
                 \n{line}\na 1.0.0, c 1.0.0\n{line}\n\nCopyright by all\nof us.\n\
                 \n{line}\nb 1.0.0\n{line}\n\nCopyright by B.\n"
            )
        );
    }
}
