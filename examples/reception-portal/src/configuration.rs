//! The file in which an institution keeps the options of `serve`: TOML, by the names that they have on
//! the command line, which wins.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use clap::builder::ValueRange;
use clap::parser::ValueSource;
use clap::{Arg, ArgAction, Command, CommandFactory, Parser};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::options::Options;

/// The options that are not for the file.
const NOT_IN_FILE: [&str; 3] = ["help", "config", "check"];

impl Options {
    /// Reads the command line, and the file that it names. Says what is wrong with them, and ends
    /// the program, as clap does.
    #[must_use]
    pub fn from_command_line() -> Self {
        Self::read(std::env::args_os().collect()).unwrap_or_else(|error| error.exit())
    }

    fn read(mut arguments: Vec<OsString>) -> Result<Self, clap::Error> {
        let failed = |why: String| Self::command().error(clap::error::ErrorKind::Io, why);
        if let Some((file, given)) = named_file(&arguments) {
            arguments.extend(options_of(&file, &given).map_err(failed)?);
        }
        Self::try_parse_from(arguments)
    }
}

/// The file that `serve` is to read, and the options that need not be looked for in it.
fn named_file(arguments: &[OsString]) -> Option<(PathBuf, BTreeSet<String>)> {
    // What is wrong, or missing, is said when all is known.
    let matches = Options::command().ignore_errors(true).try_get_matches_from(arguments).ok()?;
    let serve = matches.subcommand_matches("serve")?;
    let file = serve.get_one::<PathBuf>("config")?.clone();
    let given =
        serve.ids().filter(|id| serve.value_source(id.as_str()) == Some(ValueSource::CommandLine));
    Some((file, given.map(|id| id.as_str().replace('_', "-")).collect()))
}

/// The options in a file, as they would stand on the command line; without those that do.
fn options_of(path: &Path, given: &BTreeSet<String>) -> Result<Vec<OsString>, String> {
    let name = path.display();
    let bytes = fs::read(path).map_err(|error| format!("{name}: {error}"))?;
    let text = String::from_utf8(bytes).ok().filter(|text| !text.contains('\0'));
    let text = text.ok_or_else(|| format!("{name} is not UTF-8: save it as UTF-8"))?;
    let table = DeTable::parse(&text).map_err(|error| format!("{name}: {error}"))?;

    let mut command = Options::command();
    // Names of options are there once it is built.
    command.build();
    let serve = command.find_subcommand("serve").expect("there is `serve`");
    let mut arguments = Vec::new();
    for (key, value) in table.into_inner() {
        let line = text.get(..key.span().start).unwrap_or_default().matches('\n').count() + 1;
        let at = |why: &str| format!("{name}, line {line}: {}: {why}", key.get_ref());
        let option = option(serve, key.get_ref()).ok_or_else(|| at("there is no such option"))?;
        let written = written(option, value).map_err(at)?;
        if !given.contains(&**key.get_ref()) {
            arguments.extend(written);
        }
    }
    Ok(arguments)
}

fn option<'c>(serve: &'c Command, key: &str) -> Option<&'c Arg> {
    let mut options = serve.get_arguments();
    options.find(|option| option.get_long() == Some(key) && !NOT_IN_FILE.contains(&key))
}

/// A value, as it would stand on the command line.
fn written(option: &Arg, value: Spanned<DeValue<'_>>) -> Result<Vec<OsString>, &'static str> {
    let name = option.get_long().unwrap_or_default();
    let takes_value = option.get_num_args() != Some(ValueRange::EMPTY);
    let one = |value: &DeValue<'_>| match value {
        DeValue::String(text) => Ok(format!("--{name}={text}").into()),
        DeValue::Integer(number) if number.radix() == 10 => {
            Ok(format!("--{name}={}", number.as_str()).into())
        }
        _ => Err("is a text in quotes, or a number"),
    };
    match value.into_inner() {
        DeValue::Boolean(is_set) if !takes_value => {
            Ok(if is_set { vec![format!("--{name}").into()] } else { Vec::new() })
        }
        _ if !takes_value => Err("is true or false"),
        DeValue::Array(values) if matches!(option.get_action(), ArgAction::Append) => {
            values.iter().map(|value| one(value.get_ref())).collect()
        }
        value => Ok(vec![one(&value)?]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    use crate::options::Command as Chosen;

    fn read(file: impl AsRef<[u8]>, arguments: &[&str]) -> Result<String, String> {
        let folder = tempfile::TempDir::new().expect("a folder");
        let path = folder.path().join("portal.toml");
        fs::write(&path, file).expect("a file");
        let path = path.display().to_string();
        let begin = ["kazashi-portal", "serve", "--config", &path];
        let arguments = begin.iter().chain(arguments).map(OsString::from).collect();
        match Options::read(arguments) {
            Ok(Options { command: Chosen::Serve(options) }) => Ok(format!("{options:?}")),
            Ok(_) => unreachable!("the command is serve"),
            Err(error) => Err(error.to_string()),
        }
    }

    const FILE: &str = "pairwise-key = 'k'\nport = 8443\norigin = 'https://portal.example'\r\n\
        authorities = ['a', 'b']\ninstitution-ja = '番号町役場'\naccept-test-hierarchy = true\n";

    #[test]
    fn a_file_has_the_options_by_their_names_and_the_command_line_wins() {
        for bom in ["", "\u{FEFF}"] {
            let options = read(format!("{bom}{FILE}"), &[]).expect("options");
            for part in
                ["port: 8443", "[\"a\", \"b\"]", "番号町役場", "accept_test_hierarchy: true"]
            {
                assert!(options.contains(part), "{part}: {options}");
            }
        }
        let options = read(FILE, &["--port=1", "--authorities", "c"]).expect("options");
        assert!(
            options.contains("port: 1,") && options.contains("authorities: [\"c\"]"),
            "{options}"
        );
    }

    #[test]
    fn a_mistake_in_the_file_is_said_with_its_line() {
        for (file, said) in [
            (
                "pairwise-key = 'k'\n\nprot = 1\n",
                "portal.toml, line 3: prot: there is no such option",
            ),
            ("config = 'other.toml'", "line 1: config: there is no such option"),
            ("accept-test-hierarchy = 'yes'", "accept-test-hierarchy: is true or false"),
            ("port = 1.5", "port: is a text in quotes, or a number"),
            ("port = [1]", "port: is a text in quotes, or a number"),
            ("[serve]\nport = 1", "line 1: serve: there is no such option"),
            ("pairwise-key = 'k'\nport = 65536", "invalid value '65536' for '--port <PORT>'"),
            ("port = 8080", "--pairwise-key <FILE>"),
            ("port = ", "line 1, column"),
        ] {
            let error = read(file, &[]).expect_err(file);
            assert!(error.contains(said), "{error}");
        }
    }

    #[test]
    fn a_file_in_another_encoding_is_said_to_be_that() {
        let utf_16 =
            |text: &str| -> Vec<u8> { text.encode_utf16().flat_map(u16::to_le_bytes).collect() };
        let cp932 = b"institution-ja = '\x8E\xF3\x95t'".to_vec();
        for file in [cp932, [b"\xFF\xFE".to_vec(), utf_16(FILE)].concat(), utf_16("port = 1")] {
            let error = read(file, &[]).expect_err("no UTF-8");
            assert!(error.contains("portal.toml is not UTF-8: save it as UTF-8"), "{error}");
        }
    }
}
