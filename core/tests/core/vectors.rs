//! The files of `vectors/`, which the TypeScript tests read too.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use serde::de::DeserializeOwned;
use serde_json::Value;

/// Makes a test of each case in a list of a file, by its name; and one that fails when a case has
/// none.
macro_rules! each_case {
    ($($sentence:ident: $list:literal of $file:literal by $check:ident {
        $($case:ident),+ $(,)?
    })+) => {
        $(
            mod $sentence {
                $(
                    #[test]
                    fn $case() {
                        super::$check($crate::vectors::case($file, $list, stringify!($case)));
                    }
                )+

                #[test]
                fn every_case_has_a_test() {
                    let names: Vec<_> = $crate::vectors::cases($file, $list).into_keys().collect();
                    let mut tests = [$(stringify!($case)),+];
                    tests.sort_unstable();
                    assert_eq!(names, tests);
                }
            }
        )+
    };
}
pub(crate) use each_case;

/// One case of a list.
pub(crate) fn case<T: DeserializeOwned>(file: &str, list: &str, name: &str) -> T {
    let case = cases(file, list).remove(name).unwrap();
    serde_json::from_value(case).unwrap()
}

/// The cases of a list, by their names as those of functions. A message is called by its type,
/// bytes by themselves; of several with one name the further ones are numbered.
pub(crate) fn cases(file: &str, list: &str) -> BTreeMap<String, Value> {
    let vectors: Value = serde_json::from_str(&text(file)).expect(file);
    let mut cases = BTreeMap::new();
    for case in vectors[list].as_array().unwrap() {
        let name = match (case.as_str(), case["type"].as_str(), case["name"].as_str()) {
            (Some(bytes), ..) => format!("bytes {bytes}"),
            (_, Some(name), _) | (_, None, Some(name)) => name.to_owned(),
            _ => "untyped".to_owned(),
        };
        let name = identifier(&name);
        let numbered = (2..).map(|number| format!("{name}_{number}"));
        let mut names = std::iter::once(name.clone()).chain(numbered);
        let name = names.find(|name| !cases.contains_key(name)).unwrap();
        cases.insert(name, case.clone());
    }
    cases
}

fn identifier(name: &str) -> String {
    let name = name.to_lowercase();
    let words = name.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    let name = words.collect::<Vec<_>>().join("_");
    if name.starts_with(|c: char| c.is_ascii_digit()) { format!("_{name}") } else { name }
}

pub(crate) fn text(path: &str) -> String {
    fs::read_to_string(folder().join(path)).expect(path)
}

pub(crate) fn bytes(path: &str) -> Vec<u8> {
    fs::read(folder().join(path)).expect(path)
}

pub(crate) fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../vectors")
}

pub(crate) fn hex(text: &str) -> Vec<u8> {
    let digits: Vec<u8> = text
        .chars()
        .filter(|c| !c.is_whitespace())
        .map(|c| c.to_digit(16).expect(text).try_into().unwrap())
        .collect();
    assert!(digits.len().is_multiple_of(2), "{text}");
    digits.chunks(2).map(|pair| pair[0] << 4 | pair[1]).collect()
}
