use std::{
    collections::HashMap,
    fs, io,
    path::{Path, PathBuf},
};

use kazashi_core::policy::{Scope, Scopes};
use serde::Deserialize;
use thiserror::Error;

use crate::origin::{InvalidOrigin, Origin};

/// What the administrator decided. An origin that is not listed may do nothing.
#[derive(Debug)]
pub(crate) struct Config {
    /// The program that asks for PINs.
    pub(crate) pinentry: PathBuf,
    grants: HashMap<Origin, Scopes>,
    developer_mode: bool,
}

/// Why the configuration was not taken. Nothing is granted then.
#[derive(Debug, Error)]
pub(crate) enum ConfigError {
    #[error("cannot read {}", path.display())]
    Unreadable { path: PathBuf, source: io::Error },
    #[error("{} is not a configuration: {source}", path.display())]
    Malformed { path: PathBuf, source: Box<toml::de::Error> },
    #[error("{origin} cannot be granted anything: {source}")]
    Origin { origin: Origin, source: InvalidOrigin },
    #[error("{0} is listed twice")]
    Twice(Origin),
    #[error("{0} cannot be granted raw-apdu: that is for developer mode")]
    RawApdu(Origin),
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    pinentry: Option<PathBuf>,
    #[serde(default, rename = "origin")]
    origins: Vec<Grant>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Grant {
    origin: Origin,
    scopes: Scopes,
}

impl Config {
    /// Reads the administrator's file. Without one, no origin may do anything.
    pub(crate) fn load(path: Option<&Path>, developer_mode: bool) -> Result<Self, ConfigError> {
        match path {
            None => Self::new(File::default(), developer_mode),
            Some(path) => {
                let text = fs::read_to_string(path)
                    .map_err(|source| ConfigError::Unreadable { path: path.to_owned(), source })?;
                let file = toml::from_str(&text).map_err(|source| ConfigError::Malformed {
                    path: path.to_owned(),
                    source: Box::new(source),
                })?;
                Self::new(file, developer_mode)
            }
        }
    }

    fn new(file: File, developer_mode: bool) -> Result<Self, ConfigError> {
        let mut grants = HashMap::new();
        for Grant { origin, scopes } in file.origins {
            if let Err(source) = Origin::parse(origin.as_str(), developer_mode) {
                return Err(ConfigError::Origin { origin, source });
            }
            if scopes.allow(Scope::RawApdu) && !developer_mode {
                return Err(ConfigError::RawApdu(origin));
            }
            if grants.insert(origin.clone(), scopes).is_some() {
                return Err(ConfigError::Twice(origin));
            }
        }
        let pinentry = file.pinentry.unwrap_or_else(|| PathBuf::from("pinentry"));
        Ok(Self { pinentry, grants, developer_mode })
    }

    /// The origin of an `Origin` header and what it may do, if it may do anything.
    pub(crate) fn granted(&self, origin: &str) -> Option<(Origin, &Scopes)> {
        let origin = Origin::parse(origin, self.developer_mode).ok()?;
        let scopes = self.grants.get(&origin).filter(|scopes| !scopes.is_empty())?;
        Some((origin, scopes))
    }
}

#[cfg(test)]
mod tests {
    use kazashi_core::policy::Scope;

    use super::{Config, ConfigError};

    fn config(text: &str, developer_mode: bool) -> Result<Config, ConfigError> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("bridge.toml");
        std::fs::write(&path, text).unwrap();
        Config::load(Some(&path), developer_mode)
    }

    #[test]
    fn a_listed_origin_has_its_scopes() {
        let config = config(
            "[[origin]]\norigin = \"https://portal.example\"\nscopes = [\"authenticate\"]",
            false,
        )
        .unwrap();
        let (origin, scopes) = config.granted("https://portal.example").unwrap();
        assert_eq!(origin.as_str(), "https://portal.example");
        assert!(scopes.allow(Scope::Authenticate) && !scopes.allow(Scope::Events));
    }

    #[test]
    fn any_other_origin_has_none() {
        let config = config(
            "[[origin]]\norigin = \"https://portal.example\"\nscopes = [\"events\"]\n\
             [[origin]]\norigin = \"https://nothing.example\"\nscopes = []",
            false,
        )
        .unwrap();
        for origin in [
            "https://portal.example:8443",
            "http://portal.example",
            "https://sub.portal.example",
            "https://portal.example.evil.example",
            "https://nothing.example",
            "null",
            "",
        ] {
            assert!(config.granted(origin).is_none(), "{origin}");
        }
    }

    #[test]
    fn without_a_file_nothing_is_granted() {
        let config = Config::load(None, true).unwrap();
        assert!(config.granted("http://localhost:8080").is_none());
    }

    #[test]
    fn raw_commands_are_for_developer_mode() {
        let text = "[[origin]]\norigin = \"https://a.example\"\nscopes = [\"raw-apdu\"]";
        assert!(matches!(config(text, false), Err(ConfigError::RawApdu(_))));
        let config = config(text, true).unwrap();
        assert!(config.granted("https://a.example").unwrap().1.allow(Scope::RawApdu));
    }

    #[test]
    fn a_mistake_in_the_file_grants_nothing() {
        for (mistake, text) in [
            ("not TOML", "[[origin"),
            ("an unknown key", "orgins = []"),
            ("an unknown scope", "[[origin]]\norigin = \"https://a.example\"\nscopes = [\"all\"]"),
            ("no scopes", "[[origin]]\norigin = \"https://a.example\""),
            ("no canonical origin", "[[origin]]\norigin = \"https://a.example/\"\nscopes = []"),
            ("plain http", "[[origin]]\norigin = \"http://a.example\"\nscopes = []"),
            ("loopback", "[[origin]]\norigin = \"http://localhost\"\nscopes = []"),
            (
                "twice",
                "[[origin]]\norigin = \"https://a.example\"\nscopes = []\n\
                 [[origin]]\norigin = \"https://a.example\"\nscopes = []",
            ),
        ] {
            assert!(config(text, false).is_err(), "{mistake}");
        }
    }
}
